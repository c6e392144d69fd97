"""Scores for Python from static evidence alone.

Whether code does what was asked for is left open: without tests, only code that cannot run at all is known to be wrong.
"""

from __future__ import annotations

import math

from orchestrator_core.records import Criterion
from orchestrator_evaluation.code_evidence import CodeEvidence, described
from orchestrator_evaluation.code_layout import Layout, read_layout
from orchestrator_evaluation.code_structure import Structure, read_structure
from orchestrator_evaluation.scoring import bounded

_SECURITY_COST = {"info": 0.0, "low": 0.8, "medium": 3.0, "high": 6.0, "critical": 8.0}
_HARD_CYCLOMATIC, _HARD_COGNITIVE = 10, 15
"""The limits at which radon (grade C) and SonarSource call a function hard."""

_HARD_LINES = 50


def judge_code(evidence: CodeEvidence, *, cut: bool) -> tuple[Criterion, ...]:
    """The five criteria of code, and completeness where stubs were found. Never raises on a tree that was parsed."""
    if evidence.tree is None:
        return _unparsed(evidence, cut=cut)
    layout = read_layout(evidence.source, evidence.tree)
    structure = read_structure(evidence.tree)
    if not structure.statements:
        return (Criterion("completeness", 1.0, 0.9, "rules", "there is no statement in it"),)
    criteria = [
        Criterion("correctness", None, 0.0, "rules", "no tests were given: whether it works was not judged"),
        _security(evidence),
        _readability(layout, evidence),
        _maintainability(structure, evidence),
        _performance(structure),
    ]
    if structure.stubs:
        share = structure.stubs / max(structure.functions, 1)
        evidence_text = f"{structure.stubs} of {structure.functions} functions do nothing"
        criteria.append(Criterion("completeness", bounded(7.0 - 6.0 * share), 0.7, "rules", evidence_text))
    return tuple(criteria)


def _unparsed(evidence: CodeEvidence, *, cut: bool) -> tuple[Criterion, ...]:
    why = f"{evidence.syntax_error} in line {evidence.syntax_line}" if evidence.syntax_line else evidence.syntax_error
    if cut:
        return (Criterion("correctness", None, 0.0, "rules", f"cut off before it ends ({why})"),)
    abstained = tuple(
        Criterion(name, None, 0.0, "rules", "not scanned: it does not parse")
        for name in ("security", "maintainability", "performance")
    )
    return (
        Criterion("correctness", 1.0, 0.95, "rules", why),
        Criterion("readability", 2.5, 0.5, "rules", "it does not parse"),
        *abstained,
    )


def _criterion(name: str, score: float, notes: list[str], confidence: float) -> Criterion:
    return Criterion(name, bounded(score), confidence, "rules", "; ".join(notes[:4]) or "nothing against it was seen")


def _security(evidence: CodeEvidence) -> Criterion:
    if "security" in evidence.gaps:
        return Criterion("security", None, 0.0, "rules", "the security scan could not be made")
    grave = sorted(evidence.security, key=lambda f: -_SECURITY_COST[f.severity] * f.confidence)
    # Each further finding of a kind weighs half as much: ten asserts are not ten holes.
    seen: dict[str, int] = {}
    cost = 0.0
    for finding in grave:
        seen[finding.rule] = seen.get(finding.rule, 0) + 1
        cost += _SECURITY_COST[finding.severity] * (0.4 + 0.6 * finding.confidence) * 0.5 ** (seen[finding.rule] - 1)
    return _criterion("security", 9.5 - cost, [described(f) for f in grave[:3]], 0.5 if grave else 0.35)


def _readability(layout: Layout, evidence: CodeEvidence) -> Criterion:
    costs = [
        (4.5 * layout.unclear_names, f"{layout.unclear_names:.0%} of its names tell little"),
        (3.0 * layout.cramped, f"{layout.cramped:.0%} of its operators and commas stand without blanks"),
        (1.2 * layout.odd_indent, "its indentation is not four blanks"),
        (4.0 * min(layout.wide_lines, 0.5), f"{layout.wide_lines:.0%} of its lines are wide"),
        (4.0 * min(layout.packed_lines, 0.5), f"{layout.packed_lines:.0%} of its lines hold several statements"),
        (0.9 * layout.undocumented, f"{layout.undocumented:.0%} of its public parts have no docstring"),
        (0.9 * layout.unannotated, f"{layout.unannotated:.0%} of its functions have no annotations"),
        (1.2 * layout.odd_case, f"{layout.odd_case:.0%} of its names break the usual case"),
    ]
    hardest = max((f.cognitive or 0 for f in evidence.complexity.functions), default=0)
    costs.append((1.5 * min(hardest / (2 * _HARD_COGNITIVE), 1.0), f"a function of cognitive complexity {hardest}"))
    return _weighed("readability", 9.7, costs, 0.5)


def _maintainability(structure: Structure, evidence: CodeEvidence) -> Criterion:
    functions = evidence.complexity.functions
    worst = max(functions, key=lambda f: f.cyclomatic, default=None)
    hardest = max((f.cognitive or 0 for f in functions), default=0)
    longest = max((f.lines for f in functions), default=0)
    index = evidence.complexity.maintainability
    nesting = max(structure.deepest_nesting - 2, 0)
    repeated = structure.repeated_statements / max(structure.statements, 1)
    lint = sum({"high": 1.0, "medium": 0.5}.get(f.severity, 0.2) for f in evidence.lint)
    costs = [
        (2.0 * (1 - index / 100) if index is not None else 0.0, f"maintainability index {index}"),
        (0.8 * min(nesting, 4), f"nested {structure.deepest_nesting} deep"),
        (min(8.0 * repeated, 3.0), f"{structure.repeated_statements} repeated statements"),
        (0.7 * min(structure.constant_conditions, 3), f"{structure.constant_conditions} conditions that never change"),
        (0.35 * min(structure.idle_branches, 4), f"{structure.idle_branches} branches that do nothing"),
        (0.4 * max(structure.most_arguments - 5, 0), f"{structure.most_arguments} arguments to a function"),
        (0.9 * min(structure.hidden_state, 3), f"{structure.hidden_state} places with hidden state"),
        (0.8 * min(structure.broad_excepts, 3), f"{structure.broad_excepts} handlers that catch everything"),
        (2.5 * min(hardest / (2 * _HARD_COGNITIVE), 1.0), f"cognitive complexity {hardest}"),
        (min(1.5 * longest / (2 * _HARD_LINES), 2.0), f"a function of {longest} lines"),
        (min(3.0 * lint / max(math.sqrt(structure.statements), 1.0), 2.5), f"{len(evidence.lint)} lint findings"),
    ]
    if worst is not None:
        over = 1.5 * min(worst.cyclomatic / (2 * _HARD_CYCLOMATIC), 1.0)
        costs.append((over, f"{worst.name} has cyclomatic complexity {worst.cyclomatic}"))
    if structure.functions == 0 and structure.statements > 15:
        costs.append((1.0, "one long script without functions"))
    return _weighed("maintainability", 9.7, costs, 0.5)


def _performance(structure: Structure) -> Criterion:
    if not structure.loop_depth and not structure.costly_in_loop:
        return Criterion("performance", None, 0.0, "rules", "no loop to judge by")
    costs = [(1.6 * min(len(structure.costly_in_loop), 3), ", ".join(structure.costly_in_loop[:3]))]
    costs.append((1.1 * max(structure.loop_depth - 1, 0), f"loops nested {structure.loop_depth} deep"))
    return _weighed("performance", 8.6, costs, 0.3)


def _weighed(name: str, best: float, costs: list[tuple[float, str]], confidence: float) -> Criterion:
    """A score from its deductions, the heaviest named first."""
    felt = sorted(((cost, note) for cost, note in costs if cost > 0), key=lambda item: -item[0])
    total = sum(cost for cost, _ in felt)
    # The first deductions count in full; beyond seven points they fade, so that bad and worse stay apart.
    lost = total if total <= 6.0 else 6.0 + 2.7 * (1 - math.exp(-(total - 6.0) / 3.0))
    return _criterion(name, best - lost, [note for cost, note in felt if cost >= 0.3], confidence)
