"""Approvals around calls, sync and async: when a person is asked, and what the answer does to the call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from approval_agents import Asked, Make, Run, wants

from orchestrator import ApprovalDenied, Call, Orchestrator, RunBlocked, UsageError
from orchestrator.testing import FakeClock

MAIL = "jane.doe" + "@contoso.de"


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
    assert result.error.message == "this call of deploy was not allowed: callback:_Asked said no."
    assert result.stages["attempts"].status == "blocked" and result.stages["guard_in"].status == "ok"
    assert [(finding.rule_id, finding.category) for finding in result.findings] == [("approval-denied", "approval")]
    with pytest.raises(RunBlocked):
        result.raise_for_failure()
    assert run(magnus, "harmless", "x").ok and len(asked.questions) == 2
    (yes, no) = reversed(magnus.security.approvals.entries())
    assert (yes.status, no.status) == ("approved", "denied") and yes.by == "callback:_Asked"
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


def test_an_async_agent_is_told_to_await(magnus_with: Make, run: Run) -> None:
    async def wrong(request: str, call: Call) -> None:
        call.require("fs.write")

    magnus = magnus_with()
    magnus.register("wrong", wrong)
    result = run(magnus, "wrong", "x")
    assert result.error is not None and "await call.arequire" in result.error.message


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
