"""One stored row with personal data replaced: read, looked at without holding any lock, and written back in one transaction.

Of a call: request, context, output, messages, traceback, advice, the judge's words, excerpts of memories, stages' errors, its attempts,
its trace, what people were asked about it, and the message kept under the fingerprint of its failure. Of a memory: text and metadata.
A memory's key, author and session are looked at too (see ``memory_names``). What else a caller chose as a name (agent, feature, the
session of a call, category, a memory's id) stays as it is, since it is what things are found by.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Protocol

import msgspec

from orchestrator.observability.contract import names
from orchestrator_core.records import STAGES
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.trace_blob import SpanRecord, pack, unpack
from orchestrator_memory.rows.merge import print_of

DEEP = "deep"
"""The level of what the deep engine has looked at."""
_OWN_SPANS = frozenset((*STAGES, *names.STAGE_SPANS.values(), "attempt", "approval"))
_TRIES = 3
"""A row may change while it is looked at: a late verdict, forgetting, a memory told again."""
_TEXTS = ("request", "output", "error_message", "traceback", "advice")
_JSON = ("context", "verdict", "memories", "stages")
_COLUMNS = (*_TEXTS, *_JSON)
_GIVEN = ("request", "output", "context")
"""A number in them may be a person's; those of the other columns are Magnus's own."""
_READ = f"SELECT {', '.join(_COLUMNS)} FROM executions WHERE id = ?"
_IS_DEEP = f"SELECT 1 FROM executions WHERE id = ? AND scan_level = '{DEEP}'"
_WRITE = f"UPDATE executions SET {', '.join(f'{name} = ?' for name in _COLUMNS)}, scan_level = '{DEEP}' WHERE id = ?"
_ATTEMPTS = "SELECT n, error_message, explanation, remedy FROM attempts WHERE execution_id = ? ORDER BY n"
_ATTEMPT = "UPDATE attempts SET error_message = ?, explanation = ?, remedy = ? WHERE execution_id = ? AND n = ?"
_QUESTIONS = "SELECT id, request, cause, reason, note FROM approvals WHERE execution_id = ? ORDER BY id"
_QUESTION = "UPDATE approvals SET request = ?, cause = ?, reason = ?, note = ? WHERE id = ?"
_TRACE = "SELECT blob FROM traces WHERE execution_id = ?"
_MESSAGES = (
    "SELECT fingerprint, message FROM fingerprints WHERE fingerprint IN (SELECT fingerprint FROM executions WHERE id = ?1"
    " UNION SELECT fingerprint FROM attempts WHERE execution_id = ?1) AND fingerprint <> ''"
)
_GROUP = "namespace, tier, category, author, session, status"
_MEMORY = f"SELECT text, metadata, key <> '' OR quarantined <> '' OR superseded_at IS NOT NULL, {_GROUP} FROM memories WHERE seq = ?"
_REWRITE = f"UPDATE memories SET text = ?, metadata = ?, scan_level = '{DEEP}' WHERE seq = ?"
_UNPROVEN = f"UPDATE memories SET scan_level = '{DEEP}' WHERE seq = ?"


class Deep(Protocol):
    """Replaces what the deep engine finds; see ``DeepRedactor``."""

    def text(self, text: str) -> str: ...

    def data(self, value: Any, *, numbers: bool = True) -> Any: ...


class ChangesTooOften(Exception):
    """The row was written by others each time it had been looked at."""


def scan_execution(database: Database, deep: Deep, execution_id: str) -> bool:
    """Look at a call, unless that was done, and mark it as deeply scanned; False when there is none of that id.

    Raises:
        DeepScanUnfinished: the deep engine could not finish; nothing was written.
        ChangesTooOften: others wrote it meanwhile, several times over; nothing was written.
        StoreError: the store cannot be read or written, or its trace is damaged.
    """
    for _ in range(_TRIES):
        with database.reader() as connection:
            if connection.execute(_IS_DEEP, (execution_id,)).fetchone():
                return True
            before = _execution(connection, execution_id)
        if before is None:
            return False
        texts, attempts, questions, traces, messages = before
        clean = tuple(
            clean_json(deep, text, numbers=name in _GIVEN)
            if name in _JSON or text[:1] in ("{", "[")
            else deep.text(text)
            for name, text in zip(_COLUMNS, texts, strict=True)
        )
        told = [tuple(deep.text(text) for text in row[1:]) for row in attempts]
        asked = [tuple(deep.text(text) for text in row[1:]) for row in questions]
        spans = [_spans(deep, row[0]) for row in traces]
        said = [deep.text(row[1]) for row in messages]
        with database.transaction() as connection:
            if _execution(connection, execution_id) != before:
                continue
            connection.execute(_WRITE, (*clean, execution_id))
            for row, new in zip(attempts, told, strict=True):
                if row[1:] != new:
                    connection.execute(_ATTEMPT, (*new, execution_id, row[0]))
            for row, new in zip(questions, asked, strict=True):
                if row[1:] != new:
                    connection.execute(_QUESTION, (*new, row[0]))
            for row, blob in zip(traces, spans, strict=True):
                if row[0] != blob:
                    connection.execute("UPDATE traces SET blob = ? WHERE execution_id = ?", (blob, execution_id))
            for row, message in zip(messages, said, strict=True):
                if row[1] != message:
                    connection.execute("UPDATE fingerprints SET message = ? WHERE fingerprint = ?", (message, row[0]))
            return True
    raise ChangesTooOften(execution_id)


def scan_memory(database: Database, deep: Deep, seq: int) -> bool:
    """Look at a memory and mark it as deeply scanned; True when its text has changed by that.

    Its id, and all that merged into it, stay; its vector is made anew, and what finds its near-duplicates is renewed.

    Raises:
        DeepScanUnfinished, ChangesTooOften, StoreError: as ``scan_execution``.
    """
    for _ in range(_TRIES):
        found = database.query(_MEMORY, (seq,))
        if not found:
            return False
        text, metadata, apart, *group = found[0]
        clean, facts = deep.text(text), clean_json(deep, metadata)
        with database.transaction() as connection:
            if connection.execute(_MEMORY, (seq,)).fetchall() != found:
                continue
            if (clean, facts) == (text, metadata):
                connection.execute(_UNPROVEN, (seq,))
                return False
            connection.execute(_REWRITE, (clean, facts, seq))
            # A trigger has deleted the print of the old text.
            if clean != text and not apart and (number := print_of(clean, *group)):
                connection.execute("INSERT OR IGNORE INTO memory_prints (print, memory) VALUES (?, ?)", (number, seq))
            return bool(clean != text)
    raise ChangesTooOften(f"memory {seq}")


_Row = tuple[Any, ...]
_Call = tuple[_Row, list[_Row], list[_Row], list[_Row], list[_Row]]
"""Its own texts, attempts, questions to people, trace, and messages of failures."""


def _execution(connection: sqlite3.Connection, execution_id: str) -> _Call | None:
    row = connection.execute(_READ, (execution_id,)).fetchone()
    if row is None:
        return None
    attempts, questions, traces, messages = (
        connection.execute(sql, (execution_id,)).fetchall() for sql in (_ATTEMPTS, _QUESTIONS, _TRACE, _MESSAGES)
    )
    return tuple(text or "" for text in row), attempts, questions, traces, messages


def clean_json(deep: Deep, text: str, *, numbers: bool = True) -> str:
    """A JSON text with the values in it replaced, so that it stays JSON; the very same text where nothing was found."""
    if text in ("", "{}", "[]"):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return deep.text(text)  # cut off in the middle, or no JSON at all
    clean = deep.data(value, numbers=numbers)
    return text if clean is value else json.dumps(clean, ensure_ascii=False, separators=(",", ":"))


def _spans(deep: Deep, blob: bytes) -> bytes:
    spans = unpack(blob)
    told = [
        {
            "name": "" if _own(span.name) else span.name,
            "status": span.status_text,
            "attributes": span.attributes,
            "events": list(span.events),
        }
        for span in spans
    ]
    clean = deep.data(told, numbers=False)
    if clean is told:
        return blob
    return pack(tuple(_with(span, new) for span, new in zip(spans, clean, strict=True)))


def _with(span: SpanRecord, new: dict[str, Any]) -> SpanRecord:
    return msgspec.structs.replace(
        span,
        name=new["name"] or span.name,
        status_text=new["status"],
        attributes=new["attributes"],
        events=tuple(new["events"]),
    )


def _own(name: str) -> bool:
    """Whether Magnus named a span, rather than an agent."""
    return name in _OWN_SPANS or name.startswith(f"{names.INVOKE_AGENT} ")
