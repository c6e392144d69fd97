"""Taking out what has expired."""

from __future__ import annotations

from orchestrator_core.storage.database import Database

BATCH = 2_000
"""Rows deleted in one transaction: other writers get their turn between two."""


def cleanup_expired(database: Database, now: float, *, batch: int = BATCH) -> int:
    """Delete memories past their expiry, pinned ones excepted; returns how many.

    Raises:
        StoreError: the store cannot be written.
    """
    removed = 0
    while True:
        with database.transaction() as connection:
            cursor = connection.execute(
                "DELETE FROM memories WHERE seq IN "
                "(SELECT seq FROM memories WHERE expires_at IS NOT NULL AND expires_at <= ? AND NOT pinned LIMIT ?)",
                (now, batch),
            )
        removed += cursor.rowcount
        if cursor.rowcount < batch:
            return removed
