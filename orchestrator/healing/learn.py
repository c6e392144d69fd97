"""How often a remedy worked for a failure: Beta posteriors over (wait, n-th try), shrunk to the class prior. Pure.

The posterior mean after ``wins`` and ``losses`` is ``(s * prior + wins) / (s + wins + losses)`` with prior strength ``s`` = 3. The n-th
try starts from a part of the posterior of the try before it: half for waits that were reached already, 0.8 for longer ones, so
that waits grow within an episode. A success also credits longer waits, and a failure also debits shorter ones, at weight 0.4:
what works after 2 s would have worked after 8. Evidence fades by 0.92 per new occurrence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from orchestrator.healing.classify import WAITS_S

PRIOR_STRENGTH = 3.0
NEIGHBOUR_WEIGHT = 0.4
FADE = 0.92
LATER_TRY = 0.5
LATER_TRY_LONGER_WAIT = 0.8


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


def posterior(
    prior: Sequence[float], evidence: Mapping[Arm, Evidence], wait_s: float, tried_s: Sequence[float] = ()
) -> float:
    """The chance that the next try works after ``wait_s`` seconds, between 0 and 1.

    ``prior`` has one entry per wait of ``WAITS_S``; ``tried_s`` holds the waits of this episode that did not help.
    """
    mean = _mean(_prior_at(prior, wait_s), evidence.get(Arm(wait_s, 1)))
    longest = 0.0
    for n, tried in enumerate(tried_s, start=2):
        longest = max(longest, tried)
        part = LATER_TRY_LONGER_WAIT if wait_s > longest else LATER_TRY
        mean = _mean(mean * part, evidence.get(Arm(wait_s, n)))
    return mean


def _mean(start: float, seen: Evidence | None) -> float:
    if seen is None:
        return start
    return (PRIOR_STRENGTH * start + seen.wins) / (PRIOR_STRENGTH + seen.total)


def _prior_at(prior: Sequence[float], wait_s: float) -> float:
    """The prior of the longest considered wait that is not above ``wait_s``."""
    value = prior[0]
    for wait, chance in zip(WAITS_S, prior, strict=True):
        if wait <= wait_s:
            value = chance
    return value


def lessons_of(arm: Arm, *, worked: bool) -> dict[Arm, Evidence]:
    """What one tried arm teaches about itself and its neighbours."""
    taught = {arm: Evidence(wins=1.0) if worked else Evidence(losses=1.0)}
    for wait in WAITS_S:
        if worked and wait > arm.wait_s:
            taught[Arm(wait, arm.try_n)] = Evidence(wins=NEIGHBOUR_WEIGHT)
        elif not worked and wait < arm.wait_s:
            taught[Arm(wait, arm.try_n)] = Evidence(losses=NEIGHBOUR_WEIGHT)
    return taught


class Streak(Struct, frozen=True):
    """How healing a failure went lately."""

    failed: int = 0
    """Healing episodes in a row that did not help."""
    skip: int = 0
    """Occurrences that still pass without a try."""

    @property
    def quarantined(self) -> bool:
        return self.skip > 0


NO_STREAK = Streak()
QUARANTINE_AFTER = 3
LONGEST_QUARANTINE = 32


def next_streak(streak: Streak, *, tried: bool, healed: bool) -> Streak:
    """The streak after one more occurrence: after three failed episodes in a row only every 2nd, 4th, ... 32nd is tried."""
    if healed:
        return Streak()
    if not tried:
        return Streak(streak.failed, max(0, streak.skip - 1))
    failed = streak.failed + 1
    interval = min(LONGEST_QUARANTINE, 2 ** (failed - QUARANTINE_AFTER + 1)) if failed >= QUARANTINE_AFTER else 1
    return Streak(failed, interval - 1)
