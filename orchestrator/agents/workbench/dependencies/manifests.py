"""What a project declares: its units and their dependencies, from every usual kind of file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from fnmatch import fnmatchcase

from orchestrator.agents.workbench.dependencies.project_unit import Unit
from orchestrator.agents.workbench.dependencies.pyproject_manifest import read_pyproject
from orchestrator.agents.workbench.dependencies.requirement_lines import (
    Requirement,
    Use,
    is_dev_group,
    requirements_file,
)
from orchestrator.agents.workbench.dependencies.setup_manifest import read_setup_cfg, read_setup_py
from orchestrator.agents.workbench.dependencies.tool_manifests import read_conda, read_nox, read_pipfile, read_tox

_UNIT_FILES = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "requirements.txt",
    "environment.yml",
    "environment.yaml",
)


def read_units(texts: Mapping[str, str]) -> list[Unit]:
    """The units of a project, outermost first. ``texts`` maps the paths of possible manifests to their content."""
    folders = {
        posixpath.dirname(path) for path in texts if posixpath.basename(path) in _UNIT_FILES or _is_requirements(path)
    }
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
    for name, read in (
        ("pyproject.toml", read_pyproject),
        ("setup.cfg", read_setup_cfg),
        ("setup.py", read_setup_py),
        ("Pipfile", read_pipfile),
    ):
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
        unit.take(lines, path)
        unit.has_dependency_list = True
        if use == "main" and not declared:
            unit.computed.clear()  # this is what a setup.py beside it most likely reads
    for name in ("environment.yml", "environment.yaml"):
        if unit.path(name) in texts:
            read_conda(unit, unit.path(name), texts)
    for name, reader in (("tox.ini", read_tox), ("noxfile.py", read_nox)):
        if unit.path(name) in texts and unit.files:
            reader(unit, unit.path(name), texts)
    return unit
