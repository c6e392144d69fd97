"""Forgetting: memories go with everything that holds them, and the answer says whether any byte is left.

The order, safe at any moment of a ``kill -9``:

1. One transaction finds what goes, deletes it and what the cascade names, and queues the rest of the work by ids alone.
2. The rest is done at once: the derived index, rendered pages, and the file is written anew, for SQLite leaves copies of deleted rows
   behind where it moves rows between pages, ``secure_delete`` or not.
3. Only then is the queued row deleted. A killed process leaves it to the next one, see ``finish``.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from orchestrator_core.errors import StoreError
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.outbox import MAX_TRIES
from orchestrator_memory.forgetting.selection import Gone, Selection, chunks, load, marks, select

__all__ = [
    "KIND",
    "Cascade",
    "Finished",
    "Followed",
    "Forgotten",
    "Gone",
    "Selection",
    "finish",
    "forget",
    "no_cascade",
]

KIND = "forget"
"""Of the outbox rows that hold unfinished work."""

_QUEUE = "INSERT INTO outbox (kind, payload, created_at, not_before) VALUES (?, ?, ?, 0)"

PurgeIndex = Callable[[Sequence[int]], bool]
"""Takes memories out of the derived vector index by their ``seq``; False when that index still holds bytes of them."""


class Forgotten(Struct, frozen=True):
    """What went, or in a dry run what would go."""

    memories: int = 0
    ids: tuple[str, ...] = ()
    executions: int = 0
    """Calls that lost their texts; their numbers stay."""
    pages: int = 0
    """Rendered pages that were removed."""
    complete: bool = True
    """False while a file still holds bytes of what went; the work is queued and tried again by maintenance."""
    reason: str = ""
    """Why it is not complete, in one sentence."""


class Followed(Struct, frozen=True):
    """What hangs on memories that go."""

    memories: tuple[Gone, ...] = ()
    """Further memories that hold their text."""
    executions: tuple[str, ...] = ()
    """Calls that lose their texts."""
    marks: tuple[str, ...] = ()
    """By what files are recognised that hold any of it: ids of calls, fingerprints, names of files, times. No text."""


class Finished(Struct, frozen=True):
    """What became of the files beside the database."""

    pages: int = 0
    """Pages that were removed."""
    reason: str = ""
    """Why something is left, in one sentence; empty where nothing is."""
    marks: tuple[str, ...] = ()
    """By what that is recognised."""


class Cascade(Protocol):
    """What else of the store holds the text of memories. The memory room does not know; the assembly tells it."""

    def follow(self, connection: sqlite3.Connection, gone: Sequence[Gone], selection: Selection) -> Followed:
        """What hangs on the memories that were selected, found out to its end. Writes nothing."""
        ...

    def scrub(self, connection: sqlite3.Connection, gone: Sequence[Gone], followed: Followed) -> None:
        """Take the texts of calls out of the tables, inside the caller's transaction. ``gone`` is all that goes."""
        ...

    def pages(self, gone: Sequence[Gone], marks: Sequence[str]) -> int:
        """How many rendered pages hold any of it."""
        ...

    def finish(self, gone: Sequence[Gone] | None, marks: Sequence[str]) -> Finished:
        """Remove the pages that hold any of it. ``gone`` is None where nobody knows it any more: an earlier process was killed."""
        ...


class _NoCascade:
    """Memories alone: for a memory room that is used without the rest."""

    def follow(self, connection: sqlite3.Connection, gone: Sequence[Gone], selection: Selection) -> Followed:
        return Followed()

    def scrub(self, connection: sqlite3.Connection, gone: Sequence[Gone], followed: Followed) -> None:
        return None

    def pages(self, gone: Sequence[Gone], marks: Sequence[str]) -> int:
        return 0

    def finish(self, gone: Sequence[Gone] | None, marks: Sequence[str]) -> Finished:
        return Finished()


no_cascade: Cascade = _NoCascade()


class _Work(Struct):
    """What is left to do after the transaction, by numbers and names that Magnus gave. Kept in the outbox until it is done."""

    memories: list[int] = []
    """Those that a derived index may still hold, by their ``seq``."""
    marks: list[str] = []
    """By what files are recognised that may still hold it, see ``Followed``."""
    rewrite: bool = True
    """Whether the database file has yet to be written anew."""


def forget(
    database: Database,
    selection: Selection,
    *,
    cascade: Cascade,
    purge_index: PurgeIndex,
    dry_run: bool = False,
) -> Forgotten:
    """Delete the selected memories with all that holds them; with ``dry_run`` only say what would go.

    What an earlier call left undone is tried again first, so an answer that is not complete can be asked for again.

    Raises:
        UsageError: the query has nothing to look for.
        StoreError: the store cannot be read or written; nothing was deleted. Once it is, what goes wrong is told in the answer.
    """
    if dry_run:
        with database.reader() as connection:
            gone, followed = _plan(connection, selection, cascade)
        return _answer(gone, followed, cascade.pages(gone, followed.marks), "")
    own = 0
    with database.transaction() as connection:
        gone, followed = _plan(connection, selection, cascade)
        if gone or followed.executions:
            _delete(connection, gone)
            cascade.scrub(connection, gone, followed)
            work = _Work([memory.seq for memory in gone], list(followed.marks))
            own = _queue(connection, work)
    removed, reason = _finish_queued(database, gone, own, cascade=cascade, purge_index=purge_index)
    return _answer(gone, followed, removed, reason)


def finish(database: Database, work: Mapping[str, Any], *, cascade: Cascade, purge_index: PurgeIndex) -> bool:
    """Do what an earlier forget left queued, in this process or a killed one; True when no byte is left.

    It is an outbox handler that is never given up: what is left when the outbox would is queued anew.

    Raises:
        StoreError: the store cannot be written.
    """
    before = msgspec.convert(work, _Work)
    left, _, reason = _finish(database, before, None, cascade=cascade, purge_index=purge_index)
    if not reason:
        return True
    with database.transaction() as connection:
        tries = connection.execute("SELECT max(tries) FROM outbox WHERE kind = ?", (KIND,)).fetchone()[0]
        anew = left != before or (tries or 0) >= MAX_TRIES
        if anew:
            _queue(connection, left)
    return anew


def _queue(connection: sqlite3.Connection, work: _Work) -> int:
    row = connection.execute(_QUEUE, (KIND, msgspec.json.encode(work).decode(), time.time())).lastrowid
    return row or 0


def _plan(connection: sqlite3.Connection, selection: Selection, cascade: Cascade) -> tuple[tuple[Gone, ...], Followed]:
    """All memories that go, and what hangs on them, as of one moment."""
    selected = load(connection, select(connection, selection))
    followed = cascade.follow(connection, selected, selection)
    return (*selected, *followed.memories), followed


def _delete(connection: sqlite3.Connection, gone: Sequence[Gone]) -> None:
    for part in chunks([memory.seq for memory in gone]):
        connection.execute(f"DELETE FROM memories WHERE seq IN ({marks(part)})", part)
    # A deleted word stays in FTS5's segments until they are merged.
    connection.execute("INSERT INTO memories_fts (memories_fts) VALUES ('optimize')")


def _finish_queued(
    database: Database, gone: Sequence[Gone], own: int, *, cascade: Cascade, purge_index: PurgeIndex
) -> tuple[int, str]:
    """All queued work at once: the row ``own``, where there is one, and what earlier calls left."""
    rows = database.query("SELECT id, payload FROM outbox WHERE kind = ? ORDER BY id", (KIND,))
    if not rows:
        return 0, ""
    parts = [msgspec.json.decode(payload, type=_Work) for _, payload in rows]
    work = _Work(
        [seq for part in parts for seq in part.memories],
        [mark for part in parts for mark in part.marks],
        any(part.rewrite for part in parts),
    )
    known = gone if [number for number, _ in rows] == [own] else None
    left, removed, reason = _finish(database, work, known, cascade=cascade, purge_index=purge_index)
    try:
        with database.transaction() as connection:
            connection.executemany("DELETE FROM outbox WHERE id = ?", [(number,) for number, _ in rows])
            if reason:
                _queue(connection, left)
    except StoreError as error:
        reason = reason or f"Maintenance looks once more: {error}"
    return removed, reason


def _finish(
    database: Database, work: _Work, gone: Sequence[Gone] | None, *, cascade: Cascade, purge_index: PurgeIndex
) -> tuple[_Work, int, str]:
    """What is left, how many pages went, and why anything is left."""
    left = _Work([], [], rewrite=False)
    reasons = []
    if work.memories and (problem := _purge(purge_index, work.memories)):
        left.memories = work.memories
        reasons.append(problem)
    finished = cascade.finish(gone, work.marks)
    if finished.reason:
        left.marks = list(finished.marks)
        reasons.append(finished.reason)
    if work.rewrite and (problem := _rewrite(database)):
        left.rewrite = True
        reasons.append(problem)
    return left, finished.pages, " ".join(reasons)


def _purge(purge_index: PurgeIndex, seqs: Sequence[int]) -> str:
    """Take memories out of the derived index; returns why it still holds them."""
    try:
        done = purge_index(seqs)
    except Exception as error:  # noqa: BLE001 - what is deleted stays so, whatever a vector index raises
        return f"The vector index still holds it ({type(error).__name__}: {error}); maintenance tries again."
    return "" if done else "The vector index still holds it; maintenance tries again."


def _rewrite(database: Database) -> str:
    """Write the database file anew; returns why it still holds old bytes, empty where it does not."""
    try:
        if database.rebuild():
            return ""
    except StoreError as error:
        return f"Old pages stay: {error}"
    return f"Another connection is reading {database.path}, so old pages stay; maintenance tries again."


def _answer(gone: Sequence[Gone], followed: Followed, pages: int, reason: str) -> Forgotten:
    return Forgotten(
        memories=len(gone),
        ids=tuple(memory.id for memory in gone),
        executions=len(followed.executions),
        pages=pages,
        complete=not reason,
        reason=reason,
    )
