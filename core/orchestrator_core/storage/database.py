"""The database file: opening it, one write path, and pooled readers.

One connection per process writes, behind a lock: threads then queue fairly instead of polling SQLite's busy handler.
Readers are pooled. Other processes are kept apart by SQLite itself (WAL, ``BEGIN IMMEDIATE``, a busy time-out).

No connection may be open while the process forks. SQLite notes in the process's memory which locks it holds; a child inherits the
notes but not the locks, so it waits for ever for a lock that the parent held, or goes on writing to a log that the parent deletes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from orchestrator_core.errors import StoreBusy, StoreTooNew
from orchestrator_core.forks import at_fork
from orchestrator_core.storage import schema
from orchestrator_core.storage.sqlite_errors import translated

_inherited: list[sqlite3.Connection] = []
"""Connections that were in use when the process forked: kept unclosed, since closing them could disturb the parent's file."""

_READERS_KEPT = 16
_QUEUE_S = 10.0
"""A thread waits this much longer for the others of its process than SQLite waits for other processes."""
_FORK_PATIENCE_S = 5.0
_PAGES_CUT = 2_000
"""Free pages given back in one transaction: other writers get their turn between two."""
_KNOW_SCHEMA = "SELECT 1 FROM meta LIMIT 0"
"""Reads the schema again where another process has rebuilt the file. Where a statement with FTS5 triggers does, SQLite 3.40 says that a
table does not exist: FTS5 looks at the file while the statement is compiled."""
_SLICE_S = 0.25
"""SQLite waits in slices: a signal such as Ctrl-C is only seen between two."""


class Database:
    """One ``orchestrator.db``.

    Safe for threads and after a fork. ``durability="power"`` waits for the disk at every commit.
    """

    def __init__(
        self, path: Path, *, durability: Literal["process", "power"] = "process", busy_timeout_s: float = 30.0
    ) -> None:
        self.path = path
        self._replaced = 0
        self._synchronous = "FULL" if durability == "power" else "NORMAL"
        self._busy_timeout_s = busy_timeout_s
        self._reset()
        at_fork(self, before=Database._before_fork, parent=Database._after_fork, child=Database._in_child)

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        self._gate = threading.Condition()
        """Guards what follows. It is re-entrant, for a signal handler may make a call."""
        self._readers: list[sqlite3.Connection] = []
        self._reading = 0
        self._era = 0
        """Counts how often the connections were closed: a reader that was lent before must not come back."""
        self._forking = False
        self._fork_has_lock = False
        self._identity: tuple[int, int] | None = None

    def open(self) -> None:
        """Make or open the file and bring its schema up to date; cheap when that is done.

        Raises:
            StoreTooNew, StoreDamaged, StoreReadOnly, StoreFull, StoreBusy: see each.
        """
        if self._writer is not None and self._same_file():
            return
        with self._alone():
            self._opened()

    def _opened(self) -> sqlite3.Connection:
        """The write connection to the file that is there now. The caller holds the lock."""
        if self._writer is not None:
            if self._same_file():
                return self._writer
            self._replaced += 1
        self._close()
        with self._mapped():
            self._writer = self._open_writer()
        stat = self.path.stat()
        self._identity = (stat.st_dev, stat.st_ino)
        return self._writer

    @property
    def identity(self) -> tuple[object, ...]:
        """Which file is open: it changes when the store was removed or replaced. A new file may get an old one's number."""
        return (self._identity, self._replaced)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._busy_timeout_s + _QUEUE_S):
            raise StoreBusy(f"{self.path} stayed busy with other threads of this process. Try again.")
        try:
            yield
        finally:
            self._lock.release()

    def _same_file(self) -> bool:
        try:
            stat = self.path.stat()
        except OSError:
            return False
        return self._identity == (stat.st_dev, stat.st_ino)

    def _open_writer(self) -> sqlite3.Connection:
        new = not os.path.exists(self.path)  # where the folder may not be looked into, SQLite says so in its own words
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
            connection.execute(f"PRAGMA busy_timeout = {round(min(_SLICE_S, self._busy_timeout_s) * 1e3)}")
            self._patiently(connection, "BEGIN IMMEDIATE")  # proves that the file can be written before any agent runs
            connection.execute("ROLLBACK")
        except BaseException:
            connection.close()
            raise
        if os.name == "posix":
            for suffix in ("", "-wal", "-shm"):
                file = Path(f"{self.path}{suffix}")
                if file.exists() and (known := file.stat()).st_uid == os.getuid():
                    file.chmod(known.st_mode & 0o600)  # the owner may have taken the right to write from themselves
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
        with self._alone(), self._mapped():
            connection = self._opened()
            if connection.in_transaction:
                raise StoreBusy(
                    f"{self.path} is being written by this very thread, which a signal handler interrupted."
                )
            self._patiently(connection, "BEGIN IMMEDIATE")
            try:
                connection.execute(_KNOW_SCHEMA)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _patiently(self, connection: sqlite3.Connection, statement: str) -> None:
        """Run a statement that waits for the write lock."""
        give_up = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                connection.execute(statement)
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > give_up:
                    raise

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """A pooled connection that cannot write."""
        self.open()
        with self._mapped():
            with self._gate:
                while self._forking:
                    self._gate.wait(_FORK_PATIENCE_S)
                connection = self._readers.pop() if self._readers else None
                era = self._era
                self._reading += 1
            try:
                if connection is None:
                    connection = self._connect(query_only=True)
                yield connection
            finally:
                with self._gate:
                    self._reading -= 1
                    keep = era == self._era and len(self._readers) < _READERS_KEPT
                    if keep and connection is not None:
                        self._readers.append(connection)
                    elif connection is not None:
                        connection.close()
                    self._gate.notify_all()

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

    def maintenance(self) -> bool:
        """Give free pages back to the disk and fold the write-ahead log into the file.

        False when another connection was reading, so that the log still holds older pages.
        """
        while self._cut_free_pages():
            pass
        with self._alone(), self._mapped():
            # While it waits for readers nobody can write; it waits for one slice.
            return not self._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def _cut_free_pages(self) -> bool:
        """Take some free pages off the file; False when none is left."""
        with self.transaction() as connection:
            before = connection.execute("PRAGMA freelist_count").fetchone()[0]
            for _ in range(min(before, _PAGES_CUT)):
                # Each step frees one page, and of a statement without columns Python makes only the first step.
                connection.execute("PRAGMA incremental_vacuum")
            return bool(0 < connection.execute("PRAGMA freelist_count").fetchone()[0] < before)

    def rebuild(self) -> bool:
        """Write the whole file anew, so that no page keeps a copy of what was deleted, and fold the log into it.

        ``secure_delete`` zeroes what is freed, but not the copies of rows that stay behind where SQLite moves rows between pages.
        Other processes cannot write meanwhile; it takes about 4 s a gigabyte, and as much free disk as the file is large.
        False when another connection was reading, so that older pages are still there.
        """
        with self._alone(), self._mapped():
            connection = self._opened()
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                return False
            self._patiently(connection, "VACUUM")
            return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def integrity(self) -> str:
        """``ok``, or what SQLite's integrity check complains of."""
        rows = self.query("PRAGMA integrity_check(5)")
        return "; ".join(str(row[0]) for row in rows)

    def close(self) -> None:
        """Close all connections; one that is in use closes when it is done. The next use opens them again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        with self._gate:
            unused, self._readers = self._readers, []
            self._era += 1
        for connection in (*unused, self._writer):
            if connection is not None:
                connection.close()
        self._writer = None

    def __del__(self) -> None:
        # From Python 3.13 on SQLite's connections warn when they are collected open.
        with suppress(Exception):
            self._close()

    def _before_fork(self) -> None:
        """Wait until nothing is in use, then close. What is in use for too long stays open and is put aside in the child."""
        self._fork_has_lock = self._lock.acquire(timeout=_FORK_PATIENCE_S)
        with self._gate:
            self._forking = True
            self._gate.wait_for(lambda: not self._reading, timeout=_FORK_PATIENCE_S)
        if self._fork_has_lock and not (self._writer is not None and self._writer.in_transaction):
            self._close()

    def _after_fork(self) -> None:
        with self._gate:
            self._forking = False
            self._gate.notify_all()
        if self._fork_has_lock:
            self._lock.release()

    def _in_child(self) -> None:
        _inherited.extend(c for c in (self._writer, *self._readers) if c is not None)
        self._reset()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise translated(error, self.path, self._busy_timeout_s) from error
        except UnicodeDecodeError as error:  # Python 3.11 raises it when SQLite's message quotes damaged bytes
            raise translated(sqlite3.DatabaseError("malformed text"), self.path, self._busy_timeout_s) from error
