"""What the scanner for orders to a model finds in a text."""

from __future__ import annotations

from orchestrator_security.contract import ScanContext
from orchestrator_security.injection.injection_scanner import InjectionScanner
from orchestrator_security.scanner import Hit

MINE = ScanContext()
THEIRS = ScanContext("tool", "model", "untrusted")


def hits(text: str, place: ScanContext = MINE) -> tuple[Hit, ...]:
    """In a request, or in a text of somebody else."""
    scanner = InjectionScanner()
    return tuple(scanner.scan(text, place)) if scanner.prefilter(text, place) else ()
