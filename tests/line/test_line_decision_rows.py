"""Decisions are on disk at once or in the record: never in neither."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from orchestrator.flow.decision_rows import DecisionRows
from orchestrator_core.errors import StoreBusy
from orchestrator_core.records import Write

ROW = Write("INSERT", ("row",))


def test_an_urgent_row_is_committed_and_a_harmless_one_waits_for_the_record() -> None:
    written: list[Write] = []
    rows = DecisionRows(written.extend)
    later = Write("INSERT", ("later",))
    rows.add(ROW, urgent=True)
    rows.add(later, urgent=False)
    rows.keep()
    assert (written, rows.left(), rows.urgent) == ([ROW], [later], False)


@pytest.mark.parametrize("problem", [StoreBusy("busy"), KeyboardInterrupt()], ids=["busy", "ctrl-c"])
def test_a_row_whose_commit_failed_goes_with_the_record(problem: BaseException) -> None:
    def log(_: Sequence[Write]) -> None:
        raise problem

    rows = DecisionRows(log)
    rows.add(ROW, urgent=True)
    if isinstance(problem, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            rows.keep()
    else:
        rows.keep()
    assert rows.left() == [ROW]


def test_the_record_waits_for_a_commit_that_may_yet_fail() -> None:
    began, go_on = threading.Event(), threading.Event()

    def log(_: Sequence[Write]) -> None:
        began.set()
        assert go_on.wait(10)
        raise StoreBusy("busy")

    rows = DecisionRows(log)
    rows.add(ROW, urgent=True)
    keeping = threading.Thread(target=rows.keep)
    keeping.start()
    assert began.wait(10)
    found: list[list[Write]] = []
    recording = threading.Thread(target=lambda: found.append(rows.left()))
    recording.start()
    recording.join(0.1)
    assert recording.is_alive() and not found
    go_on.set()
    keeping.join(10)
    recording.join(10)
    assert found == [[ROW]]
