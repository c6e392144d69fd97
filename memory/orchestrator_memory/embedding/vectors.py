"""The table of vectors: one unit vector per memory and embedding model, as little-endian float16.

Rounding to 16 bits turns a cosine by at most 0.0005. Rows are brought back to length 1 when they are read.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orchestrator_core.errors import ModelBadOutput
from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.storage.database import Database

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BYTES = 2
"""Of one number on disk."""
_LONGEST = 1.01
"""Of a number in a unit vector, with room for rounding."""
_PARAMETERS = 500
"""Numbers bound in one statement; SQLite allows 32,766."""
_DISCARDED_AT_ONCE = 2000
"""Vectors deleted in one transaction: other writers get their turn between two."""

_USED = "embedding_used:"
"""Begins the key in ``meta`` that says when a process last worked with a model."""
_NOTED_EVERY_S = 3_600.0
_UNUSED_S = 86_400.0

_NO_VECTOR = "NOT EXISTS (SELECT 1 FROM memory_vectors v WHERE v.memory = m.seq AND v.model = ?)"
_OF_NAMESPACE = (
    "SELECT m.seq, v.vector FROM memories m JOIN memory_vectors v ON v.memory = m.seq AND v.model = ? "
    "WHERE m.namespace = ? AND m.seq > ? ORDER BY m.seq"
)


def checked_rows(identity: ModelIdentity, n: int, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a model gave for ``n`` texts, if it can be that: ``n`` finite vectors of the model's size, no longer than 1.

    Raises:
        ModelBadOutput: it cannot.
    """
    import numpy as np

    rows = np.asarray(matrix, dtype=np.float32)
    if rows.shape != (n, identity.dimensions):
        raise ModelBadOutput(
            f"the embedding model {identity.name!r} gave an array of shape {rows.shape} for {n} texts; "
            f"{(n, identity.dimensions)} was expected"
        )
    if not np.isfinite(rows).all() or (rows.size and np.abs(rows).max() > _LONGEST):
        raise ModelBadOutput(f"the embedding model {identity.name!r} gave a vector that is no unit vector")
    return rows


class Vectors:
    """Reads and writes ``memory_vectors``. Safe for threads and for several processes on one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        identity: ModelIdentity,
        seqs: Sequence[int],
        matrix: NDArray[np.float32],
        *,
        texts: Sequence[str] | None = None,
    ) -> int:
        """Store one vector per memory in one transaction; returns how many were written.

        A memory that is gone or has one by now is skipped, and so is one whose text is no longer the one in ``texts``.

        Raises:
            ModelBadOutput: ``matrix`` is not of shape ``(len(seqs), identity.dimensions)`` or not finite; nothing was written.
            StoreError: the store cannot be written.
        """
        rows = checked_rows(identity, len(seqs), matrix)
        blobs = rows.astype("<f2")
        written = 0
        with self._database.transaction() as connection:
            _note_use(connection, identity, time.time())
            for place, seq in enumerate(seqs):
                found = connection.execute("SELECT text FROM memories WHERE seq = ?", (int(seq),)).fetchone()
                if found is None or (texts is not None and found[0] != texts[place]):
                    continue
                # One that is there is of this very text: a changed text takes its vectors with it.
                written += connection.execute(
                    "INSERT INTO memory_vectors (memory, model, vector) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (int(seq), identity.digest, blobs[place].tobytes()),
                ).rowcount
        return written

    def load(self, digest: str, namespace: str, *, after: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """All vectors of a namespace whose memory's number is above ``after``, as ``(seqs, rows)``, by number.

        A damaged blob (of the wrong length, or not finite) is deleted, so that its memory is embedded again.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._read(
            digest,
            [
                (_OF_NAMESPACE, (digest, namespace, after)),
            ],
        )

    def fetch(self, digest: str, seqs: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The vectors of some memories, by number; those without one are left out. Damaged ones as in ``load``.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._read(
            digest,
            [
                (
                    f"SELECT memory, vector FROM memory_vectors WHERE model = ? AND memory IN ({_marks(some)}) ORDER BY memory",
                    (digest, *some),
                )
                for some in _slices(sorted({int(seq) for seq in seqs}))
            ],
        )

    def _read(
        self, digest: str, statements: Iterable[tuple[str, Sequence[object]]]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        import numpy as np

        known = self._database.query("SELECT dimensions FROM memory_models WHERE model = ?", (digest,))
        if not known:  # the first vectors may come right now: nobody knows yet what is damaged
            return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
        size = int(known[0][0]) * _BYTES
        seqs: list[int] = []
        blobs: list[bytes] = []
        damaged: list[int] = []
        with self._database.reader() as connection:
            for sql, parameters in statements:
                for seq, blob in connection.execute(sql, parameters):
                    if isinstance(blob, bytes) and len(blob) == size:
                        seqs.append(seq)
                        blobs.append(blob)
                    else:
                        damaged.append(seq)
        numbers = np.array(seqs, dtype=np.int64)
        rows = np.frombuffer(b"".join(blobs), dtype="<f2").reshape(len(seqs), size // _BYTES).astype(np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        sound = np.isfinite(lengths)
        if not sound.all():
            damaged += numbers[~sound].tolist()
            numbers, rows, lengths = numbers[sound], rows[sound], lengths[sound]
        if damaged:
            self._delete(digest, damaged)
        rows /= np.maximum(lengths, np.float32(1e-12))[:, None]
        return numbers, rows

    def _delete(self, digest: str, seqs: Sequence[int]) -> None:
        with self._database.transaction() as connection:
            for some in _slices(seqs):
                connection.execute(
                    f"DELETE FROM memory_vectors WHERE model = ? AND memory IN ({_marks(some)})", (digest, *some)
                )

    def pending(
        self,
        digest: str,
        *,
        limit: int,
        seqs: Sequence[int] | None = None,
        before: int | None = None,
        stored_before: float | None = None,
    ) -> list[tuple[int, str]]:
        """Memories that have no vector of this model, as ``(seq, text to embed)``, the newest first; superseded ones need none.

        ``seqs`` restricts it to some memories, ``before`` to lower numbers, ``stored_before`` to those stored before that time
        (epoch seconds).

        Raises:
            StoreError: the store cannot be read.
        """
        conditions, parameters = ["m.superseded_at IS NULL", _NO_VECTOR], [digest]
        values: list[object] = [*parameters]
        if before is not None:
            conditions.append("m.seq < ?")
            values.append(before)
        if stored_before is not None:
            conditions.append("m.created_at < ?")
            values.append(stored_before)
        start = "SELECT m.seq, m.text FROM memories m WHERE "
        with self._database.reader() as connection:
            if seqs is None:
                found = _rows(connection, start, conditions, values, limit)
            else:
                found = []
                for some in _slices(sorted({int(seq) for seq in seqs}, reverse=True)):
                    if len(found) >= limit:
                        break
                    found += _rows(
                        connection,
                        start,
                        [*conditions, f"m.seq IN ({_marks(some)})"],
                        [*values, *some],
                        limit - len(found),
                    )
        return found

    def count_pending(self, digest: str, namespaces: Sequence[str] | None = None) -> int:
        """How many memories of these namespaces (of all, where none is given) have no vector of this model.

        Raises:
            StoreError: the store cannot be read.
        """
        where = "" if namespaces is None else f"m.namespace IN ({_marks(namespaces)}) AND "
        return int(
            self._database.query(
                f"SELECT count(*) FROM memories m WHERE {where}m.superseded_at IS NULL AND {_NO_VECTOR}",
                (*(namespaces or ()), digest),
            )[0][0]
        )

    def note_use(self, identity: ModelIdentity) -> None:
        """Say that a process works with a model. Writes at most once an hour.

        Raises:
            StoreError: the store cannot be read or written.
        """
        now = time.time()
        rows = self._database.query("SELECT CAST(value AS REAL) FROM meta WHERE key = ?", (_USED + identity.digest,))
        if not rows or not 0 <= now - rows[0][0] < _NOTED_EVERY_S:
            with self._database.transaction() as connection:
                _note_use(connection, identity, now)

    def unused(self, digest: str) -> list[str]:
        """The other models that have vectors and with which no process has worked for a day.

        Raises:
            StoreError: the store cannot be read.
        """
        now = time.time()
        rows = self._database.query(
            "SELECT model FROM memory_models LEFT JOIN meta ON key = ? || model WHERE model <> ? "
            "AND coalesce(CAST(value AS REAL), first_used) NOT BETWEEN ? AND ?",
            (_USED, digest, now - _UNUSED_S, now + _NOTED_EVERY_S),
        )
        return [row[0] for row in rows]

    def discard_unused(self, digest: str) -> int:
        """Delete the vectors of the ``unused`` other models, once this one has all; returns how many.

        What another process works with stays, or two with different settings would delete each other's vectors for ever.

        Raises:
            StoreError: the store cannot be written.
        """
        discarded = 0
        for other in self.unused(digest):
            while True:
                with self._database.transaction() as connection:
                    gone = connection.execute(
                        "DELETE FROM memory_vectors WHERE rowid IN "
                        "(SELECT rowid FROM memory_vectors WHERE model = ? LIMIT ?)",
                        (other, _DISCARDED_AT_ONCE),
                    ).rowcount
                    if gone < _DISCARDED_AT_ONCE:
                        connection.execute("DELETE FROM memory_models WHERE model = ?", (other,))
                        connection.execute("DELETE FROM meta WHERE key = ?", (_USED + other,))
                discarded += gone
                if gone < _DISCARDED_AT_ONCE:
                    break
        return discarded


def _note_use(connection: sqlite3.Connection, identity: ModelIdentity, now: float) -> None:
    connection.execute(
        "INSERT INTO memory_models (model, name, dimensions, first_used) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (identity.digest, identity.name, identity.dimensions, now),
    )
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2 "
        "WHERE CAST(value AS REAL) NOT BETWEEN ?3 AND ?4",
        (_USED + identity.digest, repr(now), now - _NOTED_EVERY_S, now),
    )


def _rows(
    connection: sqlite3.Connection, start: str, conditions: Sequence[str], values: Sequence[object], limit: int
) -> list[tuple[int, str]]:
    sql = f"{start}{' AND '.join(conditions)} ORDER BY m.seq DESC LIMIT ?"
    return connection.execute(sql, (*values, limit)).fetchall()


def _slices(seqs: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(seqs), _PARAMETERS):
        yield seqs[start : start + _PARAMETERS]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
