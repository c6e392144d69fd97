"""From labels and evidence to a verdict: expectation, caps, mean. Pure.

A judge that abstains on a criterion leaves it out of the mean: "no opinion" is neither good nor bad.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from orchestrator_core.records import Criterion, Verdict

LOWEST, HIGHEST = 1.0, 10.0
LABELS = ("0", "1", "2", "3", "4")
SECURITY_CAP = 4.0
"""A finding of high severity allows no more than this for security, whatever a judge thinks of the rest."""


class Cap(Struct, frozen=True):
    """A ceiling that evidence puts on one criterion."""

    criterion: str
    ceiling: float
    because: str

    def __str__(self) -> str:
        return f"{self.criterion} is capped at {self.ceiling:g}: {self.because}"


class Expectation(Struct, frozen=True):
    """What a distribution over labels says: its mean (0 to 4) and the share of its most likely label."""

    mean: float
    confidence: float


def bounded(score: float) -> float:
    """A score within 1 to 10, to two places."""
    return round(min(HIGHEST, max(LOWEST, score)), 2)


def to_ten(label_mean: float) -> float:
    """A mean of labels 0 to 4 on the scale of 1 to 10."""
    return bounded(LOWEST + (HIGHEST - LOWEST) * label_mean / (len(LABELS) - 1))


def expectation(odds: Mapping[str, float]) -> Expectation | None:
    """The mean over the allowed labels, renormalised; None when none of them has any probability.

    The probabilities come from the unconstrained model, so part of the mass may lie on tokens that the schema forbids.
    """
    allowed = {label: odds[label] for label in LABELS if odds.get(label, 0.0) > 0.0}
    total = sum(allowed.values())
    if total <= 0.0:
        return None
    mean = sum(int(label) * odd for label, odd in allowed.items()) / total
    return Expectation(mean, max(allowed.values()) / total)


def capped(criteria: Sequence[Criterion], caps: Sequence[Cap]) -> tuple[Criterion, ...]:
    """The criteria with every ceiling applied; abstentions stay abstentions."""
    return tuple(_under(criterion, [cap for cap in caps if cap.criterion == criterion.name]) for criterion in criteria)


def _under(criterion: Criterion, caps: Sequence[Cap]) -> Criterion:
    lowest = min(caps, key=lambda cap: cap.ceiling, default=None)
    if lowest is None or criterion.score is None or criterion.score <= lowest.ceiling:
        return criterion
    evidence = f"{criterion.evidence}; {lowest.because}" if criterion.evidence else lowest.because
    return replace(criterion, score=lowest.ceiling, evidence=evidence)


def mean_score(criteria: Sequence[Criterion]) -> float | None:
    """The mean of the scored criteria; None when all abstain."""
    scores = [criterion.score for criterion in criteria if criterion.score is not None]
    return bounded(sum(scores) / len(scores)) if scores else None


def verdict(
    criteria: Sequence[Criterion],
    caps: Sequence[Cap],
    *,
    judge: Literal["llm", "rules"],
    pass_score: float,
    reason: str = "",
    model: str = "",
) -> Verdict:
    """The verdict on scored criteria: caps applied and shown, the mean taken, ``passed`` computed here and nowhere else."""
    final = capped(criteria, caps)
    overall = mean_score(final)
    if overall is None:
        reason = reason or "no criterion could be judged"
        return Verdict(status="unjudged", criteria=final, judge=judge, model=model, reason=reason)
    return Verdict(
        status="judged",
        overall=overall,
        passed=overall >= pass_score,
        criteria=final,
        judge=judge,
        model=model,
        reason=reason,
        caps=tuple(str(cap) for cap in caps),
    )
