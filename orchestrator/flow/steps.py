"""The moves a line makes, as values that a driver performs."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
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
    deadline_s: float = math.inf
    """Seconds until the call's own deadline, which no wait for a person moves."""
    waited_s: Callable[[], float] = float
    """How long the agent has waited for people: its time limit moves by that."""


class Pause(Struct, frozen=True):
    """Wait before the next attempt."""

    seconds: float


class Ask(Struct, frozen=True):
    """Ask a person and wait for the answer, which is the driver's reply."""

    run: Callable[[], Any]
    arun: Callable[[], Awaitable[Any]]
    """The same without holding up an event loop."""


class Keep(Struct, frozen=True):
    """Write down at once what must outlive a process that is killed, in a short commit of its own. It does not raise."""

    run: Callable[[], None]


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


Move = Step | Invoke | Pause | Ask | Keep
