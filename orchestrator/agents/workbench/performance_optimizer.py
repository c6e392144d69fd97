"""performance-optimizer: cost hints from the code and, when allowed, import times and a profile from a scratch copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.agents.workbench.cost_hints import cost_hints
from orchestrator.agents.workbench.execution.entry_profile import EntryProfile, profile_entry, read_entry
from orchestrator.agents.workbench.execution.import_times import (
    MOST_PACKAGES,
    ImportTime,
    measure_import,
    outside_imports,
    own_packages,
)
from orchestrator.agents.workbench.execution.scratch import is_allowed, scratch_copy, time_limit
from orchestrator.agents.workbench.project import Project, open_project
from orchestrator.agents.workbench.python_sources import read_sources
from orchestrator.agents.workbench.report import Issue, build_report, table
from orchestrator_core.analysis.ruff_check import check_paths

AGENT = "performance-optimizer"
TIMEOUT_S = 60.0
RUFF_RULES = ("PERF101", "PERF102", "PERF401", "PERF402", "PERF403", "RUF017")
"""Not PERF203 (``try`` in a loop): entering ``try`` costs nothing since Python 3.11."""
SLOW_IMPORT_MS = 100.0
"""An import by which a user notices the start: a tenth of a second is the limit of "instantly" (Nielsen, Usability Engineering, 1993)."""
HOT_SHARE = 0.2
HOT_SECONDS = 0.02
"""A function is hot with a fifth of the profiled time in its own body, when that time is more than measuring noise."""

HOW_TO_RUN = (
    "Nothing was run. To measure import times and profile an entry point on a temporary copy, give "
    "context={'path': ..., 'execute': True, 'entry': 'module:function'}."
)


def run(request: str | Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001  # every agent takes a request
    """Hints for ``context["path"]``; with ``context["execute"] = True`` also import times and the profile of ``context["entry"]``.

    ``entry`` is ``module:function`` (called without arguments) or a script's path in the project. ``context["timeout_s"]``
    limits each import and the profile (default 60), ``context["python"]`` names another interpreter.

    Raises:
        TargetError: the folder is missing, empty or has no Python file, or cannot be copied.
        UsageError: a context value is of the wrong kind.
    """
    timeout_s = time_limit(context, TIMEOUT_S)
    entry = read_entry(context)
    project = open_project(context)
    issues = _static_issues(project)
    summary: dict[str, Any] = {
        "Python files": len(project.python_files),
        "hints from the code": len(issues),
        "executed": False,
    }
    limits = {**project.limits(), "lint rules": ", ".join(RUFF_RULES)}
    if not is_allowed(context):
        return build_report(
            AGENT,
            title=f"Performance of {project.root.name}",
            summary=summary,
            issues=issues,
            sections=[("How to measure it", HOW_TO_RUN)],
            limits={**limits, "executed": HOW_TO_RUN},
        )
    own = own_packages(project)
    with scratch_copy(project, context) as scratch:
        imports = [measure_import(scratch, name, timeout_s=timeout_s) for name in own[:MOST_PACKAGES]]
        profile = profile_entry(scratch, entry, timeout_s=timeout_s) if entry else None
        issues += [issue for each in imports for issue in _import_issues(each, own)]
        if profile is not None:
            issues += _profile_issues(profile)
        summary |= {"executed": True, "entry": entry or "none given"}
        data: dict[str, Any] = {
            "imports_ms": {each.package: round(each.total_ms, 1) for each in imports if not each.error}
        }
        if profile is not None:
            summary |= {"profile ended": profile.status, "profile_s": round(profile.elapsed_s, 3)}
            data["hottest"] = [f.as_dict() for f in profile.hottest(10)]
        limits |= {
            "time limit": f"{timeout_s:g} s for each import and for the profile",
            "packages measured": f"{len(imports)} of {len(own)}",
            "interpreter": scratch.python,
            "where it ran": "a temporary copy, removed afterwards; environment reduced to a short allow-list; home folder temporary",
            "what a profile adds": "cProfile slows small functions more than large ones; other threads are not measured",
            "not limited": "memory, network",
        }
    sections = [("Imports", _import_table(imports, own)), ("Hottest functions", _profile_table(profile))]
    if not entry:
        sections.append(("How to profile", "Give context={'entry': 'module:function'} to profile an entry point."))
    return build_report(
        AGENT,
        title=f"Performance of {project.root.name}",
        summary=summary,
        issues=issues,
        sections=sections,
        limits=limits,
        data=data,
    )


def _static_issues(project: Project) -> list[Issue]:
    sources = read_sources(project)
    issues = list(sources.issues)
    for name, source in sources.files.items():
        issues += cost_hints(source.tree, name)
    for finding in check_paths(project.root, list(sources.files), select=RUFF_RULES):
        if finding.rule.startswith(("PERF", "RUF")):  # not what ruff always reports, such as a syntax of newer versions
            issues.append(Issue(finding.rule, finding.message, finding.path, finding.line, "low"))
    return issues


def _import_issues(measured: ImportTime, own: tuple[str, ...]) -> list[Issue]:
    if measured.error:
        return [Issue("import-fails", f"import {measured.package}: {measured.error}", severity="high")]
    issues: list[Issue] = []
    for module in outside_imports(measured, own):
        if module.total_ms >= SLOW_IMPORT_MS:
            message = f"{module.parent} imports {module.name}, which takes {module.total_ms:.0f} ms"
            issues.append(Issue("slow-import", message, fix="Import it inside the function that needs it."))
    return issues


def _profile_issues(profile: EntryProfile) -> list[Issue]:
    path, line = profile.place
    if profile.status == "missing":
        return [Issue("entry-missing", f"{profile.entry} cannot be loaded: {profile.error}", path, line, "high")]
    issues: list[Issue] = []
    if profile.status == "raised":
        issues.append(Issue("entry-raises", f"{profile.entry} raised {profile.error}", path, line, "high"))
    elif profile.status == "stopped":
        message = f"{profile.entry} did not end within the time limit; it stood here when it was stopped"
        issues.append(Issue("entry-never-ends", message, path, line, "high"))
    elif profile.status == "died":
        issues.append(Issue("entry-dies", f"{profile.entry} ended its process: {profile.error}", severity="high"))
    for each in profile.hottest(5):
        if each.own and each.self_s >= HOT_SECONDS and each.self_s >= HOT_SHARE * profile.elapsed_s:
            share = each.self_s / profile.elapsed_s
            message = f"{each.name} spends {each.self_s:.2f} s in its own body, {share:.0%} of {profile.entry}, in {each.calls} calls"
            issues.append(Issue("hot-function", message, each.file, each.line))
    return issues


def _import_table(imports: list[ImportTime], own: tuple[str, ...]) -> str:
    rows: list[tuple[str, str, str]] = []
    for each in imports:
        rows.append((each.package, each.error or f"{each.total_ms:.1f}", "the whole package"))
        rows += [(m.name, f"{m.total_ms:.1f}", f"imported by {m.parent}") for m in outside_imports(each, own)[:8]]
    return table(("import", "ms", "what"), rows) if rows else ""


def _profile_table(profile: EntryProfile | None) -> str:
    if profile is None or not profile.functions:
        return ""
    rows = ((f"{f.self_s:.3f}", f"{f.total_s:.3f}", f.calls, f.name, f"{f.file}:{f.line}") for f in profile.hottest(15))
    return table(("own s", "total s", "calls", "function", "where"), rows)
