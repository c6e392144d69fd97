"""The indexes that this process holds, one per namespace, each as new as the store.

A process follows ``memory_log``: every search first looks at the log's last number, which costs about 15 microseconds, and takes over
what came since. So what another process has stored is found by the next search, and nothing is ever asked of the other process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from orchestrator_core.forks import at_fork
from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.namespace_index import Entry, NamespaceIndex
from orchestrator_memory.rows.log import log_ends

_KEPT = 16
"""Namespaces held at a time; the one that was not used for longest goes first."""
_AT_ONCE = 500
_REBUILD_SHARE = 0.5
"""When the log names more than this share of a namespace it is read anew, in one go."""

_ENTRY = (
    "seq, text, author, session, tier, category, occurred_at, expires_at, superseded_at, pinned, quarantined, trust, score, "
    "helped, ignored"
)


class _Held:
    """An index and how far it has followed the log."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # re-entrant, for a signal handler may make a call
        self.in_use = False
        self.index: NamespaceIndex | None = None
        self.model = ""
        self.file: tuple[object, ...] = ()
        self.position = 0


class IndexCache:
    """Hands out up-to-date indexes. Safe for threads; after a fork the child starts with none."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._vectors = Vectors(database)
        self._reset()
        at_fork(self, child=IndexCache._reset)

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._held: OrderedDict[str, _Held] = OrderedDict()

    @contextmanager
    def index(
        self, namespace: str, identity: ModelIdentity | None, *, hold_vectors: bool = True
    ) -> Iterator[NamespaceIndex]:
        """The index of a namespace with the vectors of a model (of none for None), for as long as the block runs.

        Without ``hold_vectors`` it only knows which memories have one, and keeps a sample.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._lock:
            held = self._held.get(namespace)
            if held is None:
                held = self._held[namespace] = _Held()
            self._held.move_to_end(namespace)
            if len(self._held) > _KEPT:
                self._held.popitem(last=False)
        with held.lock:
            if held.in_use:  # by this very thread, which a signal handler interrupted: what it works on must not change
                index = self._read(namespace, identity)
                index.hold_vectors(hold_vectors)
                yield index
                return
            held.in_use = True
            try:
                yield self._ready(held, namespace, identity, hold_vectors)
            finally:
                held.in_use = False

    def _ready(self, held: _Held, namespace: str, identity: ModelIdentity | None, hold_vectors: bool) -> NamespaceIndex:
        index = self._current(held, namespace, identity)
        if identity is not None and index.holds_vectors != hold_vectors:
            # Read before the room is made: where that fails, the index must not pass zeros for vectors.
            loaded = self._vectors.load(identity.digest, namespace) if hold_vectors else None
            index.hold_vectors(hold_vectors)
            if loaded is not None:
                index.set_vectors(*loaded)
        return index

    def clear(self) -> None:
        """Let go of all indexes; the next search reads them anew."""
        with self._lock:
            self._held.clear()

    def _current(self, held: _Held, namespace: str, identity: ModelIdentity | None) -> NamespaceIndex:
        model = "" if identity is None else identity.digest
        first, last = log_ends(self._database)
        same = held.model == model and held.file == self._database.identity and held.position <= last
        if held.index is not None and same and not held.index.wasteful:
            if held.position == last:
                return held.index
            if first <= held.position + 1 and self._follow(held, held.index, namespace, model, last):
                return held.index
        held.index = None  # a failure below must not leave half an index behind
        held.index = self._read(namespace, identity)
        held.model, held.file, held.position = model, self._database.identity, last
        return held.index

    def _read(self, namespace: str, identity: ModelIdentity | None) -> NamespaceIndex:
        index = NamespaceIndex(0 if identity is None else identity.dimensions)
        with self._database.reader() as connection:
            rows = connection.execute(
                f"SELECT {_ENTRY} FROM memories WHERE namespace = ? ORDER BY occurred_at, seq", (namespace,)
            )
            index.put(Entry(*row) for row in rows)
        if identity is not None:
            index.set_vectors(*self._vectors.load(identity.digest, namespace))
        return index

    def _follow(self, held: _Held, index: NamespaceIndex, namespace: str, model: str, last: int) -> bool:
        """Take over what the log tells, up to ``last`` at least; False when reading all anew is cheaper."""
        changes = self._database.query(
            "SELECT n, memory, change FROM memory_log WHERE n > ? AND namespace = ? ORDER BY n",
            (held.position, namespace),
        )
        if len(changes) > _AT_ONCE and len(changes) > _REBUILD_SHARE * len(index):
            return False
        by_kind: dict[str, dict[int, None]] = {"put": {}, "facts": {}, "vector": {}, "gone": {}}
        for _, seq, change in changes:
            by_kind.setdefault(change, {})[seq] = None
        for seq in by_kind["gone"]:
            index.drop(seq)
        if by_kind["put"]:
            index.put(self._entries(tuple(by_kind["put"])))
        facts = tuple(seq for seq in by_kind["facts"] if seq not in by_kind["put"])
        if facts:
            index.update(self._entries(facts))
        embedded = tuple({**by_kind["vector"], **by_kind["put"]})
        if model and embedded:
            index.set_vectors(*self._vectors.fetch(model, embedded))
        # Not the log's end as it is by now: what was written since the changes were read is still to come.
        held.position = max(last, changes[-1][0]) if changes else last
        return True

    def _entries(self, seqs: Sequence[int]) -> Iterator[Entry]:
        for start in range(0, len(seqs), _AT_ONCE):
            some = seqs[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            for row in self._database.query(
                f"SELECT {_ENTRY} FROM memories WHERE seq IN ({marks}) ORDER BY occurred_at, seq", some
            ):
                yield Entry(*row)
