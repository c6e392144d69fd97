"""The embedding model as it is now: found when first asked for, looked for again while absent, left alone for a while when it fails."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestrator_core.errors import MagnusError, MissingDependency, ModelNotFound, ModelUnavailable
from orchestrator_core.models.embedding.contract import EmbeddingModel, PreparedModel
from orchestrator_memory.embedding.vectors import checked_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Prepare = Callable[[], PreparedModel]

PREPARING_S = 0.5
"""A model that is being exported is looked for again after this time."""
_ABSENT_S = 5.0
"""The same for one that is absent: it may have been added."""
_RETRY_S = (1.0, 5.0, 30.0)
"""Waits after a failure of the model; the last one repeats."""
_QUERIES = 256
"""Vectors of queries that are kept."""


class AvailableModel:
    """Finds the model and embeds queries with it. Safe for threads."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare
        self._lock = threading.RLock()  # re-entrant, for a signal handler may make a call
        self._preparing = threading.RLock()
        self._idle = threading.Condition()
        self._native = 0
        """Threads inside the model's native code."""
        self._ended = False
        self._prepared = PreparedModel(None, "the embedding model was not looked for yet")
        self._ask_at = float("-inf")
        self._failures = 0
        self._failure = ""
        self.retry_at = float("-inf")
        """Until then (``time.monotonic()``) the model is left alone, since it failed."""
        self._queries: OrderedDict[tuple[str, bytes], NDArray[np.float32]] = OrderedDict()
        """By a hash of the text, which may be a megabyte and need not be kept."""

    def prepared(self) -> PreparedModel:
        """What can embed now; cheap after the first time, and it never waits for an export."""
        if self._prepared.model is not None or time.monotonic() < self._ask_at:
            return self._prepared
        with self._preparing:
            if self._prepared.model is None and time.monotonic() >= self._ask_at:
                self._prepared = found = self._asked()
                self._ask_at = time.monotonic() + (PREPARING_S if found.preparing else _ABSENT_S)
            return self._prepared

    def _asked(self) -> PreparedModel:
        try:
            with self._inside():
                return self._prepare()
        except MissingDependency as error:
            return PreparedModel(None, str(error), f"python -m pip install {error.package}")
        except MagnusError as error:
            return PreparedModel(None, str(error))

    @property
    def reason(self) -> str:
        """Why there are no vectors, in one sentence; empty where there are."""
        if self._failure:
            return self._failure
        return "" if self._prepared.model is not None else self._prepared.reason

    def query_vector(self, text: str) -> NDArray[np.float32] | None:
        """The unit vector of a query, read-only, or None where there is no model or it fails; ``reason`` then says why."""
        model = self.prepared().model
        if model is None:
            return None
        key = (model.identity.digest, hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())
        with self._lock:
            if key in self._queries:
                self._queries.move_to_end(key)
                return self._queries[key]
        if time.monotonic() < self.retry_at:
            return None
        try:
            vector: NDArray[np.float32] = checked_rows(model.identity, 1, self.encode(model, [text], query=True))[0]
        except MagnusError as error:
            self.failed(error)
            return None
        self.recovered()
        vector.flags.writeable = False
        with self._lock:
            self._queries[key] = vector
            while len(self._queries) > _QUERIES:
                self._queries.popitem(last=False)
        return vector

    def encode(self, model: EmbeddingModel, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        """What the model gives for texts.

        Raises:
            ModelError: the model cannot answer now, or the process is ending.
        """
        with self._inside():
            return model.encode(texts, query=query)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        with self._idle:
            if self._ended:
                raise ModelUnavailable("the process is ending; what waits is embedded by the next one")
            self._native += 1
        try:
            yield
        finally:
            with self._idle:
                self._native -= 1
                self._idle.notify_all()

    def end(self, timeout_s: float) -> None:
        """Let no thread into native code any more, and wait for those inside: one that is there when the interpreter goes aborts it."""
        with self._idle:
            self._ended = True
            self._idle.wait_for(lambda: not self._native, timeout_s)

    def works(self, model: EmbeddingModel) -> bool:
        """Whether the model embeds a harmless text: if it does, what it refused is at fault."""
        try:
            checked_rows(model.identity, 1, self.encode(model, ["x"]))
        except MagnusError:
            return False
        return True

    def failed(self, error: Exception) -> None:
        """Leave the model alone for a while. One that is gone is looked for again after that: it may be another one."""
        with self._lock:
            wait_s = _RETRY_S[min(self._failures, len(_RETRY_S) - 1)]
            self._failures += 1
            self.retry_at = time.monotonic() + wait_s
            self._failure = str(error) or type(error).__name__
            if isinstance(error, ModelUnavailable | ModelNotFound):
                self._prepared = PreparedModel(None, self._failure)
                self._ask_at = self.retry_at

    def recovered(self) -> None:
        """It works (again)."""
        if self._failures:
            with self._lock:
                self._failures = 0
                self._failure = ""
                self.retry_at = float("-inf")
