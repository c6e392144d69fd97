"""A folder's one owner: a lock that the system takes back when its process ends, however that ends."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator_core.file_lock import try_lock, unlock


class OwnerLock:
    """Held by at most one process at a time. A forked child calls ``abandon``; the lock stays with its parent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Take the lock at once; False where another process holds it.

        Raises:
            OSError: the file cannot be made or opened.
        """
        if self.held:
            return True
        self.release()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        # Where the folder is removed and made anew between the two steps, what is locked is a file that nobody else sees.
        if not try_lock(handle) or not _is_at(handle, self.path):
            os.close(handle)
            return False
        self._handle = handle
        return True

    @property
    def held(self) -> bool:
        """Whether this process holds the lock, and on the file that stands there now."""
        return self._handle is not None and _is_at(self._handle, self.path)

    def release(self) -> None:
        """Let go of it."""
        if self._handle is not None:
            unlock(self._handle)  # closing is not enough where a forked child has inherited the handle
            self.abandon()

    def abandon(self) -> None:
        """Close the handle and nothing else: what a forked child does with its copy."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    try:
        mine, there = os.fstat(handle), path.stat()
    except OSError:
        return False
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)
