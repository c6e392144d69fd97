"""What the page says of security beside the findings: how texts were decided about, how deeply they were scanned, and who is waited for."""

from __future__ import annotations

import sqlite3
from datetime import tzinfo
from itertools import islice
from pathlib import Path

from msgspec import Struct

from orchestrator_core.life_sign import LifeSign
from orchestrator_dashboards import quantities
from orchestrator_dashboards.safe_text import one_line
from orchestrator_dashboards.windows import Window

WAITING_MAX = 10
_TAINTED = "after untrusted content"
_DONE = (("block", "blocked"), ("redact", "redacted"), ("flag", "flagged"))


class Waiting(Struct, frozen=True):
    """A call that waits for a person's yes. Times are epoch seconds."""

    id: str
    agent: str
    capability: str
    reason: str
    tainted: bool
    expires_at: float


class SecurityFacts(Struct, frozen=True):
    """What the store holds of decisions."""

    decided: dict[str, int] = {}
    """How many texts by what was done about them: ``allow``, ``flag``, ``redact``, ``block``."""
    unchecked: int = 0
    """Texts that nobody looked at, since the check was switched off."""
    over_limit: int = 0
    """Calls that a limit refused."""
    deep: int = 0
    """Calls whose texts Presidio looked at too, of ``calls``."""
    calls: int = 0
    waiting: tuple[Waiting, ...] = ()


class WaitingLine(Struct, frozen=True):
    """A call that waits, in words."""

    what: str
    why: str
    until: str
    command: str


class SecurityPanel(Struct, frozen=True):
    """The same in words."""

    note: str = ""
    waiting: tuple[WaitingLine, ...] = ()


def read_security(connection: sqlite3.Connection, window: Window) -> SecurityFacts:
    """Count the decisions of a window, and list who is waited for at its end."""
    counted = connection.execute(
        "SELECT kind, action, count(*) FROM security_log WHERE at >= ? AND at <= ? GROUP BY kind, action ORDER BY kind, action",
        (window.start, window.end),
    ).fetchall()
    calls, deep = connection.execute(
        "SELECT count(*), coalesce(sum(scan_level = 'deep'), 0) FROM executions WHERE started_at >= ? AND started_at <= ?",
        (window.start, window.end),
    ).fetchone()
    waiting = connection.execute(
        "SELECT id, agent, capability, reason, tainted, expires_at, asker FROM approvals WHERE decision = '' AND expires_at > ? "
        "ORDER BY expires_at, id",
        (window.end,),
    )
    # Nobody waits for the answer to a question of a process that was killed.
    signs = LifeSign(_home(connection))
    living = islice((row[:-1] for row in waiting if signs.lives(row[-1])), WAITING_MAX)
    return SecurityFacts(
        {action: n for kind, action, n in counted if kind == "text"},
        sum(n for kind, _, n in counted if kind == "unchecked"),
        sum(n for kind, _, n in counted if kind == "limit"),
        deep,
        calls,
        tuple(
            Waiting(id_, agent, capability, reason, bool(tainted), expires_at)
            for id_, agent, capability, reason, tainted, expires_at in living
        ),
    )


def _home(connection: sqlite3.Connection) -> Path:
    """The folder of the store that a connection reads."""
    return Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent


def security_panel(facts: SecurityFacts, zone: tzinfo | None) -> SecurityPanel:
    """The same in words. Pure."""
    total = sum(facts.decided.values())
    parts = [quantities.plural(total, "text") + " checked"] if total else []
    parts += [f"{quantities.count(n)} {word}" for action, word in _DONE if (n := facts.decided.get(action, 0))]
    if facts.unchecked:
        parts.append(quantities.plural(facts.unchecked, "text") + " not checked")
    if facts.over_limit:
        parts.append(quantities.plural(facts.over_limit, "call") + " over a limit")
    if facts.deep:
        parts.append(f"{quantities.percent(facts.deep / facts.calls)} of the calls scanned deeply")
    return SecurityPanel(
        ", ".join(parts),
        tuple(
            WaitingLine(
                one_line(f"{entry.agent}: {entry.capability}" if entry.capability else entry.agent, 80),
                # The warning first: the reason is the agent's word, and a long one would push it out of sight.
                one_line(": ".join(filter(None, (_TAINTED if entry.tainted else "", entry.reason))), 160),
                f"{quantities.day(entry.expires_at, zone)} {quantities.clock(entry.expires_at, zone)}",
                f"orchestrate approvals approve {one_line(entry.id, 60)}",
            )
            for entry in facts.waiting
        ),
    )
