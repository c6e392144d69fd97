"""``orchestrate approvals`` about questions whose process was killed, and ``list --watch``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

DEPLOY = """
from orchestrator import agent

@agent("deploy", requires_approval=True)
def deploy(request):
    return "deployed " + request
"""
RUN = ("run", "deploy", "v2", "--import", "approval_gone_agents", "--json")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(project: Path) -> Iterator[Start]:
    """The command line in a process of its own."""
    (project / "approval_gone_agents.py").write_text(DEPLOY, encoding="utf-8")
    started: list[subprocess.Popen[str]] = []

    def run(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "orchestrator", *words]
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, text=True, **streams))
        return started[-1]

    yield run
    for process in started:
        with suppress(OSError):
            process.kill()
        process.communicate(timeout=60)


def asked(orchestrate: Any) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for question in orchestrate.json("approvals", "list")["approvals"]:
            if question["status"] == "waiting":
                return dict(question)
        time.sleep(0.1)
    raise AssertionError("nothing was asked")


def killed(orchestrate: Any, start: Start) -> dict[str, Any]:
    process = start(*RUN)
    question = asked(orchestrate)
    assert question["asker_pid"] == process.pid
    process.kill()
    process.wait(timeout=60)
    return question


def test_a_killed_run_is_told_and_cannot_be_approved(orchestrate: Any, start: Start) -> None:
    question = killed(orchestrate, start)
    number = question["id"]
    assert "asker is gone" in orchestrate("approvals", "list").stdout
    (document,) = orchestrate.json("approvals", "list")["approvals"]
    assert document["status"] == "gone"
    assert (
        f"the process that asked ({question['asker_pid']}) has ended" in orchestrate("approvals", "show", number).stdout
    )
    refused = orchestrate("approvals", "approve", number)
    assert refused.exit_code == 1
    assert "nobody waits for the answer any more" in refused.stderr
    assert f"orchestrate approvals deny {number}" in refused.stderr
    error = orchestrate.json("approvals", "approve", number, code=1)["error"]
    assert error["code"] == "approval-gone" and error["approval"]["status"] == "gone"
    assert orchestrate("approvals", "deny", number).exit_code == 0
    assert orchestrate.json("approvals", "list") == {"approvals": []}


def test_purge_takes_the_killed_off_the_list(orchestrate: Any, start: Start) -> None:
    number = killed(orchestrate, start)["id"]
    assert orchestrate("approvals", "purge").stdout == "1 question taken off the list.\n"
    assert orchestrate.json("approvals", "purge") == {"purged": 0}
    assert orchestrate.json("approvals", "list") == {"approvals": []}
    assert orchestrate.json("approvals", "show", number)["status"] == "withdrawn"
    late = orchestrate("approvals", "approve", number)
    assert late.exit_code == 1 and "too late" in late.stderr


def test_purge_makes_no_store(orchestrate: Any, project: Path) -> None:
    assert orchestrate.json("approvals", "purge") == {"purged": 0}
    assert not (project / ".orchestrator").exists()


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal there")
def test_a_watch_shows_what_comes_and_what_becomes_of_it_and_ends_on_ctrl_c(orchestrate: Any, start: Start) -> None:
    watch = start("approvals", "list", "--watch", "--json")
    assert watch.stdout is not None
    first = start(*RUN)
    shown = json.loads(watch.stdout.readline())
    assert (shown["agent"], shown["status"], shown["asker_pid"]) == ("deploy", "waiting", first.pid)
    assert orchestrate("approvals", "approve", shown["id"]).exit_code == 0
    settled = json.loads(watch.stdout.readline())
    assert (settled["id"], settled["status"]) == (shown["id"], "approved")
    second = start(*RUN)
    asked_next = json.loads(watch.stdout.readline())
    assert asked_next["asker_pid"] == second.pid
    second.kill()
    gone = json.loads(watch.stdout.readline())
    assert (gone["id"], gone["status"]) == (asked_next["id"], "gone")
    watch.send_signal(signal.SIGINT)
    rest, said = watch.communicate(timeout=60)
    assert (watch.returncode, rest, said) == (0, "", "")


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal there")
def test_a_watch_shows_people_lines_begins_with_the_newest_and_makes_no_store(
    orchestrate: Any, start: Start, project: Path
) -> None:
    early = start("approvals", "list", "--watch")
    assert early.stderr is not None and early.stdout is not None
    assert "Ctrl-C" in early.stderr.readline()
    time.sleep(1.5)
    assert not (project / ".orchestrator").exists(), "it waits for a store, and makes none"
    start(*RUN)
    line = early.stdout.readline()
    assert "deploy wants the call: v2" in line and " s left" in line
    oldest = asked(orchestrate)["id"]
    start(*RUN)
    second = early.stdout.readline().split()[0]
    late = start("approvals", "list", "--watch", "--limit", "1")
    assert late.stdout is not None
    assert late.stdout.readline().split()[0] == second, "the newest first"
    assert orchestrate("approvals", "deny", oldest).exit_code == 0
    assert late.stdout.readline().startswith(f"{oldest}  denied by"), "the older one was known, and not shown"
    early.terminate()
    assert early.wait(timeout=60) == 128 + signal.SIGTERM


def test_a_watch_ends_when_nobody_reads_it(orchestrate: Any, start: Start) -> None:
    watch = start("approvals", "list", "--watch")
    assert watch.stdout is not None
    watch.stdout.close()
    start(*RUN)
    asked(orchestrate)
    assert watch.wait(timeout=60) == 0
    watch.stdout = None


def test_a_watch_is_of_what_comes(orchestrate: Any) -> None:
    error = orchestrate.json("approvals", "list", "--watch", "--all", code=2)["error"]
    assert error["code"] == "usage" and "--all" in error["message"]
