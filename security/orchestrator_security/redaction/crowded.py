"""Texts that hold so many secrets or people that nobody reads them one by one: what stands close together becomes one hit.

Every hit costs a name, a hash and a decision, and a text of 20,000 characters may hold thousands of them. The first ones stay as they
are; behind them, neighbours are joined, and what stands between goes with them. Nothing that was found is left over.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from orchestrator_security.scanner import Hit

_JOINED_MAX = 2_048
_SEVERITIES = ("info", "low", "medium", "high", "critical")


def joined(hits: Sequence[Hit], gap: int, single: int) -> Sequence[Hit]:
    """The hits by their place, those behind the first ``single`` ones joined where at most ``gap`` characters are between."""
    if len(hits) <= single:
        return hits
    ordered = sorted(hits, key=lambda hit: (hit.start, -hit.end))
    result = ordered[:single]
    first = result.pop()
    end, severity = first.end, _SEVERITIES.index(first.severity)
    for hit in ordered[single:]:
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
