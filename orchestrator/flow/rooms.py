"""What the line works with: one implementation per room, picked in ``wiring``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from orchestrator.healing.contract import Healer
from orchestrator.observability.contract import Recorder, Tracing
from orchestrator_core.clock import Clock
from orchestrator_core.records import RecalledMemory, Write
from orchestrator_core.settings import Settings
from orchestrator_evaluation.contract import Judge
from orchestrator_memory.contract import Memory
from orchestrator_security.contract import Approvals, Guard, Limits


class Rooms(Struct, frozen=True):
    """The rooms of one Orchestrator."""

    settings: Settings
    clock: Clock
    guard: Guard
    limits: Limits
    approvals: Approvals
    memory: Memory
    judge: Judge
    healer: Healer
    recorder: Recorder
    tracing: Tracing | None
    """None where the OpenTelemetry SDK is absent: the calls go on without traces."""
    render_memories: Callable[[tuple[RecalledMemory, ...]], str]
    render_untrusted: Callable[[str, str], str]
    """Text and source of somebody else's words as data for a prompt."""
    log: Callable[[Sequence[Write]], None]
    """Commits rows of the log of decisions at once; raises ``StoreError``."""
    digest_key: bytes
    sleep: Callable[[float], None] | None = None
    """How to wait; None sleeps for real."""

    def redact_value(self, value: Any) -> Any:
        """A span attribute fit to be kept."""
        return self.guard.redact(value) if isinstance(value, str) else value
