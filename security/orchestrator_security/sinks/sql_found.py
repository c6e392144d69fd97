"""A phrase of SQL: what is looked for, and what is reported before it is a hit."""

from __future__ import annotations

from msgspec import Struct

from orchestrator_core.records import Severity


class Phrase(Struct, frozen=True):
    """What was found, as a rule's last word, and where."""

    rule: str
    start: int
    end: int
    severity: Severity
    message: str


class Kind(Struct, frozen=True):
    """One kind of phrase. Without one of its ``hints`` in the value, its pattern is not tried."""

    rule: str
    severity: Severity
    message: str
    hints: tuple[str, ...]
    source: str
