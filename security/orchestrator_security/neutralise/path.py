"""A path that stays below its base."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from orchestrator_core.errors import UsageError

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: reserved with any extension, superscript digits included.
_DEVICES = r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\xb9\xb2\xb3])[ ]*(?:[.:].*)?"


@cache
def _device() -> re.Pattern[str]:
    return re.compile(_DEVICES, re.IGNORECASE | re.DOTALL)


def safe_path(base: str | os.PathLike[str], candidate: str | os.PathLike[str]) -> Path:
    """The absolute, resolved path of ``candidate`` below ``base``, which must be an existing folder.

    Links are followed and their targets checked, existing or not. What other systems would read differently is refused on
    every system, so that a path accepted here is safe there: backslashes, drive letters, shares, the names of Windows devices.
    Nothing is decoded or expanded: ``%2e%2e`` and ``~`` are names like any other. ``a/../b`` is allowed where it ends inside.

    The answer holds for the moment of the call. Whoever may write below ``base`` can put a link there before the file is
    opened; where strangers can, open it relative to a folder's descriptor with ``O_NOFOLLOW``, or give them no such right.

    Raises:
        UsageError: the candidate is empty, absolute, of the refused kinds, or leads outside; or the base is no folder.
    """
    folder = _folder(base)
    name = os.fspath(candidate)
    if not isinstance(name, str):
        raise UsageError(f"a path is text, got {type(name).__name__}; decode it with os.fsdecode")
    _refuse(name)
    try:
        found = (folder / name).resolve()
        # From Python 3.13 on, a loop of links is left as it is instead of being an error.
        looping = any(step.is_symlink() for step in (found, *found.parents))
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"the path cannot be resolved ({type(error).__name__}): a loop of links or too long a name"
        ) from error
    if looping:
        raise UsageError("the path cannot be resolved: a loop of links")
    if not found.is_relative_to(folder):
        raise UsageError("the path leads outside its base folder; give a path below it, without a way up or a link out")
    return found


def _folder(base: str | os.PathLike[str]) -> Path:
    try:
        folder = Path(base).resolve(strict=True)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise UsageError(f"the base folder cannot be used ({type(error).__name__}); create it first") from error
    if not folder.is_dir():
        raise UsageError("the base is no folder; give the folder that the path must stay in")
    return folder


def _refuse(name: str) -> None:
    if not name:
        raise UsageError("the path is empty; give one below the base folder, or '.' for the base itself")
    if "\0" in name:
        raise UsageError("a path cannot hold a NUL character; take it out")
    try:
        os.fsencode(name)
    except UnicodeEncodeError as error:
        raise UsageError("the path holds half a surrogate pair; decode the text anew") from error
    if "\\" in name and os.sep != "\\":
        raise UsageError("the path holds a backslash, which separates folders on Windows; write forward slashes")
    if name[0] in "/\\":
        raise UsageError("the path is absolute or a network share; give one that is relative to the base folder")
    if name[0].isalpha() and name[1:2] == ":":
        raise UsageError("the path begins with a drive letter; give one that is relative to the base folder")
    for segment in re.split(r"[/\\]", name):
        if _device().fullmatch(segment):
            raise UsageError(
                "the path holds the name of a Windows device (such as CON, NUL or COM1); choose another name"
            )
        bare = segment.rstrip(" .")
        if segment and not bare and segment not in (".", ".."):
            raise UsageError(
                "the path holds a segment of dots and blanks only, which Windows shortens; choose another name"
            )
        if os.name == "nt" and ((bare != segment and segment not in (".", "..", "")) or ":" in segment):
            raise UsageError("the path holds a name that Windows would change (colon, or a dot or blank at its end)")
