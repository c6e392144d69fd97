"""What can be proved about Python without running it: does it parse, what do the checkers say, how complex is it.

Comments never count, neither for nor against: whoever wrote the judged text also wrote its comments.
"""

from __future__ import annotations

import ast

from msgspec import Struct

from orchestrator_core.analysis.complexity import Complexity
from orchestrator_core.analysis.findings import CodeFinding
from orchestrator_evaluation.scoring import SECURITY_CAP, Cap

UNPARSED_CAP = 1.0
_RUFF_TIMEOUT_S = 5.0


class CodeEvidence(Struct, frozen=True):
    """The facts about one Python text. A check that could not be made says why in ``gaps``."""

    source: str
    tree: ast.Module | None = None
    syntax_error: str = ""
    syntax_line: int = 0
    security: tuple[CodeFinding, ...] = ()
    lint: tuple[CodeFinding, ...] = ()
    complexity: Complexity = Complexity()
    gaps: tuple[str, ...] = ()
    """Of ``security``, ``lint`` and ``complexity``, those that could not be had."""


def gather(source: str) -> CodeEvidence:
    """Every static fact about one Python text. About 15 ms of CPU per hundred lines; never raises."""
    from orchestrator_core.analysis.syntax import parse

    parsed = parse(source)
    if parsed.tree is None:
        return CodeEvidence(source, syntax_error=parsed.error, syntax_line=parsed.line)
    gaps: list[str] = []
    security, lint = _security(source, gaps), _lint(source, gaps)
    complexity = _complexity(source, gaps)
    return CodeEvidence(source, parsed.tree, security=security, lint=lint, complexity=complexity, gaps=tuple(gaps))


def evidence_caps(evidence: CodeEvidence, *, cut: bool) -> tuple[Cap, ...]:
    """The ceilings that follow from the facts. ``cut``: a text that ends early is not to blame for not parsing."""
    if evidence.syntax_error:
        if cut:
            return ()
        return (Cap("correctness", UNPARSED_CAP, f"{evidence.syntax_error} in line {evidence.syntax_line}"),)
    grave = next((f for f in evidence.security if f.severity in ("high", "critical")), None)
    if grave is None:
        return ()
    return (Cap("security", SECURITY_CAP, f"HIGH finding {described(grave)}"),)


def described(finding: CodeFinding) -> str:
    """A finding in a few words: rule, weakness class, place, message."""
    weakness = f" ({finding.cwe})" if finding.cwe else ""
    return f"{finding.rule}{weakness} in line {finding.line}: {finding.message.split('. ')[0].strip()[:120]}"


def _security(source: str, gaps: list[str]) -> tuple[CodeFinding, ...]:
    from orchestrator_core.analysis.bandit_scan import scan_source

    try:
        report = scan_source(source)
    except Exception:  # noqa: BLE001 - any crash of a checker is a gap in the evidence
        gaps.append("security")
        return ()
    if report.error:
        gaps.append("security")
    return report.findings


def _lint(source: str, gaps: list[str]) -> tuple[CodeFinding, ...]:
    from orchestrator_core.analysis.ruff_check import NOT_CHECKED, check_source

    try:
        found = check_source(source, timeout_s=_RUFF_TIMEOUT_S)
    except Exception:  # noqa: BLE001 - any crash of a checker is a gap in the evidence
        gaps.append("lint")
        return ()
    if any(finding.rule == NOT_CHECKED for finding in found):
        gaps.append("lint")
        return ()
    return found


def _complexity(source: str, gaps: list[str]) -> Complexity:
    from orchestrator_core.analysis.complexity import measure

    try:
        # The maintainability index rewards comments and docstrings: it is measured on the code alone.
        measured = measure(bare_code(source))
    except Exception:  # noqa: BLE001 - any crash of a checker is a gap in the evidence
        gaps.append("complexity")
        return Complexity()
    if measured.error:
        gaps.append("complexity")
    return measured


def bare_code(source: str) -> str:
    """The same program without comments, docstrings and layout of its own."""
    from orchestrator_core.analysis.syntax import parse

    tree = parse(source).tree
    if tree is None:
        return source
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and body:
            first = body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = body[1:] or [ast.Pass()]
    return ast.unparse(tree)
