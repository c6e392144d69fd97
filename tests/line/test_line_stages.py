"""Switching stages off, and what a crash inside a stage does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from orchestrator import ExecutionResult, Orchestrator
from orchestrator.flow.policy import FAIL_RULES, Strictness
from orchestrator.testing import FakeClock, temporary_orchestrator
from orchestrator_core.errors import StoreFull
from orchestrator_core.records import SWITCHABLE

Run = Callable[..., ExecutionResult]


class Broken:
    """Stands in for a room; everything asked of it raises, except what is given."""

    def __init__(self, inner: Any, *broken: str) -> None:
        self._inner = inner
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        if name not in self._broken:
            return getattr(self._inner, name)

        def raises(*args: Any, **kwargs: Any) -> Any:
            raise OSError("the room is on fire")

        return raises


def break_room(magnus: Orchestrator, room: str, *methods: str) -> None:
    built = magnus.open()
    built.rooms = structs.replace(built.rooms, **{room: Broken(getattr(built.rooms, room), *methods)})


@pytest.mark.parametrize("stage", SWITCHABLE)
def test_each_stage_can_be_switched_off_for_a_call(magnus: Orchestrator, run: Run, stage: str) -> None:
    magnus.register("echo", lambda request: request)
    result = run(magnus, "echo", "hello", stages={stage: False})
    assert result.ok and result.output == "hello"
    if stage in result.stages:
        assert result.stages[stage].status == "off"
    assert result.recorded is (stage != "record")
    assert bool(result.trace_id) is (stage != "tracing")
    assert (result.verdict.status == "off") is (stage == "judge")
    memories = magnus.database.query("SELECT COUNT(*) FROM memories")[0][0]
    assert memories == (0 if stage in ("remember", "record") else 1)


def test_healing_off_means_one_attempt(magnus: Orchestrator, run: Run) -> None:
    def fails(request: str) -> str:
        raise ConnectionResetError("gone")

    magnus.register("fails", fails)
    result = run(magnus, "fails", "x", stages={"healing": False})
    assert len(result.attempts) == 1 and "healing is off" in result.attempts[0].explanation


def test_what_is_stored_is_redacted_even_with_the_guards_off(magnus: Orchestrator, run: Run) -> None:
    address = "ada" + "@" + "example.org"
    magnus.register("echo", lambda request: request)
    result = run(magnus, "echo", address, stages={"guard_in": False, "guard_out": False})
    assert result.output == address
    ((request, output),) = magnus.database.query("SELECT request, output FROM executions")
    assert address not in request + output


def test_settings_features_and_calls_switch_in_rising_order(tmp_path: Any, run: Run, clock: FakeClock) -> None:
    overrides = {
        "stages.judge": False,
        "features": {"reports": {"stages": {"judge": True, "recall": False}, "namespace": "reporting"}},
    }
    with temporary_orchestrator(tmp_path / "home", clock=clock, overrides=overrides) as magnus:
        magnus.register("echo", lambda request: request)
        plain = run(magnus, "echo", "x")
        feature = run(magnus, "echo", "x", "reports")
        call = run(magnus, "echo", "x", "reports", stages={"judge": False})
    assert plain.stages["judge"].status == "off" and plain.stages["recall"].status == "ok"
    assert feature.stages["judge"].status == "ok" and feature.stages["recall"].status == "off"
    assert feature.namespace == "reporting" and plain.namespace == "default"
    assert call.stages["judge"].status == "off"


@pytest.mark.parametrize(
    ("stage", "room", "method"),
    [
        ("guard_in", "guard", "check"),
        ("recall", "memory", "recall"),
        ("judge", "judge", "judge"),
        ("remember", "memory", "remember"),
        ("record", "recorder", "write"),
    ],
)
def test_a_crash_follows_the_stages_own_rule(
    magnus: Orchestrator, run: Run, stage: str, room: str, method: str
) -> None:
    ran: list[str] = []
    magnus.register("echo", lambda request: ran.append(request) or "done")
    break_room(magnus, room, method)
    Strictness.enabled = False
    result = run(magnus, "echo", "hello")
    assert result.stages[stage].status == "failed"
    assert "on fire" in result.stages[stage].error
    if FAIL_RULES[stage] == "closed":
        assert result.status == "blocked" and ran == []
    else:
        assert result.ok and ran == ["hello"]
    if stage == "judge":
        assert result.verdict.status == "unjudged" and result.verdict.overall is None
    assert result.recorded is (stage != "record")
    assert ("on fire" in result.record_error) is (stage == "record")


def test_a_crash_of_the_output_check_withholds_the_output(magnus: Orchestrator, run: Run) -> None:
    built = magnus.open()
    guard = built.rooms.guard

    class OutBreaks(Broken):
        def check(self, text: str, context: Any) -> Any:
            if context.direction == "out":
                raise OSError("the room is on fire")
            return guard.check(text, context)

    built.rooms = structs.replace(built.rooms, guard=OutBreaks(guard))
    magnus.register("echo", lambda request: "the output")
    Strictness.enabled = False
    result = run(magnus, "echo", "hello")
    assert result.status == "blocked" and result.output is None
    assert result.error is not None and "guard_out" in result.error.message


def test_a_bug_of_our_own_still_gives_a_recorded_result(magnus: Orchestrator, run: Run) -> None:
    def fails(request: str) -> str:
        raise ValueError("x")

    magnus.register("fails", fails)
    break_room(magnus, "healer", "diagnose")
    Strictness.enabled = False
    result = run(magnus, "fails", "hello")
    assert result.status == "failed" and result.recorded
    assert result.error is not None and "internal error" in result.error.message


def test_a_full_disk_after_the_run_keeps_the_result(magnus: Orchestrator, run: Run) -> None:
    magnus.register("echo", lambda request: request)

    class Full:
        def write(self, record: object) -> str:
            raise StoreFull("the disk is full. Free some space")

    built = magnus.open()
    built.rooms = structs.replace(built.rooms, recorder=Full())
    result = run(magnus, "echo", "hello")
    assert result.ok and not result.recorded and "Free some space" in result.record_error


def test_a_memory_that_cannot_be_written_does_not_cost_the_record(magnus: Orchestrator, run: Run) -> None:
    magnus.register("echo", lambda request: request)
    magnus.open()
    magnus.database.execute(
        [("CREATE TRIGGER no_memories BEFORE INSERT ON memories BEGIN SELECT RAISE(ABORT, 'no'); END", ())]
    )
    result = run(magnus, "echo", "hello")
    assert result.recorded and "without its memory" in result.record_error
    assert magnus.database.query("SELECT COUNT(*) FROM executions")[0][0] == 1
