"""Foreign objects that answer strangely when they are looked at: outputs, exceptions, mappings. And what must survive pickling."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator import (
    Call,
    ExecutionResult,
    MagnusError,
    MissingDependency,
    Orchestrator,
    RetryLater,
    RunBlocked,
    RunFailed,
    UsageError,
)
from orchestrator.testing import strict_stages, temporary_orchestrator


@pytest.fixture
def magnus(tmp_path: Path) -> Iterator[Orchestrator]:
    with strict_stages(), temporary_orchestrator(tmp_path / "home") as orchestrator:
        yield orchestrator


class AttributeDict(dict[str, Any]):
    """As many libraries have it: an unknown name is a KeyError, not an AttributeError."""

    __getattr__ = dict.__getitem__


class AnswersEverything:
    def __getattr__(self, name: str) -> Any:
        return self


@pytest.mark.parametrize("make", [lambda: AttributeDict(a=1), AnswersEverything])
def test_an_output_is_not_taken_for_a_coroutine_by_its_attributes(
    magnus: Orchestrator, make: Callable[[], object]
) -> None:
    magnus.register("odd", lambda request: make())
    for result in (
        magnus.execute("odd", "x"),
        magnus.execute("odd", "x", timeout_s=0),
        asyncio.run(magnus.aexecute("odd", "x")),
    ):
        assert result.ok and result.recorded, result.error


def test_a_function_that_returns_a_coroutine_runs_inside_a_running_loop(magnus: Orchestrator) -> None:
    async def work(request: str) -> str:
        await asyncio.sleep(0)
        return request

    def indirect(request: str) -> Awaitable[str]:
        return work(request)

    magnus.register("indirect", indirect)

    async def main() -> ExecutionResult:
        return magnus.execute("indirect", "x", timeout_s=0)

    assert asyncio.run(main()).output == "x"


class RaisesWhenAsked(Exception):
    @property
    def code(self) -> int:
        raise RuntimeError("there is no code yet")

    retry_after = code
    response = code
    name = code


class AsksForTooMuch(Exception):
    retry_after = 10**400


class OddHeaders(Exception):
    class response:  # noqa: N801 - stands for an HTTP response
        status_code = "none"

        class headers:  # noqa: N801
            def __class_getitem__(cls, name: str) -> float:
                raise OSError("the connection is gone")


@pytest.mark.parametrize("kind", [RaisesWhenAsked, AsksForTooMuch, OddHeaders])
def test_an_exception_with_odd_attributes_is_diagnosed(magnus: Orchestrator, kind: type[Exception]) -> None:
    def fails(request: str) -> str:
        raise kind("it failed")

    magnus.register("fails", fails, idempotent=False)
    result = magnus.execute("fails", "x")
    assert result.error is not None and result.error.message == "it failed"
    assert result.attempts[0].error_class and result.recorded


@pytest.mark.parametrize("name", ["ada" + "@" + "example.org", "\ud800 lone"])
def test_advice_holds_nothing_that_may_not_be_stored(magnus: Orchestrator, name: str) -> None:
    def fails(request: str) -> str:
        raise ImportError("no such thing", name=name)

    magnus.register("fails", fails)
    result = magnus.execute("fails", "x")
    assert result.recorded and result.error is not None
    assert result.error.advice.startswith("Install the missing package")
    assert name.partition(".")[0] not in result.error.advice


class InterruptedRepr:
    def __repr__(self) -> str:
        raise KeyboardInterrupt


def test_ctrl_c_between_two_stages_reaches_the_caller(magnus: Orchestrator) -> None:
    magnus.register("interrupted", lambda request: InterruptedRepr())
    with pytest.raises(KeyboardInterrupt):
        magnus.execute("interrupted", "x")
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(magnus.aexecute("interrupted", "x"))
    assert magnus.database.query("SELECT DISTINCT status FROM executions") == [("cancelled",)]


class BrokenMapping(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise OSError("the table behind it is gone")

    def __iter__(self) -> Iterator[str]:
        yield "a"

    def __len__(self) -> int:
        return 1


def test_a_mapping_that_cannot_be_read_is_recorded_as_such(magnus: Orchestrator) -> None:
    magnus.register("echo", lambda request: "done")
    assert magnus.execute("echo", "x", context=BrokenMapping()).recorded
    assert magnus.execute("echo", BrokenMapping()).recorded
    contexts = magnus.database.query("SELECT context FROM executions ORDER BY started_at")
    assert "cannot be read (OSError)" in contexts[0][0]


def test_a_crash_is_redacted_before_its_message_is_cut(tmp_path: Path) -> None:
    secret = "gh" + "p_" + "A1b2C3d4E5" * 3 + "F6g7H8"
    with temporary_orchestrator(tmp_path / "home") as magnus:
        built = magnus.open()

        def recall(*args: Any, **kwargs: Any) -> Any:
            # The message is cut at its 500th character, which is in the middle of the secret.
            raise OSError("x" * (500 - len("OSError: ") - 20) + " " + secret)

        built.memory.recall = recall  # type: ignore[method-assign]
        magnus.register("echo", lambda request: request)
        result = magnus.execute("echo", "x")
        assert result.ok and result.stages["recall"].status == "failed"
        assert secret[:12] not in result.stages["recall"].error


@pytest.mark.parametrize(
    "error",
    [
        RunFailed("it failed", execution_id="0f"),
        RunBlocked("blocked", execution_id="0e"),
        RetryLater("later", retry_after_s=3.0),
        MissingDependency("numpy", "vector search", "broken wheel"),
        UsageError("wrong"),
    ],
)
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_can_be_copied_and_pickled(error: MagnusError, duplicate: Callable[[MagnusError], MagnusError]) -> None:
    other = duplicate(error)
    assert type(other) is type(error) and str(other) == str(error)
    assert vars(other) == vars(error)


def test_a_result_can_be_copied_and_pickled(magnus: Orchestrator) -> None:
    def fails(request: str, call: Call) -> str:
        raise ValueError("no")

    magnus.register("fails", fails, idempotent=False)
    result = magnus.execute("fails", "x")
    assert pickle.loads(pickle.dumps(result)) == copy.deepcopy(result) == result
