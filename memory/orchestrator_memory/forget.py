"""Forgetting: memories go with everything that holds them, and the answer says whether any byte is left.

The order, safe at any moment of a ``kill -9``:

1. One transaction finds what goes, deletes it and what the cascade names, and queues the rest of the work by ids alone.
2. The rest is done at once: the derived index, rendered pages, the write-ahead log.
3. Only then is the queued row deleted. A killed process leaves it to the next one, see ``finish``.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from orchestrator_core.storage.database import Database
from orchestrator_memory.forget_selection import Gone, Selection, load, select

__all__ = ["KIND", "Cascade", "Followed", "Forgotten", "Gone", "Selection", "finish", "forget", "no_cascade"]

KIND = "forget"
"""Of the outbox rows that hold unfinished work."""

_CHUNK = 500
"""Memories deleted by one statement."""
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

    executions: tuple[str, ...] = ()
    memories: tuple[int, ...] = ()
    """The ``seq`` of further memories that hold their text."""


class Cascade(Protocol):
    """What else of the store holds the text of memories. The memory room does not know; the assembly tells it."""

    def follow(self, connection: sqlite3.Connection, gone: Sequence[Gone], query: str) -> Followed:
        """The calls that left or recalled these memories, and the memories such calls left that quote them. Writes nothing.

        ``query`` is what selected them, empty where an id or a key did.
        """
        ...

    def pages(self, gone: Sequence[Gone], executions: Sequence[str]) -> tuple[str, ...]:
        """Names of the rendered pages that hold any of it."""
        ...

    def scrub(self, connection: sqlite3.Connection, gone: Sequence[Gone], executions: Sequence[str]) -> None:
        """Take the texts out of the tables, inside the caller's transaction."""
        ...

    def finish(self, gone: Sequence[Gone], executions: Sequence[str], pages: Sequence[str]) -> tuple[int, str]:
        """Remove pages; returns how many went and why something is left (empty: nothing). ``gone`` is empty after a kill."""
        ...


class _NoCascade:
    """Memories alone: for a memory room that is used without the rest."""

    def follow(self, connection: sqlite3.Connection, gone: Sequence[Gone], query: str) -> Followed:
        return Followed()

    def pages(self, gone: Sequence[Gone], executions: Sequence[str]) -> tuple[str, ...]:
        return ()

    def scrub(self, connection: sqlite3.Connection, gone: Sequence[Gone], executions: Sequence[str]) -> None:
        return None

    def finish(self, gone: Sequence[Gone], executions: Sequence[str], pages: Sequence[str]) -> tuple[int, str]:
        return 0, ""


no_cascade: Cascade = _NoCascade()


class _Plan(Struct, frozen=True):
    gone: tuple[Gone, ...]
    executions: tuple[str, ...]


def forget(
    database: Database,
    selection: Selection,
    *,
    cascade: Cascade,
    purge_index: PurgeIndex,
    dry_run: bool = False,
) -> Forgotten:
    """Delete the selected memories with all that holds them; with ``dry_run`` only say what would go.

    Raises:
        UsageError: the query has nothing to look for.
        StoreError: the store cannot be read or written; then nothing was deleted.
    """
    if dry_run:
        with database.reader() as connection:
            plan = _plan(connection, selection, cascade)
        pages = cascade.pages(plan.gone, plan.executions)
        return _answer(plan, len(pages), "")
    with database.transaction() as connection:
        plan = _plan(connection, selection, cascade)
        if plan.gone or plan.executions:
            _delete(connection, plan.gone)
            cascade.scrub(connection, plan.gone, plan.executions)
            pages = cascade.pages(plan.gone, plan.executions)
            work = {"memories": [memory.seq for memory in plan.gone], "executions": plan.executions, "pages": pages}
            connection.execute(_QUEUE, (KIND, msgspec.json.encode(work).decode(), time.time()))
    removed, reason = _finish_queued(database, plan, cascade=cascade, purge_index=purge_index)
    return _answer(plan, removed, reason)


def finish(database: Database, work: Mapping[str, Any], *, cascade: Cascade, purge_index: PurgeIndex) -> bool:
    """Do what an earlier forget left queued, in this process or a killed one; True when no byte is left.

    Raises:
        StoreError: the store cannot be written.
    """
    return not _finish(database, work, (), cascade=cascade, purge_index=purge_index)[1]


def _plan(connection: sqlite3.Connection, selection: Selection, cascade: Cascade) -> _Plan:
    """What goes: the selected memories, then whatever hangs on them, until nothing new is found."""
    gone: dict[int, Gone] = {}
    executions: dict[str, None] = {}
    fresh = load(connection, select(connection, selection))
    while True:
        gone.update((memory.seq, memory) for memory in fresh)
        followed = cascade.follow(connection, fresh, selection.query or "")
        executions.update(dict.fromkeys(followed.executions))
        fresh = load(connection, [seq for seq in followed.memories if seq not in gone])
        if not fresh:
            return _Plan(tuple(gone.values()), tuple(executions))


def _delete(connection: sqlite3.Connection, gone: Sequence[Gone]) -> None:
    for start in range(0, len(gone), _CHUNK):
        seqs = [memory.seq for memory in gone[start : start + _CHUNK]]
        connection.execute(f"DELETE FROM memories WHERE seq IN ({', '.join('?' * len(seqs))})", seqs)
    # A deleted word stays in FTS5's segments until they are merged.
    connection.execute("INSERT INTO memories_fts (memories_fts) VALUES ('optimize')")


def _finish_queued(database: Database, plan: _Plan, *, cascade: Cascade, purge_index: PurgeIndex) -> tuple[int, str]:
    """All queued work, what earlier calls left included."""
    removed, reasons = 0, []
    for number, payload in database.query("SELECT id, payload FROM outbox WHERE kind = ? ORDER BY id", (KIND,)):
        pages, reason = _finish(
            database, msgspec.json.decode(payload), plan.gone, cascade=cascade, purge_index=purge_index
        )
        removed += pages
        if reason:
            reasons.append(reason)
        else:
            database.execute([("DELETE FROM outbox WHERE id = ?", (number,))])
    return removed, " ".join(dict.fromkeys(reasons))


def _finish(
    database: Database, work: Mapping[str, Any], gone: Sequence[Gone], *, cascade: Cascade, purge_index: PurgeIndex
) -> tuple[int, str]:
    reasons = []
    if work["memories"] and not purge_index(work["memories"]):
        reasons.append("the vector index still holds them; maintenance tries again.")
    removed, left = cascade.finish(gone, work["executions"], work["pages"])
    if left:
        reasons.append(left)
    if not database.maintenance():
        reasons.append(
            "another connection is reading, so the write-ahead log keeps old pages; maintenance tries again."
        )
    return removed, " ".join(reasons)


def _answer(plan: _Plan, pages: int, reason: str) -> Forgotten:
    return Forgotten(
        memories=len(plan.gone),
        ids=tuple(memory.id for memory in plan.gone),
        executions=len(plan.executions),
        pages=pages,
        complete=not reason,
        reason=reason,
    )
