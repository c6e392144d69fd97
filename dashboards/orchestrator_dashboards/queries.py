"""Everything a page shows, read from the store in one consistent snapshot. Nothing here writes.

Sums and percentiles come from the rollups, so they cost the same over a million calls as over ten; what needs single
calls is read for a bounded number of the newest ones.
"""

from __future__ import annotations

import sqlite3
from datetime import tzinfo
from typing import Any

from msgspec import Struct

from orchestrator_core.records import Status
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.latency import bin_of
from orchestrator_dashboards.memory_panel import MemoryFacts, read_memory
from orchestrator_dashboards.readable_output import readable_entry
from orchestrator_dashboards.security_panel import SecurityFacts, read_security
from orchestrator_dashboards.tallies import SUMS, Tally, total
from orchestrator_dashboards.windows import Cut, Segment, Window, cover, cut, window_before, window_of

LIST_MAX = 500
"""Calls that are listed, the newest of the window."""
SCAN_MAX = 10_000
"""Calls whose failures and findings are looked through, the newest of the window."""
SCORES_MAX = 2_000
RAW_SERIES_MAX = 20_000
AGENTS_MAX = 50
LONG_TEXTS = ("request", "output", "context", "traceback", "error_message")
TEXT_MAX = 8_000
"""Characters kept of each of ``LONG_TEXTS``; the whole length is in ``<name>_chars``."""

_STATUSES: tuple[Status, ...] = ("succeeded", "failed", "blocked", "cancelled")


class Failure(Struct, frozen=True):
    """One failed attempt, or a failed call that has none."""

    execution_id: str
    started_at: float
    call_status: str
    agent: str
    fingerprint: str
    error_type: str
    error_class: str
    message: str
    explanation: str
    advice: str


class FindingRow(Struct, frozen=True):
    """Findings of one kind in one call."""

    execution_id: str
    started_at: float
    category: str
    severity: str
    action: str
    rule_id: str
    n: int


class Snapshot(Struct, frozen=True):
    """What the store said at one moment."""

    window: Window
    groups: dict[tuple[str, str], Tally]
    """By agent and feature."""
    before: Tally | None
    """The window of the same length before; None when there can be none."""
    cut: Cut | None
    series: tuple[Tally, ...]
    last_runs: dict[str, float]
    last_ever: float | None
    """When the newest call of the whole store started."""
    scanned_all: bool
    """False where failures and findings were looked for in the newest ``SCAN_MAX`` calls only."""
    failures: tuple[Failure, ...]
    findings: tuple[FindingRow, ...]
    scores: tuple[float, ...]
    calls: tuple[dict[str, Any], ...]
    """Columns of ``executions`` with the trace's ``spans``, ``dropped`` and ``blob``; newest first."""
    attempts: dict[str, list[dict[str, Any]]]
    call_findings: dict[str, list[dict[str, Any]]]
    memory: MemoryFacts
    security: SecurityFacts


def read(database: Database, *, hours: float, now: float, zone: tzinfo | None) -> Snapshot:
    """The last ``hours`` up to ``now``.

    Raises:
        UsageError: ``hours`` or ``now`` is no usable number.
        StoreError: the store cannot be read.
    """
    window = window_of(hours, now)
    with database.reader() as connection:
        connection.execute("BEGIN")  # one snapshot for all statements, also while other processes write
        try:
            return _read(connection, window, zone)
        finally:
            connection.execute("ROLLBACK")


def _read(connection: sqlite3.Connection, window: Window, zone: tzinfo | None) -> Snapshot:
    groups = _groups(connection, window)
    calls = sum(tally.n for tally in groups.values())
    before = window_before(window)
    first = _first_call(connection, window) if calls else None
    axis = cut(window, first, calls, zone, raw_calls_max=RAW_SERIES_MAX) if first is not None else None
    busiest = sorted({agent for agent, _ in groups}, key=lambda name: (-_calls_of(groups, name), name))[:AGENTS_MAX]
    scan = _newest(connection, window, SCAN_MAX)
    listed = _calls(connection, window)
    last_ever = connection.execute("SELECT MAX(started_at) FROM executions").fetchone()[0]
    return Snapshot(
        window=window,
        groups=groups,
        before=total(_groups(connection, before).values()) if before else None,
        cut=axis,
        series=_series(connection, window, axis) if axis else (),
        last_runs=_last_runs(connection, window, busiest),
        last_ever=last_ever,
        scanned_all=scan.start == window.start,
        failures=_failures(connection, scan),
        findings=_findings(connection, scan),
        scores=_scores(connection, _newest(connection, window, SCORES_MAX)),
        calls=listed,
        attempts=_rows_of(connection, "attempts", "n", listed),
        call_findings=_rows_of(connection, "findings", "id", listed),
        memory=read_memory(connection, window.end),
        security=read_security(connection, window),
    )


def _calls_of(groups: dict[tuple[str, str], Tally], agent: str) -> int:
    return sum(tally.n for (name, _), tally in groups.items() if name == agent)


def _groups(connection: sqlite3.Connection, window: Window) -> dict[tuple[str, str], Tally]:
    groups: dict[tuple[str, str], Tally] = {}
    for segment in cover(window):
        for key, tally in _segment_groups(connection, segment).items():
            groups.setdefault(key, Tally()).add(tally)
    return groups


def _segment_groups(connection: sqlite3.Connection, segment: Segment) -> dict[tuple[str, str], Tally]:
    groups: dict[tuple[str, str], Tally] = {}
    if segment.source == "raw":
        sql = (
            "SELECT agent, feature, status, duration_ms, healed, tokens_in, tokens_out, cost_microusd, overall"
            " FROM executions WHERE started_at >= ? AND started_at < ?"
        )
        for agent, feature, status, ms, healed, tokens_in, tokens_out, cost, overall in connection.execute(
            sql, (segment.start, segment.end)
        ):
            tally = groups.setdefault((agent, feature), Tally())
            _count(tally, status, ms)
            tally.healed += bool(healed)
            tally.tokens_in += tokens_in
            tally.tokens_out += tokens_out
            tally.cost_microusd += cost
            if overall is not None:
                tally.score_sum += overall
                tally.score_n += 1
        return groups
    place = (segment.source, segment.start, segment.end)
    sums = ", ".join(f"SUM({name})" for name in SUMS)
    where = "WHERE period = ? AND bucket >= ? AND bucket < ? GROUP BY agent, feature"
    for agent, feature, *values in connection.execute(f"SELECT agent, feature, {sums} FROM rollups {where}", place):
        groups[agent, feature] = Tally(*values)
    bins = f"SELECT agent, feature, bin, SUM(n) FROM rollup_latency {where}, bin"
    for agent, feature, bin_number, n in connection.execute(bins, place):
        groups.setdefault((agent, feature), Tally()).latency[bin_number] = n
    return groups


def _count(tally: Tally, status: str, duration_ms: float) -> None:
    tally.n += 1
    if status in _STATUSES:
        setattr(tally, status, getattr(tally, status) + 1)
    number = bin_of(duration_ms)
    tally.latency[number] = tally.latency.get(number, 0) + 1


def _first_call(connection: sqlite3.Connection, window: Window) -> float:
    # History is thrown away before its rollups are, so the oldest call that counts may only be known by its hour.
    raw = connection.execute(
        "SELECT MIN(started_at) FROM executions WHERE started_at >= ? AND started_at < ?", (window.start, window.end)
    ).fetchone()[0]
    hour = connection.execute(
        "SELECT bucket FROM rollups WHERE period = 'hour' AND bucket >= ? AND bucket < ? ORDER BY bucket LIMIT 1",
        (window.start, window.end),
    ).fetchone()
    if raw is None:
        return float(hour[0]) if hour else window.start
    return min(float(raw), float(hour[0])) if hour and hour[0] < raw - 3_600 else float(raw)


def _series(connection: sqlite3.Connection, window: Window, axis: Cut) -> tuple[Tally, ...]:
    buckets = tuple(Tally() for _ in range(axis.buckets))

    def bucket(at: float) -> Tally:
        return buckets[min(len(buckets) - 1, max(0, int((at - axis.start) // axis.step_s)))]

    counted = ", ".join(f"SUM({name})" for name in ("n", *_STATUSES))
    for segment in cover(Window(max(window.start, axis.start), window.end), axis.coarsest):
        place = (segment.start, segment.end)
        if segment.source == "raw":
            sql = "SELECT started_at, status, duration_ms FROM executions WHERE started_at >= ? AND started_at < ?"
            for started_at, status, ms in connection.execute(sql, place):
                _count(bucket(started_at), status, ms)
            continue
        where = "WHERE period = ? AND bucket >= ? AND bucket < ? GROUP BY bucket"
        for at, *values in connection.execute(
            f"SELECT bucket, {counted} FROM rollups {where}", (segment.source, *place)
        ):
            bucket(at).add(Tally(*values))
        bins = f"SELECT bucket, bin, SUM(n) FROM rollup_latency {where}, bin"
        for at, bin_number, n in connection.execute(bins, (segment.source, *place)):
            bucket(at).add(Tally(latency={bin_number: n}))
    return buckets


def _last_runs(connection: sqlite3.Connection, window: Window, agents: list[str]) -> dict[str, float]:
    sql = "SELECT MAX(started_at) FROM executions WHERE agent = ? AND started_at < ?"
    found = {agent: connection.execute(sql, (agent, window.end)).fetchone()[0] for agent in agents}
    return {agent: at for agent, at in found.items() if at is not None}


def _newest(connection: sqlite3.Connection, window: Window, n: int) -> Window:
    """The window's end that holds its newest ``n`` calls."""
    row = connection.execute(
        "SELECT started_at FROM executions WHERE started_at >= ? AND started_at < ?"
        " ORDER BY started_at DESC LIMIT 1 OFFSET ?",
        (window.start, window.end, n - 1),
    ).fetchone()
    return Window(row[0], window.end) if row else window


def _failures(connection: sqlite3.Connection, window: Window) -> tuple[Failure, ...]:
    failed_attempts = (
        "SELECT e.id, e.started_at, e.status, a.agent, a.fingerprint, a.error_type, a.error_class, a.error_message,"
        " a.explanation, e.advice FROM executions e JOIN attempts a ON a.execution_id = e.id AND a.outcome = 'failed'"
        " WHERE e.started_at >= ? AND e.started_at < ? ORDER BY e.started_at, e.id, a.n"
    )
    without_attempts = (
        "SELECT e.id, e.started_at, e.status, e.agent, e.fingerprint, e.error_type, e.error_class, e.error_message,"
        " '', e.advice FROM executions e WHERE e.started_at >= ? AND e.started_at < ? AND e.status = 'failed'"
        " AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.execution_id = e.id AND a.outcome = 'failed')"
        " ORDER BY e.started_at, e.id"
    )
    place = (window.start, window.end)
    rows = [Failure(*row) for sql in (failed_attempts, without_attempts) for row in connection.execute(sql, place)]
    return tuple(sorted(rows, key=lambda failure: failure.started_at))


def _findings(connection: sqlite3.Connection, window: Window) -> tuple[FindingRow, ...]:
    sql = (
        "SELECT e.id, e.started_at, f.category, f.severity, f.action, f.rule_id, COUNT(*)"
        " FROM executions e JOIN findings f ON f.execution_id = e.id WHERE e.started_at >= ? AND e.started_at < ?"
        " GROUP BY e.started_at, e.id, f.category, f.severity, f.action, f.rule_id"
    )
    return tuple(FindingRow(*row) for row in connection.execute(sql, (window.start, window.end)))


def _scores(connection: sqlite3.Connection, window: Window) -> tuple[float, ...]:
    sql = "SELECT overall FROM executions WHERE started_at >= ? AND started_at < ? AND overall IS NOT NULL"
    return tuple(row[0] for row in connection.execute(sql, (window.start, window.end)))


def _calls(connection: sqlite3.Connection, window: Window) -> tuple[dict[str, Any], ...]:
    cursor = connection.execute(
        "SELECT e.*, t.spans, t.dropped, t.blob FROM executions e LEFT JOIN traces t ON t.execution_id = e.id"
        " WHERE e.started_at >= ? AND e.started_at < ? ORDER BY e.started_at DESC, e.id DESC LIMIT ?",
        (window.start, window.end, LIST_MAX),
    )
    names = [column[0] for column in cursor.description]
    return tuple(_bounded(dict(zip(names, row, strict=True))) for row in cursor)


def _bounded(call: dict[str, Any]) -> dict[str, Any]:
    """The call with long texts cut, their whole length beside them: 500 outputs of a megabyte do not stay in memory.

    An output that is an object is replaced by its text for a reader, where it has one; ``output_entry`` says which.
    """
    call["output_entry"], call["output_broken"] = "", False
    # Before the cut: the entry is often the last one of a long object.
    if call["output_kind"] == "json" and (entry := readable_entry(call["output"])):
        call["output"], call["output_entry"], call["output_broken"] = entry.text, entry.name, entry.cut
    for name in LONG_TEXTS:
        text = call[name]
        call[f"{name}_chars"] = len(text)
        if len(text) > TEXT_MAX:
            call[name] = text[:TEXT_MAX]
    return call


def _rows_of(
    connection: sqlite3.Connection, table: str, order: str, calls: tuple[dict[str, Any], ...]
) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for call in calls:
        cursor = connection.execute(f"SELECT * FROM {table} WHERE execution_id = ? ORDER BY {order}", (call["id"],))
        found = cursor.fetchall()
        if found:
            names = [column[0] for column in cursor.description]
            rows[call["id"]] = [dict(zip(names, row, strict=True)) for row in found]
    return rows
