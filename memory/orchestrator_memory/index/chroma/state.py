"""What a Chroma folder is known to hold, written beside it: the only reason to trust it when it is opened again.

The file is replaced as a whole, before Chroma writes and after. It keeps a checksum of each of Chroma's graph files: they are rewritten in
place, so a process that is killed meanwhile leaves a mixture, which Chroma would load and answer from, or crash on.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import msgspec
from msgspec import Struct

from orchestrator_memory.index.chroma.feed import Place

FORMAT = 1
DATA = "data"
"""Chroma's own folder, inside ours."""
_SQLITE = "chroma.sqlite3"
_FILE = "state.json"
_BLOCK_BYTES = 1 << 20

Checksums = dict[str, tuple[int, int, int]]
"""Size in bytes, time of change in ns and CRC-32 by path."""


class Collected(Struct, frozen=True):
    """How far a collection has followed the store."""

    place: Place
    cursor: int
    """While it is built: the last memory taken over, by number. -1 once it is whole."""
    count: int
    """Vectors in it."""


class State(Struct, frozen=True):
    """A folder's state."""

    format: int
    chromadb: str
    """The version that wrote it."""
    store: str
    born: int
    """The log's last number when the folder was empty: whatever was gone by then is in no file of it."""
    collections: dict[str, Collected] = {}
    files: Checksums = {}


def read_state(folder: Path) -> State | None:
    """The state of a folder; None where there is none that can be read."""
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=State)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def write_state(folder: Path, state: State) -> None:
    """Replace the state of a folder, or leave it as it was.

    Raises:
        OSError: it cannot be written.
    """
    new = folder / f"{_FILE}.new"
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(state))
    new.replace(folder / _FILE)


def remove_state(folder: Path) -> None:
    """From now on the folder is not trusted.

    Raises:
        OSError: it cannot be removed.
    """
    (folder / _FILE).unlink(missing_ok=True)


def checksums(folder: Path, known: Checksums | None = None) -> Checksums:
    """Of all graph files; those whose size and time are ``known`` are not read again. The database changes with every write.

    Raises:
        OSError: a file cannot be read.
    """
    found: Checksums = {}
    for path in sorted((folder / DATA).rglob("*")):
        if path.is_dir() or path.name.startswith(_SQLITE):
            continue
        name, facts = path.relative_to(folder).as_posix(), path.stat()
        old = (known or {}).get(name)
        if old is not None and old[:2] == (facts.st_size, facts.st_mtime_ns):
            found[name] = old
        else:
            found[name] = (facts.st_size, facts.st_mtime_ns, _crc(path))
    return found


def why_doubtful(folder: Path, state: State, *, chromadb: str, store: str) -> str:
    """Why a folder is not to be trusted; empty when nothing speaks against it."""
    if (state.format, state.chromadb, state.store) != (FORMAT, chromadb, store):
        return "another version of Chroma or another store wrote it"
    try:
        if _contents(checksums(folder)) != _contents(state.files):
            return "its files are not those that were written last"
        database = folder / DATA / _SQLITE
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            complaint = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
        return f"its files cannot be read ({error})"
    return "" if complaint == "ok" else f"its database is damaged ({complaint})"


def _contents(files: Checksums) -> dict[str, tuple[int, int]]:
    return {name: (size, crc) for name, (size, _, crc) in files.items()}


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            crc = zlib.crc32(block, crc)
    return crc
