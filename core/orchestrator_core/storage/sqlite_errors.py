"""SQLite's errors in Magnus's words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from orchestrator_core.errors import StoreBusy, StoreDamaged, StoreError, StoreFull, StoreReadOnly


def translated(error: sqlite3.Error, path: Path, busy_timeout_s: float) -> StoreError:
    """The error that names the file, the cause and the next step."""
    text = str(error)
    lowered = text.lower()
    if "disk is full" in lowered or "disk i/o error" in lowered:
        return StoreFull(f"cannot write {path}: {text}. Free some space, then run: orchestrate maintain")
    if "readonly" in lowered or "unable to open" in lowered or "permission" in lowered:
        return StoreReadOnly(
            f"cannot write {path}: {text}. Make it writable, or set ORCHESTRATOR_HOME to a folder you can write."
        )
    if "locked" in lowered or "busy" in lowered:
        return StoreBusy(
            f"{path} stayed locked by another process for {busy_timeout_s:g} s. "
            "Try again, or raise storage.busy_timeout_s."
        )
    if "not a database" in lowered or "malformed" in lowered or "corrupt" in lowered:
        return StoreDamaged(f"{path} is damaged: {text}. It was left as it is; run: orchestrate doctor --repair")
    return StoreError(f"{path}: {text}")
