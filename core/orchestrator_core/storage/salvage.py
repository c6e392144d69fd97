"""Reading what can be read of one damaged table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, compress
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

GAVE_UP = (sqlite3.Error, UnicodeDecodeError, OverflowError)
"""How SQLite, and Python's wrapper of it, tell that they cannot read on: the second when a message quotes bytes that are no text."""

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_PAGE_BYTES = 4096
_MOST_PROBES = 20_000
"""Reads spent on the unreadable middle of a table; about two seconds."""
_FAR_END_ROWS = 2_000
_TYPES: dict[str, tuple[type, ...]] = {"TEXT": (str,), "REAL": (float, int), "INTEGER": (int,), "BLOB": (bytes,)}


class Table(Struct, frozen=True):
    """A table of the present schema: what is read from the old file, and how it is written into the new one."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    needed: tuple[bool, ...]
    key: tuple[str, ...]
    """Columns of the primary key."""
    has_rowid: bool

    @classmethod
    def describe(cls, connection: sqlite3.Connection, name: str) -> Table:
        info = connection.execute(f"PRAGMA table_info({name})").fetchall()
        sql = str(connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0])
        return cls(
            name=name,
            columns=tuple(row[1] for row in info),
            types=tuple(row[2].upper() for row in info),
            needed=tuple(bool(row[3]) for row in info),
            key=tuple(row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]),
            has_rowid="WITHOUT ROWID" not in sql.upper(),
        )

    def only(self, present: frozenset[str]) -> Table:
        """The table without columns that a later version added: a new row has their defaults."""
        keep = [name in present for name in self.columns]
        return replace(
            self,
            columns=tuple(compress(self.columns, keep)),
            types=tuple(compress(self.types, keep)),
            needed=tuple(compress(self.needed, keep)),
        )

    @property
    def insert(self) -> str:
        marks = ", ".join("?" * len(self.columns))
        # A row that is there already came from another end of the same table; ``meta`` has rows in a new store.
        rule = "REPLACE" if self.name == "meta" else "IGNORE"
        return f"INSERT OR {rule} INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})"

    def fits(self, row: Sequence[Any]) -> bool:
        """False for a row whose values cannot be what the columns hold: then the page was damaged in its middle."""
        for value, kind, needed in zip(row, self.types, self.needed, strict=True):
            if value is None:
                if needed:
                    return False
            elif not isinstance(value, _TYPES.get(kind, (object,))) or (
                isinstance(value, str) and "\ufffd" in value and not value.isprintable()
            ):
                return False
        return True


class Salvage:
    """What a scan found out about the rows it did not get."""

    def __init__(self) -> None:
        self.complete = True
        """False once SQLite gave up at a place that could not be searched to its end."""
        self._lowest = self._highest = self._seen = 0

    def saw(self, number: int) -> None:
        self._lowest = number if not self._seen else min(self._lowest, number)
        self._highest = number if not self._seen else max(self._highest, number)
        self._seen += 1

    @property
    def gaps(self) -> int:
        """Row numbers between the lowest and the highest that gave no row: lost, or deleted long before.

        SQLite does not complain of every damage: a page whose cells are gone reads as an empty one.
        """
        return self._highest - self._lowest + 1 - self._seen if self._seen else 0


def columns_of(source: sqlite3.Connection, name: str) -> frozenset[str]:
    """The columns that a table has in the damaged file; none where even that cannot be read."""
    try:
        return frozenset(str(row[1]) for row in source.execute(f"PRAGMA table_info({name})"))
    except GAVE_UP:
        return frozenset()


def read_table(
    source: sqlite3.Connection, table: Table, salvage: Salvage, known_calls: Callable[[], Sequence[str]]
) -> Iterator[tuple[Any, ...]]:
    """Every row that SQLite still gives out, once. ``known_calls`` are ids by which rows may be found that a scan cannot reach."""
    if table.has_rowid:
        for row in _by_number(source, table, salvage):
            salvage.saw(row[0])
            yield row[1:]
    else:
        yield from _by_key(source, table, salvage, known_calls)


def _by_number(source: sqlite3.Connection, table: Table, salvage: Salvage) -> Iterator[tuple[Any, ...]]:
    """Rows led by their number."""
    # NOT INDEXED: a damaged index must not hide a healthy row.
    base = f"SELECT rowid, {', '.join(table.columns)} FROM {table.name} NOT INDEXED"
    last = -1
    for row in _until_error(source, f"{base} ORDER BY rowid", ()):
        if row is None:
            break
        last = row[0]
        yield row
    else:
        return
    first: int | None = None
    for row in _until_error(source, f"{base} WHERE rowid > ? ORDER BY rowid DESC", (last,)):
        if row is None:
            break
        first = row[0]
        yield row
    if first is None:
        # The far end is unreadable too: nobody knows how far the numbers go, so look a few pages on.
        first = last + _FAR_END_ROWS
        salvage.complete = False
    probes = _MOST_PROBES
    waiting = [(last + 1, first)]
    while waiting:
        low, high = waiting.pop()  # row numbers from low up to, not including, high
        if low >= high:
            continue
        if not probes:
            salvage.complete = False
            return
        probes -= 1
        at = low
        for row in _until_error(source, f"{base} WHERE rowid >= ? AND rowid < ? ORDER BY rowid", (low, high)):
            if row is None:
                if high - at > 1:
                    middle = (at + high) // 2
                    waiting += [(middle, high), (at, middle)]
                break
            at = row[0] + 1
            yield row


def _by_key(
    source: sqlite3.Connection, table: Table, salvage: Salvage, known_calls: Callable[[], Sequence[str]]
) -> Iterator[tuple[Any, ...]]:
    base = f"SELECT {', '.join(table.columns)} FROM {table.name}"
    key_at = [table.columns.index(name) for name in table.key]
    seen: set[tuple[Any, ...]] = set()
    searches: Iterable[tuple[str, tuple[Any, ...]]] = [
        (f"{base} ORDER BY {', '.join(table.key)}", ()),
        (f"{base} ORDER BY {', '.join(f'{name} DESC' for name in table.key)}", ()),
    ]
    if table.key[0] == "execution_id":
        by_call = f"{base} WHERE execution_id = ?"
        searches = chain(searches, ((by_call, (call,)) for call in known_calls()))
    for number, (sql, params) in enumerate(searches):
        failed = False
        for row in _until_error(source, sql, params):
            if row is None:
                failed = True
                break
            key = tuple(row[at] for at in key_at)
            if key not in seen:
                seen.add(key)
                yield row
        if failed and number != 0:
            # After the second scan nobody knows what lay in between; a call whose rows cannot be read has lost some.
            salvage.complete = False
        if not failed and number == 0:
            return


def _until_error(source: sqlite3.Connection, sql: str, params: tuple[Any, ...]) -> Iterator[tuple[Any, ...] | None]:
    """The rows of a statement, then None where SQLite gave up."""
    try:
        yield from source.execute(sql, params)
    except GAVE_UP:
        yield None


def mend_copy(path: Path) -> None:
    """Make a copy of a damaged file fit to be opened: a lost mark of the format is put back, half a page at the end is cut off.

    SQLite would read the missing half as zeros, and give out rows with zeros in them.
    """
    with path.open("r+b") as file:
        head = file.read(_HEADER_BYTES)
        if not head.startswith(_MAGIC) and _is_headless(head):
            # https://www.sqlite.org/fileformat.html: page size, WAL versions, no reserved bytes, fixed fractions.
            file.seek(0)
            file.write(_MAGIC + _PAGE_BYTES.to_bytes(2, "big") + bytes((2, 2, 0, 64, 32, 32)))
        file.seek(0)
        head = file.read(_HEADER_BYTES)
        # 1 stands for 65536, which two bytes cannot hold.
        page_bytes = int.from_bytes(head[16:18], "big") if head.startswith(_MAGIC) else 0
        page_bytes = 65_536 if page_bytes == 1 else page_bytes
        if page_bytes >= 512:
            file.truncate(path.stat().st_size // page_bytes * page_bytes)


def _is_headless(head: bytes) -> bool:
    """Whether what follows the lost mark is the rest of a header as Magnus's stores have it: UTF-8, and twenty reserved zeros."""
    return len(head) == _HEADER_BYTES and head[56:60] == b"\0\0\0\1" and head[72:92] == bytes(20)
