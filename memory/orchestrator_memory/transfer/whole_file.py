"""A file that is there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from orchestrator_core.errors import MagnusError, StoreFull, UsageError

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file that takes its name only when it is whole; readable by its owner alone. After an error nothing is left of it.

    Raises:
        UsageError: it exists and ``overwrite`` is False, it is no plain file, or it cannot be written there.
        StoreFull: the disk is full.
    """
    try:
        known = os.lstat(path)
    except FileNotFoundError:
        known = None
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    if known is not None and not (stat.S_ISREG(known.st_mode) or stat.S_ISLNK(known.st_mode)):
        raise UsageError(f"{path} is there and is no plain file; name a file")
    if known is not None and not overwrite:
        raise UsageError(f"{path} is there already; choose another name, or overwrite it on purpose")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(name, path)
        else:
            _claim(name, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            os.unlink(name)


def _claim(name: str, path: Path) -> None:
    """Give the file its name unless it was taken meanwhile."""
    try:
        os.link(name, path)
    except FileExistsError:
        raise UsageError(f"{path} has come to be there meanwhile; choose another name") from None
    except OSError:  # a file system without links
        os.replace(name, path)


def _unwritable(path: Path, error: OSError | ValueError) -> MagnusError:
    if isinstance(error, ValueError):
        return UsageError(f"{str(path)!r} is no file's name ({error})")
    if error.errno in _FULL:
        return StoreFull(
            f"{path} cannot be written: {error.strerror}. Nothing of it was kept; make room or name another disk."
        )
    return UsageError(
        f"{path} cannot be written: {error.strerror or error}. Name a folder that exists and can be written."
    )
