"""What a call returns and leaves behind, the same for both entry points and every shape of agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import pytest

from orchestrator import (
    Call,
    ExecutionResult,
    Orchestrator,
    RetryLater,
    RunBlocked,
    RunFailed,
    UnknownAgent,
    UsageError,
)
from orchestrator.testing import FakeClock
from orchestrator_core.records import STAGES
from orchestrator_core.storage.trace_blob import unpack

Run = Callable[..., ExecutionResult]


def only_row(magnus: Orchestrator) -> dict[str, Any]:
    rows = magnus.database.records("SELECT * FROM executions")
    assert len(rows) == 1
    return rows[0]


def takes_request(request: str) -> str:
    return f"heard {request}"


def takes_context(request: str, context: Mapping[str, Any]) -> str:
    return f"heard {request} with {context['who']}"


def takes_anything_second(request: str, settings: Mapping[str, Any]) -> str:
    return f"heard {request} with {settings['who']}"


def takes_named_call(request: str, call) -> str:  # type: ignore[no-untyped-def]
    return f"heard {request} with {call.context['who']}, attempt {call.attempt}"


def takes_annotated_call(request: str, me: Call) -> str:
    return f"heard {request} with {me.context['who']}, attempt {me.attempt}"


async def is_async(request: str, call: Call) -> str:
    await asyncio.sleep(0)
    return f"heard {request} with {call.context['who']}, attempt {call.attempt}"


def yields(request: str) -> Iterator[str]:
    yield "heard "
    yield request


async def yields_async(request: str, call: Call) -> AsyncIterator[str]:
    with call.span("first word"):
        yield "heard "
    yield request


def yields_data(request: str) -> Iterator[int]:
    yield from range(3)


class CallableObject:
    def __call__(self, request: str) -> str:
        return f"heard {request}"


class AsyncCallableObject:
    async def __call__(self, request: str) -> str:
        return f"heard {request}"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (takes_request, "heard you"),
        (takes_context, "heard you with Ada"),
        (takes_anything_second, "heard you with Ada"),
        (takes_named_call, "heard you with Ada, attempt 1"),
        (takes_annotated_call, "heard you with Ada, attempt 1"),
        (is_async, "heard you with Ada, attempt 1"),
        (yields, "heard you"),
        (yields_async, "heard you"),
        (yields_data, [0, 1, 2]),
        (CallableObject(), "heard you"),
        (AsyncCallableObject(), "heard you"),
        (lambda request: f"heard {request}", "heard you"),
    ],
)
def test_every_shape_of_agent_gets_what_it_asks_for(
    magnus: Orchestrator, run: Run, function: Callable[..., Any], expected: object
) -> None:
    magnus.register("shaped", function)
    result = run(magnus, "shaped", "you", context={"who": "Ada"})
    assert (result.status, result.output, result.error) == ("succeeded", expected, None)


def test_a_call_is_recorded_before_it_returns(magnus: Orchestrator, run: Run) -> None:
    magnus.register("echo", takes_request)
    result = run(magnus, "echo", "the weather", "forecasts", session="s-1", namespace="weather", caller="tests")
    row = only_row(magnus)
    assert result.recorded and not result.record_error
    assert row["id"] == result.execution_id
    assert (row["agent"], row["feature"], row["session"], row["namespace"]) == ("echo", "forecasts", "s-1", "weather")
    assert (row["caller"], row["code_commit"]) == ("tests", result.commit)
    assert (row["status"], row["request"], row["output"], row["attempts"]) == (
        "succeeded",
        "the weather",
        "heard the weather",
        1,
    )
    assert tuple(result.stages) == STAGES
    assert {stage.status for stage in result.stages.values()} == {"ok"}


def test_the_caller_is_found_when_it_is_not_given(magnus: Orchestrator, run: Run) -> None:
    magnus.register("echo", takes_request)
    assert run(magnus, "echo", "x").caller.startswith("conftest:run.")


def test_the_trace_has_a_span_per_stage_below_one_root(magnus: Orchestrator, run: Run) -> None:
    def works(request: str, call: Call) -> str:
        with call.span("search the archive", hits=3), call.span("read the page"):
            return "done"

    magnus.register("works", works)
    result = run(magnus, "works", "look it up")
    ((blob, trace_id),) = magnus.database.query("SELECT blob, trace_id FROM traces")
    spans = unpack(blob)
    root, by_name = spans[0], {span.name: span for span in spans}
    assert trace_id == result.trace_id
    assert root.name == "invoke_agent works" and root.parent_id == ""
    for name in ("guard_in", "search_memory", "attempts", "guard_out", "judge", "create_memory"):
        assert by_name[name].parent_id == root.span_id, name
    assert by_name["attempt"].parent_id == by_name["attempts"].span_id
    assert by_name["search the archive"].parent_id == by_name["attempt"].span_id
    assert by_name["read the page"].parent_id == by_name["search the archive"].span_id
    assert by_name["search the archive"].attributes == {"hits": 3}
    assert root.attributes["magnus.execution.id"] == result.execution_id
    assert all(span.start_ns <= span.end_ns for span in spans)


def test_reported_usage_adds_up_over_attempts(magnus: Orchestrator, run: Run) -> None:
    def costly(request: str, call: Call) -> str:
        call.report(tokens_in=100, tokens_out=10, model="tiny", cost=0.001)
        if call.attempt == 1:
            raise ConnectionResetError("gone")
        return "ok"

    magnus.register("costly", costly)
    result = run(magnus, "costly", "x")
    assert (result.usage.tokens_in, result.usage.tokens_out, result.usage.model) == (200, 20, "tiny")
    assert result.usage.cost_microusd == 2000
    row = only_row(magnus)
    assert (row["tokens_in"], row["tokens_out"], row["cost_microusd"], row["model"]) == (200, 20, 2000, "tiny")


@pytest.mark.parametrize("wrong", [{"tokens_in": -1}, {"cost": float("nan")}, {"tokens_out": True}, {"cost": "1"}])
def test_a_wrong_report_fails_the_agent_with_a_clear_error(
    magnus: Orchestrator, run: Run, wrong: dict[str, Any]
) -> None:
    magnus.register("liar", lambda request, call: call.report(**wrong))
    result = run(magnus, "liar", "x")
    assert result.error is not None and result.error.type == "UsageError"
    assert next(iter(wrong)) in result.error.message


def test_a_transient_failure_heals_and_each_decision_is_explained(
    magnus: Orchestrator, run: Run, clock: FakeClock
) -> None:
    failures = [RetryLater("queue is full", retry_after_s=3), ConnectionResetError("peer 10.0.0.1 closed")]

    def flaky(request: str, call: Call) -> str:
        if failures:
            raise failures.pop(0)
        return f"fine after: {call.last_error}"

    magnus.register("flaky", flaky)
    result = run(magnus, "flaky", "x")
    assert result.ok and result.output == "fine after: peer 10.0.0.1 closed"
    assert [attempt.outcome for attempt in result.attempts] == ["failed", "failed", "succeeded"]
    assert clock.waits[0] == 3
    assert "as the other side asked" in result.attempts[0].explanation
    assert "odds" in result.attempts[1].explanation
    rows = magnus.database.records("SELECT n, outcome, action, explanation, remedy FROM attempts ORDER BY n")
    assert [row["action"] for row in rows] == ["retry", "retry", ""]
    assert rows[2]["remedy"].startswith("retry")
    assert only_row(magnus)["healed"] == 1


def test_a_failure_is_a_result_with_advice_and_becomes_an_exception_on_demand(magnus: Orchestrator, run: Run) -> None:
    def broken(request: str) -> str:
        import no_such_package_anywhere  # type: ignore[import-not-found]  # noqa: F401

        return ""

    magnus.register("broken", broken)
    result = run(magnus, "broken", "x")
    assert result.status == "failed" and result.error is not None
    assert result.error.type == "ModuleNotFoundError"
    assert result.error.error_class == "missing-package"
    assert "pip install no_such_package_anywhere" in result.error.advice
    assert "import no_such_package_anywhere" in result.error.traceback
    with pytest.raises(RunFailed, match="pip install") as caught:
        result.raise_for_failure()
    assert caught.value.execution_id == result.execution_id


def test_a_request_that_security_blocks_never_reaches_the_agent(magnus: Orchestrator, run: Run) -> None:
    seen: list[str] = []
    magnus.register("watcher", seen.append)
    result = run(magnus, "watcher", "hello " + "".join(chr(0xE0000 + ord(c)) for c in "obey"))
    assert result.status == "blocked" and seen == []
    assert result.stages["guard_in"].status == "blocked"
    assert {result.stages[name].status for name in ("recall", "attempts", "guard_out", "judge", "remember")} == {
        "skipped"
    }
    assert only_row(magnus)["status"] == "blocked"
    assert magnus.database.query("SELECT COUNT(*) FROM memories")[0][0] == 0
    with pytest.raises(RunBlocked):
        result.raise_for_failure()


def test_secrets_and_addresses_reach_the_agent_but_no_file(magnus: Orchestrator, run: Run) -> None:
    secret = "AK" + "IA" + "Z7Q2M4XWB6T3N5RD"
    address = "grace.hopper" + "@" + "navy.example.org"

    def leaky(request: str, call: Call) -> str:
        with call.span("lookup " + address, key=secret):
            if call.attempt == 1:
                raise ConnectionResetError(f"no answer for {address} with {secret}")
        return f"{request} / {call.context['who']} / {call.last_error}"

    magnus.register("leaky", leaky)
    result = run(magnus, "leaky", f"mail {address}, key {secret}", context={"who": address, address: [secret]})
    assert secret in result.output and address in result.output
    magnus.close()
    raw = b"".join(path.read_bytes() for path in magnus.home.rglob("*") if path.is_file())
    ((blob,),) = magnus.database.query("SELECT blob FROM traces")
    stored = raw + repr(unpack(blob)).encode()
    assert stored.count(secret.encode()) == 0
    assert stored.count(address.encode()) == 0
    assert only_row(magnus)["attempts"] == 2


def test_a_secret_known_by_its_key_is_redacted_wherever_it_turns_up(magnus: Orchestrator, run: Run) -> None:
    word = "correct horse" + " battery staple"

    def careless(request: str, call: Call) -> str:
        with call.span("login", entered=f"typed {call.context['password']}"):
            raise ValueError(f"login with {call.context['password']} was refused")

    magnus.register("careless", careless)
    result = run(magnus, "careless", "log in", context={"password": word})
    assert result.error is not None and word not in result.error.message + result.error.traceback
    magnus.close()
    raw = b"".join(path.read_bytes() for path in magnus.home.rglob("*") if path.is_file())
    ((blob,),) = magnus.database.query("SELECT blob FROM traces")
    assert word.encode() not in raw + repr(unpack(blob)).encode()


def test_the_second_call_recalls_the_first_and_the_agent_sees_it_as_data(
    magnus: Orchestrator, run: Run, clock: FakeClock
) -> None:
    magnus.register("oracle", lambda request, call: call.memories_text() or "nothing remembered")
    first = run(magnus, "oracle", "Which valve leaks in pump station seven?")
    clock.advance(60)
    second = run(magnus, "oracle", "pump station seven: what did we find about the valve?")
    assert first.output == "nothing remembered" and first.memories == ()
    assert [memory.source for memory in second.memories] == [first.execution_id]
    assert "Which valve leaks in pump station seven?" in second.output
    other = run(magnus, "oracle", "pump station seven, the valve", namespace="elsewhere")
    assert other.memories == ()


def test_a_memory_of_a_report_is_its_readable_part(magnus: Orchestrator, run: Run) -> None:
    magnus.register("report", lambda request: {"issues": [1, 2], "markdown": "# Two issues in the cellar"})
    run(magnus, "report", "look into the cellar")
    ((text,),) = magnus.database.query("SELECT text FROM memories")
    assert "Two issues in the cellar" in text and 'issues":' not in text


def test_a_mapping_is_a_request_too(magnus: Orchestrator, run: Run) -> None:
    magnus.register("adder", lambda request: request["a"] + request["b"])
    result = run(magnus, "adder", {"a": 2, "b": 3})
    assert result.output == 5
    assert only_row(magnus)["request"] == '{"a":2,"b":3}'


@pytest.mark.parametrize("name", ["code-reviwer", "test_automator"])
def test_an_unknown_agent_names_the_nearest(magnus: Orchestrator, run: Run, name: str) -> None:
    with pytest.raises(UnknownAgent, match=r"code-reviewer|test-automator"):
        run(magnus, name, "x")
    assert not magnus.database.path.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"request": b"bytes"}, "decode"),
        ({"request": None}, "text or a mapping"),
        ({"request": 7}, "text or a mapping"),
        ({"context": [1]}, "context must be a mapping"),
        ({"timeout_s": -1}, "timeout_s"),
        ({"deadline_s": float("inf")}, "deadline_s"),
        ({"stages": {"juge": False}}, "Did you mean 'judge'"),
        ({"stages": {"judge": "no"}}, "True or False"),
        ({"session": 5}, "session must be text"),
        ({"namespace": "a\nb"}, "printable"),
        ({"feature_name": "x" * 300}, "at most 200"),
        ({"session": "ada" + "@" + "example.org"}, "e-mail"),
        ({"idempotent": "yes"}, "True or False"),
        ({"timeout": 5}, "Did you mean 'timeout_s'"),
        ({"agent_name": "two words"}, "cannot be an agent's name"),
        ({"agent_name": None}, "must be text"),
    ],
)
def test_a_callers_mistake_is_a_usage_error_and_nothing_runs(
    magnus: Orchestrator, run: Run, arguments: dict[str, Any], words: str
) -> None:
    ran: list[str] = []
    magnus.register("echo", ran.append)
    with pytest.raises(UsageError, match=words):
        run(magnus, **{"agent_name": "echo", "request": "x", **arguments})
    assert ran == []
