"""Waiting for a person: whose time it is, what goes on meanwhile, and how it ends."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from approval_agents import Asked, Make, Run, wants

from orchestrator import Call, ExecutionResult, Orchestrator
from orchestrator.testing import FakeClock
from orchestrator_security.approvals.question import Question


@pytest.mark.parametrize("asynchronous", [False, True], ids=["require", "arequire"])
def test_waiting_for_a_person_is_not_the_agents_time(
    magnus_with: Make, run: Run, asked: Asked, asynchronous: bool
) -> None:
    magnus = magnus_with(require_approval=["fs.write"])

    def slow(question: Question) -> bool:
        time.sleep(0.8)
        return True

    asked.says = slow
    magnus.register("writer", wants("fs.write", asynchronous=asynchronous))
    assert run(magnus, "writer", "x", timeout_s=0.4).output == "done"


def test_the_calls_deadline_ends_the_wait(magnus_with: Make, run: Run) -> None:
    magnus = magnus_with(on_approval=None, require_approval=["fs.write"])
    magnus.register("writer", wants("fs.write", asynchronous=False))
    result = run(magnus, "writer", "x", deadline_s=0.5)
    assert result.status == "blocked" and result.error is not None
    assert "nobody answered in time" in result.error.message
    assert [finding.rule_id for finding in result.findings] == ["approval-expired"]


def test_nobody_answers_within_the_settings_time(magnus_with: Make, run: Run) -> None:
    clock = FakeClock()
    magnus = magnus_with(clock=clock, on_approval=None, approval_timeout_s=120)
    magnus.register("deploy", lambda request: request, requires_approval=True)
    result = run(magnus, "deploy", "x")
    assert result.status == "blocked" and sum(clock.waits) == pytest.approx(120)


def test_no_transaction_is_open_while_a_person_thinks(magnus_with: Make, run: Run, asked: Asked) -> None:
    magnus = magnus_with(require_approval=["fs.write"])
    magnus.register("writer", wants("fs.write", asynchronous=False))
    magnus.register("other", lambda request: request)
    asked.says = lambda question: magnus.execute("other", "meanwhile").recorded
    assert run(magnus, "writer", "x").ok
    assert len(asked.questions) == 1


def test_the_event_loop_goes_on_while_a_person_thinks(magnus_with: Make, asked: Asked) -> None:
    magnus = magnus_with(require_approval=["fs.write", "deploy"])
    release = threading.Event()
    asked.says = lambda question: release.wait(30)
    magnus.register("writer", wants("fs.write", asynchronous=True))
    magnus.register("deploy", lambda request: "deployed")

    async def both() -> list[Any]:
        tasks = [asyncio.create_task(magnus.aexecute(name, "x")) for name in ("writer", "deploy")]
        while len(asked.questions) < 2:  # noqa: ASYNC110 - the callbacks run in threads
            await asyncio.sleep(0.01)
        release.set()
        return [result.output for result in await asyncio.gather(*tasks)]

    assert asyncio.run(both()) == ["done", "deployed"]


def test_a_cancelled_call_withdraws_what_its_agent_asks(magnus_with: Make) -> None:
    magnus = magnus_with(on_approval=None, require_approval=["fs.write"])
    went_on = threading.Event()

    def writer(request: str, call: Call) -> None:
        call.require("fs.write")
        went_on.set()

    magnus.register("writer", writer)

    async def cancelled() -> str:
        task = asyncio.create_task(magnus.aexecute("writer", "x"))
        while not magnus.open().security.approvals.waiting():  # noqa: ASYNC110 - it is asked in a thread
            await asyncio.sleep(0.01)
        (entry,) = magnus.security.approvals.waiting()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return entry.question.id

    number = asyncio.run(cancelled())
    until = time.monotonic() + 30
    while magnus.security.approvals.get(number).status == "waiting" and time.monotonic() < until:
        time.sleep(0.02)
    assert magnus.security.approvals.get(number).status == "withdrawn"
    assert not magnus.security.approvals.settle(number, True).accepted
    assert not went_on.is_set()


def test_an_interrupted_wait_is_a_cancelled_call_and_a_withdrawn_question(tmp_path: Path) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    settings = {"dashboards.auto": False, "evaluation.judge": "rules"}
    magnus = Orchestrator(home=tmp_path / "home", sleep=interrupted, overrides=settings)
    magnus.register("deploy", lambda request: request, requires_approval=True)
    with pytest.raises(KeyboardInterrupt):
        magnus.execute("deploy", "x")
    (entry,) = magnus.security.approvals.entries()
    assert entry.status == "withdrawn"
    assert magnus.database.query("SELECT status FROM executions") == [("cancelled",)]
    magnus.close()


def test_an_outer_call_waits_with_the_inner_one(magnus_with: Make, run: Run, asked: Asked) -> None:
    magnus = magnus_with(require_approval=["deploy"])

    def slow(question: Question) -> bool:
        time.sleep(0.8)
        return True

    asked.says = slow
    magnus.register("deploy", lambda request: "deployed")
    magnus.register("outer_call", lambda request: magnus.execute("deploy", request).output)
    assert run(magnus, "outer_call", "x", timeout_s=0.4).output == "deployed"


def test_a_question_ends_with_the_call_around_its_own(magnus_with: Make, run: Run) -> None:
    magnus = magnus_with(on_approval=None, require_approval=["deploy"])
    ran = threading.Event()
    magnus.register("deploy", lambda request: ran.set())
    inner: list[ExecutionResult] = []
    magnus.register("outer_call", lambda request: inner.append(magnus.execute("deploy", request)))
    run(magnus, "outer_call", "x", deadline_s=0.6)
    until = time.monotonic() + 30
    while not inner and time.monotonic() < until:
        time.sleep(0.02)
    assert [result.status for result in inner] == ["blocked"] and not ran.is_set()


def test_an_interrupted_outer_call_withdraws_the_inner_question(magnus_with: Make) -> None:
    magnus = magnus_with(on_approval=None, require_approval=["deploy"])
    ran, inner = threading.Event(), threading.Event()
    magnus.register("deploy", lambda request: ran.set())

    def outer_call(request: str) -> None:
        magnus.execute("deploy", request)
        inner.set()

    magnus.register("outer_call", outer_call)

    async def cancelled() -> None:
        task = asyncio.create_task(magnus.aexecute("outer_call", "x"))
        while not magnus.open().security.approvals.waiting():  # noqa: ASYNC110 - it is asked in a thread
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert inner.wait(30)
    assert [entry.status for entry in magnus.security.approvals.entries()] == ["withdrawn"] and not ran.is_set()


def test_an_agent_may_give_up_waiting_and_ask_again(magnus_with: Make, run: Run) -> None:
    magnus = magnus_with(on_approval=None, require_approval=["fs.*"])

    async def impatient(request: str, call: Call) -> str:
        try:
            await asyncio.wait_for(call.arequire("fs.write"), 0.2)
        except TimeoutError:
            (entry,) = await asyncio.to_thread(magnus.security.approvals.entries)
            asking = asyncio.create_task(call.arequire("fs.read"))
            await asyncio.sleep(0.2)
            for waiting in await asyncio.to_thread(magnus.security.approvals.waiting):
                await asyncio.to_thread(magnus.security.approvals.settle, waiting.question.id, True)
            await asking
            return entry.question.capability
        return "written"

    magnus.register("impatient", impatient)
    assert run(magnus, "impatient", "x").output == "fs.write"
