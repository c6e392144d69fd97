"""Dependencies that other tools declare: Pipfile, conda, tox, nox."""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from collections.abc import Mapping

from orchestrator.agents.workbench.dependencies.project_unit import Unit, subtable
from orchestrator.agents.workbench.dependencies.requirement_lines import Lines, Requirement, Use, parse_requirement
from orchestrator.agents.workbench.dependencies.setup_manifest import requirement_rows
from orchestrator_core.analysis.distribution_names import normalise
from orchestrator_core.analysis.syntax import parse


def read_pipfile(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    """A Pipfile: ``packages`` and ``dev-packages``."""
    lines = Lines(path, texts[path])
    try:
        document = tomllib.loads(texts[path])
    except tomllib.TOMLDecodeError as error:
        unit.problems.append((path, 0, f"is no TOML: {error}"))
        return
    uses: tuple[tuple[str, Use], ...] = (("packages", "main"), ("dev-packages", "dev"))
    for key, use in uses:
        for name in subtable(document, key):
            lines.add_named(name, use)
    unit.has_dependency_list = True
    unit.take(lines, path)


def read_conda(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
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
    unit.take(lines, path)


def read_tox(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    """What ``tox.ini`` installs for its environments."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(texts[path])
    except configparser.Error:
        return
    for section in parser.sections():
        for _, row in requirement_rows(parser.get(section, "deps", fallback="")):
            _add_tooling(unit, row.rpartition(": ")[2], path)


def read_nox(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    """What ``noxfile.py`` installs, where it says so in literals."""
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
