"""Where a new row goes: over its own id, over its key, into a near-duplicate, or beside the others.

    id      the same id in the same namespace is overwritten. Near-duplicates that were merged into the old text keep it: it lives on
            under the oldest of their ids.
    key     the same key with another text supersedes: the old version stays, for ``as_of``. With the same text its time to live
            begins anew. What is quarantined supersedes only what is quarantined.
    merge   without a key: a live near-duplicate (see ``merge``) of the same namespace, tier, category, author, session and status
            takes the row in. Its text stays; the id given becomes an alias.
    beside  everything else, and whatever is quarantined.

An id that is an alias and is stored again is taken back: the row becomes a memory of its own, or merges anew.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec
from msgspec import Struct, structs

from orchestrator_core.analysis.orders.recogniser import reason
from orchestrator_core.errors import UsageError
from orchestrator_memory.rows.merge import near_duplicate, print_of
from orchestrator_memory.rows.metadata import BYTES_MAX
from orchestrator_memory.rows.row import COLUMNS, INSERT, MemoryRow, decoded, values

SOURCES_MAX = 20
"""A memory names so many of the sources that said it, the newest."""
_SAME_TIME_S = 86_400.0
"""What happened a day or more apart are two events, however alike they are told."""
_CANDIDATES = 8
"""Texts that share a print are nearly always near-duplicates."""

_OVERWRITE = f"UPDATE memories SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE seq = ?"
_JOINED = "seq, id, text, source, trust, metadata, quarantined"
_DUPLICATES = f"""SELECT {_JOINED}, pinned, occurred_at, created_at FROM memory_prints AS p JOIN memories AS m ON m.seq = p.memory
    WHERE p.print = ? AND m.namespace = ? AND m.tier = ? AND m.category = ? AND m.author = ? AND m.session = ? AND m.status = ?
    AND m.key = '' AND m.superseded_at IS NULL AND m.quarantined = ''
    AND (m.expires_at IS NULL OR m.expires_at > ? OR m.pinned) ORDER BY p.memory LIMIT {_CANDIDATES}"""
_ALIAS = """INSERT INTO memory_aliases (alias, memory, merged_at) VALUES (?, ?, ?)
    ON CONFLICT (alias) DO UPDATE SET memory = excluded.memory, merged_at = excluded.merged_at"""


class Stored(Struct, frozen=True):
    """Where a memory went."""

    id: str
    """Finds it: the id given, or that of the memory which took it in, where none was given."""
    seq: int
    merged_into: str = ""
    """The id of the memory that it says the same as; empty where it stands on its own."""


class _Twin(Struct, frozen=True):
    """A row that takes a new one in."""

    seq: int
    id: str
    text: str
    source: str
    trust: float
    metadata: str
    quarantined: str


def place(connection: sqlite3.Connection, row: MemoryRow) -> Stored:
    """Store a row, inside the caller's transaction.

    Raises:
        UsageError: the id belongs to another namespace; nothing was written.
    """
    there = connection.execute(
        "SELECT seq, namespace, text, quarantined, trust FROM memories WHERE id = ?", (row.id,)
    ).fetchone()
    alias = None
    if there is None:
        alias = connection.execute(
            "SELECT a.memory, m.namespace FROM memory_aliases AS a JOIN memories AS m ON m.seq = a.memory WHERE a.alias = ?",
            (row.id,),
        ).fetchone()
    taken = there or alias
    if taken is not None and taken[1] != row.namespace:
        raise UsageError(f"the memory id {row.id!r} is taken in another namespace; choose another id or leave it out")
    if alias is not None:
        connection.execute("DELETE FROM memory_aliases WHERE alias = ?", (row.id,))
    if there is not None and row.quarantined and not there[3] and there[2] == row.text and reason(row.text):
        row = structs.replace(row, quarantined="", trust=there[4])  # someone has released it
    if row.key:
        refreshed = _supersede(connection, row, there is not None)
        if refreshed is not None:
            return refreshed
    if there is not None:
        if there[2] == row.text or not _kept_under_alias(connection, there[0], row):
            connection.execute(_OVERWRITE, (*values(row), there[0]))
            _print(connection, there[0], row)
            return Stored(row.id, there[0])
    elif _may_merge(row):
        number = _print_of(row)
        merged = _merge(connection, row, number)
        return merged or _insert(connection, row, number)
    return _insert(connection, row, _print_of(row) if _may_merge(row) else 0)


def _insert(connection: sqlite3.Connection, row: MemoryRow, number: int) -> Stored:
    seq = connection.execute(INSERT, values(row)).lastrowid or 0
    if number:
        connection.execute("INSERT INTO memory_prints (print, memory) VALUES (?, ?)", (number, seq))
    return Stored(row.id, seq)


def _kept_under_alias(connection: sqlite3.Connection, seq: int, row: MemoryRow) -> bool:
    """Hand a memory that a row overwrites on to the oldest of its other ids; False when it has none."""
    heir = connection.execute(
        "SELECT alias FROM memory_aliases WHERE memory = ? ORDER BY merged_at, alias LIMIT 1", (seq,)
    ).fetchone()
    if heir is None:
        return False
    connection.execute("DELETE FROM memory_aliases WHERE alias = ?", heir)
    connection.execute(
        "UPDATE memories SET id = ?, superseded_at = CASE WHEN key = '' OR key <> ? THEN superseded_at "
        "ELSE coalesce(superseded_at, max(created_at, ?)) END WHERE seq = ?",
        (heir[0], row.key, row.created_at, seq),
    )
    return True


def _supersede(connection: sqlite3.Connection, row: MemoryRow, is_there: bool) -> Stored | None:
    """Make way for a newer value under a key; where it is no other value the memory that holds it becomes new again."""
    standing = connection.execute(
        f"SELECT {_JOINED}, created_at FROM memories WHERE namespace = ? AND key = ? AND key <> '' AND superseded_at IS NULL "
        "ORDER BY seq",
        (row.namespace, row.key),
    ).fetchall()
    # What was released from quarantine is found harmless: the same text becomes new again and is not set aside anew. A memory that is
    # there already goes its own way and pushes out only what is as it is.
    released = [
        known for known in standing if not is_there and row.quarantined and not known[6] and known[2] == row.text
    ]
    alike = [known for known in standing if bool(known[6]) == bool(row.quarantined)]
    current = next((known for known in released + alike if known[1] != row.id), None)
    if current is None:
        return None
    *found, created_at = current
    twin = _Twin(*found)
    if is_there or twin.text != row.text:
        connection.execute(
            "UPDATE memories SET superseded_at = ? WHERE seq = ?", (max(row.created_at, created_at), twin.seq)
        )
        return None
    metadata = _joined(twin, row)
    if metadata is None:
        metadata = row.metadata
    connection.execute(
        "UPDATE memories SET occurred_at = ?, created_at = min(created_at, ?), expires_at = ?, category = ?, trust = ?, "
        "score = coalesce(?, score), pinned = max(pinned, ?), metadata = ? WHERE seq = ?",
        (
            row.occurred_at, row.created_at, row.expires_at, row.category, _trust(twin, row), row.score, row.pinned, metadata,
            twin.seq,
        ),
    )  # fmt: skip
    return _taken_in(connection, row, twin)


def _may_merge(row: MemoryRow) -> bool:
    return not (row.key or row.quarantined or row.superseded_at is not None)


def _merge(connection: sqlite3.Connection, row: MemoryRow, number: int) -> Stored | None:
    """The row within a near-duplicate; None where there is none."""
    if not number:
        return None
    group = (row.namespace, row.tier, row.category, row.author, row.session, row.status)
    for record in connection.execute(_DUPLICATES, (number, *group, row.created_at)).fetchall():
        *found, pinned, occurred_at, created_at = record
        twin = _Twin(*found)
        if (row.pinned and not pinned and twin.text != row.text) or not near_duplicate(twin.text, row.text):
            continue
        stated = row.occurred_at != row.created_at or occurred_at != created_at
        if stated and abs(row.occurred_at - occurred_at) >= _SAME_TIME_S:
            continue
        metadata = _joined(twin, row)
        if metadata is None:
            continue
        # Within a conversation a memory keeps its place; elsewhere it happened when it was last said.
        happened = occurred_at if row.session else max(occurred_at, row.occurred_at)
        connection.execute(
            "UPDATE memories SET occurred_at = ?, created_at = max(created_at, ?), source = ?, trust = ?, score = coalesce(?, score), "
            "expires_at = CASE WHEN expires_at IS NULL OR ?6 IS NULL THEN NULL ELSE max(expires_at, ?6) END, "
            "pinned = max(pinned, ?), metadata = ? WHERE seq = ?",
            (
                happened, row.created_at, twin.source or row.source, _trust(twin, row), row.score, row.expires_at, row.pinned,
                metadata, twin.seq,
            ),
        )  # fmt: skip
        return _taken_in(connection, row, twin)
    return None


def _taken_in(connection: sqlite3.Connection, row: MemoryRow, twin: _Twin) -> Stored:
    if not row.id_given:
        return Stored(twin.id, twin.seq, twin.id)
    connection.execute(_ALIAS, (row.id, twin.seq, row.created_at))
    return Stored(row.id, twin.seq, twin.id)


def _trust(twin: _Twin, row: MemoryRow) -> float:
    """The minimum over the sources; what someone released from quarantine is not distrusted anew."""
    if row.quarantined and not twin.quarantined:
        return twin.trust
    return row.trust if twin.source == row.source else min(twin.trust, row.trust)


def _joined(twin: _Twin, row: MemoryRow) -> str | None:
    """The metadata of both, the newer values winning, with the sources where there are several; None where it is too large."""
    if twin.metadata == row.metadata and twin.source == row.source:
        return row.metadata
    known, new = decoded(twin.metadata), decoded(row.metadata)
    joined: dict[str, Any] = {**known, **new}
    sources = [
        *_listed(known.get("sources")), twin.source, *_listed(new.get("sources")), row.source,
    ]  # fmt: skip
    distinct = [source for source in dict.fromkeys(sources) if source]
    if len(distinct) > 1:
        joined["sources"] = distinct[-SOURCES_MAX:]
    data = msgspec.json.encode(joined)
    return data.decode() if len(data) <= BYTES_MAX else None


def _listed(sources: Any) -> list[str]:
    return [source for source in sources if isinstance(source, str)] if isinstance(sources, list) else []


def _print_of(row: MemoryRow) -> int:
    return print_of(row.text, row.namespace, row.tier, row.category, row.author, row.session, row.status)


def _print(connection: sqlite3.Connection, seq: int, row: MemoryRow) -> None:
    """Renew what finds the near-duplicates of a memory that is there."""
    connection.execute("DELETE FROM memory_prints WHERE memory = ?", (seq,))
    number = _print_of(row) if _may_merge(row) else 0
    if number:
        connection.execute("INSERT INTO memory_prints (print, memory) VALUES (?, ?)", (number, seq))


def released(connection: sqlite3.Connection, seq: int, trust: float) -> None:
    """Take a row out of quarantine, inside the caller's transaction: it may merge, and supersedes what stands under its key."""
    found = connection.execute(
        f"SELECT {', '.join(COLUMNS)} FROM memories WHERE seq = ? AND quarantined <> ''", (seq,)
    ).fetchone()
    if found is None:
        return
    row = MemoryRow(**{**dict(zip(COLUMNS, found, strict=True)), "quarantined": ""})
    if row.key and row.superseded_at is None:
        connection.execute(
            "UPDATE memories SET superseded_at = max(created_at, ?) "
            "WHERE namespace = ? AND key = ? AND key <> '' AND superseded_at IS NULL AND quarantined = ''",
            (row.created_at, row.namespace, row.key),
        )
    connection.execute("UPDATE memories SET quarantined = '', trust = ? WHERE seq = ?", (trust, seq))
    _print(connection, seq, row)
