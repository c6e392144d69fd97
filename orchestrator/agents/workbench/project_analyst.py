"""The project analyst: layout, sizes, dependencies and licences, and where imports and declarations disagree."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.agents.workbench.dependencies.dependency_check import DependencyCheck
from orchestrator.agents.workbench.dependencies.dependency_issues import no_list_issue, undeclared_issues, unused_issues
from orchestrator.agents.workbench.dependencies.licences import Licence, is_strong_copyleft, licences_of
from orchestrator.agents.workbench.dependencies.manifests import is_manifest, read_units
from orchestrator.agents.workbench.dependencies.project_unit import Unit
from orchestrator.agents.workbench.dependencies.requirement_lines import script_block
from orchestrator.agents.workbench.project import Project, open_project
from orchestrator.agents.workbench.python_sources import PythonSources, read_sources
from orchestrator.agents.workbench.report import Issue, build_report, table
from orchestrator.agents.workbench.structure.import_graph import import_graphs
from orchestrator_core.analysis.file_roles import is_support_file, is_support_source, is_test_file
from orchestrator_core.analysis.imports import Import
from orchestrator_core.analysis.installed import InstalledSet, environment_path, requirement_name
from orchestrator_core.analysis.modules import ModuleMap, map_modules

NAME = "project-analyst"
_SCRIPT_ENDINGS = (".sh", ".yml", ".yaml", ".ini", ".cfg", ".service", ".mk", ".ps1", ".bat")
_SCRIPT_NAMES = frozenset(
    {"Makefile", "Dockerfile", "Procfile", "justfile", "Justfile", "Containerfile", "GNUmakefile"}
)
_INSTALLS = re.compile(r"pip3? install|uv (add|pip)|poetry add|conda install|apt(-get)? install|pipx? inject")


def run(request: str | Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - every agent is called alike
    """Look at the folder in ``context["path"]``.

    Rules: ``undeclared-import``, ``transitive-import``, ``misplaced-dependency``, ``undeclared-support-import``, ``no-dependency-list``,
    ``unused-dependency``, ``support-only-dependency``, ``invalid-requirement``, ``copyleft-licence``, ``does-not-parse``. ``data`` holds
    ``units``, ``undeclared``, ``not_imported`` (with reasons), ``optional_imports``, ``licences``, ``sizes`` and ``largest``.

    Raises:
        TargetError: the folder is missing, empty, or holds no Python file.
    """
    project = open_project(context)
    sources = read_sources(project)
    texts = {name: project.text(name) for name in project.files if is_manifest(name)}
    units = [unit for unit in read_units(texts) if not is_test_file(unit.path("x"))]
    modules = map_modules(
        project.python_files,
        project.files,
        [root for unit in units for root in unit.roots],
        folder_name=project.root.name,
    )
    installed = InstalledSet(environment_path(project.root))
    check = DependencyCheck(
        units, modules, installed, commands=_script_words(project), script_requirements=_script_requirements(sources)
    )
    outcome = check.run({path: source.facts for path, source in sources.files.items()}, _imports_of_other_code(project))

    declared = any(unit.has_dependency_list for unit in units)
    computed = [reason for unit in units for reason in unit.computed]
    issues = list(sources.issues)
    issues += (
        Issue("invalid-requirement", text, path, line, "medium") for unit in units for path, line, text in unit.problems
    )
    issues += undeclared_issues(outcome, units, _loaded_files(sources, modules)) if declared else ()
    if not declared and not project.is_package_folder:
        issues += no_list_issue(outcome)
    issues += unused_issues(outcome)
    runtime = sorted({r.name for unit in units for r in unit.requirements if r.use == "main" and not r.locked})
    licences, not_installed = licences_of(runtime, installed)
    own_licence = next((unit.facts["license"] for unit in units if "license" in unit.facts), "")
    issues += _licence_issues(licences, own_licence)

    sizes = _sizes(sources)
    largest = sorted(
        ((s.text.count("\n"), path) for path, s in sources.files.items()), key=lambda pair: (-pair[0], pair[1])
    )[:10]
    summary = {
        "layout": _layout(project, units, modules),
        "files": len(project.files),
        "Python files": sum(name.endswith(".py") for name in project.files),
        "lines of product code": sizes["product"],
        "lines of tests and tooling": sizes["support"],
        "declared runtime dependencies": len(runtime),
        "third-party modules imported": len(outcome.third_party),
        "undeclared imports": sum(entry.kind in {"missing", "transitive"} for entry in outcome.undeclared)
        if declared
        else "no declaration",
        "unused dependencies": sum(issue.rule == "unused-dependency" for issue in issues),
        "licences": ", ".join(
            f"{name} ({count})" for name, count in Counter(item.licence for item in licences).most_common(6)
        )
        or "none read",
    }
    optional = [entry for entry in outcome.undeclared if entry.kind == "optional"]
    excused = [entry for entry in outcome.not_imported if entry.reason]
    return build_report(
        NAME,
        title=f"Analysis of the project {project.root.name}",
        summary=summary,
        issues=issues,
        sections=(
            ("Units", _unit_table(units)),
            ("Folders", _folder_table(project, sources)),
            ("Largest Python files", table(("lines", "file"), largest)),
            (
                "Declared and used without an import",
                table(("dependency", "why"), ((e.requirement.text, e.reason) for e in excused)) if excused else "",
            ),
            ("Optional imports without a declaration", ", ".join(f"`{entry.module}`" for entry in optional)),
            ("Licences of declared dependencies", _licence_table(licences)),
        ),
        limits={
            **project.limits(),
            "distributions looked up": f"{len(installed)} installed ones (the project's own .venv first, then where this runs)",
            "not installed, so judged by name": ", ".join(not_installed) or "none",
            "dependency lists": "; ".join(computed) or "read in full",
            "imports": "read, not run: a name put together while running is not seen; optional and type checkers' imports are no issue",
        },
        data={
            "units": units,
            "undeclared": outcome.undeclared,
            "not_imported": outcome.not_imported,
            "optional_imports": [entry.module for entry in optional],
            "third_party": outcome.third_party,
            "licences": licences,
            "sizes": sizes,
            "largest": largest,
        },
    )


def _loaded_files(sources: PythonSources, modules: ModuleMap) -> frozenset[str]:
    """Files that something loads for certain: packages themselves, scripts, and what product code imports while loading.

    A module of a package that nothing loads is often an optional part (``contrib/sphinx.py``), whose missing import hurts few.
    """
    eager, _ = import_graphs(sources, modules)
    loaded = {target for path, targets in eager.items() if not is_support_file(path) for target in targets}
    for path, source in sources.files.items():
        folder, name = posixpath.split(path)
        if (
            name.startswith("__")
            or source.facts.runs_as_script
            or posixpath.join(folder, "__init__.py") not in sources.files
        ):
            loaded.add(path)
    return frozenset(loaded)


def _licence_issues(licences: Iterable[Licence], own: str) -> Iterable[Issue]:
    if is_strong_copyleft(own):
        return
    for item in licences:
        if item.strong_copyleft:
            through = f" (through {item.via})" if item.via else ""
            yield Issue(
                "copyleft-licence", f"{item.name} {item.version}{through} is under {item.licence}, which binds what is built on it",
                "", 0, "medium", "check that the project's licence fits",
            )  # fmt: skip


def _imports_of_other_code(project: Project) -> dict[str, list[Import]]:
    """Imports of Cython modules, notebooks and stubs, by their lines: enough to see that a dependency is used."""
    found = {}
    for name in project.files:
        if name.endswith((".pyx", ".pxd", ".pxi", ".ipynb", ".pyi")):
            try:
                text = project.text(name)
            except OSError:
                continue
            modules = re.findall(r'(?m)^[ \t]*"?[ \t]*(?:from|import|cimport)[ \t]+([A-Za-z_][\w.]*)', text)
            found[name] = [Import(module, (), 0, 0, True) for module in sorted(set(modules))]
    return found


def _script_requirements(sources: PythonSources) -> dict[str, list[str]]:
    found = {}
    for path, source in sources.files.items():
        block = script_block(source.text) if "# /// script" in source.text else None
        if block and isinstance(block.get("dependencies"), list):
            found[path] = [requirement_name(str(entry)) for entry in block["dependencies"]]
    return found


def _script_words(project: Project) -> frozenset[str]:
    """Words of scripts and settings, where a dependency's command may be called. Lines that install something do not count."""
    words: set[str] = set()
    for name in project.files:
        base = posixpath.basename(name)
        if (
            base.endswith(_SCRIPT_ENDINGS) or base in _SCRIPT_NAMES or base.startswith("Dockerfile")
        ) and not is_manifest(name):
            try:
                text = project.text(name)
            except OSError:
                continue
            for line in text.splitlines():
                if not _INSTALLS.search(line):
                    words.update(re.findall(r"[A-Za-z][\w.-]*[\w]", line))
    return frozenset(words)


def _sizes(sources: PythonSources) -> dict[str, int]:
    sizes = {"product": 0, "support": 0}
    for path, source in sources.files.items():
        sizes["support" if is_support_source(path, source.tree) else "product"] += source.text.count("\n")
    return sizes


def _layout(project: Project, units: Iterable[Unit], modules: ModuleMap) -> str:
    packages = sorted(
        posixpath.dirname(path) for path in project.python_files
        if path.endswith("/__init__.py") and posixpath.dirname(posixpath.dirname(path)) in modules.roots and not is_support_file(path)
    )  # fmt: skip
    if not packages and "__init__.py" in project.python_files:
        return f"package: {project.root.name}"
    count = sum(unit.has_dependency_list for unit in units)
    kind = (
        f"{count} units"
        if count > 1
        else "src folder"
        if any(p.startswith("src/") for p in packages)
        else "packages"
        if packages
        else "scripts"
    )
    return f"{kind}: {', '.join(packages[:8])}{' ...' if len(packages) > 8 else ''}" if packages else kind


def _unit_table(units: Iterable[Unit]) -> str:
    rows = [
        (
            unit.folder or ".", unit.name, ", ".join(unit.files), unit.facts.get("requires-python", ""),
            *(sum(r.use == use for r in unit.requirements) for use in ("main", "extra", "dev")),
        )
        for unit in units
    ]  # fmt: skip
    return table(("folder", "name", "files", "Python", "runtime", "extras", "development"), rows) if rows else ""


def _licence_table(licences: Iterable[Licence]) -> str:
    shown = [item for item in licences if not item.via or item.strong_copyleft or item.licence == "unknown"]
    return (
        table(("distribution", "version", "licence", "through"), ((i.name, i.version, i.licence, i.via) for i in shown))
        if shown
        else ""
    )


def _folder_table(project: Project, sources: PythonSources) -> str:
    files: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for name in project.files:
        top = name.partition("/")[0] if "/" in name else "."
        files[top] += 1
        if name in sources.files:
            lines[top] += sources.files[name].text.count("\n")
    return table(
        ("folder", "files", "lines of Python"), ((top, count, lines[top]) for top, count in sorted(files.items()))
    )
