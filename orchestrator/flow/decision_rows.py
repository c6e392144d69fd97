"""Rows for the log of decisions, of one call: the harmless ones go with its record, the others are written at once.

A call may be killed while its agent runs, or wait for hours. What was flagged, redacted or blocked, and what a person refused, is on
disk before anything is done because of it; a call in which all was well pays for no commit but its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress

from orchestrator_core.daemon_pool import shared_pool
from orchestrator_core.errors import StoreError
from orchestrator_core.records import Write

_LOOP_PATIENCE_S = 0.05
"""How long an event loop is held up for a commit, which takes a fraction of a millisecond unless the store is busy."""


class DecisionRows:
    """Safe for threads. ``log`` commits rows at once, and may raise ``StoreError``."""

    def __init__(self, log: Callable[[Sequence[Write]], None]) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        """Held while rows are in neither list, so that no record overtakes a commit that may yet fail."""
        self._later: list[Write] = []
        self._now: list[Write] = []

    def add(self, write: Write, *, urgent: bool) -> None:
        """A decision was made. An urgent one is written by ``keep``, which whoever adds it calls next."""
        with self._lock:
            (self._now if urgent else self._later).append(write)

    @property
    def urgent(self) -> bool:
        """Whether something waits for ``keep``."""
        return bool(self._now)

    def keep(self) -> None:
        """Commit what is urgent. Where the store cannot be written, it goes with the record. Raises nothing of its own."""
        with self._writing:
            with self._lock:
                rows, self._now = self._now, []
            if not rows:
                return
            kept = False
            try:
                self._log(rows)
                kept = True
            except StoreError:
                pass
            finally:
                if not kept:  # also when Ctrl-C came in between
                    with self._lock:
                        self._later += rows

    def keep_on_loop(self) -> None:
        """The same from an event loop that cannot await it: it is held up for a moment at most."""
        if self._now:
            with suppress(FutureTimeout):
                shared_pool.submit(self.keep).result(_LOOP_PATIENCE_S)

    def left(self) -> list[Write]:
        """What the call's record has to write; waits for a commit that is under way."""
        with self._writing, self._lock:
            return [*self._later, *self._now]
