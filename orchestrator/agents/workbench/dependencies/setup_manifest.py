"""Dependencies in ``setup.cfg`` and ``setup.py``, read without running anything."""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
from collections.abc import Iterable, Mapping

from orchestrator.agents.workbench.dependencies.project_unit import Unit
from orchestrator.agents.workbench.dependencies.requirement_lines import Lines, Use, is_dev_group, requirements_file
from orchestrator_core.analysis.distribution_names import normalise
from orchestrator_core.analysis.syntax import parse


def read_setup_cfg(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    """The declarative form: ``[options]`` and ``[options.extras_require]``."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(texts[path])
    except configparser.Error as error:
        unit.problems.append((path, 0, f"cannot be read: {str(error).splitlines()[0]}"))
        return
    if not parser.has_section("metadata") and not parser.has_section("options"):
        return
    lines = Lines(path, texts[path])
    unit.name = unit.name or normalise(parser.get("metadata", "name", fallback=""))
    pairs: list[tuple[Use, str, str]] = [("main", "", parser.get("options", "install_requires", fallback=""))]
    pairs += [("dev", "tests", parser.get("options", "tests_require", fallback=""))]
    pairs += [("build", "", parser.get("options", "setup_requires", fallback=""))]
    if parser.has_section("options.extras_require"):
        pairs += [
            ("dev" if is_dev_group(n) else "extra", n, value) for n, value in parser.items("options.extras_require")
        ]
    for use, group, value in pairs:
        if value.strip().startswith("file:"):
            for name in value.strip().removeprefix("file:").split(","):
                included = requirements_file(posixpath.normpath(unit.path(name.strip())), texts, use=use)
                lines.found += included.found
            continue
        for _, entry in requirement_rows(value):
            lines.add(entry, use, group)
    root = re.search(r"=\s*(\S+)", parser.get("options", "package_dir", fallback=""))
    unit.roots += [unit.path(root[1])] if root else []
    unit.has_dependency_list = unit.has_dependency_list or parser.has_option("options", "install_requires")
    unit.take(lines, path)


def requirement_rows(value: str) -> Iterable[tuple[int, str]]:
    """The entries of a list in an ini file, one to a line, with the line's number from 0."""
    for number, row in enumerate(value.splitlines()):
        for part in row.split("#")[0].split(";;"):
            if part.strip():
                yield number, part.strip()


def read_setup_py(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    """The arguments of ``setup()`` that are literals or names of literals; the file is not run."""
    tree = parse(texts[path]).tree
    if tree is None:
        unit.computed.append(f"{path} does not parse")
        return
    call = _setup_call(tree)
    if call is None:
        return
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    }
    given = {k.arg: _literal(k.value, constants, 0) for k in call.keywords if k.arg}
    if len(given) < len(call.keywords):
        unit.computed.append(f"{path} builds its arguments when it runs")
    lines = Lines(path, texts[path])
    name = given.get("name")
    unit.name = unit.name or (normalise(name) if isinstance(name, str) else "")
    uses: tuple[tuple[str, Use], ...] = (
        ("install_requires", "main"),
        ("tests_require", "dev"),
        ("setup_requires", "build"),
    )
    for key, use in uses:
        if key in given:
            whole = _add_literals(lines, given[key], use)
            if not whole:
                unit.computed.append(f"{path} computes {key}")
            unit.has_dependency_list = unit.has_dependency_list or (key == "install_requires" and whole)
    extras = given.get("extras_require")
    for extra, entries in extras.items() if isinstance(extras, dict) else ():
        _add_literals(lines, entries, "dev" if is_dev_group(str(extra)) else "extra", str(extra))
    folders = given.get("package_dir")
    unit.roots += [unit.path(f) for f in folders.values() if isinstance(f, str)] if isinstance(folders, dict) else []
    unit.take(lines, path)


def _setup_call(tree: ast.Module) -> ast.Call | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and "setup" in (getattr(node.func, "id", ""), getattr(node.func, "attr", "")):
            return node
    return None


def _add_literals(lines: Lines, value: object, use: Use, group: str = "") -> bool:
    """Add what is literal; False where something is not."""
    if isinstance(value, str):
        value = [row for _, row in requirement_rows(value)]
    if not isinstance(value, list):
        return False
    for entry in value:
        if isinstance(entry, str):
            lines.add(entry, use, group)
    return all(isinstance(entry, str) for entry in value)


def _literal(node: ast.expr, constants: Mapping[str, ast.expr], depth: int) -> object:
    """A literal's value, with module-level names followed; None for what only running it would tell."""
    if depth > 8:
        return None
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in constants:
        return _literal(constants[node.id], constants, depth + 1)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [_literal(element, constants, depth + 1) for element in node.elts]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {
            str(_literal(k, constants, depth + 1)): _literal(v, constants, depth + 1) for k, v in pairs if k is not None
        }
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _literal(node.left, constants, depth + 1), _literal(node.right, constants, depth + 1)
        return left + right if isinstance(left, list) and isinstance(right, list) else None
    return None
