"""The shape of one listed call in the page's inline data, which the page's script reads by these names.

All texts are bounded and made visible; all numbers and times are words already, so that the script formats nothing and
the same store gives the same bytes.
"""

from __future__ import annotations

from msgspec import Struct

from orchestrator_dashboards.waterfall import Waterfall


class Text(Struct, frozen=True, omit_defaults=True):
    """A long text and what was left out of it."""

    text: str
    note: str = ""


class AttemptLine(Struct, frozen=True, omit_defaults=True):
    """One run of the agent, and what healing said after it."""

    n: int
    ok: bool
    time: str
    agent: str = ""
    error: str = ""
    said: str = ""
    remedy: str = ""


class CriterionLine(Struct, frozen=True, omit_defaults=True):
    """One judged quality."""

    name: str
    score: str
    part: int = 0
    """The score as parts of 100, for its bar."""
    source: str = ""
    evidence: str = ""


class VerdictBox(Struct, frozen=True, omit_defaults=True):
    """What the judge said."""

    summary: str
    criteria: tuple[CriterionLine, ...] = ()
    notes: tuple[str, ...] = ()


class Item(Struct, frozen=True, omit_defaults=True):
    """A line of a short list: a memory, a finding or a stage."""

    head: str
    tail: str = ""
    text: str = ""
    tone: str = ""
    state: str = ""


class CallRow(Struct, frozen=True, omit_defaults=True):
    """One call: first what its line shows, then its detail."""

    id: str
    when: str
    utc: str
    agent: str
    status: str
    time: str
    feature: str = ""
    line: str = ""
    score: str = ""
    marks: tuple[str, ...] = ()
    """Words beside the status: ``healed``."""
    key: str = ""
    """The failure's fingerprint, which the text filter finds as well."""
    parent: str = ""
    request: Text | None = None
    output: Text | None = None
    output_kind: str = ""
    error: str = ""
    error_class: str = ""
    advice: str = ""
    traceback: Text | None = None
    attempts: tuple[AttemptLine, ...] = ()
    verdict: VerdictBox | None = None
    memories: tuple[Item, ...] = ()
    memories_note: str = ""
    findings: tuple[Item, ...] = ()
    stages: tuple[Item, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    trace: Waterfall | None = None
    note: str = ""
