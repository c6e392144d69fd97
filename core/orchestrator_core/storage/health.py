"""How a store is doing, found out without changing a byte of its database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from orchestrator_core.storage.schema import SCHEMA_VERSION, current_version

State = Literal["ok", "absent", "damaged", "too-new", "unreadable", "busy"]

_COUNTED = ("executions", "attempts", "findings", "traces", "memories", "outbox")
_ADDED = {2: ("memory_log", "memory_vectors", "memory_models", "memory_aliases", "memory_prints", "memory_weights")}
"""Tables that came with a later version of the schema."""
_COMPLAINTS = 5
_SMALLEST_BYTES = 512
"""SQLite's smallest page. Reading alone, SQLite takes a smaller file for an empty one; a writer is refused."""


class StoreHealth(Struct, frozen=True, kw_only=True):
    """What was found out about one database file."""

    path: str
    state: State
    detail: str = ""
    """What is wrong, in SQLite's words where it is SQLite that complains."""
    schema_version: int | None = None
    known_schema_version: int = SCHEMA_VERSION
    size_bytes: int = 0
    """The file together with its write-ahead log."""
    free_disk_bytes: int | None = None
    rows: dict[str, int] = {}
    writable: bool = False
    private: bool = True
    """False where other users of this machine may read the file."""


def check_store(path: Path, *, busy_timeout_s: float = 5.0) -> StoreHealth:
    """Open the file for reading only and have SQLite check it; never raises, never makes the file or writes into it.

    SQLite may leave its empty ``-wal`` and ``-shm`` files beside it, as any reader of a store in WAL mode does.
    """
    folder = next((parent for parent in path.parents if parent.is_dir()), None)
    free = shutil.disk_usage(folder).free if folder is not None else None
    health = StoreHealth(path=str(path), state="absent", free_disk_bytes=free, writable=_writable(path))
    try:
        facts = path.stat()
    except FileNotFoundError:
        return health
    except OSError as error:
        return replace(health, state="unreadable", detail=str(error.strerror or error))
    if not stat.S_ISREG(facts.st_mode):
        return replace(health, state="unreadable", detail="something other than a file stands in its place")
    health = replace(health, size_bytes=store_size(path), private=os.name != "posix" or not facts.st_mode & 0o077)
    if 0 < facts.st_size < _SMALLEST_BYTES:
        return replace(health, state="damaged", detail=f"it was cut off after {facts.st_size} bytes")
    if not facts.st_size:
        return replace(health, state="ok", detail="the file holds no database yet; the next call makes its tables")
    try:
        with _read_only(path, busy_timeout_s) as connection:
            return _examined(connection, health)
    except sqlite3.Error as error:
        return replace(health, state=_state_of(error), detail=str(error))
    except UnicodeDecodeError:
        # Python 3.11 fails to make an exception of a message that quotes bytes which are no text.
        return replace(health, state="damaged", detail="SQLite's complaint quotes bytes that are no text")


def _examined(connection: sqlite3.Connection, health: StoreHealth) -> StoreHealth:
    version = current_version(connection)
    health = replace(health, schema_version=version)
    complaints = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_COMPLAINTS})")]
    if complaints != ["ok"]:
        return replace(health, state="damaged", detail="; ".join(complaints))
    if version > SCHEMA_VERSION:
        return replace(health, state="too-new", detail=f"schema {version}, this Magnus knows {SCHEMA_VERSION}")
    names = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    needed = {*_COUNTED, *(name for since, added in _ADDED.items() if version >= since for name in added)}
    if version and not names.issuperset(needed):
        missing = ", ".join(sorted(needed - names))
        return replace(health, state="damaged", detail=f"tables are missing: {missing}")
    # A store of version 0 has no tables yet: the next call makes them.
    rows = {
        name: int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0])
        for name in _COUNTED
        if name in names
    }
    return replace(health, state="ok", rows=rows)


@contextmanager
def _read_only(path: Path, busy_timeout_s: float) -> Iterator[sqlite3.Connection]:
    # A reader needs the -shm file; in a folder that cannot be written the file is taken as one that nobody changes.
    alone = "&immutable=1" if not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists() else ""
    # Percent-encoding keeps '?' and '#' in a folder's name from being read as parts of the address.
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{alone}", uri=True, timeout=busy_timeout_s)
    # What SQLite says of a damaged file quotes the damage.
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    with closing(connection):
        connection.execute("PRAGMA cell_size_check = ON")
        yield connection


def _state_of(error: sqlite3.Error) -> State:
    text = str(error).lower()
    if any(word in text for word in ("not a database", "malformed", "corrupt", "unsupported file format")):
        return "damaged"
    return "busy" if "locked" in text or "busy" in text else "unreadable"


def _writable(path: Path) -> bool:
    existing = next((place for place in (path, *path.parents) if place.exists()), None)
    return existing is not None and os.access(existing, os.W_OK)


def store_size(path: Path) -> int:
    """Bytes of a database file together with its write-ahead log."""
    total = 0
    for suffix in ("", "-wal"):
        try:
            total += os.stat(f"{path}{suffix}").st_size
        except OSError:
            continue
    return total
