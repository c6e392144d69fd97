"""Work for idle moments: the latest dashboard and the store's upkeep. It never delays a call and ends with the process."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable

from orchestrator_core.forks import at_fork
from orchestrator_core.own_thread import OwnThread

IDLE_S = 1.5
"""A process counts as idle this long after its last call."""


class IdleWorker:
    """Runs a job some time after the last call, at most once per interval, and once more at exit.

    The job runs in a daemon thread that exists only while there is something to do. After a fork the child starts afresh.
    """

    def __init__(self, job: Callable[[], None], *, min_interval_s: float, now: Callable[[], float]) -> None:
        self._job = job
        self._min_interval_s = min_interval_s
        self._now = now
        self._reset()
        at_fork(self, child=IdleWorker._reset)
        atexit.register(_at_exit, weakref.ref(self))

    def _reset(self) -> None:
        self._lock = threading.RLock()  # re-entrant, for a signal handler may make a call
        self._running = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._pending = False
        self._last_call = 0.0
        self._last_run = float("-inf")
        self._closed = False

    def touch(self) -> None:
        """A call ended: there is something to do when the process falls idle."""
        self._last_call = self._now()
        with self._lock:
            self._pending = True
            if self._closed:  # it is used again after it was closed
                self._closed = False
                self._wake = threading.Event()
                self._thread = None
            if self._thread is None:
                thread = OwnThread(self._run, name="magnus-idle")
                try:
                    thread.start()
                except RuntimeError:
                    return  # the interpreter is shutting down; the exit hook does the work
                self._thread = thread

    def _run(self) -> None:
        while not self._closed:
            now = self._now()
            due = max(self._last_call + IDLE_S, self._last_run + self._min_interval_s)
            if now < due:
                self._wake.wait(due - now)
                continue
            with self._lock:
                if not self._pending:
                    self._thread = None
                    return
            self.run_now()

    def run_now(self) -> None:
        """Do the pending work here, unless it is being done."""
        if self._running.acquire(blocking=False):
            try:
                if self._pending:
                    self._pending = False
                    self._last_run = self._now()
                    self._job()
            finally:
                self._running.release()

    @property
    def closed(self) -> bool:
        """True once the end has begun: the job should do only what is short."""
        return self._closed

    def close(self) -> None:
        """Stop until the next ``touch``; pending work is done first when its interval has passed."""
        if self._closed:
            return
        self._closed = True
        self._wake.set()
        if self._pending and self._now() >= self._last_run + self._min_interval_s:
            self.run_now()


def _at_exit(reference: weakref.ref[IdleWorker]) -> None:
    worker = reference()
    if worker is not None:
        worker.close()
