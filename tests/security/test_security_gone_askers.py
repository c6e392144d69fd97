"""A question lives as long as somebody waits for its answer: a killed process is known at once, and nobody can say yes to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from approval_agents import Make, wants

from orchestrator import Orchestrator
from orchestrator.testing import FakeClock
from orchestrator_core.life_sign import FOLDER, LifeSign
from orchestrator_security.approvals.question import Question
from orchestrator_security.approvals.question_store import GONE_NOTE, QuestionStore

ASKS = """
import sys
from orchestrator import Orchestrator

magnus = Orchestrator(home=sys.argv[1], overrides={"dashboards.auto": False, "evaluation.judge": "rules"})
magnus.register("deploy", lambda request: "deployed", requires_approval=True)
print(magnus.execute("deploy", "v2").output, flush=True)
"""

Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def magnus(magnus_with: Make) -> Orchestrator:
    made = magnus_with(on_approval=None)
    made.open()
    return made


@pytest.fixture
def start(magnus: Orchestrator) -> Iterator[Start]:
    """A process that asks in the same store."""
    started: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", ASKS, str(magnus.home)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        return started[-1]

    yield run
    for process in started:
        with suppress(OSError):
            process.kill()
        process.communicate(timeout=60)


def statuses(magnus: Orchestrator) -> list[str]:
    return [entry.status for entry in magnus.security.approvals.waiting()]


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    assert true()


def killed(magnus: Orchestrator, start: Start) -> str:
    process = start()
    until(lambda: statuses(magnus) == ["waiting"])
    (entry,) = magnus.security.approvals.waiting()
    assert entry.asker_pid == process.pid
    process.kill()
    process.wait(timeout=60)
    return entry.question.id


def test_a_killed_process_is_gone_at_once_and_nobody_can_say_yes_to_it(magnus: Orchestrator, start: Start) -> None:
    number = killed(magnus, start)
    assert statuses(magnus) == ["gone"]
    settled = magnus.security.approvals.settle(number, True)
    assert not settled.accepted and settled.entry.status == "gone" and settled.entry.by == ""
    assert magnus.security.approvals.get(number).status == "gone", "a yes that is refused changes nothing"
    assert magnus.security.approvals.settle(number, False, by="ada").accepted
    assert statuses(magnus) == []
    assert magnus.security.approvals.get(number).status == "denied"


def test_a_purge_tidies_the_killed_and_leaves_who_still_waits(magnus: Orchestrator, start: Start) -> None:
    number = killed(magnus, start)
    process = start()
    until(lambda: sorted(statuses(magnus)) == ["gone", "waiting"])
    assert magnus.security.approvals.purge() == 1
    assert magnus.security.approvals.purge() == 0
    gone = magnus.security.approvals.get(number)
    assert (gone.status, gone.note) == ("withdrawn", GONE_NOTE)
    (entry,) = magnus.security.approvals.waiting()
    assert magnus.security.approvals.settle(entry.question.id, True).accepted
    assert process.communicate(timeout=60)[0] == "deployed\n"


def test_upkeep_tidies_too(magnus: Orchestrator, start: Start) -> None:
    number = killed(magnus, start)
    magnus.maintain()
    assert magnus.security.approvals.get(number).status == "withdrawn"


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows stops no process")
def test_a_stopped_process_still_waits(magnus: Orchestrator, start: Start) -> None:
    process = start()
    until(lambda: statuses(magnus) == ["waiting"])
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert statuses(magnus) == ["waiting"]
        (entry,) = magnus.security.approvals.waiting()
        assert magnus.security.approvals.settle(entry.question.id, True).accepted
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert process.communicate(timeout=60)[0] == "deployed\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_child_that_outlives_the_asker_does_not_wait_for_it(magnus: Orchestrator) -> None:
    program = ASKS.replace(
        "print(",
        "import os, threading, time\n"
        "def fork():\n"
        "    time.sleep(1)\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(30)\n"
        "        os._exit(0)\n"
        "    print('forked', flush=True)\n"
        "threading.Thread(target=fork, daemon=True).start()\n"
        "print(",
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(magnus.home)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stdout.readline() == "forked\n"
        until(lambda: statuses(magnus) == ["waiting"])
        process.kill()
        process.wait(timeout=60)
        assert statuses(magnus) == ["gone"]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()  # type: ignore[union-attr]


def test_a_wait_that_ended_without_a_decision_is_gone_though_its_process_lives(magnus: Orchestrator) -> None:
    store = QuestionStore(magnus.database)
    question = Question(id="a1b2c3d4e5", agent="deploy", asked_at=time.time(), expires_at=time.time() + 60)
    with store.asked(question):
        assert statuses(magnus) == ["waiting"]
    assert statuses(magnus) == ["gone"]


def test_no_sign_is_left_of_a_wait_that_was_answered(magnus_with: Make) -> None:
    magnus = magnus_with(on_approval=lambda question: True, require_approval=["fs.write"])
    magnus.register("writer", wants("fs.write", asynchronous=False))
    assert magnus.execute("writer", "x").ok
    assert list((magnus.home / FOLDER).iterdir()) == []


def test_where_no_sign_can_be_made_the_question_is_asked_and_runs_out(magnus_with: Make) -> None:
    clock = FakeClock()
    magnus = magnus_with(clock=clock, on_approval=None, approval_timeout_s=60)
    magnus.open()
    (magnus.home / FOLDER).write_text("in its place")
    magnus.register("deploy", lambda request: request, requires_approval=True)
    assert magnus.execute("deploy", "x").status == "blocked"
    (entry,) = magnus.security.approvals.entries()
    assert entry.status == "expired"


@pytest.mark.parametrize(
    "asker", ["", "nobody", "../orchestrator.db", "0" * 15, "0123456789ABCDEF", "/etc/passwd", "\0" * 16]
)
def test_a_name_that_is_none_proves_nothing_and_touches_no_file(magnus: Orchestrator, asker: str) -> None:
    question = Question(id="a1b2c3d4e5", agent="deploy", asked_at=time.time(), expires_at=time.time() + 60)
    QuestionStore(magnus.database).put(question, asker=asker)
    assert statuses(magnus) == ["waiting"]
    assert magnus.database.path.exists()
    assert magnus.security.approvals.settle("a1b2", True).accepted


def test_a_sign_is_seen_alive_however_many_look_for_the_dead_while_it_is_made(tmp_path: Path) -> None:
    stop = threading.Event()
    observer = LifeSign(tmp_path)

    def look() -> None:
        while not stop.is_set():
            with suppress(OSError):
                for path in list((tmp_path / FOLDER).iterdir()):
                    observer.lives(path.name)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            sign = LifeSign(tmp_path)
            name = sign.name()
            assert observer.lives(name)
            sign.end()
            assert not observer.lives(name)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
