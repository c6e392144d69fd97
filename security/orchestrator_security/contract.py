"""What the line may ask of the security room."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from msgspec import Struct

from orchestrator_core.records import Action, Finding, Redacted, Write
from orchestrator_security.approvals.question import Answer as Answer
from orchestrator_security.approvals.question import Question as Question
from orchestrator_security.approvals.question import Stop as Stop
from orchestrator_security.limits.admission import Admission as Admission

Kind = Literal["text", "unchecked", "limit", "approval", "crash", "network"]
"""What made a decision: scanners and the policy; nobody, since the check is switched off; a limit; a person; a check that broke; the
offline guard."""

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
    entities: tuple[str, ...] = ()
    """The kinds of personal data that could be seen, by the words of their placeholders."""


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

    def check_stored(self, text: Redacted, context: ScanContext) -> ScanVerdict:
        """Like ``check``, for a text that was redacted before it was stored."""
        ...

    def redact(self, text: str) -> Redacted:
        """Text with secrets and personal data replaced by placeholders. Never raises; idempotent."""
        ...

    def redact_data(self, value: Any) -> Any:
        """A JSON-like value with every string in it redacted, mapping keys included."""
        ...

    def scope(self, *values: Any, place: ScanContext | None = None) -> AbstractContextManager[None]:
        """Around one call: a secret known from ``values`` or recognised once is redacted wherever else it stands."""
        ...

    def know(self, *values: Any) -> None:
        """What stands in the values under telling keys is known too, until the end of the scope."""
        ...

    def plant(self) -> str:
        """A new canary: a random word for an agent's instructions, which its reply is searched for."""
        ...

    def hiding(self, session: str) -> Hiding:
        """The placeholders of a session; of its own for each call without one."""
        ...

    def unchecked(self, text: str) -> ScanVerdict:
        """A text that is not looked at, since the check is switched off or the call is refused: redacted, and named by its hash."""
        ...

    def value_hash(self, value: str) -> str:
        """What stands for a value in findings and in the log: 16 hexadecimal digits, keyed with the store's key."""
        ...

    def logged(self, verdict: ScanVerdict, context: ScanContext, *, execution_id: str, kind: Kind = "text") -> Write:
        """The row that logs a decision."""
        ...


class Limits(Protocol):
    """How often, how many at once and how much agents may run."""

    @property
    def blocking(self) -> bool:
        """Whether ``admit`` asks the store, so that an event loop must not wait for it."""
        ...

    def admit(self, lease: str, agent: str, caller: str, *, nested: bool = False) -> Admission:
        """Take a call; a refused one takes nothing. ``nested``: a call of the same agent runs around it.

        Raises:
            StoreError: the store cannot be used.
        """
        ...

    def report(self, lease: str, tokens: int, cost_microusd: int) -> None:
        """All that a running call has used so far."""
        ...

    def leaving(self, lease: str) -> tuple[Write, ...]:
        """What the call's record has to write to give its place back in the same commit."""
        ...

    def release(self, lease: str, agent: str, *, recorded: bool) -> None:
        """A call has ended, however. Never raises; harmless for one that was never admitted."""
        ...


class Approvals(Protocol):
    """Asks people. The answer is no unless somebody says yes."""

    def ask(self, question: Question, *, seconds: float, stop: Stop) -> Answer:
        """Ask and wait up to ``seconds``; ``stop`` withdraws the question."""
        ...

    async def aask(self, question: Question, *, seconds: float, stop: Stop) -> Answer:
        """The same without holding up the event loop; cancelling it withdraws the question."""
        ...
