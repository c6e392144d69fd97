"""``orchestrate security scan``: insecure places in Python code, as text, JSON or SARIF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.json_document import json_document
from orchestrator.cli.screen import Screen, counted

if TYPE_CHECKING:
    from orchestrator.cli.security_sources import Source
    from orchestrator_core.analysis.findings import CodeFinding

_ORDER = ("info", "low", "medium", "high", "critical")


@common_command("scan")
@click.argument("path", metavar="FILE|DIR|-")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "sarif")),
    default="text",
    show_default=True,
    help="How to show it.",
)
@click.option(
    "--min-severity",
    type=click.Choice(("low", "medium", "high")),
    default="low",
    show_default=True,
    help="Leave out what is milder.",
)
@click.option("--deep", is_flag=True, help="Let semgrep look as well, where it is installed.")
@pass_invocation
def command(invocation: Invocation, /, path: str, form: str, min_severity: str, deep: bool) -> int:
    """Scan Python code for insecure places: a file, a folder, or - for standard input. Nothing of it is run.

    Markdown files are searched for Python blocks, notebooks for code cells. Exit codes: 0 nothing found at this severity or above,
    1 something found, 2 usage, also when nothing at all could be scanned.
    """
    from orchestrator.cli.security_sources import names, sources

    folder, chosen, left_out = names(path)
    found: list[CodeFinding] = []
    problems = [f"{entry}" for entry in left_out]
    scanned: list[Source] = []
    for source in sources(folder, chosen):
        findings, wrong = _scan(source)
        found += findings
        problems += wrong
        if not source.problem:
            scanned.append(source)
    if deep:
        more, wrong = _deep(scanned)
        found += more
        problems += wrong
    found = [f for f in found if _ORDER.index(f.severity) >= _ORDER.index(min_severity)]
    found.sort(key=lambda f: (f.path, f.line, f.rule))
    _show(invocation, form, found, problems, len(scanned))
    if not scanned and problems:
        return 2
    return 1 if found else 0


def _scan(source: Source) -> tuple[list[CodeFinding], list[str]]:
    from orchestrator_security.code.scan import scan_code, scan_output

    if source.problem:
        return [], [f"{source.name}: {source.problem}"]
    if source.holds_code:
        output = scan_output(source.text, source.name, max_characters=len(source.text) + 1)
        return [placed.finding for placed in output.findings], [
            f"{source.name}: {problem}" for problem in output.not_scanned if "only Python" not in problem
        ]
    report = scan_code(source.text, name=source.name)
    findings = [_in_cell(source, finding) for finding in report.findings] if source.cells else list(report.findings)
    return findings, [f"{source.name}: {report.error}"] if report.error else []


def _in_cell(source: Source, finding: CodeFinding) -> CodeFinding:
    number = max((n for n, start in enumerate(source.cells, 1) if start <= finding.line), default=1)
    line = finding.line - source.cells[number - 1] + 1
    return msgspec.structs.replace(finding, message=f"{finding.message.rstrip('.')} (code cell {number}, line {line})")


def _deep(scanned: list[Source]) -> tuple[list[CodeFinding], list[str]]:
    from orchestrator_security.code.semgrep import deep_scan

    files = {str(s.file): s.name for s in scanned if s.file is not None and s.file.suffix in (".py", ".pyi")}
    result = deep_scan([s.file for s in scanned if s.file is not None and s.file.suffix in (".py", ".pyi")])
    findings = [msgspec.structs.replace(f, path=files.get(f.path, f.path)) for f in result.findings]
    return findings, [result.error] if result.error else []


def _show(invocation: Invocation, form: str, found: list[CodeFinding], problems: list[str], files: int) -> None:
    output = invocation.output
    if form == "sarif":
        from orchestrator.version import VERSION
        from orchestrator_security.code.sarif import to_sarif

        document: Any = to_sarif(found, version=VERSION, problems=problems)
    else:
        document = {"findings": found, "files": files, "not_scanned": problems}
    if form != "text" and not output.as_json:
        output.answer(json_document(document))
    else:
        output.show(document, lambda screen: _page(screen, found, files))
    for problem in problems:
        output.note(
            f"Not scanned: {problem}" if "not scanned" not in problem.lower() and "semgrep" not in problem else problem
        )


def _page(screen: Screen, found: list[CodeFinding], files: int) -> None:
    for finding in found:
        cwe = f" [{finding.cwe}]" if finding.cwe else ""
        style = "fail" if finding.severity == "high" else "warn" if finding.severity == "medium" else ""
        screen.line(
            f"{finding.path}:{finding.line}: {finding.severity}: {finding.rule}{cwe} {finding.message.rstrip('.')}.",
            style,
        )
        if finding.fix:
            screen.line(f"    {finding.fix}")
    counts = ", ".join(f"{n} {s}" for s in ("high", "medium", "low") if (n := sum(f.severity == s for f in found)))
    screen.line(f"{counted(files, 'file')} scanned, {counted(len(found), 'finding')}{f': {counts}' if counts else ''}.")
