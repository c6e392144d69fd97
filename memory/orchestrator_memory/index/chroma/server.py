"""A Chroma server as the vector index of one namespace.

How far a collection has followed the store stands in its own metadata, so all processes of the store see it. One of them at a time
feeds it, by a lock beside the store; all of them ask it. The collection's name holds the store's random id: stores on several machines
share a server and never mix. As with the embedded index the store's own vectors decide in the end.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from orchestrator_core.file_lock import file_lock
from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.chroma.feed import (
    Feed,
    Place,
    asked,
    check_query,
    collection_name,
    collection_prefix,
    store_id,
)
from orchestrator_memory.index.chroma.folder import FOLDER
from orchestrator_memory.index.chroma.http import ChromaHttp, Found, NoCollection, server_address
from orchestrator_memory.index.contract import IndexUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRAPH = {"space": "cosine", "max_neighbors": 48, "ef_construction": 200, "ef_search": 2000}
"""As of the embedded index."""
_AT_ONCE = 1_000
"""Vectors sent in one call: about 8 MB of JSON."""
_PAUSE_S = 15.0
"""After a failure the server is left alone for so long, so that not every search waits for it."""
_PLACE = "magnus"
_LOCK = "server.lock"
_REFRESHED_AFTER = 256
"""Changes that may be compared one by one before the server is asked again how far it has come."""


class _Followed(Struct, frozen=True, array_like=True):
    """What stands in a collection's metadata, as one JSON text, since Chroma would make floats of large numbers."""

    n: int
    at: float
    cursor: int


class ServerChroma:
    """A ``VectorIndex`` on a server. Safe for threads and forks; it holds no connection."""

    def __init__(
        self, url: str, home: Path, database: Database, namespace: str, identity: ModelIdentity, vectors: Vectors
    ) -> None:
        self._http = ChromaHttp(server_address(url))
        self._lock_file = home / FOLDER / _LOCK
        self._feed = Feed(database, namespace, identity, vectors)
        self._known: tuple[str, Place] | None = None
        """The collection's id, and a place that it has reached."""
        self._failed_at = -_PAUSE_S
        self._why = ""

    def nearest(self, query: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """As ``VectorIndex.nearest``.

        Raises:
            IndexUnavailable: the server does not answer, or did not a moment ago; the index is being built; the query does not fit.
        """
        vector = check_query(query, self._feed.identity.dimensions)
        if time.monotonic() - self._failed_at < _PAUSE_S:
            raise IndexUnavailable(self._why)
        try:
            collection, place = self._known or self._look()
            if not self._feed.changes(place, _REFRESHED_AFTER).complete:
                collection, place = self._look()
            named = self._http.nearest(collection, vector, asked(k)) if k > 0 else []
        except IndexUnavailable as error:
            self._failed(error)
            raise
        return self._feed.ranked(vector, max(k, 0), named, place)

    def _failed(self, error: IndexUnavailable) -> None:
        self._known, self._why = None, str(error)
        if not isinstance(error, NoCollection | _Building):
            self._failed_at = time.monotonic()

    def _look(self) -> tuple[str, Place]:
        """The collection and how far it has come.

        Raises:
            IndexUnavailable: it is not there or not whole.
        """
        found = self._http.collection(self._name())
        followed = _followed(found)
        if followed is None or followed.cursor >= 0:
            raise _Building(f"the vector index at {self._http.address.url} is being built.")
        place = Place(followed.n, followed.at)
        if not self._feed.follows(place):
            raise _Building(f"the vector index at {self._http.address.url} must be built anew.")
        self._known = (found.id, place)
        self._why = ""
        return self._known

    def _name(self) -> str:
        return collection_name(self._feed.store_id(), self._feed.namespace, self._feed.identity.digest)

    def follow(self) -> int:
        """Build it or take over what changed; returns how many vectors were sent or taken out: 0 while another process does it.

        It may take minutes, so it belongs into a background thread.

        Raises:
            IndexUnavailable: the server does not answer as it should.
            StoreError: the store cannot be read.
        """
        try:
            self._lock_file.parent.mkdir(mode=0o700, exist_ok=True)
            with file_lock(self._lock_file, wait_s=0) as mine:
                return self._fed() if mine else 0
        except OSError as error:
            raise IndexUnavailable(f"{self._lock_file} cannot be used: {error}.") from error
        except IndexUnavailable as error:
            self._failed(error)
            raise

    def _fed(self) -> int:
        self._http.check()
        self._failed_at = -_PAUSE_S
        name = self._name()
        try:
            found = self._http.collection(name)
        except NoCollection:
            found = self._made(name)
        followed = _followed(found)
        if followed is None or not self._feed.follows(Place(followed.n, followed.at)):
            self._http.drop(name)
            found = self._made(name)
            followed = _followed(found)
        if followed is None:
            raise IndexUnavailable(f"the Chroma server at {self._http.address.url} keeps no metadata.")
        done, place = self._built(found.id, followed)
        sent, place = self._taken_over(found.id, place)
        wanted = self._feed.count(place) if done + sent or self._known is None else None
        if wanted is not None and (count := self._http.count(found.id)) != wanted:
            self._http.drop(name)
            raise IndexUnavailable(
                f"the vector index at {self._http.address.url} held {count:,} vectors and the store {wanted:,}; it is built anew."
            )
        self._known, self._why = (found.id, place), ""
        return done + sent

    def _made(self, name: str) -> Found:
        """A new collection; those of the namespace's earlier models go."""
        mine = collection_prefix(self._feed.store_id(), self._feed.namespace)
        for other in self._http.collections():
            if other.name.startswith(mine):
                self._http.drop(other.name)
        end = self._feed.end()
        return self._http.make(name, GRAPH, _metadata(_Followed(end.n, end.at, 0)))

    def _built(self, collection: str, followed: _Followed) -> tuple[int, Place]:
        done, cursor = 0, followed.cursor
        while cursor >= 0:
            seqs = self._feed.after(cursor, _AT_ONCE)
            done += self._send(collection, seqs)
            cursor = seqs[-1] if len(seqs) == _AT_ONCE else -1
            self._http.set_metadata(collection, _metadata(_Followed(followed.n, followed.at, cursor)))
        return done, Place(followed.n, followed.at)

    def _taken_over(self, collection: str, place: Place) -> tuple[int, Place]:
        done, complete = 0, False
        while not complete:
            changes = self._feed.changes(place, _AT_ONCE)
            complete = changes.complete
            if not changes.seqs and changes.until.n - place.n < _AT_ONCE:
                break
            done += self._send(collection, changes.seqs)
            place = changes.until
            self._http.set_metadata(collection, _metadata(_Followed(place.n, place.at, -1)))
        return done, place

    def _send(self, collection: str, seqs: Sequence[int]) -> int:
        """Make the server hold these memories' vectors as the store has them now."""
        stored, rows = self._feed.fetch(seqs)
        if len(stored):
            self._http.upsert(collection, stored.tolist(), rows)
        present = set(stored.tolist())
        absent = [seq for seq in seqs if seq not in present]
        if absent:
            self._http.delete(collection, absent)
        return len(seqs)

    def purge(self, seqs: Sequence[int]) -> bool:
        """Take the vectors out of the namespace's collection; always False, since the server's files are its own."""
        try:
            self._http.delete(self._http.collection(self._name()).id, seqs)
        except IndexUnavailable as error:
            self._failed(error)
        return False

    def health(self) -> str:
        """``ok``, or in one sentence what is wrong."""
        if self._known is not None:
            return "ok"
        return self._why or "the vector index was not asked yet."

    def close(self) -> None:
        """Forget what is known of the server."""
        self._known = None


class _Building(IndexUnavailable):
    """The server answers; the collection is not whole yet."""


def _metadata(followed: _Followed) -> dict[str, str]:
    return {_PLACE: msgspec.json.encode(followed).decode()}


def _followed(found: Found) -> _Followed | None:
    try:
        return msgspec.json.decode((found.metadata or {}).get(_PLACE, ""), type=_Followed)
    except (msgspec.DecodeError, TypeError):
        return None


def purge_server(url: str, database: Database, seqs: Sequence[int]) -> bool:
    """Take memories out of all of a store's collections on a server, as far as it answers; always False, as ``ServerChroma.purge``.

    Raises:
        SettingsError: ``url`` is no address.
        StoreError: the store cannot be read.
    """
    http = ChromaHttp(server_address(url))
    prefix = collection_prefix(store_id(database))
    try:
        for found in http.collections():
            if found.name.startswith(prefix):
                http.delete(found.id, seqs)
    except IndexUnavailable:
        return False
    return False
