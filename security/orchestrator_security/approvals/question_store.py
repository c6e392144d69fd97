"""The questions in the store: each is asked and answered in a short commit of its own, so that any process can answer.

The first answer stands. One that comes after the time limit is not taken, nor is a yes to a question that nobody waits for any more: who
asks holds a lock on a file while it waits, so that a killed process is known at once (see ``LifeSign``).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import structs

from orchestrator_core.errors import UsageError
from orchestrator_core.life_sign import LifeSign
from orchestrator_core.storage.database import Database
from orchestrator_security.approvals.question import Answer, Decision, Entry, Question, Settled

_FIELDS = (
    "id", "execution_id", "agent", "caller", "session", "capability", "cause", "reason", "request", "tainted", "asked_at", "expires_at",
)  # fmt: skip
_COLUMNS = f"{', '.join(_FIELDS)}, asker, asker_pid, decision, decided_at, decided_by, note"
_INSERT = (
    f"INSERT INTO approvals ({', '.join(_FIELDS)}, asker, asker_pid) VALUES ({', '.join('?' * (len(_FIELDS) + 2))})"
)
_DECIDE = "UPDATE approvals SET decision = ?, decided_at = ?, decided_by = ?, note = ? WHERE id = ? AND decision = ''"
_OPEN = "SELECT id, asker, expires_at FROM approvals WHERE decision = ''"
_ID_MIN = 4
_ID_MAX = 64
_DIGITS = frozenset("0123456789abcdef")
GONE_NOTE = "whoever asked had ended"


class QuestionStore:
    """The table ``approvals``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._signs = LifeSign(database.path.parent)
        """Looks at the signs of others; each question has one of its own."""

    @contextmanager
    def asked(self, question: Question) -> Iterator[None]:
        """Ask; somebody waits for the answer as long as this is open, however it ends.

        Raises:
            StoreError: the question cannot be written; nobody can answer it.
        """
        sign = LifeSign(self._database.path.parent)
        try:
            self.put(question, asker=_name_of(sign))
            yield
        finally:
            sign.end()

    def put(self, question: Question, *, asker: str = "") -> None:
        """Write the question down. Without ``asker``, the name of a ``LifeSign``, nobody can tell whether somebody still waits.

        Raises:
            StoreError: the question cannot be written; nobody can answer it.
        """
        values = [getattr(question, name) for name in _FIELDS]
        self._database.execute([(_INSERT, [*values, asker, os.getpid()])])

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

        An approval of a question that nobody waits for any more is not taken, and leaves it as it is.

        Raises:
            UsageError: there is no such question.
            StoreError: the store cannot be written.
        """
        with self._database.transaction() as connection:
            entry = self._one(connection, question_id, now)
            if entry.decided_at is None and not (decision == "approved" and entry.status == "gone"):
                late = now >= entry.question.expires_at and decision in ("approved", "denied")
                values = ("expired", now, "", "") if late else (decision, now, by, note)
                connection.execute(_DECIDE, (*values, question_id))
                return Settled(not late, self._one(connection, question_id, now))
        return Settled(False, entry)

    def purge(self, *, now: float) -> int:
        """Settle what nobody waits for any more: expired where its time is over, else withdrawn. Returns how many they were.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._database.reader() as connection:
            found = connection.execute(_OPEN).fetchall()
        over = [
            ("expired", now, "", "", number) if expires_at <= now else ("withdrawn", now, "", GONE_NOTE, number)
            for number, asker, expires_at in found
            if expires_at <= now or not self._signs.lives(asker)
        ]
        if not over:
            return 0
        with self._database.transaction() as connection:
            return connection.executemany(_DECIDE, over).rowcount

    def find(self, beginning: str, *, now: float) -> Entry:
        """The question of an id, or of a beginning of one that no other shares.

        Raises:
            UsageError: there is none, or there are several.
            StoreError: the store cannot be read.
        """
        wanted = beginning.strip().lower() if isinstance(beginning, str) else ""
        if not _ID_MIN <= len(wanted) <= _ID_MAX or not _DIGITS.issuperset(wanted):
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
        return self._entry(found[0], now)

    def entries(self, *, waiting: bool, limit: int, now: float) -> list[Entry]:
        """Questions, newest first; only those without an answer whose time is not over where ``waiting`` is set.

        Raises:
            StoreError: the store cannot be read.
        """
        where = "WHERE decision = '' AND expires_at > ?" if waiting else "WHERE ? IS NOT NULL"
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM approvals {where} ORDER BY asked_at DESC, id LIMIT ?", (now, limit)
        )
        return [self._entry(row, now) for row in rows]

    def _one(self, connection: sqlite3.Connection, question_id: str, now: float) -> Entry:
        row = connection.execute(f"SELECT {_COLUMNS} FROM approvals WHERE id = ?", (question_id,)).fetchone()
        if row is None:
            raise UsageError(f"there is no approval {question_id!r} any more.")
        return self._entry(row, now)

    def _entry(self, row: tuple[Any, ...], now: float) -> Entry:
        *fields, asker, asker_pid, decision, decided_at, by, note = row
        question = structs.replace(_read(fields), tainted=bool(fields[_FIELDS.index("tainted")]))
        if decision:
            status = decision
        elif question.expires_at <= now:
            status = "expired"
        else:
            status = "waiting" if self._signs.lives(asker) else "gone"
        return Entry(question=question, status=status, decided_at=decided_at, by=by, note=note, asker_pid=asker_pid)


def _name_of(sign: LifeSign) -> str:
    try:
        return sign.name()
    except OSError:
        return ""  # then nobody can tell whether somebody still waits, and the question runs out at its time


def _read(fields: list[Any]) -> Question:
    return Question(**dict(zip(_FIELDS, fields, strict=True)))
