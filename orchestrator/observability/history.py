"""The read side of the store: which calls there were, everything about one of them, and sums over a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, get_args

import msgspec

from orchestrator.observability.history_stats import HistoryStats, read_stats
from orchestrator.observability.history_values import DERIVED, Execution, ExecutionSummary
from orchestrator_core.clock import Clock, SystemClock
from orchestrator_core.errors import StoreDamaged, UsageError
from orchestrator_core.records import Attempt, Finding, RecalledMemory, StageRecord, Status, Verdict
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.trace_blob import SpanRecord, unpack

_EXCERPT = 200
_NEAREST_AMONG = 500
_MOST_CANDIDATES = 8
_LONG = ("request", "error_message")

_SUMMARY = ", ".join(
    f"substr({name}, 1, {_EXCERPT})" if name in _LONG else name for name in ExecutionSummary.__struct_fields__
)
_WHOLE = tuple(name for name in Execution.__struct_fields__ if name not in DERIVED)
_Kept = TypeVar("_Kept")


class History:
    """Reads executions from a store. Nothing here writes."""

    def __init__(self, database: Database, *, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def recent(
        self,
        limit: int = 20,
        *,
        agent: str | None = None,
        status: str | None = None,
        feature: str | None = None,
        since: float | None = None,
    ) -> list[ExecutionSummary]:
        """The latest calls, newest first. ``since`` is in epoch seconds.

        Raises:
            UsageError: the limit is below 1, or there is no such status.
        """
        if limit < 1:
            raise UsageError(f"a limit of {limit} shows nothing; give 1 or more.")
        if status is not None and status not in get_args(Status):
            raise UsageError(f"there is no status {status!r}; it is one of {', '.join(get_args(Status))}.")
        conditions = {"agent = ?": agent, "status = ?": status, "feature = ?": feature, "started_at >= ?": since}
        given = {sql: value for sql, value in conditions.items() if value is not None}
        where = f"WHERE {' AND '.join(given)}" if given else ""
        rows = self._database.query(
            f"SELECT {_SUMMARY} FROM executions {where} ORDER BY started_at DESC, id DESC LIMIT ?",
            (*given.values(), limit),
        )
        return [ExecutionSummary.from_row(row) for row in rows]

    def get(self, id_or_prefix: str) -> Execution:
        """Everything about one call, by its id or the beginning of it.

        Raises:
            UsageError: no call has such an id, or several have; the message names the nearest or the candidates.
        """
        execution_id = self._resolve(id_or_prefix.strip())
        with self._database.reader() as connection, _snapshot(connection):
            return _Reading(connection).execution(execution_id)

    def _resolve(self, prefix: str) -> str:
        if not prefix:
            raise UsageError("an execution's id is needed; list them with: orchestrate history list")
        rows = self._database.query(
            "SELECT id, agent, status FROM executions WHERE id = ?1 OR substr(id, 1, ?2) = ?1"
            " ORDER BY id = ?1 DESC, started_at DESC LIMIT ?3",
            (prefix, len(prefix), _MOST_CANDIDATES + 1),
        )
        if len(rows) == 1 or (rows and rows[0][0] == prefix):
            return str(rows[0][0])
        if rows:
            shown = ", ".join(f"{row[0]} ({row[1]}, {row[2]})" for row in rows[:_MOST_CANDIDATES])
            more = " and more" if len(rows) > _MOST_CANDIDATES else ""
            raise UsageError(f"several executions begin with {prefix!r}: {shown}{more}. Give more of the id.")
        raise UsageError(f"no execution has the id {prefix!r}. {self._nearest(prefix)}")

    def _nearest(self, wanted: str) -> str:
        import difflib

        rows = self._database.query("SELECT id FROM executions ORDER BY started_at DESC LIMIT ?", (_NEAREST_AMONG,))
        if not rows:
            return f"The history in {self._database.path} is empty."
        # A beginning is compared with beginnings of the same length, else a short typo is near to nothing.
        by_start = {str(row[0])[: len(wanted)]: str(row[0]) for row in reversed(rows)}
        near = difflib.get_close_matches(wanted, list(by_start), n=3)
        if near:
            return f"Nearest: {', '.join(by_start[start] for start in near)}."
        return f"The latest is {rows[0][0]}; list them with: orchestrate history list"

    def stats(self, hours: float = 24.0) -> HistoryStats:
        """Sums over the last ``hours``; see ``history_stats.read_stats``.

        Raises:
            UsageError: ``hours`` is not a positive number.
        """
        with self._database.reader() as connection, _snapshot(connection):
            return read_stats(connection, hours=hours, now=self._clock.now())


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """One read transaction: a purge in between must not leave a call without its attempts."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


class _Reading:
    """Reads one execution. What cannot be read back is named in ``problems`` instead of hiding the rest."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._problems: list[str] = []

    def execution(self, execution_id: str) -> Execution:
        rows = self._rows(f"SELECT {', '.join(_WHOLE)} FROM executions WHERE id = ?", execution_id)
        kept = self._rows(
            "SELECT verdict, judge_status, healed, stages, memories FROM executions WHERE id = ?", execution_id
        )
        if not rows:
            raise UsageError(f"the execution {execution_id!r} was removed meanwhile.")
        attempts = self._rows(
            f"SELECT {', '.join(Attempt.__struct_fields__)} FROM attempts WHERE execution_id = ? ORDER BY n",
            execution_id,
        )
        findings = self._rows(
            "SELECT rule_id, category, severity, confidence, span_start AS start, span_end AS end, action, scanner, value_hash,"
            " stage, message FROM findings WHERE execution_id = ? ORDER BY id",
            execution_id,
        )
        traces = self._rows("SELECT blob, dropped FROM traces WHERE execution_id = ?", execution_id)
        nested = self._rows("SELECT id FROM executions WHERE parent_id = ? ORDER BY started_at", execution_id)
        return Execution(
            **rows[0],
            healed=bool(kept[0]["healed"]),
            attempts=tuple(Attempt(**row) for row in attempts),
            findings=tuple(Finding(**row) for row in findings),
            verdict=self._decoded("verdict", kept[0]["verdict"], Verdict, Verdict(status=kept[0]["judge_status"])),
            stages=self._decoded("stages", kept[0]["stages"], dict[str, StageRecord], {}),
            memories=self._decoded("memories", kept[0]["memories"], tuple[RecalledMemory, ...], ()),
            spans=self._spans(traces[0]["blob"]) if traces else (),
            spans_dropped=traces[0]["dropped"] if traces else 0,
            nested=tuple(row["id"] for row in nested),
            problems=tuple(self._problems),
        )

    def _rows(self, sql: str, execution_id: str) -> list[dict[str, Any]]:
        cursor = self._connection.execute(sql, (execution_id,))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def _spans(self, blob: bytes) -> tuple[SpanRecord, ...]:
        try:
            return unpack(blob)
        except StoreDamaged as error:
            self._problems.append(str(error))
            return ()

    def _decoded(self, name: str, text: str, kind: type[_Kept] | Any, otherwise: _Kept) -> _Kept:
        if not text:
            return otherwise
        try:
            value: _Kept = msgspec.json.decode(text, type=kind)
        except (msgspec.MsgspecError, UnicodeEncodeError) as error:
            self._problems.append(f"the column {name!r} cannot be read ({error})")
            return otherwise
        return value
