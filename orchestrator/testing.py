"""Test mode, as a feature: time that stands still, waits that take none, and bugs that are seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.flow.policy import Strictness
from orchestrator.runtime import Orchestrator


class FakeClock:
    """A clock that moves only when told to; also a ``sleep`` that moves it and remembers the waits."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._monotonic = 0.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        self._now += seconds
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forwards or, with a negative number, backwards; the monotonic clock does not notice."""
        self._now += seconds

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.advance(seconds)


@contextmanager
def strict_stages() -> Iterator[None]:
    """Let a crash of a fail-open stage raise, instead of being noted in the result."""
    before, Strictness.enabled = Strictness.enabled, True
    try:
        yield
    finally:
        Strictness.enabled = before


@contextmanager
def temporary_orchestrator(
    folder: Path, *, clock: FakeClock | None = None, overrides: Mapping[str, Any] | None = None
) -> Iterator[Orchestrator]:
    """An Orchestrator on a store in ``folder``, without a background dashboard and with the rule judge; closed at the end."""
    settings = {"dashboards.auto": False, "evaluation.judge": "rules", **(overrides or {})}
    orchestrator = Orchestrator(
        home=folder, clock=clock, sleep=clock.sleep if clock is not None else None, overrides=settings
    )
    try:
        yield orchestrator
    finally:
        orchestrator.close()
