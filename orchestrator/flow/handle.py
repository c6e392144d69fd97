"""An agent's view of its call: the implementation of ``agents.contract.Call``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from orchestrator.flow import permission
from orchestrator.flow.loops import on_event_loop
from orchestrator.flow.state import CallState, current_span
from orchestrator.flow.untrusted import from_user, untrusted
from orchestrator.observability.contract import SpanHandle
from orchestrator_core.errors import UsageError
from orchestrator_core.records import RecalledMemory, Redacted


class CallHandle:
    """One attempt, seen from inside."""

    def __init__(
        self,
        state: CallState,
        attempt: int,
        span: SpanHandle | None,
        ends_at: float,
        waited_s: Callable[[], float],
        last_error: Redacted,
    ) -> None:
        self._state = state
        self._attempt = attempt
        self._span = span
        self._ends_at = ends_at
        self._waited_s = waited_s
        self._last_error = last_error

    @property
    def execution_id(self) -> str:
        return self._state.execution_id

    @property
    def agent(self) -> str:
        return self._state.spec.name

    @property
    def feature(self) -> str:
        return self._state.feature

    @property
    def session(self) -> str:
        return self._state.session

    @property
    def namespace(self) -> str:
        return self._state.namespace

    @property
    def context(self) -> Mapping[str, Any]:
        return self._state.seen_context

    @property
    def attempt(self) -> int:
        return self._attempt

    @property
    def memories(self) -> tuple[RecalledMemory, ...]:
        self._read_memories()
        return self._state.memories

    def memories_text(self) -> str:
        """The recalled memories between randomly marked fences; empty when there are none."""
        self._read_memories()
        return self._state.rooms.render_memories(self._state.memories) if self._state.memories else ""

    @property
    def last_error(self) -> str:
        return self._last_error

    def remaining_s(self) -> float:
        """Seconds left of this attempt's time limit; ``inf`` without one, never negative. Waiting for a person does not count."""
        ends_at = min(self._ends_at + self._waited_s(), self._state.deadline)
        return math.inf if math.isinf(ends_at) else max(0.0, ends_at - self._state.rooms.clock.monotonic())

    def require(self, capability: str, *, reason: str = "") -> None:
        """Go on only with leave for ``capability``; see ``agents.contract.Call``.

        Raises:
            ApprovalDenied: nobody said yes.
            UsageError: an argument does not fit, or an async agent must await ``arequire`` instead.
        """
        if self._state.spec.is_async and on_event_loop():
            raise UsageError(
                "an async agent asks with: await call.arequire(...); call.require would hold up the event loop"
            )
        permission.require(self._state, current_span.get() or self._span, capability, reason)

    async def arequire(self, capability: str, *, reason: str = "") -> None:
        """``require`` for async agents."""
        await permission.arequire(self._state, current_span.get() or self._span, capability, reason)

    def untrusted(self, text: str, *, source: str = "") -> str:
        """Text that somebody else wrote, scanned and fenced for a prompt; see ``agents.contract.Call``.

        Raises:
            UsageError: text or source is no text.
        """
        return untrusted(self._state, text, source)

    @property
    def tainted(self) -> bool:
        """Whether the call has read text from strangers."""
        return self._state.clearance.tainted

    def _read_memories(self) -> None:
        self._state.memories_read = True
        if not all(map(from_user, self._state.memories)):
            self._state.clearance.taint("memories of earlier runs")

    def canary(self) -> str:
        """A random word to put into a model's instructions; a reply that gives it away is found."""
        return self._state.rooms.guard.plant()

    @contextmanager
    def span(self, name: str, **attributes: str | float | bool) -> Iterator[None]:
        """A child span for a step of the agent; spans and calls opened inside it nest below it."""
        redact = self._state.rooms.redact_value
        # As a mapping: what stands under ``password`` is a secret whatever it looks like.
        safe = self._state.rooms.guard.redact_data(
            {key: value for key, value in attributes.items() if isinstance(value, str | int | float | bool)}
        )
        opened = self._state.open_span(redact(str(name))[:200], current_span.get() or self._span, safe)
        if opened is None:
            yield
            return
        previous = current_span.get()
        current_span.set(opened)
        token = opened.enter()
        error = ""
        try:
            yield
        except BaseException as problem:
            error = type(problem).__name__
            raise
        finally:
            opened.leave(token)
            current_span.set(previous)
            opened.end(error=error)

    def report(self, *, tokens_in: int = 0, tokens_out: int = 0, model: str = "", cost: float = 0.0) -> None:
        """Add model use to the call.

        Raises:
            UsageError: a number is negative or no number.
        """
        for name, value in (("tokens_in", tokens_in), ("tokens_out", tokens_out), ("cost", cost)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
                raise UsageError(f"report({name}=...) takes a number of 0 or more, got {value!r}")
        redact = self._state.rooms.redact_value
        self._state.add_usage(int(tokens_in), int(tokens_out), redact(str(model))[:200], round(cost * 1e6))
