"""Texts that hold so many secrets or people that nobody reads them one by one: what stands close together becomes one hit.

Every hit costs a name, a hash and a decision, and a text of 20,000 characters may hold thousands of them. The first ones stay as they
are; behind them, neighbours that one rule has found are joined, and what stands between goes with them. Nothing that was found is left
over, and each rule keeps a hit of its own, since a policy may treat it apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from orchestrator_security.scanner import Hit

_JOINED_MAX = 2_048
_SEVERITIES = ("info", "low", "medium", "high", "critical")


def joined(hits: Sequence[Hit], gap: int, single: int) -> Sequence[Hit]:
    """The hits by their place, those behind the first ``single`` ones joined where at most ``gap`` characters are between."""
    if len(hits) <= single:
        return hits
    ordered = sorted(hits, key=lambda hit: (hit.start, -hit.end))
    result = ordered[: single - 1]
    for crowd in _crowds(ordered[single - 1 :], gap):
        by_rule: dict[tuple[str, str], list[Hit]] = {}
        for hit in crowd:
            by_rule.setdefault((hit.rule_id, hit.kind), []).append(hit)
        result += [_as_one(same) for same in by_rule.values()]
    return result


def _crowds(ordered: Sequence[Hit], gap: int) -> Iterator[list[Hit]]:
    crowd, end = [ordered[0]], ordered[0].end
    for hit in ordered[1:]:
        if hit.start > end + gap or hit.end - crowd[0].start > _JOINED_MAX:
            yield crowd
            crowd, end = [], hit.end
        crowd.append(hit)
        end = max(end, hit.end)
    yield crowd


def _as_one(hits: Sequence[Hit]) -> Hit:
    if len(hits) == 1:
        return hits[0]
    return structs.replace(
        hits[0],
        end=max(hit.end for hit in hits),
        severity=_SEVERITIES[max(_SEVERITIES.index(hit.severity) for hit in hits)],
        confidence=max(hit.confidence for hit in hits),
        parts=tuple((hit.start, hit.end) for hit in hits),
    )
