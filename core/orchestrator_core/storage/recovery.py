"""Getting rows out of a damaged store: the damaged file is kept under a new name, a new one takes its place.

Python's ``sqlite3`` has no ``.recover``. So every table is read row by row from both ends, and what lies between the two places where
SQLite gives up is searched by halves: one bad page then costs its own rows, not those behind it.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from orchestrator_core.errors import StoreBusy, StoreDamaged, StoreFull, StoreReadOnly, StoreTooNew, UsageError
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.health import check_store, store_size
from orchestrator_core.storage.salvage import GAVE_UP, Salvage, Table, columns_of, mend_copy, read_table
from orchestrator_core.storage.schema import SCHEMA_VERSION, current_version

Progress = Callable[[str], None]

_BATCH = 500
_MADE_ANEW = ("memories_fts", "memory_log", "sqlite_", "_sqlite")
"""How the names of tables begin that writing the others fills, or that are not Magnus's own."""
_OF_MEMORIES = ("memory_vectors", "memory_aliases", "memory_prints")
_MOST_VERSIONS = 10_000
"""A larger schema version is damage, not the future."""


class TableRecovery(Struct, frozen=True):
    """What became of one table's rows."""

    recovered: int
    rejected: int = 0
    """Rows that were read but cannot be true: a wrong type, a missing value, a call that is lost."""
    gaps: int = 0
    """Row numbers without a row between the first and the last; at most so many were lost, for deleted rows leave gaps as well."""
    complete: bool = True
    """False where SQLite gave up at a place whose rows nobody can count."""


class Recovery(Struct, frozen=True):
    """What a repair did."""

    kept: str
    """Where the damaged file is now."""
    tables: dict[str, TableRecovery]
    left_out: tuple[str, ...] = ()
    """Tables that are none of Magnus's; they are still in the kept file."""

    @property
    def rows(self) -> int:
        return sum(table.recovered for table in self.tables.values())

    @property
    def complete(self) -> bool:
        """True when nothing hints at a lost row: then only an index was damaged."""
        return all(t.complete and not t.rejected and not t.gaps for t in self.tables.values())


def repair_store(path: Path, *, now: float | None = None, progress: Progress | None = None) -> Recovery:
    """Put a healthy store with all readable rows in a damaged one's place; the damaged file is kept beside it.

    Raises:
        UsageError: there is no store, or it is healthy.
        StoreTooNew: a newer version of Magnus wrote it.
        StoreBusy: another process is using it.
        StoreFull: the disk has no room for the copies.
        StoreDamaged: what was recovered is not healthy either; everything was left as it was.
    """
    health = check_store(path)
    if health.state == "absent":
        raise UsageError(f"there is no store at {path}, so there is nothing to repair.")
    if health.state == "ok":
        raise UsageError(f"{path} is healthy; there is nothing to repair.")
    if health.state == "too-new":
        raise StoreTooNew(
            f"{path} was written by a newer Magnus ({health.detail}). Upgrade Magnus; it was left as it is."
        )
    if health.state == "unreadable":
        raise StoreReadOnly(f"{path} cannot be read: {health.detail}. Make it readable, then try again.")
    _refuse_when_used(path)
    # Twice: a copy to read from, since SQLite may write into a file it opens, and the new store.
    needed = 2 * store_size(path)
    if health.free_disk_bytes is not None and health.free_disk_bytes < needed:
        raise StoreFull(f"the repair of {path} needs {needed} bytes of free disk; {health.free_disk_bytes} are free.")
    try:
        return _repair(path, time.time() if now is None else now, progress or (lambda _: None))
    except OSError as error:
        kind = StoreFull if error.errno == errno.ENOSPC else StoreReadOnly
        raise kind(f"{path} cannot be repaired in its place: {error.strerror or error}. It is still there.") from error


def _repair(path: Path, now: float, progress: Progress) -> Recovery:
    with tempfile.TemporaryDirectory(prefix="repair-", dir=path.parent) as folder:
        copy, fresh = Path(folder, "damaged.db"), Path(folder, "fresh.db")
        for suffix in ("", "-wal"):
            if Path(f"{path}{suffix}").exists():
                shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        tables, left_out = _recover(copy, fresh, progress)
        after = check_store(fresh)
        if after.state != "ok":
            raise StoreDamaged(f"what was recovered from {path} is not healthy ({after.detail}); nothing was changed.")
        kept = _free_name(path, now)
        for suffix in ("-wal", "-shm", ""):
            if Path(f"{path}{suffix}").exists():
                os.replace(f"{path}{suffix}", f"{kept}{suffix}")
        os.replace(fresh, path)
    return Recovery(str(kept), tables, left_out)


def _refuse_when_used(path: Path) -> None:
    """Raise when another process holds a lock. A file too damaged to be locked cannot be in use by one that works."""
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
    except UnicodeDecodeError:
        return
    except sqlite3.Error as error:
        if "locked" in str(error).lower() or "busy" in str(error).lower():
            raise StoreBusy(f"{path} is in use by another process. End it, then try again.") from error


def _free_name(path: Path, now: float) -> Path:
    stem = f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}"
    number = 1
    while (kept := path.with_name(stem if number == 1 else f"{stem}-{number}")).exists():
        number += 1
    return kept


def _recover(copy: Path, fresh: Path, progress: Progress) -> tuple[dict[str, TableRecovery], tuple[str, ...]]:
    database = Database(fresh)
    database.open()
    found: dict[str, TableRecovery] = {}
    try:
        with closing(_open_damaged(copy)) as source:
            version = _version(source)
            if SCHEMA_VERSION < version <= _MOST_VERSIONS:
                raise StoreTooNew(
                    f"the store has schema {version}; this Magnus knows {SCHEMA_VERSION}. Upgrade Magnus."
                )
            ours = _tables(database)
            known = _names(source)
            for table in ours:
                progress(table.name)
                found[table.name] = _move(source, database, table) if table.name in known else _lost(bool(known))
            _drop_orphans(database)
            rest = tuple(sorted(n for n in known if n not in found and not n.startswith(_MADE_ANEW)))
        database.maintenance()
    finally:
        database.close()
    return found, rest


def _open_damaged(path: Path) -> sqlite3.Connection:
    mend_copy(path)
    connection = sqlite3.connect(path, isolation_level=None)
    # It is a copy: with this, SQLite goes on where a file is shorter than its header says or a table's definition is broken.
    connection.execute("PRAGMA writable_schema = ON")
    connection.text_factory = _text
    return connection


def _text(data: bytes) -> str | bytes:
    """Text, or the bytes themselves where they are none: then the row does not fit and is left out."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _version(source: sqlite3.Connection) -> int:
    try:
        return current_version(source)
    except GAVE_UP:
        return 0


def _names(source: sqlite3.Connection) -> frozenset[str]:
    try:
        return frozenset(str(row[0]) for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
    except GAVE_UP:
        return frozenset()


def _lost(tables_known: bool) -> TableRecovery:
    # Where the list of tables itself can be read, a table that is not in it never was there or held nothing.
    return TableRecovery(0, complete=tables_known)


def _tables(database: Database) -> list[Table]:
    """Magnus's own tables, those that others point at first."""
    with database.reader() as connection:
        names = [
            str(row[0])
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name = 'executions' DESC, name"
            )
        ]
        return [Table.describe(connection, name) for name in names if not name.startswith(_MADE_ANEW)]


def _drop_orphans(database: Database) -> None:
    """What belongs to memories that are lost must not come to belong to new ones, which may get their numbers."""
    orphaned = "memory NOT IN (SELECT seq FROM memories)"
    database.execute([(f"DELETE FROM {table} WHERE {orphaned}", ()) for table in _OF_MEMORIES])


def _move(source: sqlite3.Connection, database: Database, table: Table) -> TableRecovery:
    table = table.only(columns_of(source, table.name))
    if not table.columns:
        return TableRecovery(0, complete=False)
    salvage = Salvage()
    recovered = rejected = 0
    batch: list[tuple[Any, ...]] = []

    def flush() -> None:
        nonlocal recovered, rejected
        written = _write(database, table, batch)
        recovered, rejected = recovered + written, rejected + len(batch) - written
        batch.clear()

    def known_calls() -> list[str]:
        return [str(row[0]) for row in database.query("SELECT id FROM executions")]

    for row in read_table(source, table, salvage, known_calls):
        if not table.fits(row):
            rejected += 1
            continue
        batch.append(row)
        if len(batch) >= _BATCH:
            flush()
    flush()
    return TableRecovery(recovered, rejected, salvage.gaps, salvage.complete)


def _write(database: Database, table: Table, rows: list[tuple[Any, ...]]) -> int:
    """Insert rows one by one under one commit; those that break a constraint are left out. Returns how many went in."""
    written = 0
    with database.transaction() as connection:
        for row in rows:
            try:
                cursor = connection.execute(table.insert, row)
            except sqlite3.IntegrityError:
                continue
            written += cursor.rowcount
    return written
