"""The moves a line makes, as values that a driver performs."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any

from msgspec import Struct

from orchestrator.agents.contract import AgentSpec
from orchestrator.observability.contract import Attributes


class Step(Struct, frozen=True):
    """Run one stage. The driver switches it, times it, opens its span and applies its rule when it crashes."""

    stage: str
    run: Callable[[], Any]
    otherwise: Callable[[], Any]
    """The value when the stage is off, or crashed and is fail-open."""
    blocking: bool = False
    """It may wait for a disk or a model, so an event loop must not run it itself."""
    told: Callable[[Any], Attributes] | None = None
    """What the stage's span tells of the value; numbers and names, never a text."""


class Invoke(Struct, frozen=True):
    """Run the agent once. The driver answers with an ``Outcome`` and never with the agent's exception."""

    spec: AgentSpec
    arguments: tuple[Any, ...]
    timeout_s: float
    """0 for none."""
    context: Context


class Pause(Struct, frozen=True):
    """Wait before the next attempt."""

    seconds: float


class Outcome(Struct, frozen=True):
    """What an agent returned or raised."""

    value: Any = None
    error: BaseException | None = None


class StageCrashed(Exception):
    """A fail-closed stage could not do its work; thrown into the line, which ends the call as blocked."""

    def __init__(self, stage: str, error: Exception) -> None:
        super().__init__(f"{stage}: {type(error).__name__}: {error}")
        self.stage = stage
        self.error = error


Move = Step | Invoke | Pause
