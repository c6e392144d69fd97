"""Putting memories from a file into the store as they were, instead of as if they had just been said."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import groupby

from msgspec import UNSET, Struct, structs

from orchestrator_core.errors import UsageError
from orchestrator_core.storage.database import Database
from orchestrator_memory.arguments import Arguments
from orchestrator_memory.rows.row import COLUMNS, INSERT, MemoryRow, values
from orchestrator_memory.rows.store import MemoryStore
from orchestrator_memory.transfer.jsonl import Line

_ALIASES_MAX = 10_000
_USE_MAX = 1e30
"""A weight that the index, which holds 32-bit numbers, can take."""
_NEW_VALUES = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in ("id", "namespace"))
_BESIDE = f"{INSERT} ON CONFLICT (id) DO UPDATE SET {_NEW_VALUES} RETURNING seq"


class Restored(Struct, frozen=True):
    """What became of one memory. ``seq`` is 0 and ``problem`` says why where it was not stored."""

    seq: int = 0
    merged: bool = False
    problem: str = ""


class _Place(Struct, frozen=True):
    namespace: str
    merged_into: int = 0
    """Where the id belongs to a memory that was merged: the ``seq`` of the one it was merged into."""


def checked(line: Line, arguments: Arguments) -> Line:
    """The line with its other ids redacted, as ids are when they are stored and asked for.

    Raises:
        UsageError: what no row holds is out of range.
    """
    for name in ("helped", "ignored"):
        if not 0 <= getattr(line, name) <= _USE_MAX:
            raise UsageError(f"{name} is a number from 0 to {_USE_MAX:g}, got {getattr(line, name):g}")
    if len(line.aliases) > _ALIASES_MAX:
        raise UsageError(f"a memory has at most {_ALIASES_MAX:,} aliases, got {len(line.aliases):,}")
    return structs.replace(line, aliases=tuple(arguments.label("alias", alias) for alias in line.aliases))


def row_of(line: Line, arguments: Arguments, *, now: float, namespace: str | None) -> MemoryRow:
    """The row of a memory that a file states, checked and redacted; ``namespace`` stands in for the stated one.

    Raises:
        UsageError: something in it is out of range.
    """
    created_at = now if line.created_at is UNSET else line.created_at
    row = arguments.row(
        line.text,
        now=now,
        id=line.id or None,
        namespace=namespace or line.namespace or None,
        tier=line.tier,
        key=line.key,
        category=line.category,
        author=line.author,
        session=line.session,
        source=line.source,
        occurred_at=created_at if line.occurred_at is UNSET else line.occurred_at,
        trust=line.trust,
        score=line.score,
        pinned=line.pinned,
        metadata=line.metadata or None,
    )
    return structs.replace(
        row,
        author=arguments.label("author", line.author) if line.status else row.author,  # the agent's name
        status=line.status,
        created_at=created_at,
        expires_at=row.expires_at if line.expires_at is UNSET else line.expires_at,
        superseded_at=line.superseded_at,
        quarantined=row.quarantined or arguments.label("quarantined", line.quarantined),
    )


def restore(
    database: Database, store: MemoryStore, batch: Sequence[tuple[Line, MemoryRow]], *, now: float, new_ids: bool
) -> list[Restored]:
    """Store a batch, in its order; one answer for each.

    An id that is there already takes the values of the file over. With ``new_ids`` one that another namespace has is replaced.
    A value that is older than the one under its key comes in as superseded. What was superseded or has expired is put beside the
    others and merges with none.

    Raises:
        StoreError: the store cannot be written; a part of the batch may be.
    """
    rows = [row for _, row in batch]
    known = _known(database, rows)
    current = _current(database, rows)
    answers: list[Restored | None] = [None] * len(batch)
    planned: list[tuple[int, MemoryRow]] = []
    for number, row in enumerate(rows):
        place = known.get(row.id)
        if place is None or (place.namespace == row.namespace and not place.merged_into):
            known[row.id] = _Place(row.namespace)
            planned.append((number, _dated(row, current)))
        elif place.namespace == row.namespace:
            answers[number] = Restored(place.merged_into, merged=True)
        elif new_ids:
            other = structs.replace(row, id=f"mem-{os.urandom(12).hex()}", id_given=False)
            planned.append((number, _dated(other, current)))
        else:
            answers[number] = Restored(
                problem=f"its id {row.id!r} is taken in the namespace {place.namespace!r}; take the id out of the line"
            )
    for beside, group in groupby(planned, key=lambda item: _is_past(item[1], now)):
        some = list(group)
        stored = _beside(database, [row for _, row in some]) if beside else _among(store, [row for _, row in some])
        for (number, _), answer in zip(some, stored, strict=True):
            answers[number] = answer
    done = [answer or Restored(problem="it was not stored") for answer in answers]
    _complete(database, batch, done, now)
    return done


def _is_past(row: MemoryRow, now: float) -> bool:
    expired = row.expires_at is not None and row.expires_at <= now and not row.pinned and not row.key
    return row.superseded_at is not None or expired


def _dated(row: MemoryRow, current: dict[tuple[str, str], tuple[str, float]]) -> MemoryRow:
    """The row, superseded where a newer value stands under its key."""
    if not row.key or row.superseded_at is not None or row.quarantined:
        return row
    place = (row.namespace, row.key)
    known = current.get(place)
    if known is not None and known[0] != row.id and known[1] > row.created_at:
        return structs.replace(row, superseded_at=known[1])
    current[place] = (row.id, row.created_at)
    return row


def _among(store: MemoryStore, rows: Sequence[MemoryRow]) -> list[Restored]:
    return [
        Restored(stored.seq, merged=bool(stored.merged_into) or stored.id != row.id)
        for row, stored in zip(rows, store.put_many(rows), strict=True)
    ]


def _beside(database: Database, rows: Sequence[MemoryRow]) -> list[Restored]:
    answers = []
    with database.transaction() as connection:
        for row in rows:
            (seq,) = connection.execute(_BESIDE, values(row)).fetchone()
            answers.append(Restored(seq))
    return answers


def _complete(
    database: Database, batch: Sequence[tuple[Line, MemoryRow]], answers: Sequence[Restored], now: float
) -> None:
    """What ``put`` does not take: other ids, and how often it helped."""
    facts, aliases = [], []
    for (line, _), answer in zip(batch, answers, strict=True):
        if answer.seq and (line.helped or line.ignored) and not answer.merged:
            facts.append((line.helped, line.ignored, answer.seq))
        if answer.seq:
            aliases += [(alias, answer.seq, now) for alias in line.aliases if alias]
    if not facts and not aliases:
        return
    with database.transaction() as connection:
        connection.executemany("UPDATE memories SET helped = ?, ignored = ? WHERE seq = ?", facts)
        connection.executemany(
            "INSERT INTO memory_aliases (alias, memory, merged_at) SELECT ?1, ?2, ?3"
            " WHERE NOT EXISTS (SELECT 1 FROM memories WHERE id = ?1) ON CONFLICT (alias) DO NOTHING",
            aliases,
        )


def _known(database: Database, rows: Sequence[MemoryRow]) -> dict[str, _Place]:
    """Which ids there are already, of memories and of those that were merged into one."""
    ids = tuple({row.id for row in rows})
    marks = ", ".join("?" * len(ids))
    found = database.query(
        f"SELECT id, namespace, 0 FROM memories WHERE id IN ({marks}) UNION ALL "
        "SELECT a.alias, m.namespace, m.seq FROM memory_aliases AS a JOIN memories AS m ON m.seq = a.memory "
        f"WHERE a.alias IN ({marks})",
        (*ids, *ids),
    )
    return {memory_id: _Place(namespace, seq) for memory_id, namespace, seq in found}


def _current(database: Database, rows: Sequence[MemoryRow]) -> dict[tuple[str, str], tuple[str, float]]:
    """Per namespace and key the id and the time of the value that stands there now."""
    keys = tuple({row.key for row in rows if row.key})
    if not keys:
        return {}
    found = database.query(
        "SELECT namespace, key, id, max(created_at, occurred_at) FROM memories "
        "WHERE superseded_at IS NULL AND quarantined = '' AND key <> '' "
        f"AND key IN ({', '.join('?' * len(keys))})",
        keys,
    )
    return {(namespace, key): (memory_id, created_at) for namespace, key, memory_id, created_at in found}
