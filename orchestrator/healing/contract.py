"""What the line may ask of the healing room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from orchestrator_core.records import Attempt, Lesson, Redacted, Write


class Diagnosis(Struct, frozen=True):
    """What is known of a failure before anything is decided."""

    error_type: str
    message: Redacted
    error_class: str
    fingerprint: str
    """16 hexadecimal digits; equal for failures that differ only in ids, paths, numbers and quoted values."""
    masked_message: Redacted
    advice: str = ""
    """The command or change that would fix it; Magnus never runs it by itself."""
    retry_after_s: float | None = None
    """What the failing side asked for."""


class Situation(Struct, frozen=True):
    """Where a call stands when a decision is due."""

    attempt: int
    """Number of the attempt that just failed, from 1."""
    max_attempts: int
    remaining_s: float
    """Seconds until the call's deadline; ``inf`` without one."""
    idempotent: bool
    max_wait_s: float
    tried_s: tuple[float, ...] = ()
    """The waits of this call that did not help against this failure, in order."""


class Decision(Struct, frozen=True):
    """What to do next, as a value that the driver performs."""

    action: Literal["retry", "stop"]
    wait_s: float = 0.0
    explanation: str = ""


class Healer(Protocol):
    """Knows failures and decides what to try."""

    def diagnose(self, error: BaseException) -> Diagnosis:
        """Fingerprint and classify an exception. Never raises."""
        ...

    def decide(self, diagnosis: Diagnosis, situation: Situation) -> Decision:
        """Retry after a wait, or stop, with one sentence that says why."""
        ...

    def learn(self, attempts: Sequence[Attempt], *, agent: str, now: float) -> list[Write]:
        """The rows that keep what this call taught: failures seen, remedies that worked or did not."""
        ...

    def lessons(self, attempts: Sequence[Attempt]) -> tuple[Lesson, ...]:
        """The same in words: which remedy ended which failure, and which did not."""
        ...
