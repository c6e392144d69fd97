"""Idle work, the module-level functions, and what a process leaves behind when it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import orchestrator
from orchestrator import Orchestrator, agent, execute_agent, generate_dashboard, get_orchestrator, set_orchestrator
from orchestrator.background import IDLE_S, IdleWorker
from orchestrator.testing import FakeClock, temporary_orchestrator


def run_script(code: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ORCHESTRATOR_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_latest_dashboard_is_there_when_the_process_has_ended(tmp_path: Path) -> None:
    code = "from orchestrator import execute_agent, register; register('echo', str.upper); execute_agent('echo', 'hello there')"
    done = run_script(code, tmp_path / "home")
    assert (done.returncode, done.stderr) == (0, "")
    latest = tmp_path / "home" / "dashboards" / "dashboard_latest.html"
    assert "hello there" in latest.read_text(encoding="utf-8")
    assert [path.name for path in latest.parent.iterdir()] == ["dashboard_latest.html"]


def test_short_processes_keep_the_store_small_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with temporary_orchestrator(home, clock=FakeClock(1_600_000_000)) as magnus:
        magnus.register("echo", lambda request: request)
        magnus.execute("echo", "years ago")
    code = "from orchestrator import execute_agent, register; register('echo', str.upper); execute_agent('echo', 'now')"
    assert run_script(code, home).returncode == 0
    with temporary_orchestrator(home) as magnus:
        assert magnus.database.query("SELECT request FROM executions") == [("now",)]


def test_auto_off_leaves_no_page(tmp_path: Path) -> None:
    code = (
        "import os; os.environ['ORCHESTRATOR_DASHBOARDS_AUTO'] = 'off'\n"
        "from orchestrator import execute_agent, register; register('echo', str.upper); execute_agent('echo', 'x')"
    )
    assert run_script(code, tmp_path / "home").returncode == 0
    assert not (tmp_path / "home" / "dashboards").exists()


def test_the_page_is_refreshed_when_the_process_falls_idle(tmp_path: Path) -> None:
    magnus = Orchestrator(home=tmp_path / "home", overrides={"evaluation.judge": "rules"})
    magnus.register("echo", lambda request: request)
    magnus.execute("echo", "x")
    latest = tmp_path / "home" / "dashboards" / "dashboard_latest.html"
    deadline = time.monotonic() + IDLE_S + 20
    while not latest.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert latest.exists()
    magnus.close()


def test_the_idle_job_waits_for_idleness_and_for_its_interval() -> None:
    runs: list[float] = []
    now = 0.0
    worker = IdleWorker(lambda: runs.append(now), min_interval_s=60, now=lambda: now)
    worker.touch()
    worker.run_now()
    worker.run_now()
    assert runs == [0.0], "nothing new happened since the last run"
    worker.touch()
    now = 30.0
    worker.close()
    assert runs == [0.0], "its interval had not passed"


def test_a_job_that_runs_is_not_started_twice() -> None:
    started, release = threading.Event(), threading.Event()
    runs: list[int] = []

    def job() -> None:
        runs.append(1)
        started.set()
        release.wait(10)

    worker = IdleWorker(job, min_interval_s=0, now=lambda: 0.0)
    worker.touch()
    thread = threading.Thread(target=worker.run_now)
    thread.start()
    assert started.wait(10)
    worker.touch()
    worker.run_now()
    release.set()
    thread.join(10)
    assert runs == [1]
    worker.close()


def test_a_worker_that_was_closed_works_again_when_it_is_used_again() -> None:
    runs: list[float] = []
    now = 0.0
    worker = IdleWorker(lambda: runs.append(now), min_interval_s=60, now=lambda: now)
    worker.close()
    worker.touch()
    now = 100.0
    worker.close()
    assert runs == [100.0]


def test_a_broken_dashboard_never_reaches_a_call(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dashboards").write_text("a file in the folder's place")
    code = (
        "from orchestrator import execute_agent, register; register('echo', str.upper)\n"
        "assert execute_agent('echo', 'x').recorded"
    )
    done = run_script(code, tmp_path / "home")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_module_level_functions_use_the_default_orchestrator(tmp_path: Path) -> None:
    @agent("module-level-echo")
    def echo(request: str) -> str:
        return request

    with temporary_orchestrator(tmp_path / "home") as magnus:
        set_orchestrator(magnus)
        try:
            assert get_orchestrator() is magnus
            result = execute_agent("module-level-echo", "x", "a feature")
            assert result.feature == "a feature" and result.caller.startswith("test_runtime_idle:")
            assert generate_dashboard(hours=1).parent == magnus.home / "dashboards"
        finally:
            set_orchestrator(None)


@pytest.mark.parametrize("hours", [0, -1, float("nan"), "24", True])
def test_a_window_that_is_none_is_refused(tmp_path: Path, hours: object) -> None:
    with temporary_orchestrator(tmp_path / "home") as magnus, pytest.raises(orchestrator.UsageError, match="hours"):
        magnus.generate_dashboard(hours=hours)  # type: ignore[arg-type]


def test_an_attribute_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match="no attribute 'exekute_agent'"):
        orchestrator.exekute_agent  # noqa: B018
    assert "execute_agent" in dir(orchestrator)


def test_agent_modules_of_the_settings_are_loaded_before_the_first_call(tmp_path: Path) -> None:
    (tmp_path / "team_agents.py").write_text(
        "from orchestrator import agent\n@agent('team')\ndef f(request): return 'team'\n"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from orchestrator import Orchestrator\n"
        "magnus = Orchestrator(overrides={'agents.modules': ['team_agents'], 'dashboards.auto': False})\n"
        "assert magnus.execute('team', 'x').output == 'team'"
    )
    done = run_script(code, tmp_path / "home")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("home", ["bad\0name", "~no-such-user-anywhere/x"])
def test_a_home_that_is_no_path_is_a_usage_error(home: str) -> None:
    with pytest.raises(orchestrator.UsageError, match="home="):
        Orchestrator(home=home)
