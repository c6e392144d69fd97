"""Which memories a request to forget means.

An id means its memory, also through the id of one that was merged into it. A key means all versions under it. A query means every
memory whose text holds all of its words, whatever its state: live, expired, superseded or set aside.

Words are compared by their stems, as the search index does. What the index cannot see as words (emoji and other signs, words of
scripts without spaces) is compared as a part of the text, whatever the case. Punctuation alone means nothing and is refused.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import cache
from itertools import islice
from typing import Any, Self, TypeVar

import msgspec
from msgspec import Struct

from orchestrator_core.errors import UsageError
from orchestrator_memory.rows.metadata import strings

_CHUNK = 500
_TERMS = 32
"""Words asked for at once; FTS5 refuses expressions that nest deeper than 256."""
_LIKELY_WORDS = 8
_COMMON_START = 4
"""Words of one stem begin alike; so many letters are compared before the stem is."""
_TEXTS_TABLE = "CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'porter unicode61')"
"""With the tokenizer of ``memories_fts``."""
_SIGNS = ("So", "Sm", "Sc", "Sk")
_CALLS_KEYS = ("task:", "lesson:")
"""Keys that calls give the memories they leave (see ``episodes`` and ``lessons``)."""
_T = TypeVar("_T")


class Selection(Struct, frozen=True, kw_only=True):
    """What to forget: exactly one of ``id``, ``keys`` and ``query`` is given."""

    id: str | None = None
    keys: tuple[str, ...] | None = None
    """What one key may be called."""
    query: str | None = None
    namespace: str = "default"
    """Where to look; an id is looked up in all namespaces."""


class Gone(Struct, frozen=True):
    """A memory that goes."""

    seq: int
    id: str
    source: str
    text: str
    key: str
    metadata: str
    """A JSON object."""
    aliases: tuple[str, ...]
    """The ids of memories that were merged into it."""

    @property
    def quotable(self) -> tuple[str, ...]:
        """What another text might quote of it. The key and metadata that a call gives its memory hold nothing of it."""
        if self.key.startswith(_CALLS_KEYS):
            return (self.text,)
        values = [value for name, value in self._facts().items() if name != "sources"]
        return tuple(filter(None, (self.text, self.key, *strings(values))))

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it comes from, the sources of what was merged into it included."""
        listed = self._facts().get("sources")
        return tuple(dict.fromkeys(filter(None, (self.source, *strings(listed)))))

    @property
    def runs(self) -> int:
        """How many calls it stands for."""
        runs = self._facts().get("runs", 1)
        return runs if isinstance(runs, int) else 1

    def _facts(self) -> dict[str, Any]:
        try:
            return msgspec.json.decode(self.metadata, type=dict[str, Any])
        except msgspec.MsgspecError:
            return {}


def chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Parts of a size that one statement takes."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def marks(items: Sequence[object]) -> str:
    """As many question marks."""
    return ", ".join("?" * len(items))


def select(connection: sqlite3.Connection, selection: Selection) -> list[int]:
    """The ``seq`` of each memory that is meant, in order.

    Raises:
        UsageError: the query has nothing to look for.
    """
    if selection.id is not None:
        sql = "SELECT seq FROM memories WHERE id = ?1 UNION SELECT memory FROM memory_aliases WHERE alias = ?1"
        return [int(row[0]) for row in connection.execute(sql, (selection.id,))]
    if selection.keys is not None:
        sql = f"SELECT seq FROM memories WHERE namespace = ? AND key IN ({marks(selection.keys)}) AND key <> '' ORDER BY seq"
        return [int(row[0]) for row in connection.execute(sql, (selection.namespace, *selection.keys))]
    words, signs = _split_or_refuse(selection.query or "")
    hits = _matching(connection, "memories_fts", words)
    return sorted(seq for seq, text in _texts(connection, selection.namespace, hits) if _holds(text, signs))


def load(connection: sqlite3.Connection, seqs: Sequence[int]) -> list[Gone]:
    """The memories of these numbers that are there."""
    found = []
    for part in chunks(seqs):
        aliases: dict[int, list[str]] = {}
        for memory, alias in connection.execute(
            f"SELECT memory, alias FROM memory_aliases WHERE memory IN ({marks(part)})", part
        ):
            aliases.setdefault(memory, []).append(alias)
        rows = connection.execute(
            f"SELECT seq, id, source, text, key, metadata FROM memories WHERE seq IN ({marks(part)}) ORDER BY seq", part
        )
        found += [
            Gone(seq, name, source, text, key, metadata, tuple(aliases.get(seq, ())))
            for seq, name, source, text, key, metadata in rows
        ]
    return found


class Matcher:
    """Whether any texts hold every word of a query, by the same stems as the search index; a context manager.

    Raises:
        UsageError: the query has nothing to look for.
    """

    def __init__(self, query: str) -> None:
        self._words, self._signs = _split_or_refuse(query)
        self._index = sqlite3.connect(":memory:", isolation_level=None)

    def __enter__(self) -> Self:
        self._index.execute(_TEXTS_TABLE)
        return self

    def __exit__(self, *exception: object) -> None:
        self._index.close()

    def likely(self, column: str) -> tuple[str, list[str]]:
        """An SQL condition, with its parameters, that holds for every matching text and for few others."""
        starts = [word[:_COMMON_START] for word in self._words if word.isascii()][:_LIKELY_WORDS]
        return " AND ".join([f"{column} LIKE ?"] * len(starts)) or "1", [f"%{start}%" for start in starts]

    def matching(self, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
        """The names of those rows (name, text) whose text matches."""
        index = self._index
        rows = iter(rows)
        while waiting := list(islice(rows, _CHUNK)):
            index.execute("DELETE FROM texts")
            index.executemany(
                "INSERT INTO texts (rowid, text) VALUES (?, ?)", [(n, text) for n, (_, text) in enumerate(waiting)]
            )
            hits = _matching(index, "texts", self._words)
            for number in range(len(waiting)) if hits is None else sorted(hits):
                if _holds(waiting[number][1], self._signs):
                    yield waiting[number][0]


def _split_or_refuse(query: str) -> tuple[list[str], list[str]]:
    words, signs = split(query)
    if not words and not signs:
        raise UsageError("the query has no word to look for; give at least one word of what is to be forgotten")
    return words, signs


def split(query: str) -> tuple[list[str], list[str]]:
    """The query's words as the index knows them, and what else it holds, case-folded, to be looked for as it stands."""
    words: dict[str, None] = {}
    signs: dict[str, None] = {}
    others: dict[str, None] = {}
    for piece in query.split():
        if piece.isascii():
            words.update(dict.fromkeys(_ascii_word().findall(piece.lower())))
        else:
            others.update(dict.fromkeys(_not_ascii_punctuation().findall(piece)))
            signs.update(dict.fromkeys(c for c in piece if unicodedata.category(c) in _SIGNS and not c.isascii()))
    seen = _seen_by_the_index([run for run in others if not _unspaced().search(run)])
    for run in others:
        if run in seen:
            words[run] = None
        else:
            # Of a script without spaces the index keeps a whole run as one word, so a part of it is not found there.
            signs.update(dict.fromkeys(_word().findall(run.casefold())))
    return list(words), list(signs)


def _seen_by_the_index(runs: Sequence[str]) -> set[str]:
    """Those in which the index finds a word: it knows the letters of an older Unicode than Python does."""
    if not runs:
        return set()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as index:
        index.execute(_TEXTS_TABLE)
        index.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(runs))
        index.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (texts, instance)")
        return {runs[row[0]] for row in index.execute("SELECT DISTINCT doc FROM terms")}


def _matching(connection: sqlite3.Connection, table: str, words: Sequence[str]) -> set[int] | None:
    """The rows of a full-text table that hold all words; None without words, which every row holds."""
    found: set[int] | None = None
    for start in range(0, len(words), _TERMS):
        terms = " AND ".join(f'"{word}"' for word in words[start : start + _TERMS])
        hits = {int(row[0]) for row in connection.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH ?", (terms,))}
        found = hits if found is None else found & hits
        if not found:
            return found
    return found


def _texts(connection: sqlite3.Connection, namespace: str, seqs: set[int] | None) -> Iterator[tuple[int, str]]:
    if seqs is None:
        yield from connection.execute("SELECT seq, text FROM memories WHERE namespace = ?", (namespace,))
        return
    for part in chunks(sorted(seqs)):
        yield from connection.execute(
            f"SELECT seq, text FROM memories WHERE namespace = ? AND seq IN ({marks(part)})", (namespace, *part)
        )


def _holds(text: str, signs: Sequence[str]) -> bool:
    if not signs:
        return True
    folded = text.casefold()
    return all(sign in folded for sign in signs)


@cache
def _ascii_word() -> re.Pattern[str]:
    return re.compile(r"[a-z0-9]+")


@cache
def _not_ascii_punctuation() -> re.Pattern[str]:
    return re.compile(r"[^\x00-/:-@\[-`{-\x7f]+")


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+")


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
