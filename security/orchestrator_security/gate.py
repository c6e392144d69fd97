"""One text through all scanners, each behind an exception border of its own."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit, Scanner

_MESSAGE_MAX = 200
_SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")


class Gate:
    """Runs scanners over a text."""

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self._scanners = tuple(scanners)

    def scan(self, text: str, context: ScanContext) -> tuple[list[Hit], tuple[str, ...]]:
        """What the scanners found, and the names of those that could not finish or reported nonsense."""
        hits: list[Hit] = []
        incomplete: list[str] = []
        for scanner in self._scanners:
            try:
                if scanner.prefilter(text, context):
                    found = list(scanner.scan(text, context))
                    if all(_makes_sense(hit, len(text)) for hit in found):
                        hits.extend(found)
                    else:
                        incomplete.append(scanner.name)
            except Exception:  # noqa: BLE001 - a scanner's bug is reported, not raised
                incomplete.append(scanner.name)
        if len(hits) > 1:  # two engines may report the same thing
            hits = list({(hit.rule_id, hit.start, hit.end): hit for hit in reversed(hits)}.values())[::-1]
        return hits, tuple(incomplete)


def _makes_sense(hit: object, length: int) -> bool:
    """Whether a scanner of another package reported what can be worked with: msgspec checks no types on construction."""
    return (
        isinstance(hit, Hit)
        and type(hit.start) is int
        and type(hit.end) is int
        and 0 <= hit.start <= hit.end <= length
        and hit.severity in _SEVERITIES
        and isinstance(hit.confidence, int | float)
        and 0 <= hit.confidence <= 1
        and all(
            isinstance(word, str) for word in (hit.rule_id, hit.category, hit.kind, hit.message, hit.cwe, hit.owasp_llm)
        )
        and len(hit.message) <= _MESSAGE_MAX * 10
    )
