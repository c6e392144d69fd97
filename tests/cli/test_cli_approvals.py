"""``orchestrate approvals`` and the question that ``orchestrate run`` asks at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orchestrator_security.approvals.approvals import user_name

DEPLOY = """
from orchestrator import agent

@agent("deploy", requires_approval=True)
def deploy(request):
    return "deployed " + request
"""


@pytest.fixture
def deploying(project: Path) -> Path:
    (project / "approval_test_agents.py").write_text(DEPLOY, encoding="utf-8")
    return project


def started(**options: Any) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "orchestrator",
        "run",
        "deploy",
        "v2",
        "--import",
        "approval_test_agents",
        "--json",
    ]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def waiting(orchestrate: Any) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = orchestrate.json("approvals", "list")["approvals"]
        if found:
            return dict(found[0])
        time.sleep(0.1)
    raise AssertionError("nothing was asked")


@pytest.mark.parametrize(("word", "code"), [("approve", 0), ("deny", 3)])
def test_another_terminal_answers(deploying: Path, orchestrate: Any, word: str, code: int) -> None:
    process = started()
    question = waiting(orchestrate)
    assert (question["agent"], question["request"], question["status"]) == ("deploy", "v2", "waiting")
    answered = orchestrate.json("approvals", word, question["id"][:6], "--note", "as agreed")
    assert answered["decided_by"] == user_name() and answered["note"] == "as agreed"
    told, noted = process.communicate(timeout=60)
    assert process.returncode == code
    assert f"orchestrate approvals approve {question['id']}" in noted, "whoever started it learns why it waits"
    assert json.loads(told)["ok"] is (word == "approve")
    again = orchestrate.json("approvals", "approve", question["id"], code=1)
    assert again["error"]["code"] == "approval-settled" and user_name() in again["error"]["message"]
    assert orchestrate.json("approvals", "list") == {"approvals": []}
    (kept,) = orchestrate.json("approvals", "list", "--all")["approvals"]
    assert kept["status"] == {"approve": "approved", "deny": "denied"}[word]
    shown = orchestrate("approvals", "show", question["id"]).stdout
    assert "as agreed" in shown and user_name() in shown and "deploy" in shown
    assert question["id"] in orchestrate("approvals", "list", "--all").stdout


def test_the_question_of_a_killed_run_runs_out(deploying: Path, orchestrate: Any) -> None:
    process = started(env={**os.environ, "ORCHESTRATOR_SECURITY_APPROVAL_TIMEOUT_S": "3"})
    question = waiting(orchestrate)
    process.kill()
    process.communicate(timeout=60)
    until = time.monotonic() + 30
    while orchestrate.json("approvals", "list")["approvals"] and time.monotonic() < until:
        time.sleep(0.1)
    refused = orchestrate("approvals", "approve", question["id"])
    assert refused.exit_code == 1 and "too late" in refused.stderr
    assert orchestrate.json("approvals", "show", question["id"])["status"] == "expired"


def at_a_terminal(typed: bytes) -> tuple[int, str]:
    """What ``orchestrate run`` shows, and how it ends, when a person types that after the question."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "orchestrator", "run", "deploy", "v2", "--import", "approval_test_agents"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen, answered, until = b"", False, time.monotonic() + 60
    while time.monotonic() < until:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                seen += os.read(ours, 4_096)
            except OSError:
                break
        if not answered and b"[y/N]" in seen:
            os.write(ours, typed)
            answered = True
    os.close(ours)
    return process.wait(timeout=60), seen.decode(errors="replace")


@pytest.mark.parametrize(("typed", "code"), [(b"y\n", 0), (b"\n", 3)])
def test_the_person_at_the_terminal_is_asked(deploying: Path, orchestrate: Any, typed: bytes, code: int) -> None:
    ended, seen = at_a_terminal(typed)
    assert ended == code, seen
    assert "agent deploy is to run" in seen
    (kept,) = orchestrate.json("approvals", "list", "--all")["approvals"]
    assert kept["decided_by"] == f"terminal:{user_name()}"


def test_an_empty_store_and_none(project: Path, orchestrate: Any, run_echo: Callable[..., Any]) -> None:
    assert orchestrate.json("approvals", "list") == {"approvals": []}
    assert not (project / ".orchestrator").exists(), "looking makes no store"
    for word in ("approve", "deny", "show"):
        assert orchestrate.json("approvals", word, "abcd", code=2)["error"]["code"] == "usage"
    run_echo()
    assert "Nothing waits" in orchestrate("approvals", "list").stdout
    assert "Nothing has been asked" in orchestrate("approvals", "list", "--all").stdout


@pytest.mark.parametrize(
    "words", [("show", "xyz!"), ("approve", ""), ("deny", "0000"), ("approve",), ("list", "--limit", "0")]
)
def test_garbage_is_a_usage_error(orchestrate: Any, run_echo: Callable[..., Any], words: tuple[str, ...]) -> None:
    run_echo()
    assert orchestrate.json("approvals", *words, code=2)["error"]["code"] == "usage"


def test_the_list_says_who_has_read_text_from_strangers(orchestrate: Any, project: Path) -> None:
    orchestrate.json("security", "hash", stdin=b"makes the store")
    with closing(sqlite3.connect(project / ".orchestrator" / "orchestrator.db")) as store, store:
        store.executemany(
            "INSERT INTO approvals (id, agent, capability, reason, tainted, asked_at, expires_at) VALUES (?, 'a', ?, ?, ?, ?, ?)",
            [
                ("aaaaaaaaaa", "fs.write", "all is well " * 30, 1, time.time(), time.time() + 100),
                ("bbbbbbbbbb", "fs.read", "", 0, time.time(), time.time() + 100),
            ],
        )
    shown = orchestrate("approvals", "list").stdout
    assert "fs.write (tainted)" in shown and "fs.read (tainted)" not in shown
