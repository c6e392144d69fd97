"""What the line may ask of the security room."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from msgspec import Struct

from orchestrator_core.records import Action, Finding, Redacted, Write

Direction = Literal["in", "out", "memory", "tool", "file"]
"""A request, an agent's reply, a recalled memory, what a tool returned, what was read from a file."""

Sink = Literal["model", "sql", "html", "shell", "path", "template"]
"""Where a text is bound for. A ``model`` reads it; the others would execute it, so other scanners look at what goes there."""

Trust = Literal["user", "untrusted"]
"""``user``: the caller wrote it. ``untrusted``: somebody else did, and may want the model to obey."""


class ScanContext(Struct, frozen=True):
    """Where a text comes from and where it goes: this, not the text alone, decides what is dangerous."""

    direction: Direction = "in"
    sink: Sink = "model"
    trust: Trust = "user"
    agent: str = ""
    caller: str = ""
    session: str = ""


class ScanVerdict(Struct, frozen=True):
    """What the policy decided about one text. ``text`` is the redacted form, fit to be stored."""

    action: Action
    text: Redacted
    risk: float = 0.0
    findings: tuple[Finding, ...] = ()
    incomplete: tuple[str, ...] = ()
    """Scanners that could not finish."""
    reason: str = ""
    """One sentence for a person, set when the action is not ``allow``."""
    policy: str = ""
    """The name of the policy that decided."""
    characters: int = 0
    text_hash: str = ""
    """Keyed with the store's own key; for the log of decisions."""
    scan_level: Literal["pattern", "deep"] = "pattern"
    """``deep`` where Presidio looked at the text too."""


class Hiding(Protocol):
    """Numbered placeholders of one session: the same value has the same one, and only memory knows which stands for what."""

    def hide(self, value: Any) -> Any:
        """A text or JSON-like value with placeholders such as ``<EMAIL_1>`` in place of secrets and personal data."""
        ...

    def restore(self, value: Any) -> Any:
        """The value with the real ones back in their places, or as it is where the policy does not let them out."""
        ...


class Guard(Protocol):
    """Decides what may pass and redacts what is stored."""

    def check(self, text: str, context: ScanContext) -> ScanVerdict:
        """Scan one text and decide. A crash of a scanner is reported in ``incomplete``, never raised."""
        ...

    def redact(self, text: str) -> Redacted:
        """Text with secrets and personal data replaced by placeholders. Never raises; idempotent."""
        ...

    def redact_data(self, value: Any) -> Any:
        """A JSON-like value with every string in it redacted, mapping keys included."""
        ...

    def admit(self, agent: str, caller: str) -> float:
        """Take one call from the rate limit: 0.0 when it may run, else the seconds to wait."""
        ...

    def scope(self, *values: Any) -> AbstractContextManager[None]:
        """Around one call: a secret known from ``values`` or recognised once is redacted wherever else it stands."""
        ...

    def hiding(self, session: str) -> Hiding:
        """The placeholders of a session; of its own for each call without one."""
        ...

    def logged(self, verdict: ScanVerdict, context: ScanContext, *, execution_id: str) -> Write:
        """The row that logs a decision."""
        ...
