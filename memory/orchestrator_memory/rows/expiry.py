"""Taking out what has expired, and giving the room back to the disk.

Expiry counts from when a memory was stored. Superseded versions go by their own expiry; pinned memories stay.

Deleting goes in batches, so that other writers get their turn between two, and so does merging the full-text index, where the words of
deleted texts stay until then. At the end the free pages are cut off the file, and old entries of the change log are dropped: a process
that has not followed them yet reads its index anew.
"""

from __future__ import annotations

from msgspec import Struct

from orchestrator_core.storage.database import Database
from orchestrator_memory.rows.log import log_ends
from orchestrator_memory.rows.word_index import merge_words

BATCH = 2_000
"""Rows deleted in one transaction."""
LOG_KEPT = 100_000
"""The change log keeps so many entries, the newest."""

_EXPIRED = "expires_at IS NOT NULL AND expires_at <= ?1 AND NOT pinned"


class Cleanup(Struct, frozen=True):
    """What a clean-up did."""

    removed: int
    """Memories deleted."""
    log_entries: int = 0
    """Entries of the change log dropped."""
    shrunk: bool = True
    """False where another connection was reading, so that the write-ahead log keeps old pages until the next clean-up."""


def clean_up(database: Database, now: float, *, batch: int = BATCH, log_kept: int = LOG_KEPT) -> Cleanup:
    """Delete memories past their expiry and old log entries, then shrink the file. Cheap where there is nothing to do.

    Raises:
        StoreError: the store cannot be written; the batches before are deleted.
    """
    removed = _delete_expired(database, now, batch)
    trimmed = _trim_log(database, log_kept, batch * 10)
    if not removed and not trimmed:
        return Cleanup(0)
    if removed:
        merge_words(database)
    return Cleanup(removed, trimmed, database.maintenance())


def cleanup_expired(database: Database, now: float, *, batch: int = BATCH) -> int:
    """``clean_up``, of which only the number of deleted memories is told.

    Raises:
        StoreError: the store cannot be written.
    """
    return clean_up(database, now, batch=batch).removed


def _delete_expired(database: Database, now: float, batch: int) -> int:
    removed = 0
    while database.query(f"SELECT 1 FROM memories WHERE {_EXPIRED} LIMIT 1", (now,)):
        with database.transaction() as connection:
            removed += connection.execute(
                f"DELETE FROM memories WHERE seq IN (SELECT seq FROM memories WHERE {_EXPIRED} LIMIT ?2)", (now, batch)
            ).rowcount
    return removed


def _trim_log(database: Database, kept: int, batch: int) -> int:
    first, last = log_ends(database)
    trimmed = 0
    while first and first <= last - kept:
        with database.transaction() as connection:
            trimmed += connection.execute(
                "DELETE FROM memory_log WHERE n < ?", (min(first + batch, last - kept + 1),)
            ).rowcount
        first += batch
    return trimmed
