"""One text through all scanners, each behind an exception border of its own."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit, Scanner


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
                    if all(isinstance(hit, Hit) and 0 <= hit.start <= hit.end <= len(text) for hit in found):
                        hits.extend(found)
                    else:
                        incomplete.append(scanner.name)
            except Exception:  # noqa: BLE001 - a scanner's bug is reported, not raised
                incomplete.append(scanner.name)
        return hits, tuple(incomplete)
