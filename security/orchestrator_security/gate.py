"""One text through all scanners, each behind an exception border of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence

from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit, Scanner

_CLEAN_MAX = 4_096
_MESSAGE_MAX = 200
_SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")


class Gate:
    """Runs scanners over a text.

    The same memories are recalled again and again, so those in which no steady scanner found anything are known by a keyed hash, with
    a key that this process makes and tells nobody; only scanners whose answer may change look at them again.
    """

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self._scanners = tuple(scanners)
        self._changing = tuple(scanner for scanner in self._scanners if not getattr(scanner, "steady", False))
        self._key = os.urandom(32)
        self._clean: set[tuple[bytes, str, str]] = set()

    def scan(self, text: str, context: ScanContext) -> tuple[list[Hit], tuple[str, ...]]:
        """What the scanners found, and the names of those that could not finish or reported nonsense."""
        if context.direction != "memory":
            return self._scan(self._scanners, text, context)
        from hashlib import blake2b  # OpenSSL takes a while to load

        digest = blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        known = (digest, context.sink, context.trust)
        if known in self._clean:
            return self._scan(self._changing, text, context)
        hits, incomplete = self._scan(self._scanners, text, context)
        if not hits and not incomplete:
            if len(self._clean) >= _CLEAN_MAX:
                self._clean.clear()
            self._clean.add(known)
        return hits, incomplete

    def _scan(self, scanners: Sequence[Scanner], text: str, context: ScanContext) -> tuple[list[Hit], tuple[str, ...]]:
        hits: list[Hit] = []
        incomplete: list[str] = []
        for scanner in scanners:
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
