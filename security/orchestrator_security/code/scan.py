"""Scanning code: a text that is code, and code inside a text that an agent wrote."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from orchestrator_core.analysis.findings import CodeFinding
from orchestrator_core.analysis.syntax import Parsed
from orchestrator_core.errors import MagnusError, UsageError
from orchestrator_security.code.fenced_blocks import CodeBlock, find_python, may_hold_code
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit

MAX_CHARACTERS = 200_000
"""Longer code in an agent's reply is not scanned while the caller waits: it would take seconds. ``orchestrate security scan`` does."""
_PYTHON = frozenset(("python", "py", "python3", "py3"))


class CodeScan(Struct, frozen=True):
    """What was found, by line. ``error`` says why the code was not scanned, or not all of it."""

    findings: tuple[CodeFinding, ...] = ()
    error: str = ""


class PlacedFinding(Struct, frozen=True):
    """A finding in a text that holds code: its line is the text's, and it stands from ``start`` to ``end``."""

    finding: CodeFinding
    start: int
    end: int


class OutputScan(Struct, frozen=True):
    """What was found in the code of a text, and what of it could not be scanned, each with the reason."""

    findings: tuple[PlacedFinding, ...] = ()
    not_scanned: tuple[str, ...] = ()


def scan_code(code: str, *, language: str = "python", name: str = "<text>") -> CodeScan:
    """Scan one text of code; ``name`` becomes the findings' path.

    Only Python is scanned. Code that does not parse, also after common indentation was taken away, or is of another language, is
    "not scanned" in ``error``; that is never raised, nor is a missing bandit.

    Raises:
        UsageError: ``code`` is no text.
    """
    if not isinstance(code, str):
        raise UsageError(
            f"scan_code takes text, not {type(code).__name__}. Decode it first, as in data.decode('utf-8')."
        )
    if not isinstance(language, str) or language.lower() not in _PYTHON:
        return CodeScan(error=f"not scanned: only Python is, not {language}")
    return _scan(code, name)


def _scan(code: str, name: str, *, bounded: bool = False, parsed: Parsed | None = None) -> CodeScan:
    from orchestrator_core.analysis.code_scan import scan_python  # bandit's import alone takes 110 ms

    try:
        report = scan_python(code, name, bounded=bounded, parsed=parsed)
        if report.error and code[:1] in " \t\n":
            from textwrap import dedent

            again = scan_python(dedent(code), name, bounded=bounded)
            report = report if again.error and not again.findings else again
    except MagnusError as error:
        return CodeScan(error=f"not scanned: {error}")
    return CodeScan(report.findings, report.error)


def scan_output(
    text: str, name: str = "<text>", *, max_characters: int = MAX_CHARACTERS, bounded: bool = False
) -> OutputScan:
    """Scan the Python in a text; each block by itself, so that one that does not parse hides no other.

    ``bounded`` leaves out code that packs more into its characters than people do; it would take several times as long.
    """
    found = find_python(text)
    placed: list[PlacedFinding] = []
    problems = [f"code in {language}: only Python is scanned" for language in found.other_languages]
    left = max_characters
    for block in found.blocks:
        left -= len(block.code)
        if left < 0:
            problems.append(f"the code from line {block.first_line} on: more than {max_characters} characters")
            break
        result = _scan(block.code, name, bounded=bounded, parsed=block.parsed)
        placed += _placed(result.findings, block, text)
        if result.error and (block.explicit or block.parsed or result.findings):
            problems.append(f"the code at line {block.first_line}: {result.error}")
    return OutputScan(tuple(placed), tuple(problems))


def _placed(findings: Sequence[CodeFinding], block: CodeBlock, text: str) -> list[PlacedFinding]:
    placed = []
    for finding in findings:
        start, end = block.places[min(max(finding.line, 1), len(block.places)) - 1]
        line = text.count("\n", 0, start) + 1
        placed.append(PlacedFinding(replace(finding, line=line), start, end))
    return placed


class CodeScanner:
    """Finds insecure Python in what an agent answers."""

    name = "code"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.direction == "out" and may_hold_code(text)

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        """A hit for each insecure line: where it stands, and what to write instead. The line itself is never quoted.

        Code that could not be scanned is told too, or it would look clean.
        """
        found = scan_output(text, bounded=True)
        hits = [
            Hit(
                rule_id=f"code.{placed.finding.rule}",
                category="insecure_code",
                start=placed.start,
                end=placed.end,
                severity=placed.finding.severity,
                confidence=placed.finding.confidence,
                message=_message(placed.finding),
                cwe=placed.finding.cwe,
                owasp_llm="LLM05",
            )
            for placed in found.findings
        ]
        hits += [
            Hit("code.not-scanned", "unscanned_code", 0, 0, severity="info", message=problem, owasp_llm="LLM05")
            for problem in found.not_scanned
        ]
        return hits


def _message(finding: CodeFinding) -> str:
    fix = f" {finding.fix}" if finding.fix else ""
    return f"line {finding.line}: {finding.message.rstrip('.')}.{fix}"
