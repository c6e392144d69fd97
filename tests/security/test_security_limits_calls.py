"""Limits around calls, sync and async: what a blocked call says, and that every end of a call gives its place back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from orchestrator import Call, ExecutionResult, Orchestrator, UsageError
from orchestrator.testing import FakeClock, temporary_orchestrator
from orchestrator_core.errors import StoreFull

Run = Callable[..., ExecutionResult]
Open = Callable[..., Orchestrator]


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    def call(magnus: Orchestrator, *args: Any, **kwargs: Any) -> ExecutionResult:
        if request.param == "sync":
            return magnus.execute(*args, **kwargs)
        return asyncio.run(magnus.aexecute(*args, **kwargs))

    return call


@pytest.fixture(params=[False, True], ids=["own", "shared"])
def magnus_with(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    opened: list[AbstractContextManager[Orchestrator]] = []

    def make(clock: FakeClock | None = None, **security: Any) -> Orchestrator:
        overrides = {"security.shared_limits": request.param, **{f"security.{k}": v for k, v in security.items()}}
        context = temporary_orchestrator(tmp_path / "home", clock=clock, overrides=overrides)
        opened.append(context)
        return context.__enter__()

    yield make
    for context in opened:
        context.__exit__(None, None, None)


def test_a_blocked_call_names_limit_value_and_wait(magnus_with: Open, run: Run) -> None:
    clock = FakeClock()
    magnus = magnus_with(clock, rate_limit_per_minute=2)
    ran: list[str] = []
    magnus.register("echo", lambda request: ran.append(request) or request)  # type: ignore[func-returns-value]
    assert [run(magnus, "echo", "x", caller="me").status for _ in range(3)] == ["succeeded", "succeeded", "blocked"]
    result = run(magnus, "echo", "x", caller="me")
    assert result.error is not None
    assert result.error.message == "over the limit of 2 calls per minute; try again in 30 s"
    assert result.error.retry_after_s == pytest.approx(30)
    (finding,) = [finding for finding in result.findings if finding.category == "limit"]
    assert (finding.rule_id, finding.action, finding.stage) == ("rate-limit", "block", "guard_in")
    assert len(ran) == 2 and result.recorded
    looked = magnus.security.check_rate_limit("echo", "me")
    assert (looked.allowed, looked.limit) == (False, "rate-limit") and looked.retry_after_s == pytest.approx(30)
    assert magnus.security.check_rate_limit("echo").allowed
    clock.advance(result.error.retry_after_s)
    assert run(magnus, "echo", "x", caller="me").ok


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("ending", ["returns", "raises", "times out", "is blocked"])
def test_every_end_gives_the_slot_back(magnus_with: Open, run: Run, ending: str, recorded: bool) -> None:
    magnus = magnus_with(max_concurrent=1)
    release = threading.Event()

    def ends(request: str) -> str:
        if ending == "raises":
            raise ValueError("no")
        if ending == "times out":
            release.wait(30)
        return request

    magnus.register("ends", ends)
    request = "x\x00" if ending == "is blocked" else "x"
    timeout = 0.05 if ending == "times out" else None
    for _ in range(3):
        result = run(magnus, "ends", request, timeout_s=timeout, stages={"record": recorded, "healing": False})
        assert not any(finding.category == "limit" for finding in result.findings)
        assert magnus.security.check_rate_limit("ends").allowed
    release.set()
    assert magnus.database.query("SELECT count(*) FROM limit_running") == [(0,)]


def test_an_interrupted_call_gives_its_slot_back(magnus_with: Open) -> None:
    magnus = magnus_with(max_concurrent=1)

    def interrupts(request: str) -> str:
        raise KeyboardInterrupt

    magnus.register("interrupts", interrupts)
    with pytest.raises(KeyboardInterrupt):
        magnus.execute("interrupts", "x", timeout_s=0)
    assert magnus.security.check_rate_limit("interrupts").allowed


def test_a_cancelled_task_gives_its_slot_back(magnus_with: Open) -> None:
    magnus = magnus_with(max_concurrent=1)

    async def cancelled() -> None:
        started = asyncio.Event()

        async def waits(request: str) -> None:
            started.set()
            await asyncio.sleep(30)

        magnus.register("waits", waits)
        task = asyncio.create_task(magnus.aexecute("waits", "x"))
        await started.wait()
        assert not magnus.security.check_rate_limit("waits").allowed
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert magnus.security.check_rate_limit("waits").allowed


def test_a_record_that_fails_gives_the_slot_back_all_the_same(magnus_with: Open, run: Run) -> None:
    magnus = magnus_with(max_concurrent=1)
    magnus.register("echo", lambda request: request)
    built = magnus.open()

    class Broken:
        def write(self, record: Any) -> str:
            raise StoreFull("the disk is full")

    built.rooms = structs.replace(built.rooms, recorder=Broken())
    assert not run(magnus, "echo", "x").recorded
    assert run(magnus, "echo", "x").ok
    assert magnus.database.query("SELECT count(*) FROM limit_running") == [(0,)]


def test_an_agent_that_calls_itself_is_neither_locked_out_nor_locked(magnus_with: Open, run: Run) -> None:
    magnus = magnus_with(max_concurrent=1)

    def countdown(request: str, call: Call) -> list[str]:
        if request == "0":
            return ["0"]
        inner = magnus.execute("countdown", str(int(request) - 1))
        return [request, *(inner.output or [inner.error.message])]  # type: ignore[union-attr]

    magnus.register("countdown", countdown)
    assert run(magnus, "countdown", "3").output == ["3", "2", "1", "0"]
    assert magnus.security.check_rate_limit("countdown").allowed


def test_no_more_calls_run_at_once_than_the_limit_says(magnus_with: Open) -> None:
    magnus = magnus_with(max_concurrent=4)
    inside, most, lock, full = 0, 0, threading.Lock(), threading.Event()

    def waits(request: str) -> str:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        full.wait(30)
        with lock:
            inside -= 1
        return request

    magnus.register("waits", waits)
    results: list[ExecutionResult] = []
    options = {"judge": False, "remember": False}
    threads = [
        threading.Thread(target=lambda: results.append(magnus.execute("waits", "x", stages=options))) for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    while len(results) < 20:
        threads[0].join(0.01)
    full.set()
    for thread in threads:
        thread.join()
    assert most == 4
    assert [result.status for result in results].count("succeeded") == 4
    blocked = [result.error for result in results if result.status == "blocked"]
    assert {error.message.partition(";")[0] for error in blocked if error} == {
        "over the limit of 4 calls of 'waits' at once"
    }


def test_a_call_may_cross_its_budget_and_the_next_does_not_begin(magnus_with: Open, run: Run) -> None:
    clock = FakeClock(1_800_000_000.0 - 1_800_000_000.0 % 86_400 + 80_000)
    magnus = magnus_with(clock, daily_cost=0.01)

    def spends(request: str, call: Call) -> str:
        call.report(tokens_in=5, tokens_out=5, cost=0.004)
        return request

    magnus.register("spends", spends)
    assert [run(magnus, "spends", "x").status for _ in range(4)] == ["succeeded"] * 3 + ["blocked"]
    result = run(magnus, "spends", "x")
    assert result.error is not None and result.error.retry_after_s == pytest.approx(6_400)
    assert "budget of 0.01 USD a day for 'spends', of which 0.012 USD are used" in result.error.message
    assert "in 1 h 47 min" in result.error.message
    clock.advance(6_400)
    assert run(magnus, "spends", "x").ok


def test_what_runs_now_counts_before_it_is_recorded(magnus_with: Open) -> None:
    magnus = magnus_with(daily_tokens=10)

    def spends(request: str, call: Call) -> list[str]:
        call.report(tokens_in=10)
        return [magnus.execute("spends", "again").status]

    magnus.register("spends", spends)
    assert magnus.execute("spends", "x").output == ["blocked"]
    unrecorded = {"record": False}
    magnus.register("quiet", lambda request, call: call.report(tokens_in=10))
    statuses = [magnus.execute("quiet", "x", stages=unrecorded).status for _ in range(2)]
    assert statuses == ["succeeded", "blocked"]


def test_without_limits_nothing_is_counted(magnus_with: Open, run: Run) -> None:
    magnus = magnus_with()
    magnus.register("echo", lambda request: request)
    assert all(run(magnus, "echo", "x").ok for _ in range(3))
    assert not (magnus.home / "running").exists()
    assert magnus.database.query("SELECT count(*) FROM limit_buckets") == [(0,)]


@pytest.mark.parametrize("arguments", [(None,), (b"a",), ("a", 3)])
def test_a_look_with_nonsense_is_refused(magnus_with: Open, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(UsageError, match="must be text"):
        magnus_with().security.check_rate_limit(*arguments)
