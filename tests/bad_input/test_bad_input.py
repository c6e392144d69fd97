"""Bad agents, requests, contexts and clocks: each ends in a clear error or a recorded result, and nothing recorded is lost.

``CASES`` maps the whole list of bad input to its tests, wherever they are; the last test keeps the map true.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import ExecutionResult, Orchestrator
from orchestrator.testing import FakeClock, strict_stages, temporary_orchestrator

HERE = Path(__file__).parent.parent

CASES = {
    "unknown agent": "line/test_line_calls.py::test_an_unknown_agent_names_the_nearest",
    "agent that raises": "line/test_line_calls.py::test_a_failure_is_a_result_with_advice_and_becomes_an_exception_on_demand",
    "agent that returns None": "bad_input/test_bad_input.py::test_an_agent_may_return_nothing",
    "agent that returns something not serialisable": "bad_input/test_bad_input.py::test_any_return_value_is_recorded",
    "agent that prints megabytes": "bad_input/test_bad_input.py::test_an_agent_that_prints_megabytes",
    "agent that recurses": "bad_input/test_bad_input.py::test_an_agent_that_raises_anything_is_a_recorded_failure",
    "agent that never returns": "line/test_line_concurrency.py::test_an_agent_that_never_returns_meets_its_time_limit",
    "agent that calls sys.exit": "bad_input/test_bad_input.py::test_an_agent_that_raises_anything_is_a_recorded_failure",
    "agent that is killed": "store/test_store_processes.py::test_a_killed_agent_leaves_no_row_and_a_store_that_works",
    "request of 50 MB": "bad_input/test_bad_input.py::test_a_huge_request_is_blocked",
    "request of invalid UTF-8": "bad_input/test_bad_input.py::test_undecodable_text_is_blocked_or_refused",
    "request of lone surrogates": "bad_input/test_bad_input.py::test_undecodable_text_is_blocked_or_refused",
    "empty request": "bad_input/test_bad_input.py::test_an_empty_request_is_a_request",
    "context with cycles": "bad_input/test_bad_input.py::test_any_context_reaches_the_agent_and_is_recorded",
    "context with non-JSON values": "bad_input/test_bad_input.py::test_any_context_reaches_the_agent_and_is_recorded",
    "read-only store": "store/test_store_processes.py::test_a_read_only_store_is_a_clear_error_and_the_agent_does_not_run",
    "full store": "bad_input/test_bad_input.py::test_a_store_that_fills_up_keeps_the_result_and_what_was_recorded",
    "missing store": "store/test_store_database.py::test_a_store_removed_under_a_running_process_is_made_anew",
    "damaged store": "store/test_store_database.py::test_a_damaged_page_is_a_clear_error",
    "store of a newer version": "store/test_store_database.py::test_a_newer_store_is_left_alone",
    "clock going backwards": "bad_input/test_bad_input.py::test_a_clock_that_goes_backwards",
    "two Orchestrators in one process": "bad_input/test_bad_input.py::test_two_orchestrators_in_one_process",
    "interpreter shutdown in the middle of a call": "store/test_store_processes.py::test_the_interpreter_ends_while_a_call_is_running",
    "Ctrl-C": "store/test_store_processes.py::test_ctrl_c_is_recorded_and_reaches_the_caller",
    "fork after use": "store/test_store_processes.py::test_a_fork_after_use_gives_two_working_processes",
}


@pytest.fixture
def magnus(tmp_path: Path) -> Iterator[Orchestrator]:
    with strict_stages(), temporary_orchestrator(tmp_path / "home") as orchestrator:
        yield orchestrator


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest, magnus: Orchestrator) -> Callable[..., ExecutionResult]:
    def call(*args: Any, **kwargs: Any) -> ExecutionResult:
        if request.param == "sync":
            return magnus.execute(*args, **kwargs)
        return asyncio.run(magnus.aexecute(*args, **kwargs))

    return call


Run = Callable[..., ExecutionResult]


def row(magnus: Orchestrator) -> dict[str, Any]:
    (only,) = magnus.database.records("SELECT * FROM executions")
    return only


def test_an_agent_may_return_nothing(magnus: Orchestrator, run: Run) -> None:
    magnus.register("silent", lambda request: None)
    result = run("silent", "x")
    assert result.ok and result.output is None and result.recorded
    assert (row(magnus)["output_kind"], row(magnus)["output"]) == ("none", "")


def opened_file() -> Any:
    return open(os.devnull)


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no text for you")


def cyclic() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def deep() -> list[Any]:
    nest: list[Any] = []
    for _ in range(100_000):
        nest = [nest]
    return nest


@pytest.mark.parametrize(
    "make",
    [object, Rude, cyclic, deep, lambda: {1: {2, 3}, (4, 5): b"\xff"}, lambda: b"\x00\xff" * 10, opened_file,
     lambda: map(str, [1]), lambda: float("nan"), lambda: 10**400, lambda: "\ud800 lone", lambda: "\x00 nul",
     lambda: Exception("returned"),
     lambda: type("Meta", (), {})],
)  # fmt: skip
def test_any_return_value_is_recorded(magnus: Orchestrator, run: Run, make: Callable[[], Any]) -> None:
    value = make()
    magnus.register("odd", lambda request: value)
    result = run("odd", "x", stages={"guard_out": True})
    assert result.recorded, result.record_error
    assert result.output is value or result.status == "blocked"
    assert isinstance(row(magnus)["output"], str)
    if hasattr(value, "close"):
        value.close()


def recurses(request: str) -> str:
    return recurses(request)


def exits(request: str) -> str:
    sys.exit(3)


def exits_hard_with_text(request: str) -> str:
    raise SystemExit("good bye")


def stops(request: str) -> str:
    raise StopIteration("no more")


def raises_rude(request: str) -> str:
    class RudeError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text for you")

    raise RudeError


def raises_huge(request: str) -> str:
    raise ValueError("x" * 5_000_000)


def raises_surrogate(request: str) -> str:
    raise ValueError("bad \ud800 text")


def raises_group(request: str) -> str:
    raise ExceptionGroup("several", [ValueError("a"), KeyError("b")])


def raises_generator_exit(request: str) -> str:
    raise GeneratorExit


def interrupts(request: str) -> str:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("agent", "kind"),
    [(recurses, "RecursionError"), (exits, "SystemExit"), (exits_hard_with_text, "SystemExit"), (stops, "StopIteration"),
     (raises_rude, "RudeError"), (raises_huge, "ValueError"), (raises_surrogate, "ValueError"), (raises_group, "ExceptionGroup"),
     (raises_generator_exit, "GeneratorExit"), (interrupts, "KeyboardInterrupt")],
)  # fmt: skip
def test_an_agent_that_raises_anything_is_a_recorded_failure(
    magnus: Orchestrator, run: Run, agent: Callable[[str], str], kind: str
) -> None:
    magnus.register("bad", agent)
    result = run("bad", "x", stages={"healing": False})
    assert result.status == "failed" and result.error is not None and result.recorded
    assert result.error.type.endswith(kind)
    assert len(row(magnus)["error_message"]) < 10_000 and len(row(magnus)["traceback"]) < 20_000


def test_an_agent_that_prints_megabytes(magnus: Orchestrator, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    def chatty(request: str) -> str:
        for _ in range(50):
            print("x" * 100_000)
        return "done"

    magnus.register("chatty", chatty)
    result = run("chatty", "x")
    assert result.ok and result.recorded
    assert len(capfd.readouterr().out) >= 5_000_000
    assert magnus.database.path.stat().st_size < 2_000_000


def test_a_huge_output_is_kept_in_part_hashed_and_counted(magnus: Orchestrator, run: Run) -> None:
    magnus.register("verbose", lambda request: "x y " * 2_000_000)
    result = run("verbose", "x", stages={"judge": False})
    stored = row(magnus)
    assert result.ok and len(result.output) == 8_000_000
    assert stored["output_bytes"] == 8_000_000 and len(stored["output_hash"]) == 32
    assert 0 < len(stored["output"]) <= 1_048_576


def test_a_huge_request_is_blocked(magnus: Orchestrator, run: Run) -> None:
    ran: list[str] = []
    magnus.register("echo", ran.append)
    result = run("echo", "a b " * 12_500_000)
    assert result.status == "blocked" and result.error is not None and ran == []
    assert "1048576" in result.error.message.replace(",", "")
    assert row(magnus)["request_bytes"] == 50_000_000
    assert len(row(magnus)["request"]) <= 1_048_576


def test_a_huge_mapping_is_blocked(magnus: Orchestrator, run: Run) -> None:
    magnus.register("echo", lambda request: "ran")
    assert run("echo", {"text": "a b " * 1_000_000}).status == "blocked"


@pytest.mark.parametrize(
    "request_text", ["lone \ud800 surrogate", "\udcff\udcfe", b"\xff\xfe".decode("utf-8", "surrogateescape")]
)
def test_undecodable_text_is_blocked_or_refused(magnus: Orchestrator, run: Run, request_text: str) -> None:
    ran: list[str] = []
    magnus.register("echo", ran.append)
    result = run("echo", request_text)
    assert result.status == "blocked" and result.recorded and ran == []
    assert result.error is not None and "surrogate" in result.error.message.lower()


@pytest.mark.parametrize("request_text", ["", " ", "\n", {}])
def test_an_empty_request_is_a_request(magnus: Orchestrator, run: Run, request_text: Any) -> None:
    magnus.register("echo", lambda request, context: context["path"])
    result = run("echo", request_text, context={"path": "here"})
    assert result.ok and result.output == "here" and result.recorded


def cyclic_mapping() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


@pytest.mark.parametrize(
    "make",
    [cyclic_mapping, lambda: {"deep": deep()}, lambda: {"f": print, "o": Rude()}, lambda: {1: 2, None: {3}}, lambda: {"b": b"\xff"},
     lambda: {"s": "\ud800"}, lambda: {i: [i] for i in range(300_000)}, lambda: {"big": "x" * 3_000_000}, lambda: {("a", "b"): 1}],
)  # fmt: skip
def test_any_context_reaches_the_agent_and_is_recorded(magnus: Orchestrator, run: Run, make: Callable[[], Any]) -> None:
    context = make()
    magnus.register("same", lambda request, given: given is context)
    result = run("same", "x", context=context)
    assert result.ok and result.output is True
    assert result.recorded, result.record_error
    assert 0 < len(row(magnus)["context"]) <= 65_536


def test_a_store_that_fills_up_keeps_the_result_and_what_was_recorded(magnus: Orchestrator, run: Run) -> None:
    magnus.register("echo", lambda request: os.urandom(20_000).hex())
    assert run("echo", "before").recorded
    pages = magnus.database.query("PRAGMA page_count")[0][0]
    with magnus.database.transaction() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    results = [run("echo", f"x{i}", stages={"judge": False}) for i in range(3)]
    assert all(result.ok for result in results)
    assert not results[-1].recorded and "Free some space" in results[-1].record_error
    assert magnus.database.query("SELECT request FROM executions ORDER BY id")[0] == ("before",)
    assert magnus.database.integrity() == "ok"
    with magnus.database.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    assert run("echo", "after").recorded


def test_a_clock_that_goes_backwards(tmp_path: Path) -> None:
    clock = FakeClock()
    with strict_stages(), temporary_orchestrator(tmp_path / "home", clock=clock) as magnus:

        def back(request: str) -> str:
            clock.jump(-86_400)
            return "done"

        magnus.register("back", back)
        one, other = magnus.execute("back", "x"), magnus.execute("back", "y")
        assert one.ok and other.ok and one.execution_id != other.execution_id
        rows = magnus.database.query("SELECT duration_ms >= 0, finished_at >= started_at FROM executions")
        assert rows == [(1, 1), (1, 1)]
        assert magnus.generate_dashboard(hours=48).exists()


def test_two_orchestrators_in_one_process(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "a") as one, temporary_orchestrator(tmp_path / "b") as other:
        one.register("who", lambda request: "one")
        other.register("who", lambda request: "other")
        assert one.execute("who", "x").output == "one"
        assert other.execute("who", "x").output == "other"
        one.close()
        assert other.execute("who", "y").recorded
        assert one.database.query("SELECT COUNT(*) FROM executions") == [(1,)]
        assert other.database.query("SELECT COUNT(*) FROM executions") == [(2,)]


def test_every_case_of_the_list_has_its_test() -> None:
    for case, place in CASES.items():
        file, _, name = place.partition("::")
        assert f"def {name}(" in (HERE / file).read_text(encoding="utf-8"), case
