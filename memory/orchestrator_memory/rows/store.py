"""Writing, reading and counting memories. What is stored where is decided in ``placing``, what goes in ``forget`` and ``expiry``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from orchestrator_core.errors import UsageError
from orchestrator_core.records import RecalledMemory
from orchestrator_core.storage.database import Database
from orchestrator_memory.rows.filters import Filters
from orchestrator_memory.rows.placing import Stored, place, released
from orchestrator_memory.rows.row import SELECTED, MemoryRow, recalled

__all__ = ["MemoryRow", "MemoryStats", "MemoryStore", "Stored"]

_PARAMETERS = 500
"""Numbers bound in one statement; SQLite allows 32,766."""
_MOST = 2**31
"""A larger limit or offset means no other thing."""
_NOT_EXPIRED = "(m.expires_at IS NULL OR m.expires_at > :now OR m.pinned)"
_LIVE = f"m.superseded_at IS NULL AND {_NOT_EXPIRED}"
_SEQ = "SELECT seq FROM memories WHERE id = ?1 UNION ALL SELECT memory FROM memory_aliases WHERE alias = ?1 LIMIT 1"
"""An id is either a memory's own or an alias, never both."""


class MemoryStats(Struct, frozen=True, kw_only=True):
    """How many memories there are. ``expired`` ones wait for the next clean-up, ``superseded`` ones for their expiry."""

    total: int
    live: int
    """Found by a search: not expired, superseded or quarantined."""
    expired: int
    superseded: int
    pinned: int
    quarantined: int
    merged: int
    """Ids of near-duplicates that were merged into another memory."""
    with_vectors: int
    """Memories that have the vector of some embedding model."""
    namespaces: int
    live_by_tier: dict[str, int]


class MemoryStore:
    """The ``memories`` table. It stores what it is given: redaction is done before. Safe for threads and for several processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, row: MemoryRow) -> Stored:
        """Store a row in one transaction; ``placing`` says where it goes.

        Raises:
            UsageError: the id belongs to another namespace.
            StoreError: the store cannot be written.
        """
        with self._database.transaction() as connection:
            return place(connection, row)

    def put_many(self, rows: Iterable[MemoryRow], *, first: int = 1) -> list[Stored]:
        """Store rows in one transaction, in their order, as ``put`` does each.

        Raises:
            UsageError: an id belongs to another namespace; the rows before it are kept, and the message counts from ``first``.
            StoreError: the store cannot be written; none is kept.
        """
        stored: list[Stored] = []
        problem: UsageError | None = None
        with self._database.transaction() as connection:
            for row in rows:
                try:
                    stored.append(place(connection, row))
                except UsageError as error:
                    problem = UsageError(f"memory number {first + len(stored)}: {error}")
                    break
        if problem is not None:
            raise problem
        return stored

    def seq_of(self, memory_id: str) -> int | None:
        """The number of the memory that an id, or the id of one merged into it, means; None when there is none."""
        rows = self._database.query(_SEQ, (memory_id,))
        return int(rows[0][0]) if rows else None

    def by_id(self, memory_id: str, now: float) -> RecalledMemory | None:
        """The memory of an id, live or not, also of one that was merged into it."""
        rows = self._database.query(f"SELECT {SELECTED} FROM memories AS m WHERE m.seq = ({_SEQ})", (memory_id,))
        return recalled(rows[0], now) if rows else None

    def by_key(
        self, namespace: str, keys: Sequence[str], *, now: float, as_of: float | None = None
    ) -> RecalledMemory | None:
        """What stands under a key now, or stood there at a past time; what is quarantined stands nowhere.

        ``keys`` is what one key may be called; the newest counts.
        """
        standing = _LIVE
        if as_of is not None:
            standing = (
                "m.created_at <= :now AND (m.superseded_at IS NULL OR m.superseded_at > :now) "
                "AND (m.expires_at IS NULL OR m.expires_at > :now OR m.pinned)"
            )
        rows = self._database.query(
            f"SELECT {SELECTED} FROM memories AS m WHERE m.namespace = :namespace AND {_among('m.key', keys, 'key')} AND m.key <> '' "
            f"AND {standing} AND m.quarantined = '' ORDER BY m.created_at DESC, m.seq DESC LIMIT 1",
            {"namespace": namespace, "now": now if as_of is None else as_of} | _named("key", keys),
        )
        return recalled(rows[0], now) if rows else None

    def newest(self, namespace: str, tier: str, limit: int, now: float) -> tuple[RecalledMemory, ...]:
        """Live memories of a tier, the newest first."""
        return self.browse(Filters(namespaces=(namespace,), tiers=(tier,)), limit=limit, now=now)

    def browse(self, filters: Filters, *, limit: int = 50, offset: int = 0, now: float) -> tuple[RecalledMemory, ...]:
        """Live memories that pass the filters, the newest first; with ``filters.quarantined`` those set aside as well."""
        where = [_LIVE, _among("m.namespace", filters.namespaces, "namespace")]
        params: dict[str, Any] = {"now": now, "limit": _bounded(limit), "offset": _bounded(offset)}
        params |= _named("namespace", filters.namespaces)
        for name, wanted in (("tier", filters.tiers), ("author", filters.authors), ("session", filters.sessions)):
            if wanted:
                where.append(_among(f"m.{name}", wanted, name))
                params |= _named(name, wanted)
        if filters.category:
            where.append("m.category = :category")
            params["category"] = filters.category
        for name, sign in (("since", ">="), ("until", "<=")):
            if (time := getattr(filters, name)) is not None:
                where.append(f"m.occurred_at {sign} :{name}")
                params[name] = time
        if not filters.quarantined:
            where.append("m.quarantined = ''")
        # The texts are read only for what is shown: the sort would otherwise carry all of them along.
        rows = self._database.query(
            f"SELECT {SELECTED} FROM (SELECT m.seq AS seq FROM memories AS m WHERE {' AND '.join(where)} "
            "ORDER BY m.created_at DESC, m.seq DESC LIMIT :limit OFFSET :offset) AS shown "
            "JOIN memories AS m ON m.seq = shown.seq ORDER BY m.created_at DESC, m.seq DESC",
            params,
        )
        return tuple(recalled(row, now) for row in rows)

    def rows(self, seqs: Sequence[int], now: float) -> dict[int, RecalledMemory]:
        """The memories of these numbers that are there, by number, whatever their state."""
        found: dict[int, RecalledMemory] = {}
        for start in range(0, len(seqs), _PARAMETERS):
            some = [int(seq) for seq in seqs[start : start + _PARAMETERS]]
            for seq, *record in self._database.query(
                f"SELECT m.seq, {SELECTED} FROM memories AS m WHERE m.seq IN ({', '.join('?' * len(some))})", some
            ):
                found[seq] = recalled(tuple(record), now)
        return found

    def pin(self, memory_id: str, pinned: bool) -> bool:
        """Keep a memory past its expiry, or stop doing so; False when there is none of that id."""
        with self._database.transaction() as connection:
            sql = f"UPDATE memories SET pinned = ?2 WHERE seq = ({_SEQ})"
            return connection.execute(sql, (memory_id, int(pinned))).rowcount > 0

    def release(self, memory_id: str, *, trust: float = 1.0) -> bool:
        """Take a memory out of quarantine with the trust of whoever vouches for it; False when there is none of that id."""
        with self._database.transaction() as connection:
            found = connection.execute(_SEQ, (memory_id,)).fetchone()
            if found is not None:
                released(connection, int(found[0]), trust)
            return found is not None

    def stats(self, now: float, namespace: str | None = None) -> MemoryStats:
        """Counts, of one namespace or of all."""
        where = "" if namespace is None else "WHERE m.namespace = :namespace"
        live = f"{_LIVE} AND m.quarantined = ''"
        values = {"now": now} | ({} if namespace is None else {"namespace": namespace})
        with self._database.reader() as connection:
            counts = connection.execute(
                f"SELECT count(*), coalesce(sum({live}), 0), coalesce(sum(NOT {_NOT_EXPIRED}), 0), "
                "coalesce(sum(m.superseded_at IS NOT NULL), 0), coalesce(sum(m.pinned), 0), "
                f"coalesce(sum(m.quarantined <> ''), 0), count(DISTINCT m.namespace) FROM memories AS m {where}",
                values,
            ).fetchone()
            tiers = connection.execute(
                f"SELECT m.tier, coalesce(sum({live}), 0) FROM memories AS m {where} GROUP BY m.tier ORDER BY m.tier",
                values,
            ).fetchall()
            merged, vectors = (
                connection.execute(
                    f"SELECT count(DISTINCT t.{column}) FROM {table} AS t JOIN memories AS m ON m.seq = t.memory {where}",
                    values,
                ).fetchone()[0]
                for table, column in (("memory_aliases", "alias"), ("memory_vectors", "memory"))
            )
        total, living, expired, superseded, pinned, quarantined, namespaces = (int(n) for n in counts)
        return MemoryStats(
            total=total,
            live=living,
            expired=expired,
            superseded=superseded,
            pinned=pinned,
            quarantined=quarantined,
            merged=int(merged),
            with_vectors=int(vectors),
            namespaces=namespaces,
            live_by_tier={tier: int(n) for tier, n in tiers if n},
        )


def _bounded(number: int) -> int:
    return max(0, min(number, _MOST))


def _among(column: str, wanted: Sequence[str], name: str) -> str:
    return f"{column} IN ({', '.join(f':{name}{i}' for i in range(len(wanted)))})"


def _named(name: str, wanted: Sequence[str]) -> dict[str, str]:
    return {f"{name}{i}": value for i, value in enumerate(wanted)}
