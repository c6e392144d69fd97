"""Makes vectors in the background: of what this process stored at once, of what dead processes left behind a little later.

The store itself is the queue: what has no vector is waiting. So nothing is lost with a process, and nothing delays its exit.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orchestrator_core.errors import ModelBadOutput, ModelError, ModelRejected, StoreError
from orchestrator_core.file_lock import file_lock
from orchestrator_core.forks import at_fork
from orchestrator_core.models.embedding.contract import EmbeddingModel, PreparedModel
from orchestrator_core.own_thread import Around, OwnThread, as_it_is
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.available_model import PREPARING_S, AvailableModel
from orchestrator_memory.embedding.available_model import Prepare as Prepare
from orchestrator_memory.embedding.vectors import Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_QUIET_S = 0.2
"""Embedding begins this long after the last write, so that a burst of writes is one piece of work."""
_MANY = 256
"""So many waiting memories are embedded at once, quiet or not."""
_BATCH_TEXTS, _BATCH_CHARACTERS = 32, 8_000
"""Between two looks at whether the process is ending; about 0.1 s of work."""
_LATE_S = 2.0
"""What is stored without its number may be written a little after it was announced: it is looked for once more."""
_LEFT_S = 30.0
"""What another process stored this long ago and has not embedded, it has left behind."""
_SWEEP_S = 60.0
"""Between two looks for what was left behind."""
_EXIT_S = 2.0
_STORE_RETRY_S = 5.0
"""Wait after the store could not be read or written."""

_OF_TEXT = (ModelBadOutput, ModelRejected)
"""Errors that one text may cause while others are embedded."""


class EmbeddingQueue:
    """Embeds memories and queries. Safe for threads; after a fork the child starts anew.

    Args:
        database: the store.
        settings: of memory.
        prepare: finds the model; it must not block for long, and is asked again while there is none.
        around: put around the work of the background thread.
    """

    def __init__(
        self, database: Database, settings: MemorySettings, *, prepare: Prepare, around: Around = as_it_is
    ) -> None:
        self._vectors = Vectors(database)
        self._sweeping = database.path.with_name(f"{database.path.name}-embedding.lock")
        self._wait_s = settings.wait_s
        self._prepare = prepare
        self._around = around
        self._reset()
        at_fork(self, child=EmbeddingQueue._reset)
        atexit.register(_at_exit, weakref.ref(self))

    def _reset(self) -> None:
        self._model = AvailableModel(self._prepare)
        self._changed = threading.Condition()  # re-entrant, for a signal handler may make a call
        self._working = threading.Lock()
        self._own: dict[int, None] = {}
        self._unknown = False
        """True when this process stored something whose number it was not told."""
        self._late_at = float("inf")
        self._last_write = 0.0
        self._waiting = 0
        self._thread: threading.Thread | None = None
        self._closed = False
        self._swept = float("-inf")
        self._store_retry_at = float("-inf")
        """Until then the store is left alone, since no vector could be written."""
        self._refused: dict[int, int] = {}
        """Memories whose text the model cannot embed, with the text's hash; they are found by their words."""

    def prepared(self) -> PreparedModel:
        """What can embed now; cheap after the first time, and it never waits for an export."""
        return self._model.prepared()

    @property
    def reason(self) -> str:
        """Why there are no vectors, in one sentence; empty where there are."""
        return self._model.reason

    def query_vector(self, text: str) -> NDArray[np.float32] | None:
        """The unit vector of a query, read-only, or None where there is no model or it fails; ``reason`` then says why."""
        vector = self._model.query_vector(text)
        if vector is not None and time.monotonic() >= self._swept + _SWEEP_S:
            with self._changed:
                self._last_write = self._last_write or time.monotonic()
                self._start()
        return vector

    def stored(self, seqs: Iterable[int] | None = None) -> None:
        """This process stored these memories (None: some whose numbers are not known): embed them soon. Takes microseconds."""
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

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until what this process stored is embedded; False at the time limit, and at once where no model is ready.

        The time limit is the settings' ``wait_s`` where none is given.
        """
        if not self._own and not self._unknown:
            return True
        if self.prepared().model is None:
            return False
        until = time.monotonic() + (self._wait_s if timeout_s is None else timeout_s)
        with self._changed:
            self._waiting += 1
            try:
                self._start()
                self._changed.notify_all()
                while self._own or self._unknown:
                    now = time.monotonic()
                    if now >= until or now < self._retry_at:
                        return False
                    self._changed.wait(until - now)
                return True
            finally:
                self._waiting -= 1

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
            self._embed_own(model)  # what was stored meanwhile
        except ModelError as error:
            self._model.failed(error)
            return done
        self._model.recovered()
        self._discard_unused(digest)
        return done

    def close(self) -> None:
        """Stop the background work; what is not embedded stays queued in the store. The next ``stored`` starts it again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            # Native code must not be running when the interpreter goes; it ends with its batch.
            thread.join(_EXIT_S)

    def end(self) -> None:
        """``close`` for good: from now on no thread embeds, whoever asks."""
        self.close()
        self._model.end(_EXIT_S)

    # The background thread

    def _start(self) -> None:
        self._closed = False
        if self._thread is None or not self._thread.is_alive():
            thread = OwnThread(self._run, name="magnus-embedding", around=self._around)
            try:
                thread.start()
            except RuntimeError:
                return  # the interpreter is shutting down: it stays queued
            self._thread = thread

    def _run(self) -> None:
        while self._due() and self._go_on():
            pass

    def _due(self) -> bool:
        """Wait until there is something to do now; False at the end."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                quiet = 0.0 if self._waiting or len(self._own) >= _MANY else self._last_write + _QUIET_S - now
                if not self._own and not self._unknown and self._late_at < float("inf"):
                    quiet = self._late_at - now
                if (wait_s := max(quiet, self._retry_at - now)) <= 0:
                    if self._late_at <= now:
                        self._unknown, self._late_at = True, float("inf")
                    return True
                self._changed.wait(wait_s)
            return self._over()

    def _go_on(self) -> bool:
        """Do what there is; False when it is done."""
        try:
            found = self.prepared()
            if (model := found.model) is None:
                return self._again_later(found)
            self._embed_own(model)
            self._sweep(model)
        except (StoreError, OSError):
            self._store_retry_at = time.monotonic() + _STORE_RETRY_S  # the model works: queries go on being embedded
        except Exception as error:  # noqa: BLE001 - whatever happens, it is told and tried again later
            self._model.failed(error)
        else:
            self._model.recovered()
            self._store_retry_at = float("-inf")
        with self._changed:
            self._changed.notify_all()
            failing = time.monotonic() < self._retry_at
            late = self._late_at < float("inf")
            return failing or late or bool(self._own or self._unknown) or self._over()

    def _again_later(self, found: PreparedModel) -> bool:
        with self._changed:
            self._changed.notify_all()
            if not found.preparing:
                return self._over()  # what waits is seen in the store when there is a model
            if not self._closed:
                self._changed.wait(PREPARING_S)
            return True

    @property
    def _retry_at(self) -> float:
        return max(self._model.retry_at, self._store_retry_at)

    def _over(self) -> bool:
        self._thread = None
        return False

    def _embed_own(self, model: EmbeddingModel) -> None:
        digest = model.identity.digest
        while not self._closed:
            with self._changed:
                own, unknown = list(self._own)[:_MANY], self._unknown
                if not own and not unknown:
                    self._changed.notify_all()  # whoever waits need not wait for a sweep
                    return
                self._unknown = False
            try:
                self._embed_each(model, self._vectors.pending(digest, limit=_MANY, seqs=own))
                if unknown:
                    found = self._vectors.pending(digest, limit=_MANY)
                    self._embed_each(model, found)
                    if not found and time.monotonic() < self._last_write + _LATE_S:
                        self._late_at = self._last_write + _LATE_S
            except BaseException:
                self._unknown = self._unknown or unknown
                raise
            if not self._closed:
                with self._changed:  # with those that are gone, or embedded by others
                    for seq in own:
                        self._own.pop(seq, None)

    def _embed_each(self, model: EmbeddingModel, found: Sequence[tuple[int, str]]) -> None:
        for batch in _batches(found):
            if self._closed:
                return
            self._embed(model, self._not_refused(batch))

    def _sweep(self, model: EmbeddingModel) -> None:
        """Take over what processes left behind that are no more, and drop the vectors of a former model when all is done."""
        now = time.monotonic()
        if now < self._swept + _SWEEP_S:
            return
        digest = model.identity.digest
        self._vectors.note_use(model.identity)
        with file_lock(self._sweeping, wait_s=0) as held:
            if held:  # else another process is at it
                for batch in self._left(digest, stored_before=time.time() - _LEFT_S):
                    if self._closed:
                        return
                    self._embed(model, batch)
                    self._embed_own(model)  # its own work comes first
                self._discard_unused(digest)
        self._swept = now

    def _left(self, digest: str, *, stored_before: float | None) -> Iterator[list[tuple[int, str]]]:
        before: int | None = None
        while found := self._vectors.pending(digest, limit=_MANY, before=before, stored_before=stored_before):
            before = found[-1][0]
            yield from _batches(self._not_refused(found))

    def _not_refused(self, items: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
        return [(seq, text) for seq, text in items if self._refused.get(seq) != hash(text)]

    def _discard_unused(self, digest: str) -> None:
        if self._vectors.unused(digest) and self._vectors.count_pending(digest) <= len(self._refused):
            self._vectors.discard_unused(digest)

    def _embed(self, model: EmbeddingModel, batch: Sequence[tuple[int, str]]) -> int:
        if not batch:
            return 0
        with self._working:
            try:
                written = self._put(model, batch)
            except _OF_TEXT:
                if not self._model.works(model):
                    raise
                written = self._one_by_one(model, batch)
        with self._changed:
            for seq, _ in batch:
                self._own.pop(seq, None)
        return written

    def _put(self, model: EmbeddingModel, batch: Sequence[tuple[int, str]]) -> int:
        seqs, texts = [seq for seq, _ in batch], [text for _, text in batch]
        return self._vectors.put(model.identity, seqs, self._model.encode(model, texts), texts=texts)

    def _one_by_one(self, model: EmbeddingModel, batch: Sequence[tuple[int, str]]) -> int:
        """One text that the model refuses must not keep the others from being embedded."""
        written = 0
        for item in batch:
            try:
                written += self._put(model, [item])
            except _OF_TEXT:
                self._refused[item[0]] = hash(item[1])
        return written


def _batches(items: Sequence[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    batch: list[tuple[int, str]] = []
    characters = 0
    for item in items:
        if batch and (len(batch) == _BATCH_TEXTS or characters + len(item[1]) > _BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(item)
        characters += len(item[1])
    if batch:
        yield batch


def _at_exit(reference: weakref.ref[EmbeddingQueue]) -> None:
    queue = reference()
    if queue is not None:
        queue.end()
