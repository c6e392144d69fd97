"""Hourly and daily sums, kept up in the call's own transaction so that a dashboard never scans the history."""

from __future__ import annotations

from orchestrator_core.records import ExecutionResult, Write
from orchestrator_core.storage.latency import bin_of

_PERIODS = (("hour", 3_600), ("day", 86_400))

_SUMS = (
    "n", "succeeded", "failed", "blocked", "cancelled", "healed", "attempts", "duration_ms_sum",
    "tokens_in", "tokens_out", "cost_microusd", "score_sum", "score_n",
)  # fmt: skip
_ROLLUP = (
    f"INSERT INTO rollups (period, bucket, agent, feature, {', '.join(_SUMS)}) VALUES ({', '.join('?' * (4 + len(_SUMS)))}) "
    f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in _SUMS)}"
)
_LATENCY = (
    "INSERT INTO rollup_latency (period, bucket, agent, feature, bin, n) VALUES (?, ?, ?, ?, ?, 1) "
    "ON CONFLICT DO UPDATE SET n = n + 1"
)


def rollup_writes(result: ExecutionResult) -> list[Write]:
    """The statements that add one call to its hour and its day (UTC)."""
    score = result.verdict.overall
    sums = (
        1,
        *(int(result.status == status) for status in ("succeeded", "failed", "blocked", "cancelled")),
        int(healed(result)),
        len(result.attempts),
        result.duration_ms,
        result.usage.tokens_in,
        result.usage.tokens_out,
        result.usage.cost_microusd,
        0.0 if score is None else score,
        int(score is not None),
    )
    latency_bin = bin_of(result.duration_ms)
    writes = []
    for period, seconds in _PERIODS:
        bucket = int(result.started_at // seconds) * seconds
        place = (period, bucket, result.agent, result.feature)
        writes.append(Write(_ROLLUP, (*place, *sums)))
        writes.append(Write(_LATENCY, (*place, latency_bin)))
    return writes


def healed(result: ExecutionResult) -> bool:
    """True when the call succeeded after at least one failed attempt."""
    return result.ok and len(result.attempts) > 1
