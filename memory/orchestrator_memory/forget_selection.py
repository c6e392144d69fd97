"""Which memories a request to forget means.

An id means its memory, also through the id of one that was merged into it. A key means all versions under it. A query means every
memory that holds all of its words, whatever its state: live, expired, superseded or set aside.

Words are compared by their stems, as the search index does. What the index cannot see as words (emoji and other signs, words of
scripts without spaces) is compared as a part of the text, whatever the case. Punctuation alone means nothing and is refused.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from msgspec import Struct

from orchestrator_core.errors import UsageError

_CHUNK = 500
_TERMS = 32
"""Words asked for at once; FTS5 refuses expressions that nest deeper than 256."""


class Selection(Struct, frozen=True, kw_only=True):
    """What to forget: exactly one of ``id``, ``key`` and ``query`` is given."""

    id: str | None = None
    key: str | None = None
    query: str | None = None
    namespace: str = "default"
    """Where to look; an id is looked up in all namespaces."""


class Gone(Struct, frozen=True):
    """A memory that goes."""

    seq: int
    id: str
    namespace: str
    source: str
    text: str
    others: tuple[str, ...]
    """Its other texts: key, category, author, session, metadata as JSON."""
    aliases: tuple[str, ...]


def select(connection: sqlite3.Connection, selection: Selection) -> list[int]:
    """The ``seq`` of each memory that is meant, in order.

    Raises:
        UsageError: the query has nothing to look for.
    """
    if selection.id is not None:
        sql = "SELECT seq FROM memories WHERE id = ?1 UNION SELECT memory FROM memory_aliases WHERE alias = ?1"
        return [int(row[0]) for row in connection.execute(sql, (selection.id,))]
    if selection.key is not None:
        sql = "SELECT seq FROM memories WHERE namespace = ? AND key = ? AND key <> '' ORDER BY seq"
        return [int(row[0]) for row in connection.execute(sql, (selection.namespace, selection.key))]
    return sorted(_holding(connection, selection.query or "", selection.namespace))


def load(connection: sqlite3.Connection, seqs: Sequence[int]) -> list[Gone]:
    """The memories of these numbers that are there."""
    found = []
    for start in range(0, len(seqs), _CHUNK):
        part = seqs[start : start + _CHUNK]
        marks = ", ".join("?" * len(part))
        aliases: dict[int, list[str]] = {}
        for memory, alias in connection.execute(
            f"SELECT memory, alias FROM memory_aliases WHERE memory IN ({marks})", part
        ):
            aliases.setdefault(memory, []).append(alias)
        for seq, memory_id, namespace, source, text, *others in connection.execute(
            "SELECT seq, id, namespace, source, text, key, category, author, session, metadata FROM memories "
            f"WHERE seq IN ({marks}) ORDER BY seq",
            part,
        ):
            found.append(Gone(seq, memory_id, namespace, source, text, tuple(others), tuple(aliases.get(seq, ()))))
    return found


def _holding(connection: sqlite3.Connection, query: str, namespace: str) -> set[int]:
    words, parts = split(query)
    if not words and not parts:
        raise UsageError("the query has no word to look for; give at least one word of what is to be forgotten")
    found: set[int] | None = None
    for start in range(0, len(words), _TERMS):
        terms = " AND ".join(f'"{word}"' for word in words[start : start + _TERMS])
        rows = connection.execute("SELECT rowid FROM memories_fts WHERE memories_fts MATCH ?", (terms,))
        hits = {int(row[0]) for row in rows}
        found = hits if found is None else found & hits
        if not found:
            return set()
    return {seq for seq, text in _texts(connection, namespace, found) if _holds(text, parts)}


def _texts(connection: sqlite3.Connection, namespace: str, seqs: set[int] | None) -> Iterator[tuple[int, str]]:
    if seqs is None:
        yield from connection.execute("SELECT seq, text FROM memories WHERE namespace = ?", (namespace,))
        return
    ordered = sorted(seqs)
    for start in range(0, len(ordered), _CHUNK):
        part = ordered[start : start + _CHUNK]
        yield from connection.execute(
            f"SELECT seq, text FROM memories WHERE namespace = ? AND seq IN ({', '.join('?' * len(part))})",
            (namespace, *part),
        )


def _holds(text: str, parts: Sequence[str]) -> bool:
    if not parts:
        return True
    folded = text.casefold()
    return all(part in folded for part in parts)


def split(query: str) -> tuple[list[str], list[str]]:
    """The query's words as the index knows them, and what else it holds, case-folded, to be looked for as it stands."""
    words: dict[str, None] = {}
    parts: dict[str, None] = {}
    for piece in query.split():
        if _unspaced().search(piece):
            # The index keeps a whole run of such letters as one word, so a part of it is not found there.
            parts.update(dict.fromkeys(run.casefold() for run in _run().findall(piece)))
            continue
        words.update(dict.fromkeys(word.lower() for word in _word().findall(piece)))
        parts.update(
            dict.fromkeys(c for c in piece if unicodedata.category(c) in ("So", "Sm", "Sc") and not c.isascii())
        )
    return list(words), list(parts)


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+")


@cache
def _run() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+")


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
