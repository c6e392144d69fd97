"""Makes vectors in the background: of what this process stored at once, of what dead processes left behind a little later.

The store itself is the queue: what has no vector is waiting. So nothing is lost with a process, and nothing delays its exit.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from orchestrator_core.errors import MagnusError, MissingDependency, ModelError, StoreError
from orchestrator_core.forks import at_fork
from orchestrator_core.models.embedding.contract import EmbeddingModel, PreparedModel
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.vectors import Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
Prepare = Callable[[], PreparedModel]

_QUIET_S = 0.2
"""Embedding begins this long after the last write, so that a burst of writes is one piece of work."""
_MANY = 256
"""So many waiting memories are embedded at once, quiet or not."""
_BATCH = 32
"""Texts between two looks at whether the process is ending; at most about 0.3 s of work, mostly a tenth of that."""
_QUERIES = 256
"""Vectors of queries that are kept."""
_LEFT_S = 30.0
"""What another process stored this long ago and has not embedded, it has left behind."""
_SWEEP_S = 60.0
"""Between two looks for what was left behind."""
_RETRY_S = (1.0, 5.0, 30.0)
"""Waits after a failure of the model; the last one repeats."""
_ASK_AGAIN_S = 5.0
"""A model that is absent may have been added: it is looked for again after this time, or sooner while it is being exported."""
_PREPARING_S = 0.5
_EXIT_S = 2.0
_NO_MODEL = PreparedModel(None, "the embedding model was not looked for yet")


class EmbeddingQueue:
    """Embeds memories and queries. Safe for threads; after a fork the child starts anew.

    Args:
        database: the store.
        settings: of memory.
        prepare: finds the model; it must not block for long, and is asked again while there is none.
    """

    def __init__(self, database: Database, settings: MemorySettings, *, prepare: Prepare) -> None:
        self._vectors = Vectors(database)
        self._settings = settings
        self._prepare = prepare
        self._reset()
        at_fork(self, child=EmbeddingQueue._reset)
        atexit.register(_at_exit, weakref.ref(self))

    def _reset(self) -> None:
        self._changed = threading.Condition()  # re-entrant, for a signal handler may make a call
        self._working = threading.Lock()
        self._preparing = threading.Lock()
        self._own: dict[int, None] = {}
        self._unknown = False
        """True when this process stored something whose number it was not told."""
        self._last_write = 0.0
        self._waiting = 0
        self._thread: threading.Thread | None = None
        self._closed = False
        self._swept = float("-inf")
        self._failures = 0
        self._retry_at = float("-inf")
        self._failure = ""
        self._refused: set[int] = set()
        """Memories whose text the model cannot embed; they are found by their words."""
        self._prepared = _NO_MODEL
        self._ask_at = float("-inf")
        self._queries: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()

    def prepared(self) -> PreparedModel:
        """What can embed now; cheap after the first time, and it never waits for an export."""
        known = self._prepared
        if known.model is not None or time.monotonic() < self._ask_at:
            return known
        with self._preparing:
            if self._prepared.model is None and time.monotonic() >= self._ask_at:
                self._prepared = self._asked()
                self._ask_at = time.monotonic() + (_PREPARING_S if self._prepared.preparing else _ASK_AGAIN_S)
            return self._prepared

    def _asked(self) -> PreparedModel:
        try:
            return self._prepare()
        except MissingDependency as error:
            return PreparedModel(None, str(error), f"python -m pip install {error.package}")
        except MagnusError as error:
            return PreparedModel(None, str(error))

    @property
    def reason(self) -> str:
        """Why there are no vectors, in one sentence; empty where there are."""
        return self._failure or ("" if self._prepared.model is not None else self._prepared.reason)

    def query_vector(self, text: str) -> NDArray[np.float32] | None:
        """The unit vector of a query, or None where there is no model or it fails; ``reason`` then says why."""
        model = self.prepared().model
        if model is None:
            return None
        key = (model.identity.digest, text)
        with self._changed:
            if key in self._queries:
                self._queries.move_to_end(key)
                return self._queries[key]
        if time.monotonic() < self._retry_at:
            return None
        try:
            vector: NDArray[np.float32] = model.encode([text], query=True)[0]
        except MagnusError as error:
            self._failed(error)
            return None
        self._recovered()
        with self._changed:
            self._queries[key] = vector
            while len(self._queries) > _QUERIES:
                self._queries.popitem(last=False)
        return vector

    def stored(self, seqs: Iterable[int] | None = None) -> None:
        """This process stored these memories (None: some whose numbers are not known here): embed them soon. Takes microseconds."""
        with self._changed:
            if seqs is None:
                self._unknown = True
            else:
                self._own.update(dict.fromkeys(seqs))
            self._last_write = time.monotonic()
            self._start()
            if len(self._own) >= _MANY:
                self._changed.notify_all()

    def pending(self) -> int:
        """How many of the memories that this process stored are not embedded yet."""
        return len(self._own)

    def wait(self, timeout_s: float) -> bool:
        """Wait until what this process stored is embedded; False at the time limit, and at once where no model is ready."""
        if not self._own and not self._unknown:
            return True
        if self.prepared().model is None:
            return False
        until = time.monotonic() + timeout_s
        with self._changed:
            self._waiting += 1
            try:
                self._start()
                self._changed.notify_all()
                while self._own or self._unknown:
                    left = min(until, self._give_up_at()) - time.monotonic()
                    if left <= 0 or not self._changed.wait(left):
                        return not (self._own or self._unknown)
                return True
            finally:
                self._waiting -= 1

    def _give_up_at(self) -> float:
        """Waiting makes no sense while the model fails."""
        return float("-inf") if time.monotonic() < self._retry_at else float("inf")

    def embed_all(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Embed here and now whatever waits in the store, of any process; returns how many vectors were made.

        ``progress`` gets done and total. Without a model, or when it fails, the rest stays queued and ``reason`` says why.

        Raises:
            StoreError: the store cannot be read or written.
        """
        model = self.prepared().model
        if model is None:
            return 0
        digest = model.identity.digest
        total = self._vectors.count_pending(digest) if progress is not None else 0
        done = 0
        try:
            for batch in self._left(digest, stored_before=None):
                done += self._embed(model, batch)
                if progress is not None:
                    progress(done, max(total, done))
        except ModelError as error:
            self._failed(error)
            return done
        self._recovered()
        with self._changed:
            self._unknown = False
            self._changed.notify_all()
        self._discard_other(digest)
        return done

    def close(self) -> None:
        """Stop the background work; what is not embedded stays queued in the store. The next ``stored`` starts it again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            # Native code must not be running when the interpreter goes: it ends with the batch.
            thread.join(_EXIT_S)

    # The background thread

    def _start(self) -> None:
        self._closed = False
        if self._thread is None or not self._thread.is_alive():
            thread = threading.Thread(target=self._run, name="magnus-embedding", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return  # the interpreter is shutting down: it stays queued
            self._thread = thread

    def _run(self) -> None:
        while self._step():
            pass

    def _step(self) -> bool:
        """Do what is due, after waiting for it; False when there is nothing left to do."""
        with self._changed:
            while not self._closed and (wait_s := self._not_due_for()) > 0:
                self._changed.wait(wait_s)
            if self._closed:
                return self._over()
        model = self.prepared().model
        if model is None:
            with self._changed:
                if not self._prepared.preparing:
                    return self._over()  # what waits is seen in the store when there is a model
                self._changed.wait(_PREPARING_S)
            return True
        try:
            self._embed_own(model)
            self._sweep(model)
        except (ModelError, StoreError) as error:
            self._failed(error)
            with self._changed:
                self._changed.notify_all()
            return True
        self._recovered()
        with self._changed:
            self._changed.notify_all()
            return bool(self._own or self._unknown) or self._over()

    def _over(self) -> bool:
        self._thread = None
        return False

    def _not_due_for(self) -> float:
        now = time.monotonic()
        quiet = 0.0 if self._waiting or len(self._own) >= _MANY else self._last_write + _QUIET_S - now
        return max(quiet, self._retry_at - now)

    def _embed_own(self, model: EmbeddingModel) -> None:
        while not self._closed:
            with self._changed:
                own, unknown = list(self._own), self._unknown
                self._unknown = False
            if not own and not unknown:
                return
            digest = model.identity.digest
            try:
                for some in _batches(own):
                    self._embed(model, self._vectors.pending(digest, limit=_BATCH, seqs=some))
                    with self._changed:
                        for seq in some:
                            self._own.pop(seq, None)
                    if self._closed:
                        return
                if unknown:
                    self._embed(model, self._vectors.pending(digest, limit=_BATCH))
            except BaseException:
                self._unknown = self._unknown or unknown
                raise

    def _sweep(self, model: EmbeddingModel) -> None:
        """Take over what processes left behind that are no more, and drop the vectors of a former model when all is done."""
        now = time.monotonic()
        if now < self._swept + _SWEEP_S:
            return
        digest = model.identity.digest
        for batch in self._left(digest, stored_before=time.time() - _LEFT_S):
            self._embed(model, batch)
            if self._own or self._unknown or self._closed:
                return  # its own work comes first; the sweep goes on afterwards
        self._swept = now
        self._discard_other(digest)

    def _left(self, digest: str, *, stored_before: float | None) -> Iterator[list[tuple[int, str]]]:
        before: int | None = None
        while found := self._vectors.pending(digest, limit=_MANY, before=before, stored_before=stored_before):
            before = found[-1][0]
            for batch in _batches(found):
                if wanted := [item for item in batch if item[0] not in self._refused]:
                    yield wanted

    def _discard_other(self, digest: str) -> None:
        if not self._vectors.count_pending(digest):
            self._vectors.discard_other(digest)

    def _embed(self, model: EmbeddingModel, batch: Sequence[tuple[int, str]]) -> int:
        if not batch:
            return 0
        with self._working:
            try:
                written = self._put(model, batch)
            except ModelError as error:
                if error.retryable or len(batch) == 1:
                    raise
                written = self._one_by_one(model, batch)
        with self._changed:
            for seq, _ in batch:
                self._own.pop(seq, None)
        return written

    def _put(self, model: EmbeddingModel, batch: Sequence[tuple[int, str]]) -> int:
        seqs, texts = [seq for seq, _ in batch], [text for _, text in batch]
        return self._vectors.put(model.identity, seqs, model.encode(texts), texts=texts)

    def _one_by_one(self, model: EmbeddingModel, batch: Sequence[tuple[int, str]]) -> int:
        """One text that the model refuses must not keep the others from being embedded."""
        written, refused = 0, []
        last: ModelError | None = None
        for item in batch:
            try:
                written += self._put(model, [item])
            except ModelError as error:
                refused.append(item[0])
                last = error
        if last is not None and not written:
            raise last
        self._refused.update(refused)
        return written

    def _failed(self, error: MagnusError) -> None:
        with self._changed:
            wait_s = _RETRY_S[min(self._failures, len(_RETRY_S) - 1)]
            self._failures += 1
            self._retry_at = time.monotonic() + wait_s
            self._failure = str(error)

    def _recovered(self) -> None:
        if self._failures:
            with self._changed:
                self._failures = 0
                self._retry_at = float("-inf")
                self._failure = ""


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _at_exit(reference: weakref.ref[EmbeddingQueue]) -> None:
    queue = reference()
    if queue is not None:
        queue.close()
