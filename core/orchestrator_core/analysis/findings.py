"""One statement of a code checker about one place, whichever checker made it."""

from __future__ import annotations

from msgspec import Struct

from orchestrator_core.records import Severity


class CodeFinding(Struct, frozen=True):
    """What a checker found. ``line`` is 1-based, ``cwe`` looks like ``CWE-89`` or is empty, ``confidence`` is 0 to 1."""

    rule: str
    message: str
    path: str = ""
    line: int = 0
    severity: Severity = "medium"
    cwe: str = ""
    confidence: float = 1.0
    fix: str = ""
    """One sentence: what to write instead."""
