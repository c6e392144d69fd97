"""The record of a call: one transaction, committed before the call returns."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

import msgspec

from orchestrator.observability.contract import CallRecord
from orchestrator.observability.rejudging import rejudge_later
from orchestrator.observability.rollups import healed, rollup_writes
from orchestrator_core.records import ExecutionResult, RecalledMemory
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.trace_blob import pack

_MEMORY_EXCERPT = 200

_COLUMNS = (
    "id", "started_at", "finished_at", "duration_ms", "agent", "feature", "caller", "session", "namespace", "code_commit",
    "status", "error_type", "error_message", "error_class", "fingerprint", "advice", "traceback",
    "request", "request_bytes", "context", "output", "output_kind", "output_bytes", "output_hash",
    "attempts", "healed", "judge_status", "judge", "overall", "passed", "verdict",
    "tokens_in", "tokens_out", "model", "cost_microusd", "memories", "stages", "trace_id", "parent_id", "record_ms", "risk",
)  # fmt: skip
_EXECUTION = f"INSERT INTO executions ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_ATTEMPT = (
    "INSERT INTO attempts (execution_id, n, agent, outcome, duration_ms, error_type, error_message, error_class, fingerprint,"
    " action, wait_s, explanation, remedy) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FINDING = (
    "INSERT INTO findings (execution_id, stage, rule_id, category, severity, confidence, span_start, span_end, action, scanner,"
    " value_hash, message, cwe) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_TRACE = "INSERT INTO traces (execution_id, trace_id, started_at, spans, dropped, blob) VALUES (?, ?, ?, ?, ?, ?)"
_encode = msgspec.json.Encoder().encode


class SqliteRecorder:
    """Writes calls into the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, record: CallRecord) -> str:
        """Commit one call; see ``contract.Recorder``."""
        began = time.perf_counter()
        result = record.result
        blob = pack(record.spans) if record.spans else b""
        rollups = rollup_writes(result)
        left_out = ""
        with self._database.transaction() as connection:
            prepared_ms = (time.perf_counter() - began) * 1e3
            connection.execute(_EXECUTION, _execution_row(record, prepared_ms))
            connection.executemany(
                _ATTEMPT,
                [
                    (result.execution_id, a.n, a.agent, a.outcome, a.duration_ms, a.error_type, a.error_message, a.error_class,
                     a.fingerprint, a.action, a.wait_s, a.explanation, a.remedy)
                    for a in result.attempts
                ],
            )  # fmt: skip
            if result.findings:
                connection.executemany(
                    _FINDING,
                    [
                        (result.execution_id, f.stage, f.rule_id, f.category, f.severity, f.confidence, f.start, f.end, f.action,
                         f.scanner, f.value_hash, f.message, f.cwe)
                        for f in result.findings
                    ],
                )  # fmt: skip
            if blob:
                connection.execute(
                    _TRACE,
                    (
                        result.execution_id,
                        result.trace_id,
                        result.started_at,
                        len(record.spans),
                        record.dropped_spans,
                        blob,
                    ),
                )
            later = rejudge_later(result.execution_id, result.verdict, now=result.started_at)
            for write in (*rollups, *record.required, *later):
                connection.execute(write.sql, write.params)
            if record.optional:
                left_out = self._write_optional(connection, record)
        return left_out

    def _write_optional(self, connection: sqlite3.Connection, record: CallRecord) -> str:
        connection.execute("SAVEPOINT optional")
        try:
            for write in record.optional:
                connection.execute(write.sql, write.params)
        except sqlite3.Error as error:
            if not connection.in_transaction:
                raise  # the disk is full or the file is gone: the whole record failed
            connection.execute("ROLLBACK TO optional")
            connection.execute("RELEASE optional")
            return f"{type(error).__name__}: {error}"
        connection.execute("RELEASE optional")
        return ""


def _execution_row(record: CallRecord, record_ms: float) -> tuple[object, ...]:
    result: ExecutionResult = record.result
    error, verdict, facts = result.error, result.verdict, record.output_facts
    return (
        result.execution_id, result.started_at, result.started_at + result.duration_ms / 1e3, result.duration_ms,
        result.agent, result.feature, result.caller, result.session, result.namespace, result.commit, result.status,
        *((error.type, error.message, error.error_class, error.fingerprint, error.advice, error.traceback) if error else ("",) * 6),
        record.request, record.request_bytes, record.context, record.output,
        *((facts.kind, facts.size_bytes, facts.digest) if facts else ("", 0, "")),
        len(result.attempts), int(healed(result)), verdict.status, verdict.judge, verdict.overall, verdict.passed,
        _encode(verdict).decode() if verdict.status != "off" else "",
        result.usage.tokens_in, result.usage.tokens_out, result.usage.model, result.usage.cost_microusd,
        _memories(result.memories, record.keyword_only), _encode(result.stages).decode(), result.trace_id, result.parent_id,
        record_ms, record.risk,
    )  # fmt: skip


def _memories(memories: Sequence[RecalledMemory], keyword_only: bool) -> str:
    """What was recalled, with an excerpt of each text; how its run ended and how it was found where that is worth a word."""
    if not memories:
        return "[]"
    kept: list[dict[str, object]] = []
    for memory in memories:
        entry: dict[str, object] = {
            "id": memory.id,
            "score": memory.score,
            "tier": memory.tier,
            "text": memory.text[:_MEMORY_EXCERPT],
        }
        if memory.status not in ("", "succeeded"):
            entry["status"] = memory.status
        if keyword_only:
            entry["keyword_only"] = True
        kept.append(entry)
    return _encode(kept).decode()
