"""Writing, reading and forgetting rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from orchestrator_core.errors import UsageError
from orchestrator_core.records import RecalledMemory
from orchestrator_core.storage.database import Database
from orchestrator_memory.row import SELECTED, MemoryRow, recalled, replace


class MemoryStats(Struct, frozen=True):
    """How many memories there are. ``expired`` ones wait for the next clean-up, ``superseded`` ones for their expiry."""

    total: int
    live: int
    expired: int
    superseded: int
    pinned: int
    namespaces: int
    live_by_tier: dict[str, int]


class MemoryStore:
    """The ``memories`` table. It stores what it is given: redaction is done before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, row: MemoryRow) -> str:
        """Store a row and return its id.

        A row with the same key is superseded and stays readable with ``as_of``; the same key with the same text only becomes new
        again. A row with the same id in the same namespace is overwritten.

        Raises:
            UsageError: the id belongs to another namespace.
            StoreError: the store cannot be written.
        """
        with self._database.transaction() as connection:
            if row.key:
                kept = self._supersede(connection, row)
                if kept:
                    return kept
            write = replace(row)
            if connection.execute(write.sql, write.params).rowcount == 0:
                raise UsageError(
                    f"the memory id {row.id!r} is taken in another namespace; choose another id or leave it out"
                )
        return row.id

    def _supersede(self, connection: sqlite3.Connection, row: MemoryRow) -> str:
        current = connection.execute(
            "SELECT seq, id, text FROM memories WHERE namespace = ? AND key = ? AND superseded_at IS NULL",
            (row.namespace, row.key),
        ).fetchone()
        if current is None or current[1] == row.id:
            return ""
        if current[2] == row.text:
            connection.execute(
                "UPDATE memories SET created_at = ?, occurred_at = ?, expires_at = ?, pinned = max(pinned, ?), category = ?, "
                "source = ?, metadata = ?, trust = ?, score = ? WHERE seq = ?",
                (
                    row.created_at, row.occurred_at, row.expires_at, row.pinned, row.category,
                    row.source, row.metadata, row.trust, row.score, current[0],
                ),
            )  # fmt: skip
            return str(current[1])
        connection.execute("UPDATE memories SET superseded_at = ? WHERE seq = ?", (row.created_at, current[0]))
        return ""

    def by_id(self, memory_id: str, now: float) -> RecalledMemory | None:
        """The memory of an id, live or not."""
        rows = self._database.query(f"SELECT {SELECTED} FROM memories AS m WHERE m.id = ?", (memory_id,))
        return recalled(rows[0], now) if rows else None

    def by_key(self, namespace: str, key: str, *, now: float, as_of: float | None = None) -> RecalledMemory | None:
        """What stands under a key now, or stood there at a past time."""
        if as_of is None:
            rows = self._database.query(
                f"SELECT {SELECTED} FROM memories AS m WHERE m.namespace = ? AND m.key = ? AND m.superseded_at IS NULL "
                "AND (m.expires_at IS NULL OR m.expires_at > ? OR m.pinned)",
                (namespace, key, now),
            )
        else:
            rows = self._database.query(
                f"SELECT {SELECTED} FROM memories AS m WHERE m.namespace = ? AND m.key = ? AND m.created_at <= ? "
                "AND (m.superseded_at IS NULL OR m.superseded_at > ?) ORDER BY m.created_at DESC, m.seq DESC LIMIT 1",
                (namespace, key, as_of, as_of),
            )
        return recalled(rows[0], now) if rows else None

    def newest(self, namespace: str, tier: str, limit: int, now: float) -> tuple[RecalledMemory, ...]:
        """Live memories of a tier, the newest first."""
        rows = self._database.query(
            f"SELECT {SELECTED} FROM memories AS m WHERE m.namespace = ? AND m.tier = ? AND m.superseded_at IS NULL "
            "AND (m.expires_at IS NULL OR m.expires_at > ? OR m.pinned) ORDER BY m.created_at DESC, m.seq DESC LIMIT ?",
            (namespace, tier, now, limit),
        )
        return tuple(recalled(row, now) for row in rows)

    def pin(self, memory_id: str, pinned: bool) -> bool:
        """Keep a memory past its expiry, or stop doing so; False when there is none of that id."""
        with self._database.transaction() as connection:
            return (
                connection.execute("UPDATE memories SET pinned = ? WHERE id = ?", (int(pinned), memory_id)).rowcount > 0
            )

    def delete(self, where: str, params: Sequence[Any]) -> int:
        """Delete rows with their words in the index, and give the pages back; returns how many rows."""
        with self._database.transaction() as connection:
            removed = connection.execute(f"DELETE FROM memories WHERE {where}", tuple(params)).rowcount
            if removed:
                # A deleted word stays in FTS5's segments until they are merged.
                connection.execute("INSERT INTO memories_fts (memories_fts) VALUES ('optimize')")
        if removed:
            self._database.maintenance()
        return removed

    def stats(self, now: float, namespace: str | None = None) -> MemoryStats:
        """Counts, of one namespace or of all."""
        where, params = (
            ("WHERE namespace = :namespace", {"namespace": namespace}) if namespace is not None else ("", {})
        )
        live = "superseded_at IS NULL AND (expires_at IS NULL OR expires_at > :now OR pinned)"
        values = {"now": now, **params}
        counts = self._database.query(
            f"SELECT count(*), coalesce(sum({live}), 0), "
            "coalesce(sum(expires_at IS NOT NULL AND expires_at <= :now AND NOT pinned), 0), "
            f"coalesce(sum(superseded_at IS NOT NULL), 0), coalesce(sum(pinned), 0), count(DISTINCT namespace) FROM memories {where}",
            values,
        )[0]
        tiers = self._database.query(
            f"SELECT tier, coalesce(sum({live}), 0) FROM memories {where} GROUP BY tier ORDER BY tier", values
        )
        total, living, expired, superseded, pinned, namespaces = (int(n) for n in counts)
        return MemoryStats(
            total, living, expired, superseded, pinned, namespaces, {tier: int(n) for tier, n in tiers if n}
        )
