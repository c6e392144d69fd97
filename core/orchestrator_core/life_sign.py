"""How processes that share a store see that one of them has died, or waits no more.

Each keeps a lock on a file of its own, which the system takes away with the process, however that ends: also by ``kill -9``, at
once, and without a clock. A process id would do neither across containers nor after it was given to somebody else; a lease that has to
be renewed needs a thread, and lets what a killed process held stay taken until it runs out.
"""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path

from orchestrator_core.file_lock import try_lock, unlock
from orchestrator_core.forks import at_fork

FOLDER = "running"
_TRIES = 20
_NAME_DIGITS = 16
_DIGITS = frozenset("0123456789abcdef")


class LifeSign:
    """The sign of this process, or of one wait in it, in a store's folder; and a look at those of others."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER
        self._reset()
        at_fork(self, child=LifeSign._in_child)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._handle: int | None = None
        self._name = ""

    def _in_child(self) -> None:
        # The handle is the parent's: closing it here leaves the parent its lock, unlocking it would not.
        if self._handle is not None:
            with suppress(OSError):
                os.close(self._handle)
        self._reset()

    def name(self) -> str:
        """This process's name among the living; makes and locks its file at first use.

        Raises:
            OSError: the file cannot be made or locked.
        """
        with self._lock:
            if self._handle is None:
                self._folder.mkdir(mode=0o700, exist_ok=True)
                for path in self._folder.iterdir():
                    self.lives(path.name)
                for _ in range(_TRIES):
                    if self._made(secrets.token_hex(_NAME_DIGITS // 2)):
                        return self._name
                raise OSError(f"no file in {self._folder} can be locked")
            return self._name

    def _made(self, name: str) -> bool:
        path = self._folder / name
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        # Another process that looks for the dead may meet the file before it is locked, and take it away.
        if try_lock(handle) and path.exists():
            self._handle, self._name = handle, name
            return True
        os.close(handle)
        return False

    def lives(self, name: str) -> bool:
        """Whether who goes by that name is still there; True where nobody can tell. The file of a dead one is removed."""
        if name == self._name or len(name) != _NAME_DIGITS or not _DIGITS.issuperset(name):
            return True  # a name comes out of a row, and must not name a file elsewhere
        path = self._folder / name
        try:
            handle = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        except FileNotFoundError:
            return False
        except OSError:
            return True  # a slot too few is better than one too many
        try:
            if not try_lock(handle):
                return True
            with suppress(OSError):
                # While it is locked here: who has just made it finds it gone, instead of living without a file.
                path.unlink()
            unlock(handle)
        finally:
            os.close(handle)
        with suppress(OSError):
            path.unlink()  # Windows removes no open file, so also none that somebody has just made
        return False

    def end(self) -> None:
        """Take the sign away: this process uses the store no more."""
        with self._lock:
            if self._handle is None:
                return
            with suppress(OSError):
                (self._folder / self._name).unlink(missing_ok=True)
            unlock(self._handle)
            os.close(self._handle)
            self._handle, self._name = None, ""

    def __del__(self) -> None:
        with suppress(Exception):
            self.end()
