"""Threads, event loops, nesting, cancellation and time limits."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import structs

from orchestrator import Call, ExecutionResult, Orchestrator, Verdict
from orchestrator.testing import FakeClock, temporary_orchestrator
from orchestrator_core.storage.trace_blob import unpack
from orchestrator_evaluation.contract import JudgeTask

Run = Callable[..., ExecutionResult]


@pytest.fixture
def live(tmp_path: object) -> object:
    """An Orchestrator on the machine's own clock."""
    with temporary_orchestrator(tmp_path / "live") as orchestrator:  # type: ignore[operator]
        yield orchestrator


def test_a_hundred_concurrent_calls_on_one_loop(live: Orchestrator) -> None:
    async def coroutine(request: str) -> str:
        await asyncio.sleep(0.01)
        return request

    def function(request: str) -> str:
        time.sleep(0.01)
        return request

    live.register("coroutine", coroutine)
    live.register("function", function)

    async def main() -> list[ExecutionResult]:
        names = ["coroutine", "function"] * 50
        return await asyncio.gather(*(live.aexecute(name, f"request {i}") for i, name in enumerate(names)))

    results = asyncio.run(main())
    assert [result.output for result in results] == [f"request {i}" for i in range(100)]
    assert len({result.trace_id for result in results}) == 100
    assert all(result.recorded for result in results)
    assert live.database.query("SELECT COUNT(*), COUNT(DISTINCT id) FROM executions") == [(100, 100)]
    assert live.database.query("SELECT SUM(n) FROM rollups WHERE period = 'day'") == [(100,)]


def test_calls_from_many_threads(live: Orchestrator) -> None:
    live.register("echo", lambda request: request)
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda i: live.execute("echo", f"request {i}"), range(100)))
    assert all(result.ok and result.recorded for result in results)
    assert live.database.query("SELECT COUNT(*) FROM executions") == [(100,)]


def test_the_synchronous_call_works_inside_a_running_loop(live: Orchestrator) -> None:
    async def coroutine(request: str) -> str:
        await asyncio.sleep(0)
        return request

    live.register("coroutine", coroutine)

    async def main() -> ExecutionResult:
        return live.execute("coroutine", "x", timeout_s=0)

    assert asyncio.run(main()).output == "x"


@pytest.mark.parametrize("inner_async", [False, True])
@pytest.mark.parametrize("outer_async", [False, True])
def test_a_nested_call_is_a_child_in_the_same_trace(
    live: Orchestrator, run: Run, outer_async: bool, inner_async: bool
) -> None:
    async def inner_coroutine(request: str) -> str:
        return f"inner {request}"

    live.register("inner", inner_coroutine if inner_async else lambda request: f"inner {request}")
    children: list[ExecutionResult] = []

    def outer(request: str, call: Call) -> str:
        with call.span("delegate"):
            children.append(live.execute("inner", request))
        return str(children[0].output)

    async def outer_coroutine(request: str, call: Call) -> str:
        with call.span("delegate"):
            children.append(await live.aexecute("inner", request))
        return str(children[0].output)

    live.register("outer", outer_coroutine if outer_async else outer)
    parent = run(live, "outer", "x")
    (child,) = children
    assert parent.output == "inner x"
    assert child.parent_id == parent.execution_id and parent.parent_id == ""
    assert child.trace_id == parent.trace_id
    blobs = dict(live.database.query("SELECT execution_id, blob FROM traces"))
    parent_spans = {span.name: span for span in unpack(blobs[parent.execution_id])}
    child_spans = unpack(blobs[child.execution_id])
    assert child_spans[0].parent_id == parent_spans["delegate"].span_id
    assert "invoke_agent inner" not in parent_spans


def test_spans_of_concurrent_nested_calls_do_not_mix(live: Orchestrator) -> None:
    async def inner(request: str) -> str:
        await asyncio.sleep(0.001)
        return request

    async def outer(request: str) -> list[str]:
        results = await asyncio.gather(*(live.aexecute("inner", f"{request}.{i}") for i in range(5)))
        return [result.parent_id for result in results]

    live.register("inner", inner)
    live.register("outer", outer)

    async def main() -> list[ExecutionResult]:
        return await asyncio.gather(*(live.aexecute("outer", str(i)) for i in range(8)))

    for result in asyncio.run(main()):
        assert result.output == [result.execution_id] * 5


def test_the_hosts_own_spans_join_the_trace(live: Orchestrator, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    host = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: host)
    tracer = host.get_tracer("host")
    address = "ada" + "@" + "example.org"

    def agent(request: str) -> str:
        with (
            tracer.start_as_current_span("SELECT", attributes={"user": address}),
            tracer.start_as_current_span("fetch"),
        ):
            return "ok"

    live.register("instrumented", agent)
    result = run(live, "instrumented", "x")
    with tracer.start_as_current_span("unrelated"):
        pass
    ((blob,),) = live.database.query("SELECT blob FROM traces")
    spans = {span.name: span for span in unpack(blob)}
    assert spans["SELECT"].parent_id == spans["attempt"].span_id
    assert spans["fetch"].parent_id == spans["SELECT"].span_id
    assert address not in str(spans["SELECT"].attributes)
    assert "unrelated" not in spans and result.ok


def test_a_span_that_ends_after_the_call_is_counted_as_dropped(live: Orchestrator) -> None:
    release = threading.Event()
    ended = threading.Event()

    def agent(request: str, call: Call) -> str:
        def later() -> None:
            with call.span("late"):
                release.wait(5)
            ended.set()

        threading.Thread(target=later, daemon=True).start()
        time.sleep(0.05)
        return "ok"

    live.register("hasty", agent)
    live.execute("hasty", "x")
    release.set()
    assert ended.wait(5)
    assert live.database.query("SELECT dropped FROM traces") == [(1,)]


def test_cancelling_a_call_records_it_as_cancelled(live: Orchestrator) -> None:
    async def forever(request: str) -> str:
        await asyncio.sleep(60)
        return "never"

    live.register("forever", forever)

    async def main() -> None:
        task = asyncio.create_task(live.aexecute("forever", "x"))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    ((status, error),) = live.database.query("SELECT status, error_type FROM executions")
    assert (status, error) == ("cancelled", "CancelledError")


def test_an_agent_that_cancels_itself_has_failed(live: Orchestrator, run: Run) -> None:
    async def gives_up(request: str) -> str:
        raise asyncio.CancelledError("changed my mind")

    live.register("gives-up", gives_up)
    assert run(live, "gives-up", "x").status == "failed"


@pytest.mark.parametrize("is_async", [False, True])
def test_an_agent_that_never_returns_meets_its_time_limit(live: Orchestrator, run: Run, is_async: bool) -> None:
    stop = threading.Event()

    async def coroutine(request: str) -> str:
        await asyncio.sleep(60)
        return "never"

    def function(request: str) -> str:
        stop.wait(60)
        return "never"

    live.register("stuck", coroutine if is_async else function)
    result = run(live, "stuck", "x", timeout_s=0.05, stages={"healing": False})
    stop.set()
    assert result.error is not None and result.error.type == "AgentTimeout"
    assert "timeout_s" in result.error.message and result.recorded


def test_the_deadline_bounds_attempts_and_waits_together(magnus: Orchestrator, clock: FakeClock, run: Run) -> None:
    remaining: list[float] = []

    def busy(request: str, call: Call) -> str:
        remaining.append(call.remaining_s())
        clock.advance(4)
        raise ConnectionRefusedError("connection refused")

    magnus.register("busy", busy)
    result = run(magnus, "busy", "x", deadline_s=10)
    assert result.status == "failed"
    assert clock.monotonic() <= 10
    assert remaining[0] == pytest.approx(10) and remaining == sorted(remaining, reverse=True)


def test_the_judge_is_told_how_much_time_is_left(magnus: Orchestrator, clock: FakeClock, run: Run) -> None:
    asked: list[float] = []

    class Judge:
        def judge(self, task: JudgeTask) -> Verdict:
            asked.append(task.time_s)
            return Verdict("unjudged")

    built = magnus.open()
    built.rooms = structs.replace(built.rooms, judge=Judge())

    def slow(request: str) -> str:
        clock.advance(4)
        return "done"

    magnus.register("slow", slow)
    run(magnus, "slow", "x", deadline_s=10)
    run(magnus, "slow", "x")
    assert asked == [pytest.approx(6), math.inf]


def test_a_non_idempotent_agent_is_not_run_again(magnus: Orchestrator, run: Run) -> None:
    runs: list[str] = []

    def pays(request: str) -> str:
        runs.append(request)
        raise ConnectionResetError("gone")

    magnus.register("pays", pays, idempotent=False)
    result = run(magnus, "pays", "x")
    assert runs == ["x"] and "not idempotent" in result.attempts[0].explanation
    run(magnus, "pays", "x", idempotent=True)
    assert len(runs) > 2


def test_context_variables_of_the_caller_reach_the_agent(live: Orchestrator, run: Run) -> None:
    from contextvars import ContextVar

    tenant: ContextVar[str] = ContextVar("tenant")
    live.register("who", lambda request: tenant.get("nobody"))
    tenant.set("Ada")
    assert live.execute("who", "x").output == "Ada"
    assert live.execute("who", "x", timeout_s=0).output == "Ada"

    async def main() -> ExecutionResult:
        return await live.aexecute("who", "x")

    assert asyncio.run(main()).output == "Ada"
