"""code-reviewer: mistakes that ruff knows, and functions and files that are hard to follow.

The project's own ruff settings are not used: a second opinion is worth most where the settings are lax, results of different
projects and days stay comparable, and a foreign settings file may name plug-in paths outside the folder. ``# noqa`` comments are
respected all the same, because each is a decision about one line. ``context["select"]`` names other rules.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.agents.workbench.execution.scratch import time_limit
from orchestrator.agents.workbench.project import Project, open_project
from orchestrator.agents.workbench.python_sources import PythonSources, read_sources
from orchestrator.agents.workbench.report import Issue, build_report, table
from orchestrator.agents.workbench.structure.dead_code import Source
from orchestrator_core.analysis.complexity import Complexity, FunctionComplexity, measure
from orchestrator_core.analysis.file_roles import is_test_file
from orchestrator_core.analysis.ruff_check import DEFAULT_SELECT, SYNTAX_RULE, check_paths
from orchestrator_core.errors import UsageError
from orchestrator_core.records import Severity

AGENT = "code-reviewer"
TIMEOUT_S = 60.0

RULES: tuple[str, ...] = (*DEFAULT_SELECT, "ASYNC", "BLE", "C4", "RUF006", "RUF013")
"""Mistakes first (see ``DEFAULT_SELECT``), blocking calls in async code, blind ``except``, needless comprehensions, dropped tasks,
implicit Optional. Style, naming and import order are left to the project."""

_TASTE = frozenset({"PLW0603"})
"""``global`` is discouraged, no mistake: one value for the process is often meant."""

CYCLOMATIC = 10
"""McCabe's own limit (IEEE TSE 1976); above 20, radon's rank D, "more than moderate risk"."""
CYCLOMATIC_HIGH = 20
COGNITIVE = 15
"""SonarSource's default for Python (rule S3776)."""
COGNITIVE_FLAT = 5
"""Up to it a function is read from top to bottom, however many cases it lists; a third of SonarSource's limit."""
FUNCTION_LINES = 60
"""Holzmann, "The Power of 10" (IEEE Computer 2006), rule 4: what fits on one sheet of paper."""
FILE_LINES = 1000
"""Pylint's default for ``max-module-lines``."""
MAINTAINABILITY = 20.0
"""Below it radon's rank is B (below 10: C) instead of A."""


def run(request: str | Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001  # every agent takes a request
    """Review ``context["path"]``. ``context["select"]`` (a list of ruff rules) and ``context["timeout_s"]`` (default 60) are optional.

    Raises:
        TargetError: the folder is missing, empty or has no Python file.
        UsageError: a context value is of the wrong kind or names no rule.
    """
    timeout_s = time_limit(context, TIMEOUT_S)
    select = _selection(context)
    project = open_project(context)
    sources = read_sources(project)
    lint, lint_problem = _lint(project, sources, select, timeout_s)
    measured = {name: measure(source.text) for name, source in sources.files.items()}
    issues = [*sources.issues, *lint]
    for name, complexity in measured.items():
        issues += _shape_issues(name, complexity, sources.files[name].text)
    functions = [(name, f) for name, complexity in measured.items() for f in complexity.functions]
    counts: dict[str, int] = {}
    for issue in lint:
        counts[issue.rule] = counts.get(issue.rule, 0) + 1
    by_count = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    worst = sorted(functions, key=lambda pair: (-(pair[1].cognitive or 0), -pair[1].cyclomatic))[:10]
    return build_report(
        AGENT,
        title=f"Review of {project.root.name}",
        summary={
            "Python files": len(sources.files),
            "lines": sources.lines,
            "functions": len(functions),
            "lint findings": len(lint),
            "functions too complex": sum(_is_complex(f) for _, f in functions),
            "mean cyclomatic complexity": round(sum(f.cyclomatic for _, f in functions) / len(functions), 2)
            if functions
            else 0,
        },
        issues=issues,
        sections=[
            ("Lint findings by rule", table(("rule", "findings"), by_count) if counts else ""),
            ("Hardest functions", _hardest(worst)),
        ],
        limits={
            **project.limits(),
            "lint rules": ", ".join(select) + "; the project's own settings are not used, its noqa comments are; "
            "unused imports in __init__.py count as meant for users of the package",
            "lint": lint_problem or f"complete, within {timeout_s:g} s for each 200 files",
            "thresholds": f"cyclomatic {CYCLOMATIC}, cognitive {COGNITIVE}, {FUNCTION_LINES} lines a function (not in tests), "
            f"{FILE_LINES} lines a file, maintainability {MAINTAINABILITY:g}",
            "not measured": "; ".join(f"{name}: {c.error}" for name, c in measured.items() if c.error)[:500]
            or "nothing",
        },
    )


def _selection(context: Mapping[str, Any]) -> tuple[str, ...]:
    given = context.get("select", RULES)
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise UsageError(f"context['select'] must be a list of ruff rules such as ['E', 'F'], not {given!r}")
    if not all(isinstance(rule, str) and rule.isalnum() for rule in given):
        raise UsageError(f"context['select'] must hold rule names such as 'F401', not {given!r}")
    return tuple(given)


def _lint(
    project: Project, sources: PythonSources, select: tuple[str, ...], timeout_s: float
) -> tuple[list[Issue], str]:
    try:
        found = check_paths(project.root, list(sources.files), select=select, timeout_s=timeout_s)
    except TimeoutError as error:
        return [], f"left out: {error}"
    except ValueError as error:
        raise UsageError(f"context['select']: {error}") from error
    issues = []
    for finding in found:
        if _is_reexport(finding.rule, finding.path) or _is_computed_all(finding.rule, sources.files.get(finding.path)):
            continue
        # What Python itself parses is no mistake; ruff may be older or newer than this interpreter.
        severity: Severity = (
            "info" if finding.rule == SYNTAX_RULE else "low" if finding.rule in _TASTE else finding.severity
        )
        issues.append(Issue(finding.rule, finding.message, finding.path, finding.line, severity))
    return issues, ""


def _is_reexport(rule: str, path: str) -> bool:
    return rule == "F401" and path.rpartition("/")[2] == "__init__.py"


def _is_computed_all(rule: str, source: Source | None) -> bool:
    """``__all__ = sorted(...)`` is a list when it runs, which ruff does not see."""
    return (
        rule == "PLE0605"
        and source is not None
        and any(
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) in ("sorted", "list", "tuple")
            and any(ast.unparse(target) == "__all__" for target in node.targets)
            for node in source.tree.body
        )
    )


def _is_complex(function: FunctionComplexity) -> bool:
    """Many branches that are easy to read, such as a flat table of cases, are not held against a function before ``CYCLOMATIC_HIGH``."""
    cognitive = COGNITIVE if function.cognitive is None else function.cognitive
    branches = function.cyclomatic > CYCLOMATIC and cognitive > COGNITIVE_FLAT
    return branches or function.cyclomatic > CYCLOMATIC_HIGH or cognitive > COGNITIVE


def _severity(function: FunctionComplexity, path: str) -> Severity:
    if is_test_file(path):
        return "low"
    if function.cyclomatic > CYCLOMATIC_HIGH:
        return "high"
    return "medium" if function.cyclomatic > CYCLOMATIC and (function.cognitive or COGNITIVE) >= CYCLOMATIC else "low"


def _shape_issues(name: str, complexity: Complexity, text: str) -> list[Issue]:
    issues: list[Issue] = []
    for function in complexity.functions:
        if _is_complex(function):
            cognitive = "unknown" if function.cognitive is None else function.cognitive
            message = f"{function.name} is hard to follow: cyclomatic {function.cyclomatic}, cognitive {cognitive}"
            severity = _severity(function, name)
            fix = "Split it where one part can be named."
            issues.append(Issue("complex-function", message, name, function.line, severity, fix))
        # A test is long because it lists cases, and nobody calls it.
        if function.lines > FUNCTION_LINES and not is_test_file(name):
            message = f"{function.name} has {function.lines} lines (limit {FUNCTION_LINES})"
            issues.append(Issue("long-function", message, name, function.line, "low"))
    lines = text.count("\n") + 1
    if lines > FILE_LINES:
        issues.append(Issue("long-file", f"{lines} lines (limit {FILE_LINES})", name, 0, "low"))
    index = complexity.maintainability
    if index is not None and index < MAINTAINABILITY and not is_test_file(name):
        message = f"maintainability index {index:g} of 100 (radon's best rank begins at {MAINTAINABILITY:g})"
        issues.append(
            Issue("low-maintainability", message, name, 0, "medium" if index < MAINTAINABILITY / 2 else "low")
        )
    return issues


def _hardest(worst: list[tuple[str, FunctionComplexity]]) -> str:
    rows = (
        (f.name, f"{name}:{f.line}", f.cyclomatic, "" if f.cognitive is None else f.cognitive, f.lines)
        for name, f in worst
    )
    return table(("function", "where", "cyclomatic", "cognitive", "lines"), rows) if worst else ""
