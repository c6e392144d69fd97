"""Several processes, killed processes, forks: nothing acknowledged is lost. The full-size runs are in ``benchmarks/``."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.testing import temporary_orchestrator

Start = Callable[..., subprocess.Popen[str]]
POSIX_ONLY = pytest.mark.xfail(sys.platform == "win32", reason="needs POSIX signals or fork", run=False)


def finished(process: subprocess.Popen[str]) -> str:
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    return out


def test_four_processes_write_at_once_and_no_row_is_lost(start: Start, tmp_path: Path) -> None:
    script = """
for i in range(50):
    result = magnus.execute("echo", f"{sys.argv[2]}-{i}")
    assert result.recorded, result.record_error
    print(result.execution_id)
"""
    processes = [start(script, str(n)) for n in range(4)]
    returned = {line for process in processes for line in finished(process).split()}
    with temporary_orchestrator(tmp_path / "home") as magnus:
        stored = {row[0] for row in magnus.database.query("SELECT id FROM executions")}
        assert stored == returned and len(stored) == 200
        assert magnus.database.query("SELECT SUM(n) FROM rollups WHERE period = 'hour'") == [(200,)]
        assert magnus.database.integrity() == "ok"


@POSIX_ONLY
def test_kill_at_random_moments_loses_nothing_that_returned(start: Start, tmp_path: Path) -> None:
    script = """
i = 0
while True:
    i += 1
    print(magnus.execute("echo", f"request {i}").execution_id, flush=True)
"""
    chance = random.Random(20_26)
    returned: set[str] = set()
    for _ in range(10):
        process = start(script)
        assert process.stdout is not None
        first = process.stdout.readline().strip()
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        out, _error = process.communicate(timeout=30)
        lines = out.split("\n")[:-1]  # a line cut by the kill was not acknowledged
        returned.update([first, *lines])
        with temporary_orchestrator(tmp_path / "home") as magnus:
            stored = {row[0] for row in magnus.database.query("SELECT id FROM executions")}
            assert returned <= stored
            assert magnus.database.integrity() == "ok"
            assert magnus.database.query("SELECT SUM(n) FROM rollups WHERE period = 'day'") == [(len(stored),)]
    assert len(returned) > 10


@POSIX_ONLY
def test_a_killed_agent_leaves_no_row_and_a_store_that_works(start: Start, tmp_path: Path) -> None:
    script = """
magnus.execute("echo", "before")
def suicidal(request):
    print("running", flush=True)
    os.kill(os.getpid(), 9)
magnus.register("suicidal", suicidal)
magnus.execute("suicidal", "x")
"""
    process = start(script)
    out, _error = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL and "running" in out
    with temporary_orchestrator(tmp_path / "home") as magnus:
        assert magnus.database.query("SELECT request FROM executions") == [("before",)]
        magnus.register("echo", lambda request: request)
        assert magnus.execute("echo", "after").recorded


@POSIX_ONLY
def test_a_fork_after_use_gives_two_working_processes(start: Start, tmp_path: Path) -> None:
    script = """
import asyncio
magnus.execute("echo", "parent before")
child = os.fork()
who = "child" if child == 0 else "parent"
for i in range(20):
    result = magnus.execute("echo", f"{who} {i}")
    assert result.recorded and result.ok, result
assert asyncio.run(magnus.aexecute("echo", f"{who} async")).recorded
if child == 0:
    os._exit(0)
_, status = os.waitpid(child, 0)
assert status == 0
"""
    finished(start(script))
    with temporary_orchestrator(tmp_path / "home") as magnus:
        assert magnus.database.query("SELECT COUNT(*) FROM executions") == [(43,)]
        assert magnus.database.integrity() == "ok"


@POSIX_ONLY
def test_a_child_keeps_the_write_ahead_log_that_its_parent_is_done_with(start: Start, tmp_path: Path) -> None:
    script = """
magnus.execute("echo", "parent")
child_wrote, child_may_go_on = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    magnus.execute("echo", "child 1")
    os.write(child_wrote[1], b"x")
    os.read(child_may_go_on[0], 1)
    assert magnus.execute("echo", "child 2").recorded
    os._exit(0)
os.read(child_wrote[0], 1)
magnus.close()
os.write(child_may_go_on[1], b"x")
_, status = os.waitpid(child, 0)
assert status == 0
"""
    finished(start(script))
    with temporary_orchestrator(tmp_path / "home") as magnus:
        rows = magnus.database.query("SELECT request FROM executions ORDER BY started_at")
        assert rows == [("parent",), ("child 1",), ("child 2",)]


@POSIX_ONLY
def test_forks_while_other_threads_write(start: Start, tmp_path: Path) -> None:
    script = """
import signal, threading
magnus.execute("echo", "first")
running = True
def work():
    while running:
        magnus.execute("echo", "parent")
        magnus.database.query("SELECT COUNT(*) FROM executions")
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for i in range(12):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        results = []
        children = [threading.Thread(target=lambda: results.append(magnus.execute("echo", "child"))) for _ in range(2)]
        for thread in children:
            thread.start()
        for thread in children:
            thread.join()
        os._exit(0 if [result.recorded for result in results] == [True, True] else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
running = False
for thread in threads:
    thread.join()
"""
    finished(start(script))
    with temporary_orchestrator(tmp_path / "home") as magnus:
        assert magnus.database.query("SELECT COUNT(*) FROM executions WHERE request = 'child'") == [(24,)]
        assert magnus.database.integrity() == "ok"


@POSIX_ONLY
def test_ctrl_c_is_recorded_and_reaches_the_caller(start: Start, tmp_path: Path) -> None:
    script = """
def slow(request):
    print("running", flush=True)
    time.sleep(30)
magnus.register("slow", slow)
try:
    magnus.execute("slow", "x")
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    process = start(script)
    assert process.stdout is not None and process.stdout.readline() == "running\n"
    process.send_signal(signal.SIGINT)
    assert "interrupted" in finished(process)
    with temporary_orchestrator(tmp_path / "home") as magnus:
        assert magnus.database.query("SELECT status, error_type FROM executions") == [
            ("cancelled", "KeyboardInterrupt")
        ]


@POSIX_ONLY
def test_a_second_ctrl_c_ends_the_wait_for_a_locked_store(start: Start, tmp_path: Path) -> None:
    script = """
magnus.execute("echo", "before")
def slow(request):
    print("running", flush=True)
    time.sleep(30)
magnus.register("slow", slow)
try:
    magnus.execute("slow", "x")
except KeyboardInterrupt:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("interrupted", flush=True)
"""
    process = start("import signal" + script)
    assert process.stdout is not None and process.stdout.readline() == "running\n"
    other = sqlite3.connect(tmp_path / "home" / "orchestrator.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    give_up = time.monotonic() + 15  # the store's own time limit is 30 s
    # One signal more than two: the first may come just before the process begins to wait, and is then seen with the next.
    while process.poll() is None and time.monotonic() < give_up:
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    out, error = process.communicate(timeout=1)
    assert "interrupted" in out, error
    other.close()


def test_the_interpreter_ends_while_a_call_is_running(start: Start, tmp_path: Path) -> None:
    script = """
import threading
magnus.execute("echo", "before")
started = threading.Event()
def slow(request):
    started.set()
    time.sleep(30)
magnus.register("slow", slow)
threading.Thread(target=magnus.execute, args=("slow", "x"), daemon=True).start()
started.wait(10)
"""
    began = time.monotonic()
    finished(start(script))
    assert time.monotonic() - began < 25, "the running agent held up the interpreter's exit"
    with temporary_orchestrator(tmp_path / "home") as magnus:
        assert magnus.database.query("SELECT request FROM executions") == [("before",)]


def test_a_call_made_while_the_interpreter_exits_still_works(start: Start, tmp_path: Path) -> None:
    finished(start("import atexit\natexit.register(lambda: magnus.execute('echo', 'goodbye'))\n"))
    with temporary_orchestrator(tmp_path / "home") as magnus:
        assert magnus.database.query("SELECT request FROM executions") == [("goodbye",)]


@POSIX_ONLY
def test_a_store_in_a_folder_that_was_closed_meanwhile_is_a_clear_error(start: Start, tmp_path: Path) -> None:
    script = """
magnus.execute("echo", "before")
os.chmod(os.path.dirname(sys.argv[1]), 0o000)
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
from orchestrator import StoreReadOnly
try:
    magnus.execute("echo", "x")
except StoreReadOnly as error:
    print("said:", error)
"""
    out = finished(start(script))
    tmp_path.chmod(0o700)
    assert "ORCHESTRATOR_HOME" in out


@POSIX_ONLY
def test_a_read_only_store_is_a_clear_error_and_the_agent_does_not_run(start: Start, tmp_path: Path) -> None:
    script = """
magnus.execute("echo", "before")
magnus.close()
home = sys.argv[1]
for name in os.listdir(home):
    os.chmod(os.path.join(home, name), 0o444)
os.chmod(home, 0o555)
if os.geteuid() == 0:
    os.chmod(os.path.dirname(home), 0o755)
    os.setgid(65534); os.setuid(65534)
from orchestrator import StoreReadOnly
ran = []
magnus.register("ran", ran.append)
try:
    magnus.execute("ran", "x")
except StoreReadOnly as error:
    print("said:", error)
print("ran:", ran)
"""
    folder = tmp_path
    while os.geteuid() == 0 and folder != folder.parent and folder.stat().st_mode & 0o005 == 0:
        folder.chmod(0o755)  # the unprivileged user must be able to walk to the store
        folder = folder.parent
    out = finished(start(script))
    (tmp_path / "home").chmod(0o700)
    assert "ORCHESTRATOR_HOME" in out and "ran: []" in out


@POSIX_ONLY
def test_a_fork_waits_for_an_import_in_another_thread(start: Start, tmp_path: Path) -> None:
    (tmp_path / "slow_module.py").write_text("import time\ntime.sleep(1.5)\nvalue = 7\n")
    script = f"""
import signal, sys, threading
sys.path.insert(0, {str(tmp_path)!r})
magnus.execute("echo", "first")
begun = threading.Event()
def load():
    begun.set()
    import slow_module
thread = threading.Thread(target=load)
thread.start()
begun.wait()
time.sleep(0.3)
child = os.fork()
if child == 0:
    signal.alarm(20)
    import slow_module
    os._exit(slow_module.value)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 7, status
thread.join()
"""
    finished(start(script))
