"""How the dependency check's findings are told: rule, severity, words and next step."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.agents.workbench.dependencies.dependency_check import NotImported, Outcome, Undeclared
from orchestrator.agents.workbench.dependencies.project_unit import Unit
from orchestrator.agents.workbench.report import Issue
from orchestrator_core.records import Severity

_SHOWN = 3


def undeclared_issues(outcome: Outcome, units: Iterable[Unit], loaded: frozenset[str]) -> Iterable[Issue]:
    """Imports without a declaration that covers them. ``loaded`` are the files something loads for certain."""
    computed = {unit.folder for unit in units if unit.computed}
    for entry in outcome.undeclared:
        path, line = entry.places[0]
        where = f" ({len(entry.places)} places)" if len(entry.places) > 1 else ""
        wanted = _which(entry)
        severity: Severity
        if entry.kind == "misplaced":
            yield Issue(
                "misplaced-dependency", f"product code imports `{entry.module}`{where}, which only the group {entry.via!r} declares",
                path, line, "low" if entry.deferred else "medium", f"declare {wanted} as a runtime dependency",
            )  # fmt: skip
        elif entry.kind == "support":
            yield Issue(
                "undeclared-support-import", f"tests or tooling import `{entry.module}`{where}; no group declares it", path, line, "low",
                f"add {wanted} to a development group",
            )  # fmt: skip
        elif entry.kind == "transitive" and entry.unit not in computed:
            severity = "low" if entry.deferred else "medium"
            yield Issue(
                "transitive-import", f"`{entry.module}` is imported{where} but only comes along with {entry.via}", path, line, severity,
                f"declare {wanted}",
            )  # fmt: skip
        elif entry.kind == "missing" and entry.unit not in computed:
            aside = not entry.deferred and not any(place in loaded for place, _ in entry.places)
            severity = "medium" if entry.deferred or aside else "high"
            detail = "; nothing else here loads that module, so it may be an optional part" if aside else ""
            yield Issue(
                "undeclared-import", f"`{entry.module}` is imported{where} but no dependency declares it{detail}", path, line, severity,
                f"declare {wanted}",
            )  # fmt: skip


def _which(entry: Undeclared) -> str:
    return " or ".join(f"`{name}`" for name in entry.distributions[:_SHOWN]) or f"what provides `{entry.module}`"


def no_list_issue(outcome: Outcome) -> Iterable[Issue]:
    """One issue for a project that declares nothing at all."""
    wanted = sorted(
        {entry.module for entry in outcome.undeclared if entry.kind in {"missing", "transitive", "misplaced"}}
    )
    if wanted:
        names = ", ".join(f"`{name}`" for name in wanted[:20]) + (" ..." if len(wanted) > 20 else "")
        yield Issue(
            "no-dependency-list",
            f"no file declares dependencies, but the code imports {names}",
            "",
            0,
            "medium",
            "declare them in pyproject.toml",
        )


def unused_issues(outcome: Outcome) -> Iterable[Issue]:
    """Declared dependencies for whose absence of imports no reason is known."""
    for entry in outcome.not_imported:
        # an extra that is not installed is often there for users, not for the code: too little is known to complain
        if not entry.reason and (entry.installed or entry.requirement.use == "main"):
            yield _unused_issue(entry)


def _unused_issue(entry: NotImported) -> Issue:
    requirement = entry.requirement
    if entry.support_only:
        return Issue(
            "support-only-dependency", f"only tests or tooling import {requirement.name!r}", requirement.path, requirement.line, "info",
            "move it to a development group",
        )  # fmt: skip
    where = f" (extra {requirement.group!r})" if requirement.use == "extra" else ""
    detail = ""
    severity: Severity = "low" if requirement.use == "extra" else "medium"
    if not entry.installed:
        detail, severity = "; it is not installed here, so its modules were guessed from its name", "low"
    elif entry.via:
        detail, severity = f"; {entry.via} brings it in anyway, so it only narrows the version", "low"
    return Issue(
        "unused-dependency",
        f"nothing imports {requirement.name!r}{where}{detail}",
        requirement.path,
        requirement.line,
        severity,
        "remove it",
    )
