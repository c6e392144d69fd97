"""What the redacting scanners find in a text; short texts in which they find nothing are looked at once."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit, Scanner

_CONTEXT = ScanContext()
_SHORT = 200
_CLEAN_MAX = 4_096


class Found:
    """The scanners of a redaction, asked together.

    A call redacts the same names again and again: of stages, agents, models, spans. Those in which nothing was found are known by
    Python's own hash, whose key is random for each process; no text is held. Only scanners that find the same in the same text at any
    time (``steady``) are asked once.
    """

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self.scanners = tuple(scanners)
        self._steady = all(getattr(scanner, "steady", False) for scanner in self.scanners)
        self._clean: set[tuple[int, int]] = set()

    def __call__(self, text: str) -> Sequence[Hit]:
        """All hits.

        Raises:
            Exception: whatever a scanner raises.
        """
        once = self._steady and len(text) <= _SHORT
        known = (hash(text), len(text)) if once else (0, 0)
        if once and known in self._clean:
            return ()
        hits = [
            hit
            for scanner in self.scanners
            if scanner.prefilter(text, _CONTEXT)
            for hit in scanner.scan(text, _CONTEXT)
        ]
        if once and not hits:
            if len(self._clean) >= _CLEAN_MAX:
                self._clean = set()
            self._clean.add(known)
        return hits
