"""The border to a Chroma server: version 2 of its HTTP interface, as far as the index needs it.

Not chromadb's own client: that one has no time limits, follows the proxies of the environment, and costs half a second of CPU to import.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from orchestrator_core.clock import SystemClock
from orchestrator_core.models.address import ServerAddress, address_of
from orchestrator_memory.index.contract import IndexUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

SEARCH_S = 1.0
"""A search makes at most two calls, so a server that is slow costs it 2 s, and only once in a while."""
FEED_S = 60.0
"""One batch of vectors; building the graph for it takes the server seconds."""
_ANSWER_BYTES = 64 * 1024 * 1024
_COLLECTIONS = "/tenants/default_tenant/databases/default_database/collections"
_PORT = 8000
_LISTED = 1_000


class Found(Struct, frozen=True):
    """A collection of the server."""

    id: str
    name: str
    metadata: dict[str, Any] | None = None


class NoCollection(IndexUnavailable):
    """The server answers and has no such collection."""


def server_address(url: str) -> ServerAddress:
    """The address in ``memory.chroma_url``. Any host that is named there is asked; none is ever guessed.

    Raises:
        SettingsError: it is no http(s) URL with a host.
    """
    return address_of(url, "memory.chroma_url", port=_PORT)


class ChromaHttp:
    """Calls to one server. Safe for threads: each call opens a connection of its own. Sends no credentials, knows no proxies."""

    def __init__(self, address: ServerAddress) -> None:
        self.address = address

    def check(self) -> None:
        """See that a Chroma server of a known version answers, within ``SEARCH_S``.

        Raises:
            IndexUnavailable: it does not.
        """
        version = self._call("GET", "/version", SEARCH_S)
        if not isinstance(version, str) or version.partition(".")[0] != "1":
            raise IndexUnavailable(
                f"the Chroma server at {self.address.url} speaks version {str(version)[:40]!r}, not 1."
            )

    def collection(self, name: str) -> Found:
        """A collection by name.

        Raises:
            NoCollection: there is none.
            IndexUnavailable: the server does not answer as it should; so does every call below.
        """
        return self._converted(self._call("GET", f"{_COLLECTIONS}/{name}", SEARCH_S), Found)

    def collections(self) -> list[Found]:
        """All collections of the server."""
        found: list[Found] = []
        while True:
            query = f"?limit={_LISTED}&offset={len(found)}"
            some = self._converted(self._call("GET", _COLLECTIONS + query, SEARCH_S), list[Found])
            found += some
            if len(some) < _LISTED:
                return found

    def make(self, name: str, graph: Mapping[str, Any], metadata: Mapping[str, str]) -> Found:
        """Make a collection, or get the one of that name."""
        body = {"name": name, "get_or_create": True, "configuration": {"hnsw": graph}, "metadata": metadata}
        return self._converted(self._call("POST", _COLLECTIONS, FEED_S, body), Found)

    def drop(self, name: str) -> None:
        """Delete a collection."""
        self._call("DELETE", f"{_COLLECTIONS}/{name}", FEED_S)

    def set_metadata(self, collection: str, metadata: Mapping[str, str]) -> None:
        """Replace a collection's metadata. Here as below a collection is named by its id."""
        self._call("PUT", f"{_COLLECTIONS}/{collection}", FEED_S, {"new_metadata": metadata})

    def upsert(self, collection: str, ids: Sequence[int], rows: NDArray[np.float32]) -> None:
        """Write vectors."""
        body = {"ids": [str(number) for number in ids], "embeddings": rows.tolist()}
        self._call("POST", f"{_COLLECTIONS}/{collection}/upsert", FEED_S, body)

    def delete(self, collection: str, ids: Sequence[int]) -> None:
        """Take vectors out; those that are not there are left out."""
        self._call("POST", f"{_COLLECTIONS}/{collection}/delete", FEED_S, {"ids": [str(number) for number in ids]})

    def count(self, collection: str) -> int:
        """How many vectors a collection has."""
        return self._converted(self._call("GET", f"{_COLLECTIONS}/{collection}/count", FEED_S), int)

    def nearest(self, collection: str, vector: NDArray[np.float32], k: int) -> list[int]:
        """The numbers of the ``k`` nearest."""
        body = {"query_embeddings": [vector.tolist()], "n_results": k, "include": []}
        answer = self._call("POST", f"{_COLLECTIONS}/{collection}/query", SEARCH_S, body)
        return [int(number) for number in self._converted(answer, _Nearest).ids[0]]

    def _converted(self, answer: Any, kind: type[T]) -> T:
        try:
            return msgspec.convert(answer, kind)
        except msgspec.ValidationError as error:
            raise IndexUnavailable(
                f"the Chroma server at {self.address.url} gave an unknown answer ({error})."
            ) from error

    def _call(self, method: str, path: str, timeout_s: float, body: object = None) -> Any:
        import httpcore
        import httpx

        from orchestrator_core.models.deadline_transport import AnswerTooLarge, DeadlineTransport

        url = f"{self.address.url}/api/v2{path}"
        content = None if body is None else json.dumps(body).encode()
        transport = DeadlineTransport(SystemClock(), timeout_s=timeout_s, max_bytes=_ANSWER_BYTES)
        try:
            with httpx.Client(transport=transport, trust_env=False) as client:
                answer = client.request(method, url, content=content, headers={"content-type": "application/json"})
        except (httpcore.TimeoutException, httpx.TimeoutException):
            raise IndexUnavailable(
                f"the Chroma server at {self.address.url} did not answer within {timeout_s:g} s."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise IndexUnavailable(f"the Chroma server at {self.address.url} cannot be reached ({reason}).") from error
        except AnswerTooLarge:
            raise IndexUnavailable(f"the Chroma server at {self.address.url} sent too large an answer.") from None
        if answer.status_code in (401, 403):
            raise IndexUnavailable(
                f"the Chroma server at {self.address.url} asks for a login ({answer.status_code}), which Magnus does not send."
            )
        if answer.status_code == 404 and path.startswith(_COLLECTIONS):
            raise NoCollection(f"the Chroma server at {self.address.url} has no such collection yet.")
        if answer.status_code >= 300:
            raise IndexUnavailable(
                f"the Chroma server at {self.address.url} refused a call ({answer.status_code}): {answer.text[:200]}"
            )
        try:
            return msgspec.json.decode(answer.content) if answer.content else None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise IndexUnavailable(f"what answers at {self.address.url} is no Chroma server.") from error


class _Nearest(Struct, frozen=True):
    ids: list[list[str]]
