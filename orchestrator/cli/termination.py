"""A polite request to end (``kill``, a closed terminal, a service manager) treated as Ctrl-C is."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_NAMES = ("SIGTERM", "SIGHUP")
"""The second exists on POSIX only."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end.

    A kind of KeyboardInterrupt, so that it means the same wherever Ctrl-C means something: a call without a time limit runs in the
    main thread, where a SystemExit would count as the agent's own failure and be tried again.
    """

    def __init__(self, number: int) -> None:
        self.name = signal.Signals(number).name
        self.exit_code = 128 + number
        super().__init__(f"ended by {self.name}")


@contextmanager
def ending_as_interruption() -> Iterator[None]:
    """Raise ``Terminated`` in the main thread when the process is asked to end.

    What is ignored (``nohup``) stays ignored, and a handler of the surrounding program stays in charge.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    ours = [number for name in _NAMES if (number := getattr(signal, name, None)) is not None]
    ours = [number for number in ours if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated(number)
