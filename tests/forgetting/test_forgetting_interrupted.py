"""Forgetting that is killed, that another process hinders, or that finds files which are not Magnus's to delete."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from raw_files import found

from orchestrator import Orchestrator
from orchestrator.testing import FakeClock, temporary_orchestrator
from orchestrator_core.errors import StoreFull
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.outbox import MAX_TRIES

WORD = "Zorblaxing"
OVERRIDES = {"memory.embedding": "none"}
POSIX_ONLY = pytest.mark.xfail(sys.platform == "win32", reason="needs POSIX signals", run=False)

CHILD = """
import os, signal, sys
from orchestrator.forgetting import cascade
from orchestrator.testing import temporary_orchestrator
from orchestrator_core.storage.database import Database

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

moment = sys.argv[2]
if moment == "pages":
    cascade.pages_holding = die
if moment == "removed":
    cascade.still_there = die
if moment == "rewriting":
    Database.rebuild = die
with temporary_orchestrator(sys.argv[1], overrides={"memory.embedding": "none"}) as magnus:
    magnus.open()
    print("begins", flush=True)
    magnus.memory.forget(query="zorblaxing")
"""

READER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
print(connection.execute("SELECT count(*) FROM memories").fetchone()[0], flush=True)
sys.stdin.readline()
connection.close()
"""


def fill(home: Path) -> None:
    with temporary_orchestrator(home, clock=FakeClock(), overrides=OVERRIDES) as magnus:

        @magnus.agent("echo")
        def echo(request: object, call: object) -> str:
            return f"{request} is {WORD}"

        for n in range(40):
            magnus.memory.remember(f"{WORD} is number {n} of many, and so is what follows it " * 20, id=f"{n}{WORD}")
        magnus.execute("echo", f"What is {WORD}?")
        magnus.memory.remember("A bridge spans the river")
        magnus.generate_dashboard()


def killed(home: Path, moment: str, after_s: float | None = None) -> None:
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(home), moment], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    if after_s is not None:
        time.sleep(after_s)
        process.kill()
    process.communicate(timeout=60)
    if after_s is None:
        assert process.returncode == -signal.SIGKILL


@POSIX_ONLY
@pytest.mark.parametrize("moment", ["pages", "removed", "rewriting"])
def test_the_next_process_finishes_what_a_killed_one_began(tmp_path: Path, moment: str) -> None:
    home = tmp_path / "home"
    fill(home)
    killed(home, moment)
    with temporary_orchestrator(home, clock=FakeClock(), overrides=OVERRIDES) as magnus:
        magnus.open()
        (payload,) = magnus.database.query("SELECT payload FROM outbox WHERE kind = 'forget'")[0]
        assert WORD.lower() not in payload.lower()
        report = magnus.maintain()
        assert (report.outbox_done, report.outbox_waiting) == (1, 0)
        assert found(home, [WORD]) == []
        assert magnus.memory.stats().total == 1


@POSIX_ONLY
def test_a_kill_at_any_moment_leaves_all_or_what_the_next_process_finishes(tmp_path: Path) -> None:
    chance = random.Random(20_26)
    for number in range(4):
        home = tmp_path / f"home-{number}"
        fill(home)
        killed(home, "any", chance.uniform(0, 0.12))
        with temporary_orchestrator(home, clock=FakeClock(), overrides=OVERRIDES) as magnus:
            magnus.maintain()
            assert magnus.database.integrity() == "ok"
            left = magnus.memory.stats().total
            assert left in (1, 42), "one transaction: all of it or nothing"
            assert left == 42 or found(home, [WORD]) == []


@contextmanager
def another_process_reading(database: Path) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    yield
    process.communicate("\n", timeout=60)


def test_a_reader_keeps_old_pages_and_the_answer_says_so_until_it_has_ended(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", FakeClock()
    fill(home)
    with temporary_orchestrator(home, clock=clock, overrides=OVERRIDES) as magnus:
        with another_process_reading(home / "orchestrator.db"):
            answer = magnus.memory.forget(query=WORD)
            assert answer.memories == 41 and not answer.complete
            assert "reading" in answer.reason
            assert magnus.memory.search(WORD) == ()
            assert found(home, [WORD]), "this test shows nothing unless the reader keeps old pages"
            # The outbox gives work up after some tries; this never.
            for _ in range(MAX_TRIES + 2):
                assert magnus.maintain().outbox_waiting == 1
                clock.advance(10_000)
            again = magnus.memory.forget(id="unknown")
            assert again.memories == 0 and not again.complete
        assert magnus.maintain().outbox_waiting == 0
        assert found(home, [WORD]) == []
        assert magnus.memory.forget(id="unknown").complete


@pytest.fixture
def magnus(tmp_path: Path) -> Iterator[Orchestrator]:
    fill(tmp_path / "home")
    with temporary_orchestrator(tmp_path / "home", clock=FakeClock(), overrides=OVERRIDES) as orchestrator:
        yield orchestrator


@pytest.mark.parametrize("name", ["orchestrator.db.damaged-20260101-000000", "repair-abc/damaged.db"])
def test_a_store_put_aside_by_a_repair_is_named_as_long_as_it_holds_the_text(
    magnus: Orchestrator, tmp_path: Path, name: str
) -> None:
    aside = tmp_path / "home" / name
    aside.parent.mkdir(exist_ok=True)
    magnus.open()
    with sqlite3.connect(aside) as copy, magnus.database.reader() as connection:
        connection.backup(copy)
    copy.close()
    answer = magnus.memory.forget(query=WORD)
    assert not answer.complete and str(aside) in answer.reason
    assert aside.exists(), "it is the user's"
    for _ in range(MAX_TRIES + 2):
        magnus.maintain()
        again = magnus.memory.forget(id="unknown")
        assert not again.complete and str(aside) in again.reason
    aside.unlink()
    assert magnus.maintain().outbox_waiting == 0
    assert found(tmp_path / "home", [WORD]) == []


def test_an_index_that_cannot_let_go_is_asked_again(magnus: Orchestrator, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []

    def purge(seqs: list[int]) -> bool:
        asked.append(list(seqs))
        return len(asked) > 1

    monkeypatch.setattr(magnus.memory._searcher, "purge", purge)
    answer = magnus.memory.forget(id=f"3{WORD}")
    assert not answer.complete and "index" in answer.reason
    assert magnus.maintain().outbox_waiting == 0
    assert len(asked) == 2 and asked[0] == asked[1] and len(asked[0]) >= 1


def test_what_goes_wrong_after_the_deletion_is_told_and_tried_again(magnus: Orchestrator, tmp_path: Path) -> None:
    magnus.open()
    with pytest.MonkeyPatch.context() as patch:

        def fail(*arguments: object) -> bool:
            raise StoreFull("no room")

        patch.setattr(Database, "rebuild", fail)
        patch.setattr(magnus.memory._searcher, "purge", fail)
        answer = magnus.memory.forget(query=WORD)
    assert answer.memories == 41 and not answer.complete
    assert answer.reason.count("no room") == 2
    assert magnus.maintain().outbox_waiting == 0
    assert found(tmp_path / "home", [WORD]) == []


def test_a_page_that_cannot_be_removed_is_named(magnus: Orchestrator, tmp_path: Path) -> None:
    page = tmp_path / "home" / "dashboards" / "dashboard_latest.html"
    content = page.read_bytes()

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        answer = magnus.memory.forget(query=WORD)
    assert not answer.complete and str(page) in answer.reason
    assert page.read_bytes() == content
    assert magnus.maintain().outbox_waiting == 0
    assert found(tmp_path / "home", [WORD]) == []
