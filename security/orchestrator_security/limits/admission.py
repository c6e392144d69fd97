"""Whether a call may begin, and if not, which limit stands in its way and for how long."""

from __future__ import annotations

import math

from msgspec import Struct

RATE = "rate-limit"
CONCURRENCY = "concurrency-limit"
DAILY_TOKENS = "daily-tokens"
DAILY_COST = "daily-cost"

SLOT_RETRY_S = 1.0
"""What a call is told that found all slots taken: a guess, since nobody knows when a running call ends."""
_DAY_S = 86_400


class Admission(Struct, frozen=True):
    """What the limits say to one call."""

    allowed: bool = True
    retry_after_s: float = 0.0
    """Seconds until it is worth trying again; exact for the rate limit and the day's budgets."""
    limit: str = ""
    """``rate-limit``, ``concurrency-limit``, ``daily-tokens`` or ``daily-cost``; empty where the call may begin."""
    reason: str = ""
    """One sentence for a person that names the limit, its value and the wait; empty where the call may begin."""


ADMITTED = Admission()


def over_rate(per_minute: int, wait_s: float) -> Admission:
    """The bucket is empty for ``wait_s`` more seconds."""
    limit = "1 call" if per_minute == 1 else f"{per_minute} calls"
    return Admission(
        False, wait_s, RATE, f"over the limit of {limit} per minute; try again in {seconds_text(wait_s)} s"
    )


def over_concurrency(most: int, agent: str) -> Admission:
    """All slots of the agent are taken."""
    calls = "1 call" if most == 1 else f"{most} calls"
    return Admission(
        False,
        SLOT_RETRY_S,
        CONCURRENCY,
        f"over the limit of {calls} of {agent!r} at once; try again when one has ended, in {seconds_text(SLOT_RETRY_S)} s for instance",
    )


def over_budget(limit: str, used: int, budget: int, agent: str, now: float) -> Admission:
    """The agent's day is used up; ``used`` and ``budget`` are tokens or micro-USD, ``now`` is in epoch seconds."""
    wait_s = _DAY_S - now % _DAY_S
    what = f"{budget} tokens" if limit == DAILY_TOKENS else f"{usd_text(budget)} USD"
    spent = f"{used}" if limit == DAILY_TOKENS else f"{usd_text(used)} USD"
    return Admission(
        False,
        wait_s,
        limit,
        f"over the budget of {what} a day for {agent!r}, of which {spent} are used; try again after midnight UTC, in "
        f"{_hours_text(wait_s)}",
    )


def usd_text(microusd: int) -> str:
    """Micro-USD as USD with all their digits: ``0.25``, ``0.000001``."""
    whole, part = divmod(microusd, 1_000_000)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".")


def _hours_text(seconds: float) -> str:
    """Hours and minutes, rounded up: ``10 h 7 min``."""
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def seconds_text(seconds: float) -> str:
    """Seconds to the millisecond, rounded up, so that who waits that long has waited long enough."""
    thousandths = math.ceil(round(seconds * 1000, 6))
    return f"{thousandths / 1000:.3f}".rstrip("0").rstrip(".")


def day_of(now: float) -> int:
    """The first epoch second of a time's day, UTC: the bucket of its rollups."""
    return int(now // _DAY_S) * _DAY_S
