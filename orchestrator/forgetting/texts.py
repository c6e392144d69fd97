"""What a call loses when a memory it left or recalled is forgotten.

Every text becomes ``[forgotten]``: request, context, output, messages, traceback, advice, what the judge wrote, excerpts of memories, the
session's name, the messages of attempts, findings, stages and of the failure's fingerprint, what people
were asked and noted. The trace is deleted, and so is queued work that names the call. Numbers, status, times, agent, feature and
scores stay; rollups are not touched.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from orchestrator_core.errors import StoreDamaged
from orchestrator_core.records import StageRecord, Verdict
from orchestrator_core.storage.trace_blob import unpack
from orchestrator_memory.forgetting.forget import KIND
from orchestrator_memory.forgetting.selection import Gone, chunks, marks

FORGOTTEN = "[forgotten]"
_TEXTS = ("request", "context", "output", "error_message", "traceback", "advice", "session")
_JSON = ("verdict", "memories", "stages")
_APPROVAL_TEXTS = ("request", "cause", "reason", "note", "session")
_ATTEMPT_TEXTS = ("error_message", "explanation", "remedy")
_NAME = re.compile(r"[0-9a-f]{16,}")
"""An execution's id or a fingerprint."""


def marks_of(connection: sqlite3.Connection, executions: Sequence[str]) -> tuple[str, ...]:
    """By what a page is recognised that shows these calls: their ids and the fingerprints of their failures."""
    found: dict[str, None] = dict.fromkeys(executions)
    for part in chunks(executions):
        found.update((str(row[0]), None) for row in _fingerprints(connection, part))
    return tuple(found)


def call_texts(connection: sqlite3.Connection, execution: str) -> list[str]:
    """All texts of a call, those of its trace included."""
    row = connection.execute(
        f"SELECT {', '.join((*_TEXTS, *_JSON))} FROM executions WHERE id = ?", (execution,)
    ).fetchone()
    texts = [str(text) for text in row or () if text]
    for attempt in connection.execute(
        f"SELECT {', '.join(_ATTEMPT_TEXTS)} FROM attempts WHERE execution_id = ?", (execution,)
    ):
        texts += filter(None, attempt)
    for asked in connection.execute(
        f"SELECT {', '.join(_APPROVAL_TEXTS)} FROM approvals WHERE execution_id = ?", (execution,)
    ):
        texts += filter(None, asked)
    for blob in connection.execute("SELECT blob FROM traces WHERE execution_id = ?", (execution,)):
        try:
            texts.append(msgspec.json.encode(unpack(blob[0])).decode())
        except StoreDamaged:
            continue
    return texts


def erase_texts(
    connection: sqlite3.Connection, gone: Sequence[Gone], executions: Sequence[str], names: Sequence[str]
) -> None:
    """Take the texts of these calls out of all tables. ``names`` are the calls' ids and fingerprints."""
    forgotten_ids = {name for memory in gone for name in (memory.id, *memory.aliases)}
    for part in chunks(executions):
        among = f"IN ({marks(part)})"
        for execution, *kept in connection.execute(
            f"SELECT id, {', '.join(_JSON)} FROM executions WHERE id {among}", part
        ).fetchall():
            verdict, memories, stages = kept
            connection.execute(
                "UPDATE executions SET verdict = ?, memories = ?, stages = ? WHERE id = ?",
                (_verdict(verdict), _memories(memories, forgotten_ids), _stages(stages), execution),
            )
        connection.execute(f"UPDATE executions SET {_blanked(_TEXTS)} WHERE id {among}", part)
        connection.execute(f"UPDATE attempts SET {_blanked(_ATTEMPT_TEXTS)} WHERE execution_id {among}", part)
        connection.execute(f"UPDATE findings SET {_blanked(('message',))} WHERE execution_id {among}", part)
        connection.execute(f"UPDATE approvals SET {_blanked(_APPROVAL_TEXTS)} WHERE execution_id {among}", part)
        connection.execute(
            f"UPDATE security_log SET {_blanked(('session', 'text_hash'))} WHERE execution_id {among}", part
        )
        connection.execute(f"DELETE FROM traces WHERE execution_id {among}", part)
    for part in chunks(names):
        connection.execute(
            f"UPDATE fingerprints SET message = '{FORGOTTEN}' WHERE fingerprint IN ({marks(part)})", part
        )
    _drop_queued(connection, gone, frozenset(names))


def _fingerprints(connection: sqlite3.Connection, executions: Sequence[str]) -> list[tuple[Any, ...]]:
    among = f"IN ({marks(executions)})"
    return connection.execute(
        f"SELECT fingerprint FROM executions WHERE fingerprint <> '' AND id {among} "
        f"UNION SELECT fingerprint FROM attempts WHERE fingerprint <> '' AND execution_id {among}",
        (*executions, *executions),
    ).fetchall()


def _blanked(columns: Sequence[str]) -> str:
    return ", ".join(f"{name} = CASE {name} WHEN '' THEN '' ELSE '{FORGOTTEN}' END" for name in columns)


def _blank(text: str) -> str:
    return FORGOTTEN if text else ""


def _verdict(text: str) -> str:
    try:
        verdict = msgspec.json.decode(text, type=Verdict) if text else None
    except (msgspec.MsgspecError, UnicodeError):
        verdict = None
    if verdict is None:
        return ""
    criteria = tuple(replace(c, evidence=_blank(c.evidence)) for c in verdict.criteria)
    clean = replace(verdict, criteria=criteria, reason=_blank(verdict.reason), caps=tuple(map(_blank, verdict.caps)))
    return msgspec.json.encode(clean).decode()


def _memories(text: str, forgotten_ids: set[str]) -> str:
    try:
        recalled = msgspec.json.decode(text, type=list[dict[str, Any]])
    except (msgspec.MsgspecError, UnicodeError):
        return "[]"
    for memory in recalled:
        memory["text"] = FORGOTTEN
        if memory.get("id") in forgotten_ids:
            memory["id"] = FORGOTTEN
    return msgspec.json.encode(recalled).decode()


def _stages(text: str) -> str:
    try:
        stages = msgspec.json.decode(text, type=dict[str, StageRecord])
    except (msgspec.MsgspecError, UnicodeError):
        return "{}"
    return msgspec.json.encode({name: replace(s, error=_blank(s.error)) for name, s in stages.items()}).decode()


def _drop_queued(connection: sqlite3.Connection, gone: Sequence[Gone], names: frozenset[str]) -> None:
    """Delete queued work of others that names a call or holds a text."""
    queued = connection.execute("SELECT id, payload || last_error FROM outbox WHERE kind <> ?", (KIND,)).fetchall()
    if not queued:
        return
    texts = [msgspec.json.encode(memory.text).decode()[1:-1] for memory in gone]
    for number, content in queued:
        if not names.isdisjoint(_NAME.findall(content)) or any(text in content for text in texts):
            connection.execute("DELETE FROM outbox WHERE id = ?", (number,))
