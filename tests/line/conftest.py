from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import ExecutionResult, Orchestrator
from orchestrator.testing import FakeClock, strict_stages, temporary_orchestrator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def magnus(tmp_path: Path, clock: FakeClock) -> Iterator[Orchestrator]:
    """An Orchestrator on a store of its own; time stands still, and bugs in stages are raised."""
    with strict_stages(), temporary_orchestrator(tmp_path / "home", clock=clock) as orchestrator:
        yield orchestrator


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Callable[..., ExecutionResult]:
    """Calls an agent through either entry point: every behaviour must be the same on both."""

    def call(orchestrator: Orchestrator, *args: Any, **kwargs: Any) -> ExecutionResult:
        if request.param == "sync":
            return orchestrator.execute(*args, **kwargs)
        return asyncio.run(orchestrator.aexecute(*args, **kwargs))

    return call
