"""Sums over a time: from the hourly rollups, and from single calls for the first, broken hour."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable

from msgspec import Struct

from orchestrator_core.errors import UsageError
from orchestrator_core.storage.latency import bin_of, percentile_ms

_HOUR_S = 3_600
_MOST_ERRORS = 10
_SUMS = (
    "n", "succeeded", "failed", "blocked", "cancelled", "healed", "attempts", "duration_ms_sum",
    "tokens_in", "tokens_out", "cost_microusd", "score_sum", "score_n",
)  # fmt: skip
_ROLLED = (
    f"SELECT agent, {', '.join(f'sum({name})' for name in _SUMS)} FROM rollups WHERE period = 'hour' AND bucket >= ?"
)
_SINGLE = (
    "SELECT agent, count(*), sum(status = 'succeeded'), sum(status = 'failed'), sum(status = 'blocked'),"
    " sum(status = 'cancelled'), sum(healed), sum(attempts), sum(duration_ms), sum(tokens_in), sum(tokens_out),"
    " sum(cost_microusd), coalesce(sum(overall), 0), count(overall) FROM executions WHERE started_at >= ? AND started_at < ?"
)

Bins = dict[int, int]


class CallSums(Struct, frozen=True):
    """Sums over calls. Rates, means and percentiles are None where there is nothing to divide by."""

    n: int
    succeeded: int
    failed: int
    blocked: int
    cancelled: int
    healed: int
    attempts: int
    success_rate: float | None
    """Of the calls whose agent came to an end: what security stopped and what was cancelled says nothing of the agent."""
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    tokens_in: int
    tokens_out: int
    cost_microusd: int
    mean_score: float | None
    scored: int


class ErrorCount(Struct, frozen=True):
    """How often one kind of failure ended a call."""

    fingerprint: str
    error_type: str
    error_class: str
    message: str
    n: int
    last_seen: float


class HistoryStats(Struct, frozen=True):
    """What happened since ``since`` (epoch seconds)."""

    hours: float
    since: float
    total: CallSums
    agents: dict[str, CallSums]
    errors: tuple[ErrorCount, ...]
    """The commonest failures that are still in the history, at most ten."""


def read_stats(connection: sqlite3.Connection, *, hours: float, now: float) -> HistoryStats:
    """Sums over the last ``hours``. Percentiles come from the latency histogram and are off by at most 2 % (``storage.latency``).

    Raises:
        UsageError: ``hours`` is not a positive number.
    """
    if not (math.isfinite(hours) and hours > 0):
        raise UsageError(f"hours must be a number above 0, not {hours!r}.")
    since = now - hours * _HOUR_S
    first_whole = math.ceil(since / _HOUR_S) * _HOUR_S
    rows = connection.execute(f"{_ROLLED} GROUP BY agent", (first_whole,)).fetchall()
    rows += connection.execute(f"{_SINGLE} GROUP BY agent", (since, first_whole)).fetchall()
    by_agent: dict[str, list[float]] = {}
    for agent, *values in rows:
        before = by_agent.get(agent, [0] * len(_SUMS))
        by_agent[agent] = [a + b for a, b in zip(before, values, strict=True)]
    bins = _bins(connection, since, first_whole)
    together = [sum(column) for column in zip(*by_agent.values(), strict=True)] or [0] * len(_SUMS)
    errors = connection.execute(
        "SELECT fingerprint, error_type, error_class, max(error_message), count(*), max(started_at) FROM executions"
        " WHERE started_at >= ? AND status = 'failed' GROUP BY fingerprint, error_type, error_class"
        " ORDER BY count(*) DESC, max(started_at) DESC LIMIT ?",
        (since, _MOST_ERRORS),
    )
    return HistoryStats(
        hours=hours,
        since=since,
        total=_call_sums(together, _added(bins.values())),
        agents={agent: _call_sums(values, bins.get(agent, {})) for agent, values in sorted(by_agent.items())},
        errors=tuple(ErrorCount(*row) for row in errors),
    )


def _bins(connection: sqlite3.Connection, since: float, first_whole: int) -> dict[str, Bins]:
    found: dict[str, Bins] = {}
    for agent, number, n in connection.execute(
        "SELECT agent, bin, sum(n) FROM rollup_latency WHERE period = 'hour' AND bucket >= ? GROUP BY agent, bin",
        (first_whole,),
    ):
        found.setdefault(agent, {})[number] = n
    for agent, duration_ms in connection.execute(
        "SELECT agent, duration_ms FROM executions WHERE started_at >= ? AND started_at < ?", (since, first_whole)
    ):
        of_agent, number = found.setdefault(agent, {}), bin_of(duration_ms)
        of_agent[number] = of_agent.get(number, 0) + 1
    return found


def _added(histograms: Iterable[Bins]) -> Bins:
    total: Bins = {}
    for histogram in histograms:
        for number, n in histogram.items():
            total[number] = total.get(number, 0) + n
    return total


def _call_sums(values: list[float], bins: Bins) -> CallSums:
    of = dict(zip(_SUMS, values, strict=True))
    n, scored = int(of["n"]), int(of["score_n"])
    finished = of["succeeded"] + of["failed"]
    whole = (
        "succeeded",
        "failed",
        "blocked",
        "cancelled",
        "healed",
        "attempts",
        "tokens_in",
        "tokens_out",
        "cost_microusd",
    )
    return CallSums(
        n=n,
        **{name: int(of[name]) for name in whole},
        success_rate=of["succeeded"] / finished if finished else None,
        mean_ms=of["duration_ms_sum"] / n if n else None,
        p50_ms=percentile_ms(bins, 50),
        p95_ms=percentile_ms(bins, 95),
        mean_score=of["score_sum"] / scored if scored else None,
        scored=scored,
    )
