"""What a project declares: its units (a folder with a manifest each) and their dependencies, from every usual kind of file."""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct, field

from orchestrator.agents.workbench.requirement_lines import Lines, Requirement, Use, is_dev_group, parse_requirement, requirements_file
from orchestrator_core.analysis.distribution_names import normalise
from orchestrator_core.analysis.syntax import parse

_UNIT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "requirements.txt", "environment.yml", "environment.yaml")


class Unit(Struct):
    """A folder that declares dependencies. ``folder`` is empty for the project's own."""

    folder: str
    name: str = ""
    """The distribution's normalised name; empty where none is given."""
    requirements: list[Requirement] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    problems: list[tuple[str, int, str]] = field(default_factory=list)
    computed: list[str] = field(default_factory=list)
    """Why the list may be incomplete: it is computed when the project is built."""
    roots: list[str] = field(default_factory=list)
    """Import roots that the manifest names."""
    tools: set[str] = field(default_factory=set)
    """Names of tool tables: a tool that is configured here is used here."""
    facts: dict[str, str] = field(default_factory=dict)
    has_dependency_list: bool = False

    def path(self, name: str) -> str:
        return posixpath.join(self.folder, name)


def read_units(texts: Mapping[str, str]) -> list[Unit]:
    """The units of a project, outermost first. ``texts`` maps the paths of possible manifests to their content."""
    folders = {posixpath.dirname(path) for path in texts if posixpath.basename(path) in _UNIT_FILES or _is_requirements(path)}
    # requirements/dev.txt belongs to the folder above
    folders = {posixpath.dirname(f) if posixpath.basename(f) == "requirements" else f for f in folders}
    units = [_read_unit(folder, texts) for folder in sorted(folders)]
    return [unit for unit in units if unit.files]


def is_manifest(path: str) -> bool:
    """Whether a file may declare dependencies or is needed to read one that does."""
    name = posixpath.basename(path)
    return name in _UNIT_FILES or name in {"tox.ini", "noxfile.py"} or _is_requirements(path)


def _is_requirements(path: str) -> bool:
    name, folder = posixpath.basename(path), posixpath.basename(posixpath.dirname(path))
    if not name.endswith((".txt", ".in")) or "constraint" in name:
        return False
    return "requirement" in name or folder == "requirements" or fnmatchcase(name, "*-reqs.txt")


def _read_unit(folder: str, texts: Mapping[str, str]) -> Unit:
    unit = Unit(folder)
    for name, read in (("pyproject.toml", _pyproject), ("setup.cfg", _setup_cfg), ("setup.py", _setup_py), ("Pipfile", _pipfile)):
        path = unit.path(name)
        if path in texts:
            read(unit, path, texts)
    declared = unit.has_dependency_list
    pattern = {folder, unit.path("requirements")}
    for path in sorted(p for p in texts if _is_requirements(p) and posixpath.dirname(p) in pattern):
        use: Use = "dev" if is_dev_group(posixpath.basename(path).rsplit(".", 1)[0]) else "main"
        lines = requirements_file(path, texts, use=use)
        if declared:
            # beside a real declaration such a file is a lock or a convenience: it declares, but promises no import
            lines.found = [Requirement(r.name, r.text, r.use, r.path, r.line, r.group, True) for r in lines.found]
        _take(unit, lines, path)
        unit.has_dependency_list = True
    for name in ("environment.yml", "environment.yaml"):
        if unit.path(name) in texts:
            _conda(unit, unit.path(name), texts)
    for name, reader in (("tox.ini", _tox), ("noxfile.py", _nox)):
        if unit.path(name) in texts and unit.files:
            reader(unit, unit.path(name), texts)
    return unit


def _take(unit: Unit, lines: Lines, path: str) -> None:
    known = {(r.name, r.path, r.line) for r in unit.requirements}
    unit.requirements += (r for r in lines.found if (r.name, r.path, r.line) not in known)
    unit.problems += ((path, line, text) for line, text in lines.problems)
    if path not in unit.files:
        unit.files.append(path)


def _pyproject(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    text = texts[path]
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        unit.problems.append((path, 0, f"is no TOML: {error}"))
        unit.computed.append(f"{path} cannot be read")
        unit.files.append(path)
        return
    lines = Lines(path, text)
    project, tool = _table(document, "project"), _table(document, "tool")
    poetry = _table(tool, "poetry")
    unit.tools |= {normalise(name) for name in tool}
    unit.name = normalise(str(project.get("name") or poetry.get("name") or ""))
    for key in ("requires-python", "version", "license"):
        if isinstance(project.get(key), str):
            unit.facts[key] = project[key]
    backend = _table(document, "build-system").get("build-backend")
    if isinstance(backend, str):
        unit.facts["build backend"] = backend
    lines.add_all(_table(document, "build-system").get("requires", []), "build")
    if project or poetry:
        unit.has_dependency_list = True
    lines.add_all(project.get("dependencies", []), "main")
    for name, entries in _table(project, "optional-dependencies").items():
        lines.add_all(entries, "dev" if is_dev_group(name) else "extra", name)
    for name, entries in _table(document, "dependency-groups").items():
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, dict):  # {include-group = "..."} is read under its own name
                lines.add(entry, "dev", name)
    _tool_requirements(lines, tool)
    dynamic = project.get("dynamic") or []
    if "dependencies" in dynamic or "optional-dependencies" in dynamic:
        _dynamic(unit, lines, path, tool, texts)
    setuptools = _table(tool, "setuptools")
    where = _table(_table(setuptools, "packages"), "find").get("where", [])
    unit.roots += [unit.path(w) for w in where if isinstance(w, str)] if isinstance(where, list) else []
    unit.roots += [unit.path(v) for v in _table(setuptools, "package-dir").values() if isinstance(v, str)]
    hatch = _table(_table(tool, "hatch"), "build")
    unit.roots += [unit.path(d) for d in hatch.get("dev-mode-dirs", []) if isinstance(d, str)]
    unit.roots += [
        posixpath.dirname(unit.path(p))
        for p in _table(_table(hatch, "targets"), "wheel").get("packages", [])
        if isinstance(p, str)
    ]
    unit.roots += [unit.path(p["from"]) for p in poetry.get("packages", []) if isinstance(p, dict) and isinstance(p.get("from"), str)]
    paths = _table(_table(tool, "pytest"), "ini_options").get("pythonpath", [])
    unit.roots += [unit.path(p) for p in paths if isinstance(p, str)] if isinstance(paths, list) else []
    if project or poetry or lines.found or "dependency-groups" in document:
        _take(unit, lines, path)
    else:
        unit.problems += ((path, line, message) for line, message in lines.problems)


def _tool_requirements(lines: Lines, tool: Mapping[str, Any]) -> None:
    poetry = _table(tool, "poetry")
    groups = {name: _table(group, "dependencies") for name, group in _table(poetry, "group").items() if isinstance(group, dict)}
    sections: list[tuple[str, Use, dict[str, Any]]] = [("", "main", _table(poetry, "dependencies")), ("dev", "dev", _table(poetry, "dev-dependencies"))]
    sections += ((name, "main" if name == "main" else "dev", entries) for name, entries in groups.items())
    sections += (("pixi", "main", _table(_table(tool, "pixi"), key)) for key in ("dependencies", "pypi-dependencies"))
    for group, use, entries in sections:
        for name, wanted in entries.items():
            if name.lower() == "python":
                continue
            optional = isinstance(wanted, dict) and wanted.get("optional") is True
            version = wanted if isinstance(wanted, str) else wanted.get("version", "") if isinstance(wanted, dict) else ""
            lines.add_named(name, "extra" if optional and use == "main" else use, group, text=f"{name} {version}".strip())
    lines.add_all(_table(tool, "uv").get("dev-dependencies", []), "dev", "uv")
    for name, entries in _table(_table(tool, "pdm"), "dev-dependencies").items():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, str) and not entry.startswith("-e"):
                lines.add(entry, "dev", name)
    for name, environment in _table(_table(tool, "hatch"), "envs").items():
        if isinstance(environment, dict):
            for key in ("dependencies", "extra-dependencies"):
                for entry in environment.get(key, []) if isinstance(environment.get(key, []), list) else ():
                    if isinstance(entry, str) and "{" not in entry:
                        lines.add(entry, "dev", f"hatch env {name}")


def _dynamic(unit: Unit, lines: Lines, path: str, tool: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """setuptools can read the list from a file; any other hook computes it at build time."""
    dynamic = _table(_table(tool, "setuptools"), "dynamic")
    found = False
    for key, use in (("dependencies", "main"), ("optional-dependencies", "extra")):
        tables = [dynamic.get(key)] if key == "dependencies" else list(_table(dynamic, key).values())
        for table in tables:
            names = table.get("file") if isinstance(table, dict) else None
            for name in [names] if isinstance(names, str) else names or []:
                file = posixpath.normpath(unit.path(str(name)))
                if file in texts:
                    found = True
                    included = requirements_file(file, texts, use=use)  # type: ignore[arg-type]
                    lines.found += included.found
    hatch_hook = "requirements_txt" in _table(_table(_table(tool, "hatch"), "metadata"), "hooks")
    if not found and not hatch_hook and unit.path("setup.py") not in texts and unit.path("setup.cfg") not in texts:
        unit.computed.append(f"{path} leaves its dependencies to the build")
    if not found:
        unit.has_dependency_list = False


def _setup_cfg(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
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
    pairs = [("main", "", parser.get("options", "install_requires", fallback=""))]
    pairs += [("dev", "tests", parser.get("options", "tests_require", fallback=""))]
    pairs += [("build", "", parser.get("options", "setup_requires", fallback=""))]
    if parser.has_section("options.extras_require"):
        pairs += [("dev" if is_dev_group(n) else "extra", n, value) for n, value in parser.items("options.extras_require")]
    for use, group, value in pairs:
        if value.strip().startswith("file:"):
            for name in value.strip().removeprefix("file:").split(","):
                included = requirements_file(posixpath.normpath(unit.path(name.strip())), texts, use=use)  # type: ignore[arg-type]
                lines.found += included.found
            continue
        for _, entry in _requirement_rows(value):
            lines.add(entry, use, group)  # type: ignore[arg-type]
    root = re.search(r"=\s*(\S+)", parser.get("options", "package_dir", fallback=""))
    unit.roots += [unit.path(root[1])] if root else []
    unit.has_dependency_list = unit.has_dependency_list or parser.has_option("options", "install_requires")
    _take(unit, lines, path)


def _requirement_rows(value: str) -> Iterable[tuple[int, str]]:
    for number, row in enumerate(value.splitlines()):
        for part in row.split("#")[0].split(";;"):
            if part.strip():
                yield number, part.strip()


def _setup_py(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    tree = parse(texts[path]).tree
    if tree is None:
        unit.computed.append(f"{path} does not parse")
        return
    constants: dict[str, ast.expr] = {}
    call: ast.Call | None = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            constants.setdefault(node.targets[0].id, node.value)
        elif isinstance(node, ast.Call) and (getattr(node.func, "id", "") == "setup" or getattr(node.func, "attr", "") == "setup"):
            call = node
    if call is None:
        return
    lines = Lines(path, texts[path])

    def value_of(name: str) -> object:
        keyword = next((k.value for k in call.keywords if k.arg == name), None) if call else None
        return None if keyword is None else _literal(keyword, constants, 0)

    if any(keyword.arg is None for keyword in call.keywords):
        unit.computed.append(f"{path} builds its arguments when it runs")
    unit.name = unit.name or (normalise(name) if isinstance(name := value_of("name"), str) else "")
    for key, use in (("install_requires", "main"), ("tests_require", "dev"), ("setup_requires", "build")):
        if not any(keyword.arg == key for keyword in call.keywords):
            continue
        value = value_of(key)
        if isinstance(value, str):
            value = [row for _, row in _requirement_rows(value)]
        if isinstance(value, list | tuple):
            for entry in value:
                lines.add(entry, use) if isinstance(entry, str) else unit.computed.append(f"{path} computes {key}")  # type: ignore[arg-type]
            unit.has_dependency_list = unit.has_dependency_list or key == "install_requires"
        else:
            unit.computed.append(f"{path} computes {key}")
    extras = value_of("extras_require")
    for name, entries in extras.items() if isinstance(extras, dict) else ():
        for entry in entries if isinstance(entries, list | tuple) else ():
            if isinstance(entry, str):
                lines.add(entry, "dev" if is_dev_group(str(name)) else "extra", str(name))
    folders = value_of("package_dir")
    if isinstance(folders, dict):
        unit.roots += [unit.path(value) for value in folders.values() if isinstance(value, str)]
    _take(unit, lines, path)


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
        return {str(_literal(k, constants, depth + 1)): _literal(v, constants, depth + 1) for k, v in pairs if k is not None}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _literal(node.left, constants, depth + 1), _literal(node.right, constants, depth + 1)
        return left + right if isinstance(left, list) and isinstance(right, list) else None
    return None


def _pipfile(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    lines = Lines(path, texts[path])
    try:
        document = tomllib.loads(texts[path])
    except tomllib.TOMLDecodeError as error:
        unit.problems.append((path, 0, f"is no TOML: {error}"))
        return
    for key, use in (("packages", "main"), ("dev-packages", "dev")):
        for name in _table(document, key):
            lines.add_named(name, use)  # type: ignore[arg-type]
    unit.has_dependency_list = True
    _take(unit, lines, path)


def _conda(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    """Conda's own names often differ from PyPI's, so an environment file declares but promises no import."""
    lines = Lines(path, texts[path])
    in_list = False
    for number, row in enumerate(texts[path].splitlines(), 1):
        if re.match(r"\S", row):
            in_list = row.startswith("dependencies:")
        match = re.match(r"\s+-\s+[\"']?(?:[\w.-]+::)?([A-Za-z0-9][\w.-]*)[^:]*$", row) if in_list else None
        if match and match[1] not in {"python", "pip"}:
            lines.found.append(Requirement(normalise(match[1]), row.strip(" -"), "main", path, number, "", True))
    unit.has_dependency_list = True
    _take(unit, lines, path)


def _tox(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(texts[path])
    except configparser.Error:
        return
    for section in parser.sections():
        for _, row in _requirement_rows(parser.get(section, "deps", fallback="")):
            _add_tooling(unit, row.rpartition(": ")[2], path)


def _nox(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    tree = parse(texts[path]).tree
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "install":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    _add_tooling(unit, argument.value, path)


def _add_tooling(unit: Unit, raw: str, path: str) -> None:
    if raw.startswith(("-", ".", "{")) or "{" in raw:
        return
    try:
        name, text = parse_requirement(raw)
    except ValueError:
        return
    unit.requirements.append(Requirement(name, text, "dev", path, 0, "tooling"))


def _table(parent: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}
