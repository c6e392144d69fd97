"""What a call's attempts teach in words: which remedy ended which failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.healing.healer import HistoryHealer
from orchestrator_core.records import Attempt, Redacted
from orchestrator_core.storage.database import Database


@pytest.fixture
def healer(tmp_path: Path) -> HistoryHealer:
    return HistoryHealer(Database(tmp_path / "orchestrator.db"), Redacted)


def failed(n: int, fingerprint: str, wait_s: float = 0.0, action: str = "retry") -> Attempt:
    return Attempt(
        n, "a", "failed", error_type="TimeoutError", error_message="no answer from 'host-17' after 30 s",
        error_class="timeout", fingerprint=fingerprint, action=action, wait_s=wait_s,
    )  # fmt: skip


def succeeded(n: int) -> Attempt:
    return Attempt(n, "a", "succeeded")


def test_what_ended_a_failure_and_what_did_not(healer: HistoryHealer) -> None:
    lessons = healer.lessons((failed(1, "f"), failed(2, "f", 8.0), succeeded(3)))
    assert [(lesson.remedy, lesson.worked) for lesson in lessons] == [
        ("retry at once", False),
        ("retry after 8 s", True),
    ]
    assert {lesson.failure for lesson in lessons} == {"TimeoutError: no answer from <value> after <n> s"}
    assert {(lesson.fingerprint, lesson.error_class) for lesson in lessons} == {("f", "timeout")}


def test_another_failure_says_nothing_of_the_remedy(healer: HistoryHealer) -> None:
    lessons = healer.lessons((failed(1, "f", 2.0), failed(2, "g", 2.0), succeeded(3)))
    assert [(lesson.fingerprint, lesson.worked) for lesson in lessons] == [("g", True)]


def test_a_wait_that_the_other_side_named_is_one_remedy_however_long(healer: HistoryHealer) -> None:
    remedies = {
        lesson.remedy for wait in (3.5, 17.0) for lesson in healer.lessons((failed(1, "f", wait), succeeded(2)))
    }
    assert remedies == {"retry after the wait that the other side asked for"}


@pytest.mark.parametrize(
    "attempts", [(), (succeeded(1),), (failed(1, "f", action="stop"),), (failed(1, "f", action="stop"), succeeded(2))]
)
def test_no_remedy_is_no_lesson(healer: HistoryHealer, attempts: tuple[Attempt, ...]) -> None:
    assert healer.lessons(attempts) == ()
