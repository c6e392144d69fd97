"""The tables, as sqlite-utils migrations. Add a migration at the end for every change; never edit one that has shipped.

``sqlite_utils`` costs about 170 ms CPU to import, so a store whose ``user_version`` is already current never loads it.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from orchestrator_core.storage.migrations import (
    askers_and_kinds,
    first_tables,
    memory_index,
    memory_names,
    security_tables,
)

if TYPE_CHECKING:
    from sqlite_utils import Database as SqliteUtilsDatabase

SCHEMA_VERSION = 5
"""Kept in ``PRAGMA user_version``; raise it with every migration."""


def current_version(connection: sqlite3.Connection) -> int:
    """The schema version a file was written with; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to ``SCHEMA_VERSION``. The caller holds no transaction; processes may race, one wins."""
    from sqlite_utils import Database, Migrations

    steps = Migrations("magnus")

    @steps(name="first_tables")
    def _first_tables(db: SqliteUtilsDatabase) -> None:
        for statement in first_tables.STATEMENTS:
            db.execute(statement)
        table: Any = db["memories"]
        table.enable_fts(["text"], tokenize="porter unicode61", create_triggers=True)

    @steps(name="memory_index")
    def _memory_index(db: SqliteUtilsDatabase) -> None:
        for statement in memory_index.STATEMENTS:
            db.execute(statement)

    @steps(name="security_tables")
    def _security_tables(db: SqliteUtilsDatabase) -> None:
        for statement in security_tables.STATEMENTS:
            db.execute(statement)

    @steps(name="askers_and_kinds")
    def _askers_and_kinds(db: SqliteUtilsDatabase) -> None:
        for statement in askers_and_kinds.STATEMENTS:
            db.execute(statement)

    @steps(name="memory_names")
    def _memory_names(db: SqliteUtilsDatabase) -> None:
        for statement in memory_names.STATEMENTS:
            db.execute(statement)

    # Lock before looking: a second process that waited here finds the work done.
    connection.execute("BEGIN IMMEDIATE")
    try:
        if current_version(connection) < SCHEMA_VERSION:
            # recursive_triggers would be sqlite-utils' default; Magnus sets its own pragmas.
            steps.apply(Database(connection, recursive_triggers=False))
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
