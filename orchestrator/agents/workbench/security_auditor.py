"""security-auditor: insecure code, what the declared dependencies let in, and secrets in the tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.agents.workbench.dependencies.dependency_pins import check_pins, may_set_options
from orchestrator.agents.workbench.dependencies.manifests import is_manifest
from orchestrator.agents.workbench.project import Project, open_project
from orchestrator.agents.workbench.python_sources import PythonSources, read_sources
from orchestrator.agents.workbench.report import Issue, build_report, table
from orchestrator.agents.workbench.structure.fixed_queries import fixed_query_lines
from orchestrator.agents.workbench.tree_secrets import find_secrets
from orchestrator_core.analysis.code_scan import scan_python
from orchestrator_core.analysis.file_roles import is_support_source, is_test_file
from orchestrator_core.analysis.findings import CodeFinding
from orchestrator_core.records import Severity

AGENT = "security-auditor"

_IMPORTS_ONLY = frozenset({"B403", "B404"})
"""They flag the import of pickle and subprocess; other checks flag each dangerous use of them."""
_REMINDERS = frozenset({"B101", "B603", "B606", "B607"})
"""They flag every assert and every call of a program, however safely it is made; B602 and B605 flag those through a shell."""
_SQL = "B608"
_QUERIES = frozenset({_SQL, "sql-text"})
_USUAL_IN_TOOLING = frozenset({"B101", "B311", "B603", "B606", "B607"})
"""Asserts, random numbers and calls of programs, in benchmarks, examples and build scripts."""
_USUAL_IN_TESTS = _USUAL_IN_TOOLING | {"B105", "B106", "B107", "B108", "B110", "B608"}
"""Made-up passwords, temporary paths and the test's own SQL besides."""
_OWN_USUAL_IN_TESTS = frozenset(
    {
        "fixed-secret",
        "fixed-key",
        "temporary-name",
        "sql-text",
        "swallowed-error",
        "guessable-secret",
        "plain-transport",
        "secret-in-log",
    }
)
"""The same, by the names of Magnus's own rules."""
_SURE = 0.5
"""Own findings below it are reminders: a value that the caller hands in, of which one function alone tells too little."""
_MADE_UP_IN_TESTS = frozenset({"assigned-secret", "authorization", "password-in-address"})
_NOSEC = re.compile(r"#\s*nosec\b")
_BINARY_PROBE_BYTES = 8_192
_MAX_LINE = 20_000
"""A longer line is data (minified or encoded) rather than something a person wrote a secret into."""


def run(request: str | Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001  # every agent takes a request
    """Audit ``context["path"]``. Nothing of the project is run, and no secret stands in the report, only where it lies.

    Raises:
        TargetError: the folder is missing, empty or has no Python file.
        UsageError: ``context["path"]`` is no path.
    """
    project = open_project(context)
    sources = read_sources(project)
    code, left_out = _code_issues(sources)
    texts = {name: project.text(name) for name in project.files if is_manifest(name) or may_set_options(name)}
    pins, declared = check_pins(texts, project.files)
    secrets, read, binary = _secret_issues(project)
    issues = [*sources.issues, *code, *pins, *secrets]
    summary = {
        "Python files scanned": len(sources.files),
        "insecure code": len(code),
        "dependencies declared": declared,
        "dependency issues": len(pins),
        "files searched for secrets": read,
        "secrets found": len(secrets),
    }
    rules: dict[str, int] = {}
    for issue in code:
        rules[issue.rule] = rules.get(issue.rule, 0) + 1
    return build_report(
        AGENT,
        title=f"Security of {project.root.name}",
        summary=summary,
        issues=issues,
        sections=[("Insecure code by check", table(("check", "findings"), sorted(rules.items())) if rules else "")],
        limits={
            **project.limits(),
            "left out in tests": ", ".join(sorted(_USUAL_IN_TESTS | _OWN_USUAL_IN_TESTS)),
            "left out in tooling": ", ".join(sorted(_USUAL_IN_TOOLING)),
            "left out everywhere": ", ".join(sorted(_IMPORTS_ONLY))
            + " (each use is reported, not the import), "
            + ", ".join(sorted(_REMINDERS))
            + " (every assert and every call of a program without a shell), "
            + f"{_SQL} where the text holds only constants in capitals and placeholders",
            "not scanned for insecure code": "; ".join(left_out[:20]) or "nothing",
            "binary files not searched": binary,
            "git history": "not searched: a secret that was removed from the tree may still be in it",
            "known vulnerabilities": "not looked up: that needs a network",
        },
    )


def _code_issues(sources: PythonSources) -> tuple[list[Issue], list[str]]:
    issues: list[Issue] = []
    left_out: list[str] = []
    for name, source in sources.files.items():
        report = scan_python(source.text, name)
        if report.error and not report.findings:
            left_out.append(f"{name}: {report.error}")
            continue
        usual = (
            _USUAL_IN_TESTS
            if is_test_file(name)
            else _USUAL_IN_TOOLING
            if is_support_source(name, source.tree)
            else _IMPORTS_ONLY
        )
        lines = source.text.splitlines()
        fixed = fixed_query_lines(source.tree)
        for finding in report.findings:
            if finding.rule in _IMPORTS_ONLY | _REMINDERS | usual or (
                finding.rule in _QUERIES and finding.line in fixed
            ):
                continue
            if not finding.rule.startswith("B") and _is_usual(finding, name):
                continue
            severity: Severity = _at_most_low(finding.severity) if is_test_file(name) else finding.severity
            message = f"{finding.message} ({finding.cwe}, confidence {finding.confidence:g})"
            if 0 < finding.line <= len(lines) and _NOSEC.search(lines[finding.line - 1]):
                severity, message = "info", f"{message} (the code marks it as accepted with nosec)"
            issues.append(Issue(finding.rule, message, name, finding.line, severity, finding.fix))
    return issues, left_out


def _is_usual(finding: CodeFinding, name: str) -> bool:
    """Whether a finding of an own rule is a reminder, or what tests are made of."""
    if is_test_file(name):
        return finding.rule in _OWN_USUAL_IN_TESTS or finding.confidence <= _SURE
    return finding.confidence < _SURE


def _at_most_low(severity: Severity) -> Severity:
    """Code in tests meets no stranger's input and is not shipped."""
    return "info" if severity == "info" else "low"


def _secret_issues(project: Project) -> tuple[list[Issue], int, int]:
    issues: list[Issue] = []
    read = binary = 0
    for name in project.files:
        try:
            data = project.path(name).read_bytes()
        except OSError:
            continue  # the walk has seen it; it went since, or may not be read
        if b"\0" in data[:_BINARY_PROBE_BYTES]:
            binary += 1
            continue
        read += 1
        text = "\n".join(
            line if len(line) <= _MAX_LINE else "" for line in data.decode("utf-8", errors="replace").split("\n")
        )
        in_tests = is_test_file(name)
        for found in find_secrets(name, text):
            # In tests a random-looking value is nearly always made up; a known format may still be a real one.
            severity: Severity = "low" if in_tests and found.rule in _MADE_UP_IN_TESTS else found.severity
            message = f"{found.what} (fingerprint {found.mask})"
            fix = "Revoke it, then keep it in the environment or a secret store; history keeps what was committed."
            issues.append(Issue(found.rule, message, name, found.line, severity, fix))
    return issues, read, binary
