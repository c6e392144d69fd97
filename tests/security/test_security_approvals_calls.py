"""Approvals and taint around calls, sync and async: when a person is asked, and what the answer does to the call."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import ApprovalDenied, Call, ExecutionResult, Orchestrator, RunBlocked, UsageError
from orchestrator.testing import FakeClock
from orchestrator_security.approvals.question import Question

Run = Callable[..., ExecutionResult]
MAIL = "jane.doe" + "@contoso.de"


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    def call(magnus: Orchestrator, *args: Any, **kwargs: Any) -> ExecutionResult:
        if request.param == "sync":
            return magnus.execute(*args, **kwargs)
        return asyncio.run(magnus.aexecute(*args, **kwargs))

    return call


class Asked:
    """A callback that says what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.says: Any = True
        self.questions: list[Question] = []

    def __call__(self, question: Question) -> Any:
        self.questions.append(question)
        return self.says(question) if callable(self.says) else self.says


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def magnus_with(tmp_path: Path, asked: Asked) -> Iterator[Callable[..., Orchestrator]]:
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


Make = Callable[..., Orchestrator]


def wants(capability: str, reason: str = "", *, asynchronous: bool) -> Callable[..., Any]:
    """An agent that asks leave for a capability."""

    def sync(request: str, call: Call) -> str:
        call.require(capability, reason=reason)
        return "done"

    async def parallel(request: str, call: Call) -> str:
        await call.arequire(capability, reason=reason)
        return "done"

    return parallel if asynchronous else sync


@pytest.mark.parametrize("how", ["registered so", "named", "named by a pattern", "its capability named"])
def test_a_whole_call_that_needs_a_yes(magnus_with: Make, run: Run, asked: Asked, how: str) -> None:
    named = {"named": ["deploy"], "named by a pattern": ["dep*"], "its capability named": ["server.restart"]}
    magnus = magnus_with(require_approval=named.get(how, []))
    ran: list[str] = []

    def deploy(request: str) -> str:
        ran.append(request)
        return "deployed"

    magnus.register("deploy", deploy, requires_approval=how == "registered so", capabilities=["server.restart"])
    magnus.register("harmless", lambda request: request)
    assert run(magnus, "deploy", f"to {MAIL}", session="s").output == "deployed"
    (question,) = asked.questions
    assert (question.agent, question.capability, question.session) == ("deploy", "", "s") and question.cause
    assert MAIL not in question.request and question.request.startswith("to <EMAIL")
    asked.says = False
    result = run(magnus, "deploy", "now")
    assert (result.status, result.attempts, ran) == ("blocked", (), [f"to {MAIL}"])
    assert result.error is not None and result.error.type == "ApprovalDenied"
    assert result.error.message == "this call of deploy was not allowed: callback:Asked said no."
    assert result.stages["attempts"].status == "blocked" and result.stages["guard_in"].status == "ok"
    assert [(finding.rule_id, finding.category) for finding in result.findings] == [("approval-denied", "approval")]
    with pytest.raises(RunBlocked):
        result.raise_for_failure()
    assert run(magnus, "harmless", "x").ok and len(asked.questions) == 2
    (yes, no) = reversed(magnus.security.approvals.entries())
    assert (yes.status, no.status) == ("approved", "denied") and yes.by == "callback:Asked"
    assert no.question.execution_id == result.execution_id


@pytest.mark.parametrize("asynchronous", [False, True], ids=["require", "arequire"])
@pytest.mark.parametrize("timeout_s", [0, 30])
def test_an_agent_asks(magnus_with: Make, run: Run, asked: Asked, asynchronous: bool, timeout_s: float) -> None:
    magnus = magnus_with(require_approval=["fs.*"])
    magnus.register("writer", wants("fs.write", f"to save it for {MAIL}", asynchronous=asynchronous))
    magnus.register("reader", wants("shelf.read", asynchronous=asynchronous))
    assert run(magnus, "reader", "x", timeout_s=timeout_s).ok and asked.questions == []
    assert run(magnus, "writer", "x", timeout_s=timeout_s).output == "done"
    (question,) = asked.questions
    assert (question.capability, question.tainted) == ("fs.write", False)
    assert question.reason.startswith("to save it for <EMAIL") and "fs.*" in question.cause
    asked.says = False
    result = run(magnus, "writer", "x", timeout_s=timeout_s)
    assert (result.status, len(result.attempts), len(asked.questions)) == ("blocked", 1, 2)
    assert result.error is not None
    assert (result.error.type, result.error.error_class) == ("ApprovalDenied", "blocked")
    assert "not asked again" in result.attempts[0].explanation


def test_an_agent_may_know_another_way(magnus_with: Make, run: Run, asked: Asked) -> None:
    magnus = magnus_with(require_approval=["fs.write"])
    asked.says = False

    def careful(request: str, call: Call) -> str:
        try:
            call.require("fs.write", reason="to save")
        except ApprovalDenied as denied:
            return f"only shown: {denied.capability} {denied.decision}"
        return "saved"

    magnus.register("careful", careful)
    result = run(magnus, "careful", "x")
    assert result.output == "only shown: fs.write denied" and result.ok
    assert [finding.rule_id for finding in result.findings] == ["approval-denied"]


@pytest.mark.parametrize("wrap", ["group", "cause"])
def test_a_no_is_final_however_it_is_wrapped(magnus_with: Make, run: Run, asked: Asked, wrap: str) -> None:
    magnus = magnus_with(require_approval=["fs.write"])
    asked.says = False

    def wraps(request: str, call: Call) -> None:
        try:
            call.require("fs.write")
        except ApprovalDenied as denied:
            if wrap == "group":
                raise ExceptionGroup("several", [denied, ConnectionResetError()]) from None
            raise ConnectionResetError("gone") from denied

    magnus.register("wraps", wraps)
    result = run(magnus, "wraps", "x")
    assert (result.status, len(result.attempts), len(asked.questions)) == ("blocked", 1, 1)


def test_an_answer_holds_for_the_calls_retries(magnus_with: Make, run: Run, asked: Asked) -> None:
    clock = FakeClock()
    magnus = magnus_with(clock=clock, require_approval=["fs.write", "flaky"])

    def flaky(request: str, call: Call) -> str:
        call.require("fs.write", reason="to save")
        if call.attempt < 3:
            raise ConnectionResetError("gone")
        return "saved"

    magnus.register("flaky", flaky)
    result = run(magnus, "flaky", "x")
    assert result.ok and len(result.attempts) == 3
    assert [question.capability for question in asked.questions] == ["", "fs.write"]


def test_a_yes_to_the_call_covers_what_it_declares(magnus_with: Make, run: Run, asked: Asked) -> None:
    magnus = magnus_with(require_approval=["fs.write"])
    magnus.register("writer", wants("fs.write", asynchronous=False), capabilities=["fs.write"])
    assert run(magnus, "writer", "x").ok
    assert [question.capability for question in asked.questions] == [""]


def test_who_is_asked_without_end_is_asked_no_more(magnus_with: Make, run: Run, asked: Asked) -> None:
    magnus = magnus_with(require_approval=["fs.write"])

    def nags(request: str, call: Call) -> None:
        for number in range(1_000):
            call.require("fs.write", reason=f"reason {number}")

    magnus.register("nags", nags)
    result = run(magnus, "nags", "x")
    assert result.status == "blocked" and len(asked.questions) == 20


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


def test_an_async_agent_is_told_to_await(magnus_with: Make, run: Run) -> None:
    async def wrong(request: str, call: Call) -> None:
        call.require("fs.write")

    magnus = magnus_with()
    magnus.register("wrong", wrong)
    result = run(magnus, "wrong", "x")
    assert result.error is not None and "await call.arequire" in result.error.message


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


@pytest.mark.parametrize(
    ("capability", "reason"),
    [
        ("", ""),
        ("fs write", ""),
        (None, ""),
        ("x" * 101, ""),
        ("fs\nwrite", ""),
        ("fs.write", None),
        ("fs.write", b"x"),
        (7, ""),
    ],
)
def test_nonsense_is_the_agents_mistake(magnus_with: Make, run: Run, capability: Any, reason: Any) -> None:
    magnus = magnus_with(require_approval=["*"], on_approval=lambda question: True)
    magnus.register("odd", wants(capability, reason, asynchronous=False))
    result = run(magnus, "odd", "x")
    assert (result.status, len(result.attempts)) == ("failed", 1)
    assert result.error is not None and result.error.type == "UsageError"


@pytest.mark.parametrize("wrong", ["yes", 3, [], True])
def test_what_cannot_be_asked_is_refused(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(UsageError, match="on_approval"):
        Orchestrator(home=tmp_path, on_approval=wrong)
    with pytest.raises(UsageError, match="requires_approval"):
        Orchestrator(home=tmp_path).register("x", lambda request: request, requires_approval="yes")


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
