"""What a scanner is, and what it reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext


class Hit(Struct, frozen=True):
    """One place in a text, before the policy has decided. It holds offsets, never the value."""

    rule_id: str
    category: str
    start: int
    end: int
    severity: Severity = "medium"
    confidence: float = 1.0
    """Below 0.5: almost surely harmless (a published example value). It is redacted all the same, since that costs nothing."""
    kind: str = ""
    """The placeholder's word (``EMAIL``, ``SECRET``); empty for what cannot be redacted."""
    message: str = ""
    cwe: str = ""
    owasp_llm: str = ""
    parts: tuple[tuple[int, int], ...] = ()
    """The places that were joined to this one, where a text is crowded; else none."""


class Scanner(Protocol):
    """Looks for one family of things. It may raise; the gate reports the scanner as incomplete then."""

    @property
    def name(self) -> str: ...

    def prefilter(self, text: str, context: ScanContext) -> bool:
        """False when ``scan`` cannot find anything: a cheap test that keeps harmless text fast."""
        ...

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        """All places found. Time must be linear in the length of any text."""
        ...
