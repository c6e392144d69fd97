"""Texts that hold so many secrets or people that nobody reads them one by one: what stands close together becomes one hit.

Every hit costs a name, a hash and a decision, and a text of 20,000 characters may hold thousands of them. The first ones stay as they
are; behind them, neighbours are joined, and what stands between goes with them. Nothing that was found is left over.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from orchestrator_security.scanner import Hit

SINGLE_MAX = 512
"""So many hits of one scanner in one text stay hits of their own."""
_JOINED_MAX = 2_048
_SEVERITIES = ("info", "low", "medium", "high", "critical")


def joined(hits: Sequence[Hit], gap: int) -> Sequence[Hit]:
    """The hits by their place, those behind the first ones joined where at most ``gap`` characters are between."""
    if len(hits) <= SINGLE_MAX:
        return hits
    ordered = sorted(hits, key=lambda hit: (hit.start, -hit.end))
    result = ordered[:SINGLE_MAX]
    first, end, severity = result.pop(), 0, 0
    end = first.end
    severity = _SEVERITIES.index(first.severity)
    for hit in ordered[SINGLE_MAX:]:
        if hit.start <= end + gap and hit.end - first.start <= _JOINED_MAX and bool(hit.kind) == bool(first.kind):
            end = max(end, hit.end)
            severity = max(severity, _SEVERITIES.index(hit.severity))
        else:
            result.append(_as_one(first, end, severity))
            first, end, severity = hit, hit.end, _SEVERITIES.index(hit.severity)
    result.append(_as_one(first, end, severity))
    return result


def _as_one(first: Hit, end: int, severity: int) -> Hit:
    return structs.replace(first, end=end, severity=_SEVERITIES[severity]) if end > first.end else first
