"""Every decision as a row of ``security_log``: who, where, what was found and done; hashes and never a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from orchestrator_core.records import Action, Write
from orchestrator_security.contract import Kind, ScanContext, ScanVerdict

if TYPE_CHECKING:
    from orchestrator_core.storage.database import Database

_COLUMNS = (
    "at", "execution_id", "agent", "caller", "session", "direction", "sink", "trust", "policy", "action", "risk", "characters",
    "text_hash", "rules", "incomplete", "kind",
)  # fmt: skip
_SELECT = f"SELECT n, {', '.join(_COLUMNS)} FROM security_log"
_INSERT = f"INSERT INTO security_log ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_encode = msgspec.json.Encoder().encode


class LoggedDecision(Struct, frozen=True):
    """One row of the log. ``at`` is epoch seconds; ``rules`` holds rule id, action and how often."""

    n: int
    at: float
    execution_id: str
    agent: str
    caller: str
    session: str
    direction: str
    sink: str
    trust: str
    policy: str
    action: Action
    risk: float
    characters: int
    text_hash: str
    rules: tuple[tuple[str, str, int], ...]
    incomplete: tuple[str, ...]
    kind: Kind


def decision_write(
    verdict: ScanVerdict, context: ScanContext, *, at: float, execution_id: str = "", kind: Kind = "text"
) -> Write:
    """The row that logs a decision; ``at`` is epoch seconds."""
    counted = Counter((finding.rule_id, finding.action) for finding in verdict.findings)
    rules = [(rule, action, number) for (rule, action), number in counted.items()]
    return Write(
        _INSERT,
        (
            at, execution_id, context.agent, context.caller, context.session, context.direction, context.sink, context.trust,
            verdict.policy, verdict.action, verdict.risk, verdict.characters, verdict.text_hash, _encode(rules).decode(),
            ", ".join(verdict.incomplete), kind,
        ),
    )  # fmt: skip


def logged_decisions(
    database: Database,
    *,
    limit: int = 50,
    actions: Sequence[str] = (),
    kinds: Sequence[str] = (),
    agent: str = "",
    execution: str = "",
    since: float = 0.0,
) -> list[LoggedDecision]:
    """The latest decisions, newest first. ``execution`` is a call's id or its beginning.

    Raises:
        StoreError: the store cannot be read.
    """
    where: list[str] = ["at >= ?"]
    params: list[Any] = [since]
    for column, chosen in (("action", actions), ("kind", kinds)):
        if chosen:
            where.append(f"{column} IN ({', '.join('?' * len(chosen))})")
            params += chosen
    if agent:
        where.append("agent = ?")
        params.append(agent)
    if execution:
        where.append("execution_id <> '' AND execution_id >= ? AND execution_id < ?")
        params += (execution, f"{execution}\U0010ffff")
    rows: list[tuple[Any, ...]] = database.query(
        f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY n DESC LIMIT ?", (*params, limit)
    )
    return [_logged(row) for row in rows]


def logged_decision(database: Database, n: int) -> LoggedDecision | None:
    """The decision of that number; None where there is none.

    Raises:
        StoreError: the store cannot be read.
    """
    rows: list[tuple[Any, ...]] = database.query(f"{_SELECT} WHERE n = ?", (n,))
    return _logged(rows[0]) if rows else None


def _logged(row: tuple[Any, ...]) -> LoggedDecision:
    values = dict(zip(("n", *_COLUMNS), row, strict=True))
    values["rules"] = msgspec.json.decode(values["rules"], type=tuple[tuple[str, str, int], ...])
    values["incomplete"] = tuple(values["incomplete"].split(", ")) if values["incomplete"] else ()
    return LoggedDecision(**values)
