"""The questions in the store: each is asked and answered in a short commit of its own, so that any process can answer.

The first answer stands. One that comes after the time limit is not taken; a question whose process was killed runs out the same way.
"""

from __future__ import annotations

import re
import sqlite3

from msgspec import structs

from orchestrator_core.errors import UsageError
from orchestrator_core.storage.database import Database
from orchestrator_security.approvals.question import Answer, Decision, Entry, Question, Settled

_FIELDS = (
    "id", "execution_id", "agent", "caller", "session", "capability", "cause", "reason", "request", "tainted", "asked_at", "expires_at",
)  # fmt: skip
_COLUMNS = f"{', '.join(_FIELDS)}, decision, decided_at, decided_by, note"
_INSERT = f"INSERT INTO approvals ({', '.join(_FIELDS)}) VALUES ({', '.join('?' * len(_FIELDS))})"
_DECIDE = "UPDATE approvals SET decision = ?, decided_at = ?, decided_by = ?, note = ? WHERE id = ? AND decision = ''"
_ID_MIN = 4


class QuestionStore:
    """The table ``approvals``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, question: Question) -> None:
        """Ask.

        Raises:
            StoreError: the question cannot be written; nobody can answer it.
        """
        self._database.execute([(_INSERT, [getattr(question, name) for name in _FIELDS])])

    def answer(self, question_id: str) -> Answer | None:
        """What was decided; None while it is open, and where the question is gone.

        Raises:
            StoreError: the store cannot be read.
        """
        # One row by its key costs no more than PRAGMA data_version, which a pooled connection cannot be asked for.
        rows = self._database.query(
            "SELECT decision, decided_by, note FROM approvals WHERE id = ? AND decision <> ''", (question_id,)
        )
        return Answer(rows[0][0] == "approved", rows[0][1], rows[0][2], rows[0][0]) if rows else None

    def settle(self, question_id: str, decision: Decision, *, by: str, note: str, now: float) -> Settled:
        """Decide an open question; whoever is first decides. An approval or denial after its time limit makes it expired.

        Raises:
            UsageError: there is no such question.
            StoreError: the store cannot be written.
        """
        with self._database.transaction() as connection:
            entry = _one(connection, question_id, now)
            if entry.decided_at is None:
                late = now >= entry.question.expires_at and decision in ("approved", "denied")
                values = ("expired", now, "", "") if late else (decision, now, by, note)
                connection.execute(_DECIDE, (*values, question_id))
                return Settled(not late, _one(connection, question_id, now))
        return Settled(False, entry)

    def find(self, beginning: str, *, now: float) -> Entry:
        """The question of an id, or of a beginning of one that no other shares.

        Raises:
            UsageError: there is none, or there are several.
            StoreError: the store cannot be read.
        """
        wanted = beginning.strip().lower() if isinstance(beginning, str) else ""
        if len(wanted) < _ID_MIN or not re.fullmatch(r"[0-9a-f]{1,64}", wanted):
            raise UsageError(
                f"{beginning!r:.60} is no approval's id: give {_ID_MIN} or more of its digits 0-9 and a-f."
            )
        with self._database.reader() as connection:
            found = connection.execute(
                f"SELECT {_COLUMNS} FROM approvals WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", (wanted, f"{wanted}g")
            ).fetchall()
        if not found:
            raise UsageError(f"there is no approval {wanted!r}. See: orchestrate approvals list --all")
        if len(found) > 1 and found[0][0] != wanted:
            raise UsageError(f"several approvals begin with {wanted!r}; give more of the id.")
        return _entry(found[0], now)

    def entries(self, *, waiting: bool, limit: int, now: float) -> list[Entry]:
        """Questions, newest first; only those that can still be answered where ``waiting`` is set.

        Raises:
            StoreError: the store cannot be read.
        """
        where = "WHERE decision = '' AND expires_at > ?" if waiting else "WHERE ? IS NOT NULL"
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM approvals {where} ORDER BY asked_at DESC, id LIMIT ?", (now, limit)
        )
        return [_entry(row, now) for row in rows]


def _one(connection: sqlite3.Connection, question_id: str, now: float) -> Entry:
    row = connection.execute(f"SELECT {_COLUMNS} FROM approvals WHERE id = ?", (question_id,)).fetchone()
    if row is None:
        raise UsageError(f"there is no approval {question_id!r} any more.")
    return _entry(row, now)


def _entry(row: tuple[object, ...], now: float) -> Entry:
    *fields, decision, decided_at, by, note = row
    question = structs.replace(_read(fields), tainted=bool(fields[_FIELDS.index("tainted")]))
    status = decision or ("waiting" if question.expires_at > now else "expired")
    return Entry(question=question, status=status, decided_at=decided_at, by=by, note=note)  # type: ignore[arg-type]


def _read(fields: list[object]) -> Question:
    return Question(**dict(zip(_FIELDS, fields, strict=True)))  # type: ignore[arg-type]
