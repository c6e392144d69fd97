"""Lessons: one row per failure and remedy, trusted as far as it worked."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from orchestrator_core.records import Lesson, RecalledMemory, Redacted
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.calls.episodes import TRUST_FLOOR, for_agent
from orchestrator_memory.calls.lessons import keep_lessons
from orchestrator_memory.contract import Episode, Recollection
from orchestrator_memory.manager import MemoryManager

LESSON = Lesson("f00d", Redacted("TimeoutError: no answer from <url>"), "timeout", "retry after 2 s", worked=True)


@pytest.fixture
def teach(database: Database, clock: Any) -> Any:
    number = 0

    def teach(*lessons: Lesson, namespace: str = "default", agent: str = "screener") -> None:
        nonlocal number
        number += 1
        episode = Episode(
            execution_id=f"e{number}", agent=agent, request=Redacted("r"), outcome=Redacted("o"), status="succeeded",
            namespace=namespace, session="", feature="", overall=None, finished_at=clock.time, lessons=lessons,
        )  # fmt: skip
        writes = keep_lessons(episode, MemorySettings(), now=clock.time)
        database.execute([(write.sql, write.params) for write in writes])

    return teach


def lost(lesson: Lesson = LESSON) -> Lesson:
    return structs.replace(lesson, worked=False)


def against(memory: MemoryManager, fingerprint: str = "f00d") -> tuple[RecalledMemory, ...]:
    return memory.lessons(namespace="default", fingerprint=fingerprint)


def test_a_lesson_says_what_failed_and_what_helped(memory: MemoryManager, teach: Any) -> None:
    teach(LESSON)
    (found,) = against(memory)
    assert found.text == (
        "screener failed: TimeoutError: no answer from <url> (timeout). What helped: retry after 2 s."
    )
    assert (found.tier, found.author, found.source, found.trust) == ("lessons", "screener", "e1", 1.0)
    assert found.metadata["remedy"] == "retry after 2 s"
    assert against(memory, "beef") == () == against(memory, "f00")


def test_the_same_again_refreshes_and_counts(memory: MemoryManager, teach: Any, clock: Any) -> None:
    teach(LESSON)
    clock.time += 100.0
    teach(LESSON, LESSON)
    (found,) = against(memory)
    assert (found.metadata["worked"], found.metadata["failed"], found.age_s) == (3, 0, 0.0)
    assert memory.stats().total == 1


def test_other_remedies_and_failures_are_other_lessons(memory: MemoryManager, teach: Any) -> None:
    teach(LESSON, structs.replace(LESSON, remedy="retry at once"), structs.replace(LESSON, fingerprint="beef"))
    assert len(against(memory)) == 2
    assert len(against(memory, "beef")) == 1


def test_a_remedy_that_fails_again_loses_trust_until_nobody_is_told(memory: MemoryManager, teach: Any) -> None:
    teach(LESSON)
    trusts = []
    while found := against(memory):
        trusts.append(found[0].trust)
        teach(lost())
        assert len(trusts) < 20
    assert trusts[:3] == pytest.approx([1.0, 2 / 3, 1 / 2])
    assert all(trust >= TRUST_FLOOR for trust in trusts)
    teach(LESSON, LESSON, LESSON)
    assert against(memory)


def test_a_remedy_that_never_worked_leaves_nothing(memory: MemoryManager, teach: Any) -> None:
    teach(lost())
    assert memory.stats().total == 0


def test_what_two_processes_learn_adds_up_in_any_order(memory: MemoryManager, teach: Any) -> None:
    teach(LESSON)
    for lesson in (lost(), LESSON, lost(), LESSON):
        teach(lesson)
    (found,) = against(memory)
    assert (found.metadata["worked"], found.metadata["failed"]) == (3, 2)
    assert found.trust == pytest.approx(4 / 6)


def test_the_most_trusted_comes_first(memory: MemoryManager, teach: Any) -> None:
    better = structs.replace(LESSON, remedy="retry after 8 s")
    teach(LESSON, better)
    teach(lost())
    assert [found.metadata["remedy"] for found in against(memory)] == ["retry after 8 s", "retry after 2 s"]


def test_lessons_do_not_cross_namespaces(memory: MemoryManager, teach: Any) -> None:
    teach(LESSON, namespace="elsewhere")
    assert against(memory) == ()


def test_an_agent_is_given_what_was_noted_down_for_it_and_not_what_healing_learned(
    memory: MemoryManager, teach: Any
) -> None:
    teach(LESSON)
    memory.remember("Use the mirror in Oslo.", tier="lessons", author="screener")
    memory.remember("Never on Mondays.", tier="lessons", author="other")
    (found,) = memory.lessons(namespace="default", agent="screener")
    assert found.text == "Use the mirror in Oslo."


def test_only_what_may_reach_an_agent_is_handed_over() -> None:
    plain = RecalledMemory("m", "text", 0.9)
    found = Recollection(
        (
            structs.replace(plain, id="orders", quarantined="it gives orders"),
            structs.replace(plain, id="doubtful", trust=TRUST_FLOOR - 0.01),
            structs.replace(plain, id="failed", trust=0.5, status="failed"),
            structs.replace(plain, id="fine"),
            plain,
        ),
        keyword_only=True,
        pending=3,
        reason="no model",
    )
    given = for_agent(found, 2)
    assert [memory.id for memory in given] == ["failed", "fine"]
    assert (given.keyword_only, given.pending, given.reason) == (True, 3, "no model")
    assert for_agent(found, -1) == ()


def test_more_memories_keep_how_the_first_were_found() -> None:
    one, two = RecalledMemory("1", "a", 0.9), RecalledMemory("2", "b", 0.0)
    found = Recollection((one,), keyword_only=True, pending=2, reason="none")
    behind, before = found.with_more((two, one)), found.with_more((two,), first=True)
    assert [memory.id for memory in behind] == ["1", "2"]
    assert [memory.id for memory in before] == ["2", "1"]
    assert (behind.keyword_only, behind.pending, behind.reason) == (True, 2, "none")
