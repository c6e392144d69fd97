"""A lock between processes that ends with its holder, however that ends."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_POLL_S = 0.1


@contextmanager
def file_lock(path: Path, *, wait_s: float) -> Iterator[bool]:
    """Hold the lock on a file inside; yields False where another process held it for all of ``wait_s``."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    held = False
    try:
        until = time.monotonic() + wait_s
        while not (held := try_lock(handle)) and time.monotonic() < until:
            time.sleep(_POLL_S)
        yield held
    finally:
        if held:
            unlock(handle)  # closing is not enough where a forked child has inherited the handle
        os.close(handle)


def is_locked(path: Path) -> bool:
    """Whether another process holds the lock now."""
    if not path.exists():
        return False
    with file_lock(path, wait_s=0) as held:
        return not held


if os.name == "nt":
    import msvcrt

    def try_lock(handle: int) -> bool:
        """Lock an open file at once; False where another process has done so."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True

    def unlock(handle: int) -> None:
        """Let go of an open file, whether it is locked or not."""
        with suppress(OSError):
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]

else:
    import fcntl

    def try_lock(handle: int) -> bool:
        """Lock an open file at once; False where another process has done so."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def unlock(handle: int) -> None:
        """Let go of an open file, whether it is locked or not."""
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
