"""How often a remedy worked for a failure: Beta posteriors over (wait, n-th try), shrunk to the class prior. Pure.

The posterior mean after ``wins`` and ``losses`` is ``(s * prior + wins) / (s + wins + losses)`` with prior strength ``s`` = 3. The n-th
try starts from half the posterior of the try before it. A success also credits longer waits, and a failure also debits shorter
ones, at weight 0.4: what works after 2 s would have worked after 8. Evidence fades by 0.92 per new occurrence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from orchestrator.healing.classify import WAITS_S

PRIOR_STRENGTH = 3.0
NEIGHBOUR_WEIGHT = 0.4
FADE = 0.92
LATER_TRY = 0.5


class Arm(Struct, frozen=True):
    """One remedy: retry as the ``try_n``-th retry after ``wait_s`` seconds."""

    wait_s: float
    try_n: int


class Evidence(Struct, frozen=True):
    """Faded counts of how an arm did."""

    wins: float = 0.0
    losses: float = 0.0

    @property
    def total(self) -> float:
        return self.wins + self.losses


def posterior(prior: Sequence[float], evidence: Mapping[Arm, Evidence], arm: Arm) -> float:
    """The chance that an arm works, between 0 and 1. ``prior`` has one entry per wait of ``WAITS_S``."""
    start = _prior_at(prior, arm.wait_s)
    for n in range(1, arm.try_n + 1):
        seen = evidence.get(Arm(arm.wait_s, n), Evidence())
        mean = (PRIOR_STRENGTH * start + seen.wins) / (PRIOR_STRENGTH + seen.total)
        if n == arm.try_n:
            return mean
        start = mean * LATER_TRY
    return start


def _prior_at(prior: Sequence[float], wait_s: float) -> float:
    """The prior of the longest considered wait that is not above ``wait_s``."""
    value = prior[0]
    for wait, chance in zip(WAITS_S, prior, strict=True):
        if wait <= wait_s:
            value = chance
    return value


def credits(arm: Arm, *, worked: bool) -> dict[Arm, Evidence]:
    """What one tried arm teaches about itself and its neighbours."""
    taught = {arm: Evidence(wins=1.0) if worked else Evidence(losses=1.0)}
    for wait in WAITS_S:
        if worked and wait > arm.wait_s:
            taught[Arm(wait, arm.try_n)] = Evidence(wins=NEIGHBOUR_WEIGHT)
        elif not worked and wait < arm.wait_s:
            taught[Arm(wait, arm.try_n)] = Evidence(losses=NEIGHBOUR_WEIGHT)
    return taught
