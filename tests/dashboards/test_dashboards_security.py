"""The page's words on security: how texts were decided about, and who is waited for."""

from __future__ import annotations

from typing import Any

from seeded_calls import NOW, SeededCalls

from orchestrator_core.life_sign import LifeSign
from orchestrator_dashboards.security_panel import SecurityFacts, security_panel


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def decide(calls: SeededCalls, action: str, *, at: float = NOW - 60) -> None:
    sql = "INSERT INTO security_log (at, direction, sink, trust, action) VALUES (?, 'in', 'model', 'user', ?)"
    calls.database.execute([(sql, (at, action))])


def ask(calls: SeededCalls, name: str, *, expires_at: float = NOW + 100, decision: str = "", reason: str = "") -> None:
    sql = (
        "INSERT INTO approvals (id, agent, capability, reason, tainted, asked_at, expires_at, decision) "
        "VALUES (?, 'deployer', 'fs.write', ?, 1, ?, ?, ?)"
    )
    calls.database.execute([(sql, (name, reason, NOW - 10, expires_at, decision))])


def test_decisions_of_the_window_are_counted(calls: SeededCalls, write: Any) -> None:
    calls.add()
    for action in ("allow", "allow", "block", "redact", "flag"):
        decide(calls, action)
    decide(calls, "block", at=NOW - 90 * 86_400)
    page = plain(write().read_text("utf-8"))
    assert "5 texts checked, 1 blocked, 1 redacted, 1 flagged" in page
    assert "Waits for a yes" not in page


def test_what_nobody_looked_at_is_not_counted_as_checked(calls: SeededCalls, write: Any) -> None:
    calls.add()
    for kind, action in (
        ("text", "allow"),
        ("unchecked", "allow"),
        ("unchecked", "allow"),
        ("limit", "block"),
        ("approval", "block"),
    ):
        decide(calls, action)
        calls.database.execute(
            [("UPDATE security_log SET kind = ? WHERE n = (SELECT max(n) FROM security_log)", (kind,))]
        )
    assert "1 text checked, 2 texts not checked, 1 call over a limit" in plain(write().read_text("utf-8"))


def test_who_is_waited_for_is_shown_with_the_command_that_answers(calls: SeededCalls, write: Any) -> None:
    calls.add()
    ask(calls, "ap-1", reason="<b>delete</b> the cache")
    ask(calls, "ap-2", decision="approved")
    ask(calls, "ap-3", expires_at=NOW - 1)
    page = write().read_text("utf-8")
    assert "orchestrate approvals approve ap-1" in page
    assert "after untrusted content: &lt;b&gt;delete&lt;/b&gt; the cache" in page
    assert "ap-2" not in page and "ap-3" not in page


def test_a_question_whose_asker_was_killed_waits_for_nobody(calls: SeededCalls, write: Any) -> None:
    calls.add()
    ask(calls, "ap-5")
    ask(calls, "ap-6")
    ask(calls, "ap-7")
    alive = LifeSign(calls.database.path.parent)
    sign = "UPDATE approvals SET asker = ? WHERE id = ?"
    calls.database.execute([(sign, ("0" * 16, "ap-5")), (sign, (alive.name(), "ap-6"))])
    page = write().read_text("utf-8")
    alive.end()
    assert "ap-5" not in page and "ap-6" in page
    assert "ap-7" in page, "nobody knows of a row of an older version"


def test_a_long_reason_cannot_push_the_warning_out_of_sight(calls: SeededCalls, write: Any) -> None:
    calls.add()
    ask(calls, "ap-4", reason="all is well " * 100)
    page = write().read_text("utf-8")
    assert "after untrusted content: all is well" in page
    assert "all is well " * 20 not in page


def test_nothing_decided_says_nothing() -> None:
    assert security_panel(SecurityFacts(), None).note == ""
    note = security_panel(SecurityFacts({"allow": 1}, deep=1, calls=2), None).note
    assert plain(note) == "1 text checked, 50.0% of the calls scanned deeply"
