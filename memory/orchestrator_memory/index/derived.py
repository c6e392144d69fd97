"""The derived vector indexes of a store, fed in the background while they are used."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from orchestrator_core.errors import StoreError
from orchestrator_core.forks import at_fork
from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.own_thread import Around, OwnThread, as_it_is
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.choice import vector_index
from orchestrator_memory.index.contract import IndexUnavailable, VectorIndex

_FOLLOW_EVERY_S = 5.0
_UNUSED_S = 60.0
"""An index that no search asked for so long is not fed any more in the background; upkeep feeds it."""
_CHOOSE_EVERY_S = 300.0
"""A namespace that grows beyond what is scanned is noticed after so long."""


class _Chosen:
    def __init__(self, index: VectorIndex | None) -> None:
        self.index = index
        self.chosen_at = time.monotonic()
        self.used_at = 0.0


class DerivedIndexes:
    """Hands out a namespace's derived index where it has one. Safe for threads; after a fork the child starts with none."""

    def __init__(
        self, settings: MemorySettings, home: Path, database: Database, vectors: Vectors, *, around: Around = as_it_is
    ) -> None:
        self._settings = settings
        self._home = home
        self._database = database
        self._vectors = vectors
        self._around = around
        self._reset()
        at_fork(self, child=DerivedIndexes._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._chosen: dict[tuple[str, str], _Chosen] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def get(self, namespace: str, identity: ModelIdentity) -> VectorIndex | None:
        """The index of a namespace, None where all vectors are compared. It is fed from now on, for a while.

        Raises:
            SettingsError: ``chroma_url`` is no address.
            StoreError: the store cannot be read.
        """
        key = (namespace, identity.digest)
        known = self._chosen.get(key)
        now = time.monotonic()
        if known is None or (known.index is None and now > known.chosen_at + _CHOOSE_EVERY_S):
            index = vector_index(self._settings, self._home, self._database, namespace, identity, self._vectors)
            known = _Chosen(index)
            with self._changed:
                known = self._chosen.setdefault(key, known) if index is None else self._chosen.get(key) or known
                self._chosen[key] = known
                if known.index is None:
                    known.chosen_at = now
        if known.index is not None:
            known.used_at = now
            self._start()
        return known.index

    def follow(self) -> int:
        """Feed every index that was used, here and now; returns how many changes were taken over."""
        done = 0
        for chosen in list(self._chosen.values()):
            if chosen.index is not None:
                try:
                    done += chosen.index.follow()
                except (IndexUnavailable, StoreError):
                    continue  # ``health`` says why; the scan answers
        return done

    def health(self) -> str:
        """``exact``, or what each index in use says of itself."""
        told = {
            namespace: chosen.index.health()
            for (namespace, _), chosen in sorted(self._chosen.items())
            if chosen.index is not None
        }
        return "; ".join(f"chroma for {namespace}: {health}" for namespace, health in told.items()) or "exact"

    def close(self) -> None:
        """Stop feeding and release the files."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            chosen, self._chosen = list(self._chosen.values()), {}
        for known in chosen:
            if known.index is not None:
                known.index.close()

    def _start(self) -> None:
        with self._changed:
            self._closed = False
            if self._thread is None or not self._thread.is_alive():
                thread = OwnThread(self._run, name="magnus-index", around=self._around)
                try:
                    thread.start()
                except RuntimeError:
                    return  # the interpreter is shutting down
                self._thread = thread

    def _run(self) -> None:
        while True:
            for chosen in list(self._chosen.values()):
                if chosen.index is not None and time.monotonic() < chosen.used_at + _UNUSED_S and not self._closed:
                    try:
                        chosen.index.follow()
                    except (IndexUnavailable, StoreError):
                        continue
            with self._changed:
                if not self._closed:
                    self._changed.wait(_FOLLOW_EVERY_S)
                limit = time.monotonic() - _UNUSED_S
                if self._closed or not any(chosen.index and chosen.used_at > limit for chosen in self._chosen.values()):
                    self._thread = None
                    return
