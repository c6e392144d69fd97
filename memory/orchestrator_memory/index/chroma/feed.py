"""What a derived index takes from the store: which vectors changed since a place in the log, and what is true of them now.

A change names a memory, never a vector: what is done about it follows from the store as it is now. So taking a change over twice, or late,
does no harm.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.contract import IndexUnavailable
from orchestrator_memory.rows.log import log_ends

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AT_ONCE = 5_000
"""Changes taken over in one go; Chroma takes at most 5,461 in one call."""
SCANNED_AT_MOST = 5_000
"""So many vectors that the index does not know yet are compared one by one; with more of them the exact scan is better."""
_SPARE = 32
"""Asked for beyond ``k``, since some of what the index names may be gone from the store."""

_CHANGED = (
    "SELECT n, memory FROM memory_log WHERE n > ? AND n <= ? AND namespace = ? AND change <> 'facts' ORDER BY n LIMIT ?"
)
_COUNT = (
    "SELECT count(*) FROM memories m JOIN memory_vectors v ON v.memory = m.seq AND v.model = ? WHERE m.namespace = ?"
)


class Place(Struct, frozen=True, array_like=True):
    """A place in the log, and when that entry was written: another store, or a restored one, has another entry there."""

    n: int = 0
    at: float = 0.0


class Changes(Struct, frozen=True):
    """The memories that changed between two places, and how many of the log's entries that were."""

    seqs: tuple[int, ...]
    until: Place
    complete: bool
    """False where more follow."""


class Feed:
    """The vectors of one namespace and one embedding model, as a derived index sees them."""

    def __init__(self, database: Database, namespace: str, identity: ModelIdentity, vectors: Vectors) -> None:
        self._database = database
        self.namespace = namespace
        self.identity = identity
        self._vectors = vectors

    def store_id(self) -> str:
        """The store's own random id, made at the first call.

        Raises:
            StoreError: the store cannot be read or written.
        """
        return store_id(self._database)

    def end(self) -> Place:
        """The log's last place.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._database.query("SELECT n, at FROM memory_log ORDER BY n DESC LIMIT 1")
        return Place(*rows[0]) if rows else Place()

    def follows(self, place: Place) -> bool:
        """Whether the log still tells all that happened since a place, and whether that place is of this store.

        Raises:
            StoreError: the store cannot be read.
        """
        first, last = log_ends(self._database)
        if place.n == 0:
            return bool(first <= 1)
        found = self._database.query("SELECT at FROM memory_log WHERE n = ?", (place.n,))
        if found:
            return bool(found[0][0] == place.at)
        return bool(first == place.n + 1 and last >= first)

    def changes(self, since: Place, limit: int = AT_ONCE) -> Changes:
        """What changed after a place.

        Raises:
            StoreError: the store cannot be read.
        """
        end = self.end()
        rows = self._database.query(_CHANGED, (since.n, end.n, self.namespace, limit))
        complete = len(rows) < limit
        if not complete:
            found = self._database.query("SELECT n, at FROM memory_log WHERE n = ?", (rows[-1][0],))
            end = Place(*found[0]) if found else Place(rows[-1][0])
        return Changes(tuple(dict.fromkeys(seq for _, seq in rows)), end, complete)

    def fetch(self, seqs: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Those of these memories that have a vector, with it.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._vectors.fetch(self.identity.digest, seqs)

    def after(self, seq: int, limit: int = AT_ONCE) -> list[int]:
        """The next memories that have a vector, by number.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._database.query(
            "SELECT m.seq FROM memories m WHERE m.namespace = ? AND m.seq > ? "
            "AND EXISTS (SELECT 1 FROM memory_vectors v WHERE v.memory = m.seq AND v.model = ?) ORDER BY m.seq LIMIT ?",
            (self.namespace, seq, self.identity.digest, limit),
        )
        return [row[0] for row in rows]

    def count(self, place: Place) -> int | None:
        """How many vectors there are, if nothing happened since a place; None if something did.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._database.query(
            f"SELECT ({_COUNT}), EXISTS (SELECT 1 FROM memory_log WHERE n > ? AND namespace = ? AND change <> 'facts')",
            (self.identity.digest, self.namespace, place.n, self.namespace),
        )
        count, moved = rows[0]
        return None if moved else int(count)

    def sample(self, size: int) -> list[int]:
        """A few memories that have a vector, spread over the namespace by number.

        Raises:
            StoreError: the store cannot be read.
        """
        last = self._database.query("SELECT coalesce(max(seq), 0) FROM memories")[0][0]
        return sorted({seq for part in range(size) for seq in self.after(last * part // size, 1)})

    def ranked(
        self, query: NDArray[np.float32], k: int, named: Sequence[int], place: Place
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The best ``k`` of what an index that stands at a place has named and of what changed since, by the store's own vectors.

        Raises:
            IndexUnavailable: too much changed since.
            StoreError: the store cannot be read.
        """
        import numpy as np

        changes = self.changes(place, SCANNED_AT_MOST)
        if not changes.complete:
            raise IndexUnavailable(f"the vector index is more than {SCANNED_AT_MOST:,} changes behind the store.")
        seqs, rows = self.fetch([*{*named, *changes.seqs}])
        if not len(seqs):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        cosines = rows @ query
        best = np.lexsort((seqs, -cosines))[:k]
        return seqs[best], cosines[best]


def asked(k: int) -> int:
    """How many an index is asked for where ``k`` are wanted."""
    return k + _SPARE


def check_query(query: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """The query as one finite vector of the model's size.

    Raises:
        IndexUnavailable: it is none.
    """
    import numpy as np

    vector = np.ascontiguousarray(query, dtype=np.float32)
    if vector.shape != (dimensions,) or not np.isfinite(vector).all():
        raise IndexUnavailable(
            f"the query is no finite vector of {dimensions} numbers, as this embedding model makes them (its shape is {vector.shape})."
        )
    return vector


def store_id(database: Database) -> str:
    """The random id of a store, kept in its ``meta`` table; made at the first call.

    Raises:
        StoreError: the store cannot be read or written.
    """
    statement = "SELECT value FROM meta WHERE key = 'store_id'"
    if not (rows := database.query(statement)):
        database.execute([("INSERT OR IGNORE INTO meta (key, value) VALUES ('store_id', ?)", (uuid.uuid4().hex,))])
        rows = database.query(statement)
    return str(rows[0][0])


def collection_prefix(store: str, namespace: str | None = None) -> str:
    """What the names of a store's collections begin with, or those of one of its namespaces. Nothing of it can be read back."""
    names = (store,) if namespace is None else (store, namespace)
    return "-".join(
        ("magnus", *(hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16] for name in names), "")
    )


def collection_name(store: str, namespace: str, digest: str) -> str:
    """The collection of one namespace and model; of 59 characters where the digest has 16."""
    model = digest if digest.isalnum() and digest.isascii() and len(digest) <= 16 else None
    return collection_prefix(store, namespace) + (model or hashlib.sha256(digest.encode()).hexdigest()[:16])


def gone_since(database: Database, seqs: Sequence[int]) -> int | None:
    """The place in the log after which none of these memories had a vector; None while one of them is still stored.

    Raises:
        StoreError: the store cannot be read.
    """
    latest = 0
    with database.reader() as connection:
        first = connection.execute("SELECT coalesce(min(n), 1) FROM memory_log").fetchone()[0]
        for seq in map(int, seqs):
            if connection.execute("SELECT 1 FROM memories WHERE seq = ?", (seq,)).fetchone():
                return None
        for start in range(0, len(seqs), 500):
            some = [int(seq) for seq in seqs[start : start + 500]]
            marks = ", ".join("?" * len(some))
            rows = connection.execute(
                f"SELECT memory, max(n) FROM memory_log WHERE change = 'gone' AND memory IN ({marks}) GROUP BY memory",
                some,
            ).fetchall()
            latest = max([latest, *(n for _, n in rows)])
            if len(rows) < len(set(some)):
                latest = max(latest, first - 1)  # what the trimmed part of the log told
    return latest
