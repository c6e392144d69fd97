"""Sums over calls: the same value whether it was added up from rollups or from the calls themselves."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from orchestrator_core.storage.latency import percentile_ms

SUMS: tuple[str, ...] = (
    "n",
    "succeeded",
    "failed",
    "blocked",
    "cancelled",
    "healed",
    "tokens_in",
    "tokens_out",
    "cost_microusd",
    "score_sum",
    "score_n",
)
"""Columns of ``rollups`` that add up, and fields of ``Tally``."""


class Tally(Struct):
    """What a group of calls adds up to. ``latency`` is a histogram of ``orchestrator_core.storage.latency``."""

    n: int = 0
    succeeded: int = 0
    failed: int = 0
    blocked: int = 0
    cancelled: int = 0
    healed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_microusd: int = 0
    score_sum: float = 0.0
    score_n: int = 0
    latency: dict[int, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Add another group of calls."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for bin_number, n in other.latency.items():
            self.latency[bin_number] = self.latency.get(bin_number, 0) + n

    @property
    def finished(self) -> int:
        """Calls whose agent came to an end: what security stopped and what was cancelled says nothing of the agent."""
        return self.succeeded + self.failed

    @property
    def success_rate(self) -> float | None:
        return self.succeeded / self.finished if self.finished else None

    @property
    def score(self) -> float | None:
        """Mean judged score; unjudged calls stay out."""
        return self.score_sum / self.score_n if self.score_n else None

    def percentile_ms(self, q: float) -> float | None:
        """The ``q``-th percentile of the duration, off by at most 2 %."""
        return percentile_ms(self.latency, q)


def total(tallies: Iterable[Tally]) -> Tally:
    """All groups together."""
    result = Tally()
    for tally in tallies:
        result.add(tally)
    return result
