"""The database file: opening it, one write path, pooled readers, and SQLite's errors in Magnus's words.

One connection per process writes, behind a lock: threads then queue fairly instead of polling SQLite's busy handler.
Readers are pooled. Other processes are kept apart by SQLite itself (WAL, ``BEGIN IMMEDIATE``, a busy time-out).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from orchestrator_core.errors import (
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreTooNew,
)
from orchestrator_core.storage import schema

_inherited: list[sqlite3.Connection] = []
"""Connections a forked child got from its parent: kept unclosed, since closing them could disturb the parent's file."""


class Database:
    """One ``orchestrator.db``.

    Safe for threads and after a fork. ``durability="power"`` waits for the disk at every commit.
    """

    def __init__(
        self, path: Path, *, durability: Literal["process", "power"] = "process", busy_timeout_s: float = 30.0
    ) -> None:
        self.path = path
        self._synchronous = "FULL" if durability == "power" else "NORMAL"
        self._busy_timeout_s = busy_timeout_s
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        self._readers: list[sqlite3.Connection] = []
        self._identity: tuple[int, int] | None = None

    def open(self) -> None:
        """Make or open the file and bring its schema up to date; cheap when that is done.

        Raises:
            StoreTooNew, StoreDamaged, StoreReadOnly, StoreFull, StoreBusy: see each.
        """
        if self._pid != os.getpid():
            _inherited.extend(c for c in (self._writer, *self._readers) if c is not None)
            self._reset()
        if self._writer is not None and self._same_file():
            return
        with self._lock:
            if self._writer is not None:
                if self._same_file():
                    return
                self.close()  # the file was removed or replaced under us: start anew with what is there now
            with self._mapped():
                self._writer = self._open_writer()
            stat = self.path.stat()
            self._identity = (stat.st_dev, stat.st_ino)

    def _same_file(self) -> bool:
        try:
            stat = self.path.stat()
        except OSError:
            return False
        return self._identity == (stat.st_dev, stat.st_ino)

    def _open_writer(self) -> sqlite3.Connection:
        new = not self.path.exists()
        connection = self._connect()
        try:
            version = schema.current_version(connection)
            if version > schema.SCHEMA_VERSION:
                raise StoreTooNew(
                    f"{self.path} has schema version {version}; this Magnus knows {schema.SCHEMA_VERSION}. "
                    "Upgrade Magnus, or set ORCHESTRATOR_HOME to another folder. Nothing was written."
                )
            if new:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self._enter_wal(connection)
            if version < schema.SCHEMA_VERSION:
                schema.migrate(connection)
            connection.execute("BEGIN IMMEDIATE")  # proves that the file can be written before any agent runs
            connection.execute("ROLLBACK")
        except BaseException:
            connection.close()
            raise
        if os.name == "posix":
            for suffix in ("", "-wal", "-shm"):
                file = Path(f"{self.path}{suffix}")
                if file.exists() and file.stat().st_uid == os.getuid():
                    file.chmod(0o600)
        return connection

    def _enter_wal(self, connection: sqlite3.Connection) -> None:
        # Changing the journal mode needs a moment alone and does not honour the busy time-out.
        give_up = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > give_up:
                    raise
                time.sleep(0.01)

    def _connect(self, *, query_only: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        if query_only:
            connection.execute("PRAGMA query_only = ON")
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The write connection inside ``BEGIN IMMEDIATE``; commits at the end, rolls back on any exception."""
        self.open()
        with self._lock, self._mapped():
            connection = self._writer
            if connection is None:
                raise StoreError(f"{self.path} was closed")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """A pooled connection that cannot write."""
        self.open()
        with self._mapped():
            try:
                connection = self._readers.pop()
            except IndexError:
                connection = self._connect(query_only=True)
            try:
                yield connection
            finally:
                self._readers.append(connection)

    def query(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a read-only statement."""
        with self.reader() as connection:
            return connection.execute(sql, params).fetchall()

    def records(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """All rows of a read-only statement, as dictionaries."""
        with self.reader() as connection:
            cursor = connection.execute(sql, params)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def execute(self, statements: Iterable[tuple[str, Sequence[Any]]]) -> None:
        """Run statements in one transaction."""
        with self.transaction() as connection:
            for sql, params in statements:
                connection.execute(sql, params)

    def maintenance(self) -> None:
        """Give free pages back to the disk and fold the write-ahead log into the file."""
        self.open()
        with self._lock, self._mapped():
            if self._writer is not None:
                self._writer.execute("PRAGMA incremental_vacuum").fetchall()
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def integrity(self) -> str:
        """``ok``, or what SQLite's integrity check complains of."""
        rows = self.query("PRAGMA integrity_check(5)")
        return "; ".join(str(row[0]) for row in rows)

    def close(self) -> None:
        """Close all connections. The next use opens them again."""
        if self._pid != os.getpid():
            return
        with self._lock:
            for connection in (*self._readers, self._writer):
                if connection is not None:
                    connection.close()
            self._readers.clear()
            self._writer = None

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._translate(error) from error
        except UnicodeDecodeError as error:  # Python 3.11 raises it when SQLite's message quotes damaged bytes
            raise self._translate(sqlite3.DatabaseError("malformed text")) from error

    def _translate(self, error: sqlite3.Error) -> StoreError:
        text = str(error)
        lowered = text.lower()
        if "disk is full" in lowered or "disk i/o error" in lowered:
            return StoreFull(f"cannot write {self.path}: {text}. Free some space, then run: orchestrate maintain")
        if "readonly" in lowered or "unable to open" in lowered or "permission" in lowered:
            return StoreReadOnly(
                f"cannot write {self.path}: {text}. Make it writable, or set ORCHESTRATOR_HOME to a folder you can write."
            )
        if "locked" in lowered or "busy" in lowered:
            return StoreBusy(
                f"{self.path} stayed locked by another process for {self._busy_timeout_s:g} s. "
                "Try again, or raise storage.busy_timeout_s."
            )
        if "not a database" in lowered or "malformed" in lowered or "corrupt" in lowered:
            return StoreDamaged(
                f"{self.path} is damaged: {text}. It was left as it is; run: orchestrate doctor --repair"
            )
        return StoreError(f"{self.path}: {text}")
