"""When the deep scan runs: in idle moments of long-lived processes, by ``orchestrate maintain``, and never for a short script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from deep_words import NAME, OneName

from orchestrator import Orchestrator
from orchestrator.deep_scan import idle
from orchestrator.deep_scan.idle import IdleScan
from orchestrator.deep_scan.recorder import DeepScanRecorder
from orchestrator.deep_scan.scanning import KIND, DeepScanning
from orchestrator.observability.contract import CallRecord
from orchestrator.observability.recording import SqliteRecorder
from orchestrator.testing import temporary_orchestrator
from orchestrator_core.clock import SystemClock
from orchestrator_core.records import Redacted
from orchestrator_security.pii.deep.deep_engine import DeepScanUnfinished
from orchestrator_security.pii.deep.engine import presidio_installed
from orchestrator_security.pii.deep.stored_text import DeepRedactor
from orchestrator_security.redaction.placeholder import KeyedNaming

PASSPORT = "C0300" + "5988"

SCRIPT = """
import sys
from orchestrator import execute_agent, register
register("echo", str.upper)
assert execute_agent("echo", "my travel papers: passport " + "C0300" + "5988").recorded
print([name for name in ("presidio_analyzer", "spacy", "subprocess") if name in sys.modules])
"""


def wait_for(what: object, seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False


def script(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ORCHESTRATOR_HOME": str(home)}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_short_script_leaves_its_text_queued_and_maintain_scans_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = script(home, "-c", SCRIPT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "presidio_analyzer" not in done.stdout and "spacy" not in done.stdout
    with temporary_orchestrator(home) as magnus:
        assert magnus.database.query("SELECT scan_level FROM executions") == [("pattern",)]
        assert magnus.database.query("SELECT COUNT(*) FROM outbox WHERE kind = ?", (KIND,)) == [(1,)]
    done = script(home, "-m", "orchestrator", "maintain", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    report = report.get("data", report)
    assert (report["deeply_scanned"], report["scans_unfinished"], report["scan_problem"]) == (2, 0, "")
    with temporary_orchestrator(home) as magnus:
        assert magnus.database.query("SELECT scan_level FROM executions UNION SELECT scan_level FROM memories") == [
            ("deep",)
        ]
        ((request,),) = magnus.database.query("SELECT request FROM executions")
        assert PASSPORT not in request
        assert magnus.database.query("SELECT COUNT(*) FROM outbox") == [(0,)]


def test_it_begins_when_calls_have_ceased(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "QUIET_S", 0.2)
    runs: list[int] = []
    background = IdleScan(lambda go_on: runs.append(go_on()))
    for _ in range(10):
        background.touch()
        time.sleep(0.02)
    assert runs == []
    assert wait_for(lambda: runs == [True])
    assert wait_for(lambda: background._thread is None), "the thread ends when nothing is left to do"
    background.touch()
    assert wait_for(lambda: runs == [True, True])


def test_a_busy_process_is_not_spared_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "QUIET_S", 60.0)
    monkeypatch.setattr(idle, "LATEST_S", 0.2)
    runs: list[int] = []
    background = IdleScan(lambda _: runs.append(1))
    began = time.monotonic()
    while not runs and time.monotonic() < began + 20:
        background.touch()
        time.sleep(0.02)
    assert runs
    background.close()


def test_it_stops_soon_when_it_is_closed_and_goes_on_when_it_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "QUIET_S", 0.0)
    seen: list[bool] = []
    started, stopped = threading.Event(), threading.Event()

    def job(go_on: object) -> None:
        started.set()
        seen.append(wait_for(lambda: not go_on()))  # type: ignore[operator]
        stopped.set()

    background = IdleScan(job)
    background.touch()
    assert started.wait(20)
    background.close()
    assert stopped.wait(20) and seen == [True]
    assert wait_for(lambda: background._thread is None)
    started.clear()
    background.touch()
    assert started.wait(20)
    background.close()


def test_a_job_that_fails_is_not_tried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "QUIET_S", 0.0)
    now = 0.0
    runs: list[float] = []

    def job(_: object) -> None:
        runs.append(now)
        raise RuntimeError("the disk is full")

    background = IdleScan(job, now=lambda: now)
    background.touch()
    assert wait_for(lambda: background._thread is None) and runs == [0.0]
    background.touch()
    time.sleep(0.05)
    assert runs == [0.0]
    now = 1_000.0
    with background._changed:
        background._changed.notify_all()
    assert wait_for(lambda: runs == [0.0, 1_000.0])


@pytest.mark.skipif(not presidio_installed(), reason="nothing is queued where Presidio is not installed")
def test_a_long_lived_process_scans_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "QUIET_S", 0.1)
    with temporary_orchestrator(tmp_path / "home") as magnus:
        magnus.register("echo", str.upper)
        magnus.execute("echo", f"my travel papers: passport {PASSPORT}")
        assert wait_for(lambda: magnus.database.query("SELECT scan_level FROM executions") == [("deep",)], 60)
        ((request,),) = magnus.database.query("SELECT request FROM executions")
        assert request.startswith("my travel papers: passport <PASSPORT_")
        assert wait_for(lambda: magnus.database.query("SELECT scan_level FROM memories") == [("deep",)], 60)
        # An agent is never given what the scan has taken away, and the index follows.
        assert all(PASSPORT not in memory.text for memory in magnus.memory.search("travel papers"))


def waiting_recorder(magnus: Orchestrator, engine: OneName) -> list[int]:
    """Puts a recorder in place as a guard that waits would have it; the list grows with each call that is told."""
    built = magnus.open()
    deep = DeepRedactor(engine, KeyedNaming(b"k"), lambda *_: True)
    scanning = DeepScanning(magnus.database, deep, clock=SystemClock(), redact=Redacted)
    recorded: list[int] = []
    recorder = DeepScanRecorder(
        SqliteRecorder(magnus.database), scanning, waited=True, recorded=lambda: recorded.append(1)
    )
    object.__setattr__(built, "rooms", _with(built.rooms, recorder))
    magnus.register("echo", str.upper)
    return recorded


def test_a_guard_that_waits_marks_the_row_at_once(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "home", overrides={"security.deep_scan": "off"}) as magnus:
        recorded = waiting_recorder(magnus, OneName())
        assert magnus.execute("echo", "hello", context={"client": [NAME], "n": 1}).recorded
        rows = "SELECT scan_level FROM executions UNION SELECT scan_level FROM memories"
        assert magnus.database.query(rows) == [("deep",)]
        assert magnus.database.query("SELECT COUNT(*) FROM outbox") == [(0,)]
        ((context,),) = magnus.database.query("SELECT context FROM executions")
        assert json.loads(context)["client"][0].startswith("<PERSON_") and json.loads(context)["n"] == 1
        assert recorded == [1]


def test_a_context_that_cannot_be_looked_at_is_not_stored(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "home", overrides={"security.deep_scan": "off"}) as magnus:
        engine = OneName()
        engine.problem = DeepScanUnfinished("it took longer than 10 s")
        waiting_recorder(magnus, engine)
        assert magnus.execute("echo", "hello", context={"client": "anyone"}).recorded
        ((context,),) = magnus.database.query("SELECT context FROM executions")
        assert json.loads(context).startswith("<withheld: ") and "anyone" not in context


def _with(rooms: object, recorder: DeepScanRecorder) -> object:
    from msgspec.structs import replace

    return replace(rooms, recorder=recorder)  # type: ignore[type-var]


def test_a_record_that_fails_queues_nothing(tmp_path: Path) -> None:
    class Refusing:
        def write(self, record: CallRecord) -> str:
            raise OSError("no room")

    with temporary_orchestrator(tmp_path / "home") as magnus:
        deep = DeepRedactor(OneName(), KeyedNaming(b"k"), lambda *_: True)
        scanning = DeepScanning(magnus.database, deep, clock=SystemClock(), redact=Redacted)
        touched: list[int] = []
        recorder = DeepScanRecorder(Refusing(), scanning, waited=False, recorded=lambda: touched.append(1))
        built = magnus.open()
        object.__setattr__(built, "rooms", _with(built.rooms, recorder))
        magnus.register("echo", str.upper)
        assert not magnus.execute("echo", NAME).recorded
        assert touched == []
