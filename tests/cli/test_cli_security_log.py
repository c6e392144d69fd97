"""``orchestrate security log --execution`` and ``show``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

MAIL = "jane.doe" + "@contoso.de"


def test_the_decisions_of_one_call(orchestrate: Any, run_echo: Callable[..., Any]) -> None:
    first = run_echo(f"write to {MAIL}")["execution_id"]
    run_echo("hello")
    rows = orchestrate.json("security", "log", "--execution", first[:18])["decisions"]
    assert [(row["direction"], row["action"]) for row in rows] == [("out", "redact"), ("in", "redact")]
    assert {row["execution_id"] for row in rows} == {first}
    assert orchestrate.json("security", "log", "--execution", first.upper(), "--action", "block")["decisions"] == []
    assert orchestrate("security", "log", "--execution", "ffff").output.strip() == "No decisions match."
    assert len(orchestrate.json("security", "log", "--kind", "text")["decisions"]) == 4
    assert orchestrate.json("security", "log", "--kind", "limit")["decisions"] == []


def test_one_decision_whole(orchestrate: Any, run_echo: Callable[..., Any], project: Path) -> None:
    call = run_echo(f"write to {MAIL}")["execution_id"]
    row = orchestrate.json("security", "log", "--execution", call)["decisions"][-1]
    shown = orchestrate.json("security", "show", str(row["n"]))
    assert shown == {**row, "recorded": True}
    page = orchestrate("security", "show", str(row["n"])).output
    assert page.startswith(f"Decision {row['n']}: redact\n")
    assert "scanners and the policy" in page and "pii.email" in page and row["text_hash"] in page and MAIL not in page
    with closing(sqlite3.connect(project / ".orchestrator" / "orchestrator.db")) as store, store:
        store.execute("DELETE FROM executions")
    assert "no record: it still runs, was killed" in orchestrate("security", "show", str(row["n"])).output
    assert orchestrate.json("security", "show", str(row["n"]))["recorded"] is False


def test_a_refusal_of_a_limit_is_named_in_the_list(orchestrate: Any, run_echo: Callable[..., Any]) -> None:
    limited = ("--set", "security.daily_tokens=1")
    run_echo("hello", *limited)
    orchestrate("security", "log")
    with closing(sqlite3.connect(".orchestrator/orchestrator.db")) as store, store:
        store.execute("UPDATE security_log SET kind = 'limit', action = 'block' WHERE n = 1")
    assert "in > model (user), limit" in orchestrate("security", "log").output
    assert "a limit" in orchestrate("security", "show", "1").output


@pytest.mark.parametrize(
    "words",
    [
        ("log", "--execution", "xyz"),
        ("log", "--execution", "abc"),
        ("log", "--execution", "%%%%"),
        ("log", "--execution", "a" * 65),
        ("log", "--kind", "tex"),
        ("log", "--action", "deny"),
        ("show",),
        ("show", "0"),
        ("show", "-1"),
        ("show", "one"),
        ("show", "999999"),
        ("show", str(2**63)),
        ("show", "1", "2"),
    ],
)
def test_garbage_is_a_usage_error(orchestrate: Any, run_echo: Callable[..., Any], words: tuple[str, ...]) -> None:
    run_echo()
    error = orchestrate.json("security", *words, code=2)["error"]
    assert error["code"] == "usage" and error["message"]


def test_without_a_store_nothing_is_made(orchestrate: Any, project: Path) -> None:
    assert orchestrate.json("security", "log", "--execution", "abcd") == {"decisions": []}
    assert "nothing has been decided yet" in orchestrate.json("security", "show", "1", code=2)["error"]["message"]
    assert not (project / ".orchestrator").exists()
