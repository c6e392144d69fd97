"""Calls with a person who is asked, on both entry points."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import ExecutionResult, Orchestrator
from orchestrator.testing import FakeClock
from orchestrator_security.approvals.question import Question

Run = Callable[..., ExecutionResult]


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    def call(magnus: Orchestrator, *args: Any, **kwargs: Any) -> ExecutionResult:
        if request.param == "sync":
            return magnus.execute(*args, **kwargs)
        return asyncio.run(magnus.aexecute(*args, **kwargs))

    return call


class _Asked:
    """A callback that says what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.says: Any = True
        self.questions: list[Question] = []

    def __call__(self, question: Question) -> Any:
        self.questions.append(question)
        return self.says(question) if callable(self.says) else self.says


@pytest.fixture
def asked() -> _Asked:
    return _Asked()


@pytest.fixture
def magnus_with(tmp_path: Path, asked: _Asked) -> Iterator[Callable[..., Orchestrator]]:
    opened: list[Orchestrator] = []

    def make(*, clock: FakeClock | None = None, on_approval: Any = asked, **security: Any) -> Orchestrator:
        settings = {"dashboards.auto": False, "evaluation.judge": "rules"}
        settings.update({f"security.{key}": value for key, value in security.items()})
        magnus = Orchestrator(
            home=tmp_path / "home",
            clock=clock,
            sleep=clock.sleep if clock else None,
            overrides=settings,
            on_approval=on_approval,
        )
        opened.append(magnus)
        return magnus

    yield make
    for magnus in opened:
        magnus.close()
