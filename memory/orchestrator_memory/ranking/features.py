"""The numbers by which one candidate is compared with another.

Every view speaks of one memory and one query. Scales: ``share`` is divided by the query's best, ``deviation`` is a z-score over the
namespace divided by 3, so that all features lie within about -1 and 2 whatever the namespace.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orchestrator_memory.index.namespace_index import Floats, NamespaceIndex
from orchestrator_memory.ranking.keyword_views import Matches, matches, neighbours, surroundings
from orchestrator_memory.ranking.meaning import Meaning
from orchestrator_memory.ranking.sessions import sessions_of
from orchestrator_memory.text.traits import TRAITS, query_kind
from orchestrator_memory.text.words import query_terms, stems, words

GROUPS: dict[str, tuple[str, ...]] = {
    "words": (
        "bm25_window", "bm25_window2_share", "covered", "all_covered", "covered_window2", "covered_before",
        "covered_after",
    ),
    "meaning": ("cosine", "cosine_share", "cosine_deviation", "cosine_before", "cosine_after"),
    "conversation": ("match_two_before", "session_best", "bm25_session_share", "answers_question"),
    "author": ("author_named", "other_named", "about_self", "says_you", "other_says_you"),
    "form": ("length", "short", "ends_asking", "asks", "name", "attachment", "number"),
    "answer": ("time_for_when", "number_for_how_many", "name_for_which"),
}  # fmt: skip
"""The features, by what they speak of. The groups are what ``explain`` sums up and what use teaches to weigh."""

FEATURES: tuple[str, ...] = tuple(name for names in GROUPS.values() for name in names)
POOL = 50
"""Candidates taken from each view."""
_FEW_ALLOWED = 5_000
"""Where filters leave no more than this, all of them are compared: hardly any is among what a derived index proposes. About 20 ms."""
_SORTED_AT_ONCE = 4_096
"""Up to so many values, finding the highest costs less than a mean and a deviation."""
_LEAST_COSINE = 0.3
"""Texts about the same thing lie above this with the default model."""
_ALL = 0.999
_LEAST_COVERED = 0.5
"""A text of average length that holds all words of the query once has a BM25 of about their weight; half of that is a fair match."""


class Candidates(NamedTuple):
    """What is ranked: slots, and their features, shape ``(len(slots), len(FEATURES))``."""

    slots: NDArray[np.int64]
    features: Floats


def candidates(
    index: NamespaceIndex, query: str, meaning: Meaning, allowed: NDArray[np.bool_], pool: int = POOL
) -> Candidates:
    """The memories worth ranking among the allowed slots: the best ``pool`` of each view, with their features."""
    if not index.size:
        return Candidates(np.zeros(0, np.int64), np.zeros((0, len(FEATURES)), np.float32))
    terms = query_terms(query)
    named = _named_authors(index, query)
    spoken_of = {word for code_words in named.values() for word in code_words}
    subject = tuple(term for term in terms if term not in spoken_of) or terms
    matched = matches(index, subject)
    if allowed.sum() <= min(_FEW_ALLOWED, len(index) // 2):
        meaning.settle(np.flatnonzero(allowed))
    match = _match(matched, meaning)
    if meaning.known and allowed.sum() <= pool:
        slots = np.flatnonzero(allowed)  # without vectors only what shares a word is a candidate
    else:
        slots = _pool(index, (matched.alone, meaning.cosine, match), allowed, pool)
    if not len(slots):
        return Candidates(slots, np.zeros((0, len(FEATURES)), np.float32))
    beside = neighbours(index, slots).ravel()
    meaning.settle(beside[beside < index.size])
    match = _match(matched, meaning)
    values = _values(index, query, slots, matched, meaning, match, frozenset(named))
    features = np.empty((len(slots), len(FEATURES)), np.float32)
    for place, name in enumerate(FEATURES):
        features[:, place] = values[name]
    return Candidates(slots, features)


def _values(
    index: NamespaceIndex,
    query: str,
    slots: NDArray[np.int64],
    matched: Matches,
    meaning: Meaning,
    match: Floats,
    named: frozenset[int],
) -> dict[str, Floats]:
    cosine, deviation = meaning.cosine, meaning.deviation
    sessions = sessions_of(index, slots)
    around = surroundings(index, matched, slots, sessions)
    least = _LEAST_COVERED * matched.total
    two_before, before, _, after, _ = neighbours(index, slots)
    style = dict(zip(TRAITS, index.column("traits")[slots].T, strict=True))
    asked_before = index.padded("traits")[before, TRAITS.index("ends_asking")]
    kind = query_kind(query)
    mine = np.isin(index.column("author")[slots], list(named)).astype(np.float32)
    other = (1 - mine) if named else np.zeros_like(mine)
    return {
        "bm25_window": around.window1 / 10,
        "bm25_window2_share": _share(around.window2, least),
        "covered": around.covered,
        "all_covered": (around.covered > _ALL).astype(np.float32),
        "covered_window2": around.covered2,
        "covered_before": around.covered_before,
        "covered_after": around.covered_after,
        "cosine": cosine[slots],
        "cosine_share": _share(cosine, _LEAST_COSINE)[slots],
        "cosine_deviation": deviation[slots],
        "cosine_before": _at(deviation, before),
        "cosine_after": _at(deviation, after),
        "match_two_before": _at(match, two_before) / 3,
        "session_best": sessions.best(match[sessions.members]) / 3,
        "bm25_session_share": _share(around.session, least),
        "answers_question": _at(deviation, before) * asked_before,
        "author_named": mine,
        "other_named": other,
        "about_self": style["self"],
        "says_you": style["you"],
        "other_says_you": other * style["you"],
        "length": style["length"],
        "short": style["short"],
        "ends_asking": style["ends_asking"],
        "asks": style["asks"],
        "name": style["name"],
        "attachment": style["attachment"],
        "number": style["number"],
        "time_for_when": kind.when * style["time"],
        "number_for_how_many": kind.how_many * style["number"],
        "name_for_which": kind.which * style["name"],
    }


def _named_authors(index: NamespaceIndex, query: str) -> dict[int, frozenset[str]]:
    """The authors that the query names, by code, each with the stems of the name.

    Only a name that is written with a capital counts: the slug of an agent (``invoice-parser``) is a subject, not a person.
    """
    asked = set(words(query))
    named = {}
    for author, code in index.authors.items():
        if author[:1].isupper():
            parts, stemmed = _name(author)
            if not asked.isdisjoint(parts):
                named[code] = stemmed
    return named


@lru_cache(maxsize=10_000)
def _name(author: str) -> tuple[frozenset[str], frozenset[str]]:
    parts = words(author)
    return frozenset(parts), frozenset(stems(parts))


def _match(matched: Matches, meaning: Meaning) -> Floats:
    """Words and meaning together, one number per slot: a first guess, for choosing candidates and comparing conversations."""
    return _share(matched.alone, _LEAST_COVERED * matched.total) + 2 * meaning.deviation


def _share(values: Floats, least: float) -> Floats:
    """Values as shares of the best one; where even that one is poor, of ``least``: among few memories the best means little."""
    return values / np.float32(max(float(values.max(initial=0.0)), least))


def _pool(index: NamespaceIndex, views: tuple[Floats, ...], allowed: NDArray[np.bool_], pool: int) -> NDArray[np.int64]:
    """The best slots of each view, and the neighbours of the best half: an answer often stands beside what matches."""
    best = [_best(view, allowed, pool) for view in views]
    beside = neighbours(index, np.unique(np.concatenate([some[-(pool // 2) :] for some in best]))).ravel()
    beside = beside[beside < index.size]
    return np.unique(np.concatenate((*best, beside[allowed[beside]])))


def _best(view: Floats, allowed: NDArray[np.bool_], pool: int) -> NDArray[np.int64]:
    """The allowed slots with the highest values above the least one, ascending by value."""
    few = np.zeros(0, np.int64)
    if len(view) > _SORTED_AT_ONCE:
        # A first cut at a height that few reach keeps the sorting small; where it cuts too much all are sorted.
        few = np.flatnonzero((view > view.mean() + 2 * view.std()) & allowed)
    if len(few) < pool:
        few = np.flatnonzero((view > view.min(initial=0.0)) & allowed)
    values = view[few]
    if len(few) > pool:
        top = np.argpartition(values, len(values) - pool)[-pool:]
        few, values = few[top], values[top]
    return few[np.argsort(values)]


def _at(values: Floats, slots: NDArray[np.int64]) -> Floats:
    """The values at some slots; 0 where a slot lies past the end."""
    found: Floats = np.where(slots < len(values), values[np.minimum(slots, len(values) - 1)], np.float32(0))
    return found
