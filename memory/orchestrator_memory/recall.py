"""Finding memories for a request: keywords, with a mild prior.

    score = bm25 x recency x quality x trust

    bm25     what SQLite's FTS5 gives (Robertson and Zaragoza 2009, k1 1.2, b 0.75), as a positive number
    recency  0.9 + 0.1 x 0.5 ** (age / 7 days)
    quality  0.95 + 0.1 x (judge's score - 1) / 9; 1 where nothing was judged
    trust    0.9 + 0.1 x trust

The priors move a memory by a tenth each: they order what matches about equally well, and never bring up what does not match.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any

from orchestrator_core.records import RecalledMemory
from orchestrator_core.storage.database import Database
from orchestrator_memory.fts_query import any_of, query_terms
from orchestrator_memory.row import SELECTED, recalled

K_MAX = 1_000
_HALF_LIFE_S = 7 * 86_400.0
# FTS5 takes about 0.7 microseconds for each place where a term stands, so this many keep a search within two milliseconds.
_POSTINGS_MAX = 1_500
_FEW = 100
_COMPARED_MAX = 50
_COMPARED_CHARS = 2_000
_SAME_SHARE = 0.9
_NEGATIONS = frozenset((
    "no", "not", "never", "none", "without", "cannot", "can't", "don't", "doesn't", "isn't", "won't", "failed", "fails",
))  # fmt: skip

_LIVE = "m.superseded_at IS NULL AND (m.expires_at IS NULL OR m.expires_at > :now OR m.pinned)"


def recall(
    database: Database,
    query: str,
    *,
    namespace: str,
    k: int,
    now: float,
    tiers: Sequence[str] = (),
    category: str = "",
) -> tuple[RecalledMemory, ...]:
    """The ``k`` best live memories of a namespace, best first; near-identical texts once. Any text is a query.

    Raises:
        StoreError: the store cannot be read.
    """
    wanted = min(k, K_MAX)
    terms = query_terms(query)
    if wanted <= 0 or not terms:
        return ()
    with database.reader() as connection:
        affordable = _affordable(connection, terms)
        found = _matches(connection, affordable, namespace, wanted, now, tiers, category)
        if not found and affordable != terms:
            # The cheap terms may all belong to other namespaces.
            found = _matches(connection, terms, namespace, wanted, now, tiers, category)
    scored = sorted(
        (_scored(record, now) for record in found), key=lambda memory: (-memory.score, memory.age_s, memory.id)
    )
    return tuple(_distinct(scored, wanted))


def _affordable(connection: sqlite3.Connection, terms: tuple[str, ...]) -> tuple[str, ...]:
    """The rarest terms that together stand in no more than ``_POSTINGS_MAX`` texts; at least one.

    A term that stands in more than half of all texts weighs nothing in BM25 and goes as well.
    """
    highest = connection.execute("SELECT coalesce(max(seq), 0) FROM memories").fetchone()[0]
    if highest <= _FEW:
        return terms
    common = min(highest // 2, _POSTINGS_MAX)
    count = "SELECT count(*) FROM (SELECT 1 FROM memories_fts WHERE memories_fts MATCH ? LIMIT ?)"
    counted = sorted((connection.execute(count, (term, common + 1)).fetchone()[0], i) for i, term in enumerate(terms))
    chosen: list[int] = []
    left = _POSTINGS_MAX
    for places, i in counted:
        if not places:
            continue
        if (places > left or places > common) and chosen:
            break
        chosen.append(i)
        left -= places
    return tuple(terms[i] for i in sorted(chosen))


def _matches(
    connection: sqlite3.Connection,
    terms: tuple[str, ...],
    namespace: str,
    wanted: int,
    now: float,
    tiers: Sequence[str],
    category: str,
) -> list[tuple[Any, ...]]:
    if not terms:
        return []
    where = [_LIVE, "m.namespace = :namespace"]
    # More than asked for: the priors reorder, and near-identical texts fall out.
    params: dict[str, Any] = {"query": any_of(terms), "namespace": namespace, "now": now, "pool": wanted * 3 + 20}
    if tiers:
        names = {f"tier{i}": tier for i, tier in enumerate(tiers)}
        where.append(f"m.tier IN ({', '.join(':' + name for name in names)})")
        params |= names
    if category:
        where.append("m.category = :category")
        params["category"] = category
    # The texts are read only for the pool: the sort would otherwise carry every matching text along.
    sql = f"""
        SELECT best.bm25, {SELECTED} FROM (
            SELECT m.seq AS seq, bm25(memories_fts) AS bm25
            FROM memories_fts JOIN memories AS m ON m.seq = memories_fts.rowid
            WHERE memories_fts MATCH :query AND {" AND ".join(where)}
            ORDER BY bm25, m.occurred_at DESC LIMIT :pool
        ) AS best JOIN memories AS m ON m.seq = best.seq"""
    return connection.execute(sql, params).fetchall()


def _scored(record: tuple[Any, ...], now: float) -> RecalledMemory:
    bm25 = -float(record[0])
    occurred_at, trust, judged = record[7], record[9], record[10]
    views = {
        "bm25": bm25,
        "recency": 0.9 + 0.1 * 0.5 ** (max(0.0, now - occurred_at) / _HALF_LIFE_S),
        "quality": 1.0 if judged is None else 0.95 + 0.1 * (min(max(judged, 1.0), 10.0) - 1) / 9,
        "trust": 0.9 + 0.1 * min(max(trust, 0.0), 1.0),
    }
    return recalled(record[1:], now, bm25 * views["recency"] * views["quality"] * views["trust"], views)


def _distinct(memories: Sequence[RecalledMemory], wanted: int) -> list[RecalledMemory]:
    chosen: list[RecalledMemory] = []
    texts: set[str] = set()
    bags: list[tuple[frozenset[str], frozenset[str]]] = []
    for memory in memories:
        if len(chosen) == wanted:
            break
        written = _words().findall(memory.text[:_COMPARED_CHARS]) or [memory.text]
        words = [word.lower() for word in written]
        text = " ".join(words)
        if len(memory.text) <= _COMPARED_CHARS and text in texts:
            continue
        bag = frozenset(words)
        # What makes two sentences say different things although they share nearly all words: numbers, negations, names.
        telling = frozenset(
            word
            for i, word in enumerate(words)
            if word in _NEGATIONS or not word.isalpha() or (i and written[i][0].isupper())
        )
        if len(chosen) < _COMPARED_MAX:
            if any(telling == other_telling and _share(bag, other) >= _SAME_SHARE for other, other_telling in bags):
                continue
            bags.append((bag, telling))
        texts.add(text)
        chosen.append(memory)
    return chosen


@cache
def _words() -> re.Pattern[str]:
    # A number with its decimals, a word with its apostrophe.
    return re.compile(r"\d[\d.,]*|[^\W\d_]+(?:['\u2019][^\W\d_]+)?")


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if one or other else 1.0
