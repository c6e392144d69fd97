"""What is known of the latest attempt to export a model: when it began, and why it failed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

AGAIN_AFTER_S = 3600.0
"""A failed export is not begun again in the background before that."""
INTERRUPTED_AFTER_S = 300.0
"""The same for one that was killed: it may have been the machine's shutdown."""


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt."""

    at: float
    """Epoch seconds."""
    reason: str = ""
    """Why it failed; empty for one that has not ended, or was killed."""

    @property
    def again_at(self) -> float:
        """When the next one may begin in the background, in epoch seconds."""
        return self.at + (AGAIN_AFTER_S if self.reason else INTERRUPTED_AFTER_S)


def lock_path(target: Path) -> Path:
    """The file whose lock the exporting process holds."""
    return target.with_name(f"{target.name}.lock")


def _path(target: Path) -> Path:
    return target.with_name(f"{target.name}.attempt.json")


def read_attempt(target: Path) -> Attempt | None:
    """The latest attempt, or None where there was none or it succeeded."""
    try:
        return msgspec.json.decode(_path(target).read_bytes(), type=Attempt)
    except (OSError, ValueError):
        return None


def write_attempt(target: Path, attempt: Attempt) -> None:
    """Keep what is known; a full disk must not hide the reason it would have held."""
    with suppress(OSError):
        draft = _path(target).with_suffix(f".{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(attempt))
        draft.replace(_path(target))


def clear_attempt(target: Path) -> None:
    """It succeeded."""
    _path(target).unlink(missing_ok=True)
