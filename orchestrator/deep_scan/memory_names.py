"""The names by which memories are found (key, author, session), with personal data replaced in all memories that have them.

Who asks for a memory by the old name still finds it: the store keeps a keyed hash of the old name beside the new one, and every name
that is given to the memory goes through ``known``. A name is replaced wherever it is one, also where the engine would not have found
it, so that one answer holds for all three. Of what a call left only the session is renamed, since its author is the agent's name and
its key a hash; lessons are found by names of agents and failures, and keep all of theirs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Protocol

from orchestrator_core.storage.database import Database
from orchestrator_memory.rows.merge import print_of

NAMES = ("key", "author", "session")
_FACTS = ("seq", "text", "key", "quarantined", "superseded_at")
_BATCH = 500
"""Memories that are renamed in one transaction, so that others may write in between."""
_LOOKED_AT_MAX = 10_000
_DIGITS_MIN = 5
_OWN = "tier <> 'lessons'"
_WHERE = {
    "key": f"key = ? AND status = '' AND {_OWN}",
    "author": f"author = ? AND status = '' AND {_OWN}",
    "session": f"session = ? AND {_OWN}",
}
_GROUP = ("namespace", "tier", "category", "author", "session", "status")
_PUT = "INSERT INTO memory_names (hash, name) VALUES (?, ?) ON CONFLICT DO UPDATE SET name = excluded.name"
_FOLLOW = "UPDATE memory_names SET name = ? WHERE name = ?"
"""What stood for a name may itself be replaced: a later engine finds more."""
_RIVALS = (
    "SELECT seq, created_at FROM memories WHERE namespace = ? AND key IN (?, ?) AND superseded_at IS NULL AND (quarantined <> '') = ? "
    "ORDER BY created_at DESC, seq DESC"
)


class Looks(Protocol):
    """See ``rows.Deep``."""

    def data(self, value: Any, *, numbers: bool = True) -> Any: ...


class MemoryNames:
    """The names in one store. ``value_hash`` is keyed with the store's key."""

    def __init__(self, database: Database, value_hash: Callable[[str], str]) -> None:
        self._database = database
        self._hash = value_hash
        self._clean: set[tuple[str, str]] = set()
        """Columns with names in which nothing was found; the column's name may be what tells what a name is."""

    def known(self, name: str) -> str:
        """What stands for a name now: itself, or what it was replaced by.

        Raises:
            StoreError: the store cannot be read.
        """
        if not _may_be_found(name):
            return name
        rows = self._database.query("SELECT name FROM memory_names WHERE hash = ?", (self._hash(name),))
        return str(rows[0][0]) if rows else name

    def look(self, deep: Looks, seq: int) -> bool:
        """Look at the names of one memory, and rename it, with all that share a name, where personal data is found; True where it was.

        Raises:
            DeepScanUnfinished: a name was not wholly looked at.
            StoreError: the store cannot be read or written.
        """
        rows = self._database.query(f"SELECT {', '.join(NAMES)}, status, tier FROM memories WHERE seq = ?", (seq,))
        if not rows or rows[0][-1] == "lessons":
            return False
        left = rows[0][-2] != ""
        given = {
            column: name
            for column, name in zip(NAMES, rows[0], strict=False)
            if (column, name) not in self._clean and _may_be_found(name) and (column == "session" or not left)
        }
        if not given:
            return False
        found = deep.data(given, numbers=False)
        for column, name in given.items():
            if found[column] != name:
                self._rename(name, found[column])
            elif len(self._clean) < _LOOKED_AT_MAX:
                self._clean.add((column, name))
        return bool(found != given)

    def _rename(self, old: str, new: str) -> None:
        """A process that is killed in between has left memories that are not deeply scanned, which the next one renames."""
        left = True
        while left:
            with self._database.transaction() as connection:
                connection.execute(_PUT, (self._hash(old), new))
                connection.execute(_FOLLOW, (new, old))
                room = _BATCH
                for column in NAMES:
                    room -= _renamed(connection, column, old, new, room)
                left = room == 0


def _renamed(connection: sqlite3.Connection, column: str, old: str, new: str, most: int) -> int:
    """Rename in one column, and the name that a fact's text begins with; returns how many memories they were."""
    rows = connection.execute(
        f"SELECT {', '.join((*_FACTS, *_GROUP))} FROM memories WHERE {_WHERE[column]} LIMIT ?", (old, most)
    ).fetchall()
    for seq, text, key, quarantined, superseded_at, *group in rows:
        if column == "key":
            if superseded_at is None:
                _only_one(connection, str(group[0]), (old, new), bool(quarantined))
            if text.startswith(f"{old}: "):
                connection.execute("UPDATE memories SET text = ? WHERE seq = ?", (new + text[len(old) :], seq))
        connection.execute(f"UPDATE memories SET {column} = ? WHERE seq = ?", (new, seq))
        if not key and not quarantined and superseded_at is None:
            values = dict(zip(_GROUP, group, strict=True)) | {column: new}
            _print(connection, seq, print_of(text, *map(str, values.values())))
    return len(rows)


def _only_one(connection: sqlite3.Connection, namespace: str, keys: tuple[str, str], quarantined: bool) -> None:
    """Where two keys become one, the newer value supersedes the other, as if it had been told under that key."""
    rivals = connection.execute(_RIVALS, (namespace, *keys, quarantined)).fetchall()
    for seq, _ in rivals[1:]:
        connection.execute("UPDATE memories SET superseded_at = ? WHERE seq = ?", (rivals[0][1], seq))


def _print(connection: sqlite3.Connection, seq: int, number: int) -> None:
    connection.execute("DELETE FROM memory_prints WHERE memory = ?", (seq,))
    if number:
        connection.execute("INSERT OR IGNORE INTO memory_prints (print, memory) VALUES (?, ?)", (number, seq))


def _may_be_found(name: str) -> bool:
    """The deep engine finds names written as such, and numbers; most keys and sessions are neither, and cost no look into the store."""
    return any(sign.isupper() for sign in name) or sum(sign.isdigit() for sign in name) >= _DIGITS_MIN or "@" in name
