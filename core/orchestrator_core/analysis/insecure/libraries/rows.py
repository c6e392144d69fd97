"""The kinds of rows that the tables of libraries hold. Names in one text are separated by spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from orchestrator_core.records import Severity


class Weakness(Struct, frozen=True):
    """What is wrong and what to write instead."""

    rule: str
    cwe: int
    message: str
    fix: str


class Sink(Struct, frozen=True):
    """Calls that a stranger's text must not reach."""

    weakness: Weakness
    purpose: int
    """For what the text must have been made safe, see ``values.PURPOSES``."""
    calls: str = ""
    """Dotted names."""
    methods: str = ""
    """Last names, where the receiver may be anything and one of ``needs`` is imported."""
    needs: str = ""
    at: int = 0
    """Which argument it is; ``EVERY`` for all of them, ``BY_NAME_ONLY`` for those that ``named`` names."""
    named: str = ""
    handed_in: Severity = "medium"
    """How grave it is where a parameter decides; from outside it is high."""
    whole: Severity | None = None
    """The same for a parameter that is given as it is, where whoever calls is meant to choose; None for no difference."""


EVERY = -2
BY_NAME_ONLY = -1


class Danger(Struct, frozen=True):
    """Calls that are weak whatever they are given."""

    weakness: Weakness
    severity: Severity
    calls: str = ""
    methods: str = ""
    needs: str = ""
    unless: str = ""
    """Names one of which in the same function shows that it was seen to: ``starttls``."""


class Switch(Struct, frozen=True):
    """Options that weaken, as a keyword of a call, an entry of a mapping, or a setting that is assigned."""

    weakness: Weakness
    severity: Severity
    names: str
    values: tuple[object, ...] = ()
    """Literals; of lists any element counts."""
    ends: tuple[str, ...] = ()
    """Ends of dotted names: ``CERT_NONE``."""
    calls: str = ""
    """Last names of the calls that it belongs to; with them it counts as a keyword only."""
    needs: str = ""
