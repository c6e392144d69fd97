"""An embedded Chroma as the vector index of one namespace: it proposes the nearest, and the store's own vectors decide.

Chroma gets numbers and vectors, never a text. It is built and fed in the background by ``follow``; ``nearest`` only asks one that is
ready, and adds what the log tells since. What it names is scored by the vectors in the store, so an index that is late, or damaged
in a way that no check sees, may miss a memory but never gives a wrong score or a memory that is gone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.chroma.feed import (
    AT_ONCE,
    Feed,
    Place,
    asked,
    check_query,
    collection_name,
    collection_prefix,
    gone_since,
)
from orchestrator_memory.index.chroma.folder import FOLDER, chroma_call, chroma_folder
from orchestrator_memory.index.chroma.state import Collected
from orchestrator_memory.index.contract import IndexUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRAPH: dict[str, Any] = {
    "space": "cosine",
    "max_neighbors": 48,
    "ef_construction": 200,
    "ef_search": 2000,
    "sync_threshold": 1000,
    "batch_size": 1000,
}
"""Of the HNSW graph; chosen with ``benchmarks/memory_chroma.py``, the figures are in docs/why.md."""
_PROBES = 8
_COUNTED_EVERY = 2_000
"""Changes after which the number of vectors is compared with the store's; it is on opening, too."""
_KEEP_UP = 1_000
"""Entries of other namespaces after which the place in the log is written again, since the log is trimmed."""
_GIVE_UP_S = 600.0
"""After two failures in a row it is left alone for so long: building it takes minutes."""


class _Ready(Struct, frozen=True):
    """A collection that may be asked."""

    collection: Any
    generation: int
    place: Place


class EmbeddedChroma:
    """A ``VectorIndex`` in ``<store>/chroma``. Safe for threads. A forked child cannot use Chroma where its parent did."""

    def __init__(
        self, home: Path, database: Database, namespace: str, identity: ModelIdentity, vectors: Vectors
    ) -> None:
        self._database = database
        self._feed = Feed(database, namespace, identity, vectors)
        self._folder = chroma_folder(home / FOLDER)
        self._ready: _Ready | None = None
        self._why = "the vector index is not loaded yet."
        self._uncounted = 0
        self._pause_until = 0.0

    def nearest(self, query: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """As ``VectorIndex.nearest``.

        Raises:
            IndexUnavailable: it is not loaded or still being built, another process owns it, or the query does not fit.
        """
        vector = check_query(query, self._feed.identity.dimensions)
        ready = self._ready
        if ready is None:
            raise IndexUnavailable(self._why)
        named: list[int] = []
        with self._folder.reading(ready.generation):
            if k > 0:
                found = chroma_call(
                    lambda: ready.collection.query(query_embeddings=[vector], n_results=asked(k), include=[]),
                    "it was asked",
                )
                named = [int(name) for name in found["ids"][0]]
        return self._feed.ranked(vector, max(k, 0), named, ready.place)

    def follow(self) -> int:
        """Open it, build it or take over what changed; returns how many vectors were written or taken out.

        It may take minutes, so it belongs into a background thread.

        Raises:
            IndexUnavailable: another process owns it, or it was opened and emptied again and is still in doubt.
            StoreError: the store cannot be read.
        """
        if time.monotonic() < self._pause_until:
            raise IndexUnavailable(self._why)
        done = 0
        doubts = 0
        while True:
            with self._folder.lock:
                try:
                    step = self._step()
                except IndexUnavailable as error:
                    self._ready, self._why = None, str(error)
                    if self._folder.state is None:  # it never came so far: another owner, a folder that cannot be made
                        raise
                    self._folder.wipe()
                    doubts += 1
                    if doubts > 1:
                        self._pause_until = time.monotonic() + _GIVE_UP_S
                        raise
                    continue
            if step is None:
                return done
            done += step

    def _step(self) -> int | None:
        """One batch; None when there is nothing left to do. The caller holds the folder's lock."""
        store = self._feed.store_id()
        client = self._folder.open(store, self._feed.end().n)
        self._folder.users.add(self)
        name = collection_name(store, self._feed.namespace, self._feed.identity.digest)
        known = self._collected(name)
        if known is not None and not self._feed.follows(known.place):
            raise IndexUnavailable("the log no longer tells what the vector index has missed.")
        if self._ready is not None and (known is None or self._ready.generation != self._folder.generation):
            self._ready = None
        if known is None:
            known = Collected(self._feed.end(), 0, 0)
            collection = self._made(client, store, name, known)
        elif self._ready is None:
            collection = chroma_call(lambda: client.get_collection(name, embedding_function=None), "it was opened")
        else:
            collection = self._ready.collection
        if known.cursor >= 0:
            self._why = f"the vector index is being built ({known.count:,} so far)."
            return self._build(collection, name, known)
        step, place = self._take_over(collection, name, known)
        if step is None and (self._ready is None or self._uncounted > _COUNTED_EVERY):
            checked = self._check(collection, place)
            if self._ready is None and not checked:
                return 0
        if step is None or self._ready is not None:
            self._ready = _Ready(collection, self._folder.generation, place)
        return step

    def _collected(self, name: str) -> Collected | None:
        return None if self._folder.state is None else self._folder.state.collections.get(name)

    def _made(self, client: Any, store: str, name: str, known: Collected) -> Any:
        """A new collection; those of the namespace's earlier models go."""
        state = self._folder.state
        earlier = [] if state is None else [*state.collections]
        others = [other for other in earlier if other.startswith(collection_prefix(store, self._feed.namespace))]
        with self._folder.writing() as news:
            there = {collection.name for collection in chroma_call(client.list_collections, "it was listed")}
            for other in (*others, name):
                if other in there:
                    chroma_call(partial(client.delete_collection, other), "an old one was deleted")
                news[other] = None
            made = chroma_call(
                lambda: client.create_collection(name, embedding_function=None, configuration={"hnsw": GRAPH}),
                "it was made",
            )
            news[name] = known
        return made

    def _build(self, collection: Any, name: str, known: Collected) -> int:
        """Take over the next memories by number."""
        seqs = self._feed.after(known.cursor)
        with self._folder.writing() as news:
            written = self._upsert(collection, seqs)
            cursor = seqs[-1] if len(seqs) == AT_ONCE else -1
            news[name] = Collected(known.place, cursor, self._settled(collection))
        return written

    def _take_over(self, collection: Any, name: str, known: Collected) -> tuple[int | None, Place]:
        """Take over what the log tells; returns how many vectors were written or taken out (None: it told nothing), and up to where."""
        changes = self._feed.changes(known.place)
        if not changes.seqs:
            if changes.until.n - known.place.n < _KEEP_UP:
                return None, known.place
            with self._folder.writing() as news:
                news[name] = Collected(changes.until, -1, known.count)
            return None, changes.until
        with self._folder.writing() as news:
            written = self._upsert(collection, changes.seqs)
            written += self._delete(collection, changes.seqs)
            news[name] = Collected(changes.until, -1, self._settled(collection))
        self._uncounted += len(changes.seqs)
        return written, changes.until

    def _upsert(self, collection: Any, seqs: Sequence[int]) -> int:
        found, rows = self._feed.fetch(seqs)
        if len(found):
            ids = [str(seq) for seq in found.tolist()]
            chroma_call(lambda: collection.upsert(ids=ids, embeddings=rows), "vectors were added")
        return len(found)

    def _delete(self, collection: Any, seqs: Sequence[int]) -> int:
        """Take out what has no vector any more."""
        stored = set(self._feed.fetch(seqs)[0].tolist())
        absent = [str(seq) for seq in seqs if seq not in stored]
        if not absent:
            return 0
        there = chroma_call(lambda: collection.get(ids=absent, include=[]), "it was read")["ids"]
        if there:
            chroma_call(lambda: collection.delete(ids=there), "vectors were taken out")
        return len(there)

    def _settled(self, collection: Any) -> int:
        """How many vectors it holds, after a query that makes it write what it has put off: nothing is written unseen later."""
        import numpy as np

        count = int(chroma_call(collection.count, "it was counted"))
        if count:
            anything = np.full((1, self._feed.identity.dimensions), self._feed.identity.dimensions**-0.5, np.float32)
            chroma_call(lambda: collection.query(query_embeddings=anything, n_results=1, include=[]), "it was asked")
        return count

    def _check(self, collection: Any, place: Place) -> bool:
        """Look whether it holds as many vectors as the store and finds some of them by themselves; False if the store moved on.

        Raises:
            IndexUnavailable: it does not.
        """
        seqs, rows = self._feed.fetch(self._feed.sample(_PROBES))
        wanted = self._feed.count(place)
        if wanted is None:
            return False
        count = int(chroma_call(collection.count, "it was counted"))
        if wanted != count:
            raise IndexUnavailable(f"the vector index holds {count:,} vectors and the store {wanted:,}.")
        if len(seqs):
            found = chroma_call(
                lambda: collection.query(query_embeddings=rows, n_results=1, include=["embeddings"]), "it was asked"
            )
            for row, near in zip(rows, found["embeddings"], strict=True):
                if not len(near) or float(near[0] @ row) < 0.999:  # another memory may have the same vector
                    raise IndexUnavailable("the vector index does not find a vector that it holds.")
        self._uncounted = 0
        return True

    def purge(self, seqs: Sequence[int]) -> bool:
        """As ``VectorIndex.purge``: the whole folder goes, and is built anew by the next ``follow``.

        False where another process owns it: that one deletes it at its next ``follow``.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._folder.forget(gone_since(self._database, seqs))

    def health(self) -> str:
        """``ok``, or in one sentence what is wrong."""
        ready = self._ready
        if ready is None:
            return self._why
        return "ok" if ready.generation == self._folder.generation else "the vector index is to be opened again."

    def close(self) -> None:
        """Let go of it; the folder is closed with its last user in this process."""
        self._ready, self._why = None, "the vector index is closed."
        with self._folder.lock:
            self._folder.users.discard(self)
            if not self._folder.users:
                self._folder.close()
