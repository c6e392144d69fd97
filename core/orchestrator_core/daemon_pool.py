"""Threads for work that may block, without holding up the interpreter's exit.

The standard executors join their threads at exit, so an agent that never returns would keep the process alive; and asyncio's
default executor has few workers, so twelve calls of 100 ms took 203 ms on two cores.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from orchestrator_core.forks import at_fork
from orchestrator_core.own_thread import OwnThread

T = TypeVar("T")
_IDLE_S = 10.0


class DaemonPool:
    """Runs each piece of work in a daemon thread; idle threads are used again, and end after ten idle seconds.

    Safe after a fork: the child starts with no threads. There is no upper bound: the caller bounds what it submits.
    """

    def __init__(self, name: str = "magnus") -> None:
        self._name = name
        self._reset()
        at_fork(self, child=DaemonPool._reset)

    def _reset(self) -> None:
        self._idle: deque[_Worker] = deque()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Start ``work`` at once in a thread of its own; the future carries its value or exception."""
        future: Future[T] = Future()
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker(self._idle, self._name)
        worker.work.put((future, work))
        return future


class _Worker:
    __slots__ = ("_idle", "work")

    def __init__(self, idle: deque[_Worker], name: str) -> None:
        self._idle = idle
        self.work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        OwnThread(self._run, name=name).start()

    def _run(self) -> None:
        while True:
            try:
                future, work = self.work.get(timeout=_IDLE_S)
            except queue.Empty:
                try:
                    self._idle.remove(self)
                except ValueError:
                    continue  # just taken: the work is on its way
                return
            if future.set_running_or_notify_cancel():
                try:
                    value = work()
                except BaseException as error:  # noqa: BLE001 - SystemExit of an agent must not end the worker
                    future.set_exception(error)
                else:
                    future.set_result(value)
                    del value
            del future, work
            self._idle.append(self)


shared_pool = DaemonPool()
"""One pool for the whole process."""
