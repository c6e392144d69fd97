"""Dependencies in ``pyproject.toml``."""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Mapping
from typing import Any

from orchestrator.agents.workbench.dependencies.project_unit import Unit, subtable
from orchestrator.agents.workbench.dependencies.requirement_lines import Lines, Use, is_dev_group, requirements_file
from orchestrator_core.analysis.distribution_names import normalise


def read_pyproject(unit: Unit, path: str, texts: Mapping[str, str]) -> None:
    """PEP 621, 735, and the tables of poetry, uv, pdm, hatch and pixi."""
    text = texts[path]
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        unit.problems.append((path, 0, f"is no TOML: {error}"))
        unit.computed.append(f"{path} cannot be read")
        unit.files.append(path)
        return
    lines = Lines(path, text)
    project, tool = subtable(document, "project"), subtable(document, "tool")
    poetry = subtable(tool, "poetry")
    unit.tools |= {normalise(name) for name in tool}
    unit.name = normalise(str(project.get("name") or poetry.get("name") or ""))
    for key in ("requires-python", "version", "license"):
        if isinstance(project.get(key), str):
            unit.facts[key] = project[key]
    backend = subtable(document, "build-system").get("build-backend")
    if isinstance(backend, str):
        unit.facts["build backend"] = backend
    lines.add_all(subtable(document, "build-system").get("requires", []), "build")
    if project or poetry:
        unit.has_dependency_list = True
    lines.add_all(project.get("dependencies", []), "main")
    for name, entries in subtable(project, "optional-dependencies").items():
        lines.add_all(entries, "dev" if is_dev_group(name) else "extra", name)
    for name, entries in subtable(document, "dependency-groups").items():
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, dict):  # {include-group = "..."} is read under its own name
                lines.add(entry, "dev", name)
    _tool_requirements(lines, tool)
    dynamic = project.get("dynamic") or []
    if "dependencies" in dynamic or "optional-dependencies" in dynamic:
        _dynamic(unit, lines, path, tool, texts)
    setuptools = subtable(tool, "setuptools")
    where = subtable(subtable(setuptools, "packages"), "find").get("where", [])
    unit.roots += [unit.path(w) for w in where if isinstance(w, str)] if isinstance(where, list) else []
    unit.roots += [unit.path(v) for v in subtable(setuptools, "package-dir").values() if isinstance(v, str)]
    hatch = subtable(subtable(tool, "hatch"), "build")
    unit.roots += [unit.path(d) for d in hatch.get("dev-mode-dirs", []) if isinstance(d, str)]
    unit.roots += [
        posixpath.dirname(unit.path(p))
        for p in subtable(subtable(hatch, "targets"), "wheel").get("packages", [])
        if isinstance(p, str)
    ]
    unit.roots += [
        unit.path(p["from"])
        for p in poetry.get("packages", [])
        if isinstance(p, dict) and isinstance(p.get("from"), str)
    ]
    paths = subtable(subtable(tool, "pytest"), "ini_options").get("pythonpath", [])
    unit.roots += [unit.path(p) for p in paths if isinstance(p, str)] if isinstance(paths, list) else []
    if project or poetry or lines.found or "dependency-groups" in document:
        unit.take(lines, path)
    else:
        unit.problems += ((path, line, message) for line, message in lines.problems)


def _tool_requirements(lines: Lines, tool: Mapping[str, Any]) -> None:
    poetry = subtable(tool, "poetry")
    groups = {
        name: subtable(group, "dependencies")
        for name, group in subtable(poetry, "group").items()
        if isinstance(group, dict)
    }
    sections: list[tuple[str, Use, dict[str, Any]]] = [
        ("", "main", subtable(poetry, "dependencies")),
        ("dev", "dev", subtable(poetry, "dev-dependencies")),
    ]
    sections += ((name, "main" if name == "main" else "dev", entries) for name, entries in groups.items())
    sections += (
        ("pixi", "main", subtable(subtable(tool, "pixi"), key)) for key in ("dependencies", "pypi-dependencies")
    )
    for group, use, entries in sections:
        for name, wanted in entries.items():
            if name.lower() == "python":
                continue
            optional = isinstance(wanted, dict) and wanted.get("optional") is True
            version = (
                wanted if isinstance(wanted, str) else wanted.get("version", "") if isinstance(wanted, dict) else ""
            )
            lines.add_named(
                name, "extra" if optional and use == "main" else use, group, text=f"{name} {version}".strip()
            )
    lines.add_all(subtable(tool, "uv").get("dev-dependencies", []), "dev", "uv")
    for name, entries in subtable(subtable(tool, "pdm"), "dev-dependencies").items():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, str) and not entry.startswith("-e"):
                lines.add(entry, "dev", name)
    for name, environment in subtable(subtable(tool, "hatch"), "envs").items():
        if isinstance(environment, dict):
            for key in ("dependencies", "extra-dependencies"):
                for entry in environment.get(key, []) if isinstance(environment.get(key, []), list) else ():
                    if isinstance(entry, str) and "{" not in entry:
                        lines.add(entry, "dev", f"hatch env {name}")


def _dynamic(unit: Unit, lines: Lines, path: str, tool: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """setuptools can read the list from a file; any other hook computes it at build time."""
    dynamic = subtable(subtable(tool, "setuptools"), "dynamic")
    found = False
    uses: tuple[tuple[str, Use], ...] = (("dependencies", "main"), ("optional-dependencies", "extra"))
    for key, use in uses:
        tables = [dynamic.get(key)] if key == "dependencies" else list(subtable(dynamic, key).values())
        for table in tables:
            names = table.get("file") if isinstance(table, dict) else None
            for name in [names] if isinstance(names, str) else names or []:
                file = posixpath.normpath(unit.path(str(name)))
                if file in texts:
                    found = True
                    included = requirements_file(file, texts, use=use)
                    lines.found += included.found
    hatch_hook = "requirements_txt" in subtable(subtable(subtable(tool, "hatch"), "metadata"), "hooks")
    if not found and not hatch_hook and unit.path("setup.py") not in texts and unit.path("setup.cfg") not in texts:
        unit.computed.append(f"{path} leaves its dependencies to the build")
    if not found:
        unit.has_dependency_list = False
