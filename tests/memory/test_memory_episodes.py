"""What a finished call leaves behind, and how it is shown to the next."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from orchestrator_core.records import Redacted
from orchestrator_core.storage.database import Database
from orchestrator_memory.calls.episodes import OUTCOME_MAX, REQUEST_MAX, condensed, episode_text
from orchestrator_memory.contract import Episode
from orchestrator_memory.manager import MemoryManager

DAY_S = 86_400.0
MARKER = "a1b2c3d4e5f6"


def episode(**changes: Any) -> Episode:
    plain = Episode(
        execution_id="e1", agent="screener", request=Redacted("find calendar spreads"), outcome=Redacted("found 3 of them"),
        status="succeeded", namespace="default", session="s", feature="spreads", overall=8.0, finished_at=1_700_000_000.0,
    )  # fmt: skip
    return structs.replace(plain, **changes)


@pytest.fixture
def keep(memory: MemoryManager, database: Database) -> Any:
    def keep(**changes: Any) -> None:
        database.execute([(write.sql, write.params) for write in memory.remember(episode(**changes))])

    return keep


def test_an_episode_is_found_by_its_request_and_outcome(memory: MemoryManager, keep: Any, database: Database) -> None:
    keep()
    (found,) = memory.search("calendar spreads")
    assert found.text == "screener was asked: find calendar spreads\nsucceeded: found 3 of them"
    assert (found.tier, found.source, found.status, found.trust) == ("tasks", "e1", "succeeded", 1.0)
    row = database.records("SELECT author, session, category, score, metadata FROM memories")[0]
    assert (row["author"], row["session"], row["category"], row["score"]) == ("screener", "s", "spreads", 8.0)
    assert json.loads(row["metadata"])["runs"] == 1


def test_remember_writes_nothing_itself(memory: MemoryManager) -> None:
    memory.remember(episode())
    assert memory.stats().total == 0


def test_the_same_request_again_refreshes(memory: MemoryManager, keep: Any, clock: Any, database: Database) -> None:
    keep()
    clock.time += 5 * DAY_S
    keep(execution_id="e2", outcome=Redacted("found 5 of them"), overall=None, finished_at=clock.time)
    clock.time += 5 * DAY_S
    (found,) = memory.search("calendar spreads")
    assert found.text.endswith("found 5 of them")
    assert (found.source, found.age_s) == ("e2", 5 * DAY_S)
    row = database.records("SELECT score, metadata FROM memories")[0]
    assert row["score"] == 8.0
    assert json.loads(row["metadata"])["runs"] == 2
    assert memory.search("3") == ()


def test_other_requests_agents_and_namespaces_are_other_memories(memory: MemoryManager, keep: Any) -> None:
    keep()
    keep(execution_id="e2", request=Redacted("find calendar spreads now"))
    keep(execution_id="e3", agent="other")
    keep(execution_id="e4", namespace="elsewhere")
    assert memory.stats().total == 4


def test_a_record_that_is_written_twice_stays_one(memory: MemoryManager, keep: Any) -> None:
    keep()
    keep()
    keep(request=Redacted("another text under the same execution"))
    assert memory.stats().total == 1


@pytest.mark.parametrize(("status", "trust"), [("failed", 0.5), ("blocked", 0.3)])
def test_what_did_not_succeed_is_marked_trusted_less_and_still_found(
    memory: MemoryManager, keep: Any, status: str, trust: float
) -> None:
    keep(status=status, outcome=Redacted("TimeoutError: no answer"), overall=None)
    (found,) = memory.search("calendar")
    assert (found.status, found.trust) == (status, trust)
    assert f"{status}: TimeoutError" in found.text


@pytest.mark.parametrize("status", ["cancelled", "odd"])
def test_what_nobody_knows_the_end_of_leaves_no_memory(memory: MemoryManager, keep: Any, status: str) -> None:
    keep(status=status)
    assert memory.stats().total == 0


def test_a_failure_does_not_wipe_out_the_answer_of_a_success(memory: MemoryManager, keep: Any) -> None:
    keep()
    keep(execution_id="e2", status="failed", outcome=Redacted("TimeoutError"))
    assert sorted(found.status for found in memory.search("calendar spreads")) == ["failed", "succeeded"]
    assert any("found 3 of them" in found.text for found in memory.search("calendar spreads"))


def test_a_pin_survives_a_refresh(memory: MemoryManager, keep: Any, clock: Any) -> None:
    keep()
    memory.pin("task-e1")
    keep(execution_id="e2")
    clock.time += 100 * DAY_S
    assert len(memory.search("calendar")) == 1


def test_long_texts_keep_beginning_and_end() -> None:
    text = episode_text(
        episode(
            request=Redacted("begin " + "x " * 50_000 + "end"), outcome=Redacted("first\n\n" + "y" * 100_000 + " last")
        )
    )
    request, outcome = text.split("\n")
    assert request.startswith("screener was asked: begin")
    assert request.endswith("end")
    assert outcome.startswith("succeeded: first")
    assert outcome.endswith("last")
    assert len(text) <= REQUEST_MAX + OUTCOME_MAX + 60


@given(st.text(), st.integers(20, 200))
def test_condensed_is_one_bounded_line(text: str, limit: int) -> None:
    line = condensed(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_half_a_surrogate_pair_does_not_stop_the_record(memory: MemoryManager, keep: Any) -> None:
    keep(request=Redacted("calendar \ud800"), outcome=Redacted("\udfff"))
    assert len(memory.search("calendar")) == 1
