"""Runs the deep scan in the background of long-lived processes. A short one never starts it, and none waits for it at its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from orchestrator_core.forks import at_fork
from orchestrator_core.own_thread import Around, OwnThread, as_it_is

QUIET_S = 5.0
"""It begins this long after the last call: a process that ends sooner pays nothing."""
LATEST_S = 600.0
"""It begins this long after the first call that waits, however busy the process is."""
_AGAIN_S = 300.0
"""After the store could not be used."""


class IdleScan:
    """Does a job some time after calls, in a thread that exists only while there is something to do.

    ``job`` is given a function that says whether to go on; it must not block for long without asking it.
    """

    def __init__(
        self,
        job: Callable[[Callable[[], bool]], None],
        *,
        around: Around = as_it_is,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job = job
        self._around = around
        self._now = now
        self._reset()
        at_fork(self, child=IdleScan._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition()  # re-entrant, for a signal handler may make a call
        self._thread: threading.Thread | None = None
        self._last_call = 0.0
        self._since: float | None = None
        """Since when something waits."""
        self._not_before = float("-inf")
        self._closed = False

    def touch(self) -> None:
        """A call was recorded. Takes microseconds."""
        with self._changed:
            self._last_call = self._now()
            if self._since is None:
                self._since = self._last_call
            self._closed = False
            if self._thread is None:
                thread = OwnThread(self._run, name="magnus-deep-scan", around=self._around)
                try:
                    thread.start()
                except RuntimeError:
                    return  # the interpreter is shutting down: it stays queued
                self._thread = thread

    def close(self) -> None:
        """Stop soon; what waits stays queued in the store. The next ``touch`` begins again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while self._due():
            try:
                self._job(lambda: not self._closed)
            except Exception:  # noqa: BLE001 - nobody waits for it, and it stays queued: ``orchestrate maintain`` says what is wrong
                self._not_before = self._now() + _AGAIN_S

    def _due(self) -> bool:
        """Wait until it is time; False when nothing is left to do."""
        with self._changed:
            while not self._closed and self._since is not None:
                due = max(min(self._last_call + QUIET_S, self._since + LATEST_S), self._not_before)
                if (left := due - self._now()) <= 0:
                    self._since = None
                    return True
                self._changed.wait(left)
            self._thread = None
            return False
