"""What the store keeps of approvals: redacted, forgotten with their call, and no longer than the history."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator import Call, Orchestrator
from orchestrator.testing import FakeClock

MAIL = "jane.doe" + "@contoso.de"
FACT = "the violet umbrella stands in the seventh cupboard"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def magnus(tmp_path: Path, clock: FakeClock) -> Iterator[Orchestrator]:
    settings = {
        "dashboards.auto": False,
        "evaluation.judge": "rules",
        "security.require_approval": ["fs.write"],
        "security.rate_limit_per_minute": 100,
        "security.shared_limits": True,
    }
    orchestrator = Orchestrator(home=tmp_path / "home", clock=clock, overrides=settings, on_approval=lambda about: True)

    def writer(request: str, call: Call) -> str:
        call.require("fs.write", reason=f"{request} for {MAIL}")
        return f"saved {request}"

    orchestrator.register("writer", writer)
    yield orchestrator
    orchestrator.close()


def rows(magnus: Orchestrator, table: str) -> int:
    return int(magnus.database.query(f"SELECT count(*) FROM {table}")[0][0])


def test_nothing_secret_is_kept(magnus: Orchestrator) -> None:
    assert magnus.execute("writer", f"mail {MAIL}").ok
    ((said,),) = magnus.database.query("SELECT request || reason || cause || note FROM approvals")
    assert MAIL not in said and "<EMAIL" in said


def test_forgetting_a_call_forgets_what_it_asked(magnus: Orchestrator) -> None:
    result = magnus.execute("writer", FACT, session="a session")
    assert result.ok and magnus.execute("writer", "something else").ok
    forgotten = magnus.memory.forget(query="violet umbrella")
    assert forgotten.executions >= 1
    ((request, reason, session, status),) = magnus.database.query(
        "SELECT request, reason, session, decision FROM approvals WHERE execution_id = ?", (result.execution_id,)
    )
    assert (request, reason, session, status) == ("[forgotten]", "[forgotten]", "[forgotten]", "approved")
    kept = magnus.database.query("SELECT request FROM approvals WHERE execution_id <> ?", (result.execution_id,))
    assert kept == [("something else",)]
    magnus.close()
    for file in magnus.home.rglob("*"):
        assert not file.is_file() or b"violet umbrella" not in file.read_bytes(), file.name


def test_maintenance_keeps_them_as_long_as_the_history(magnus: Orchestrator, clock: FakeClock) -> None:
    assert magnus.execute("writer", "x").ok
    assert (rows(magnus, "approvals"), rows(magnus, "limit_buckets")) == (1, 1)
    clock.advance(29 * 86_400)
    magnus.maintain()
    assert (rows(magnus, "approvals"), rows(magnus, "limit_buckets")) == (1, 0)
    clock.advance(2 * 86_400)
    magnus.maintain()
    assert rows(magnus, "approvals") == 0 and rows(magnus, "security_log") == 0


def test_the_trace_tells_of_the_question(magnus: Orchestrator) -> None:
    result = magnus.execute("writer", "x")
    from orchestrator_core.storage.trace_blob import unpack

    ((blob,),) = magnus.database.query("SELECT blob FROM traces WHERE execution_id = ?", (result.execution_id,))
    spans = unpack(blob)
    assert "approval" in [span.name for span in spans]
    assert MAIL not in repr(spans) and "magnus.capability" in repr(spans)


def test_the_store_opens_where_a_waiting_question_was_left_by_a_killed_process(
    magnus: Orchestrator, clock: FakeClock
) -> None:
    assert magnus.execute("writer", "x").ok
    magnus.close()
    with sqlite3.connect(magnus.home / "orchestrator.db") as connection:
        connection.execute("UPDATE approvals SET decision = '', decided_at = NULL, decided_by = ''")
    connection.close()
    assert [entry.status for entry in magnus.security.approvals.waiting()] == ["gone"]
    clock.advance(301)
    assert magnus.security.approvals.waiting() == []
    assert [entry.status for entry in magnus.security.approvals.entries()] == ["expired"]
