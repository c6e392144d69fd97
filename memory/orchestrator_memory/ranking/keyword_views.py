"""How well words match: BM25 of each text alone, with its neighbours in the conversation, and of whole conversations.

    bm25(t) = idf(t) x tf x (k1 + 1) / (tf + k1 x (1 - b + b x length / average length))
    idf(t)  = ln(1 + (N + BACKGROUND - n(t) + 0.5) / (n(t) + 0.5))

after Robertson and Zaragoza 2009 with k1 = 1.2 and b = 0.75; each view has lengths of its own, all share the idf. A window is a text with
one or two neighbours on each side: people answer without repeating the question. Only the texts alone are scored throughout a
namespace; what stands around a text is looked at for candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orchestrator_memory.index.namespace_index import Floats, NamespaceIndex
from orchestrator_memory.ranking.sessions import Sessions

K1 = 1.2
B = 0.75
BACKGROUND = 50
"""So many texts that hold none of the words are counted in: among few memories every word is common, and would tell nothing."""
_TERMS_MAX = 24
_COMMON = 0.4
"""A word that more than this share of a large namespace holds tells nothing and costs most."""
_SMALL = 1_000


class Term(NamedTuple):
    """A word of the query, the slots that hold it, how often, and its weight."""

    stem: str
    slots: NDArray[np.int32]
    tf: Floats
    idf: float


class Matches(NamedTuple):
    """The query's words in a namespace."""

    terms: tuple[Term, ...]
    alone: Floats
    """BM25 per slot; 0 where nothing matches."""
    total: float
    """The weight of all words of the query, those that no text holds included."""


class Surroundings(NamedTuple):
    """What the words say of candidates, one number each."""

    window1: Floats
    window2: Floats
    session: Floats
    covered: Floats
    """The share of the query's weight that the text holds."""
    covered2: Floats
    """The same of the window of two neighbours on each side."""
    covered_before: Floats
    covered_after: Floats


class Means(NamedTuple):
    """How many words a text, a window and a session have on average."""

    alone: float
    window1: float
    window2: float
    session: float


def matches(index: NamespaceIndex, stems: Sequence[str]) -> Matches:
    """Score every slot of an index for a query's words."""
    alone = np.zeros(index.size, np.float32)
    found = _found(index, stems)
    total = sum(term.idf for term in found)
    if len(stems) <= _TERMS_MAX:
        total += max(0, len(stems) - len(found)) * _idf(len(index), 0)
    mean = index.derived("means", _means).alone
    length = index.column("length")
    for term in found:
        alone[term.slots] += _bm25(term.tf, length[term.slots], mean, term.idf)
    return Matches(tuple(found), alone, max(total, 1e-9))


def _found(index: NamespaceIndex, stems: Sequence[str]) -> list[Term]:
    """The words that take part: the rarest, and of the common ones none in a large namespace unless there is nothing else."""
    alive = index.column("alive")
    found = []
    for stem in stems:
        posting = index.postings.get(stem)
        if posting is None:
            continue
        slots, tf = posting
        if index.dead:
            here = alive[slots]
            slots, tf = slots[here], tf[here]
        if len(slots):
            found.append(Term(stem, slots, tf, _idf(len(index), len(slots))))
    found.sort(key=lambda term: len(term.slots))
    telling = [term for term in found if len(term.slots) <= max(_SMALL, _COMMON * len(index))]
    return (telling or found[:1])[:_TERMS_MAX]


def surroundings(index: NamespaceIndex, matched: Matches, slots: NDArray[np.int64], sessions: Sessions) -> Surroundings:
    """What stands around some slots, for the same words. ``sessions`` are theirs."""
    means: Means = index.derived("means", _means)
    places = neighbours(index, slots)
    length = index.padded("length")[places]
    window1_length, window2_length = length[1:4].sum(axis=0), length.sum(axis=0)
    session_length = sessions.sums(index.column("length")[sessions.members])
    window1, window2, session = (np.zeros(len(slots), np.float32) for _ in range(3))
    covered = np.zeros(places.shape, np.float32)
    covered2 = np.zeros(len(slots), np.float32)
    counts = np.zeros(index.size + 1, np.float32)  # one more: the neighbour that is not there
    for term in matched.terms:
        counts[term.slots] = term.tf
        near = counts[places]
        in_session = sessions.sums(counts[sessions.members])
        counts[term.slots] = 0
        around = near.sum(axis=0)
        window1 += _bm25(near[1:4].sum(axis=0), window1_length, means.window1, term.idf)
        window2 += _bm25(around, window2_length, means.window2, term.idf)
        covered += np.float32(term.idf) * (near > 0)
        covered2 += np.float32(term.idf) * (around > 0)
        session += _bm25(in_session, session_length, means.session, term.idf)
    covered /= np.float32(matched.total)
    return Surroundings(
        window1, window2, session, covered[2], covered2 / np.float32(matched.total), covered[1], covered[3]
    )


def neighbours(index: NamespaceIndex, slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """The slots from two before to two after, shape ``(5, len(slots))``; ``index.size`` where there is none."""
    missing = index.size
    before, after = index.padded("previous"), index.padded("next")
    one_before, one_after = before[slots], after[slots]
    places = np.stack((before[one_before], one_before, slots, one_after, after[one_after])).astype(np.int64)
    places[places < 0] = missing
    return places


def _bm25(tf: Floats, length: Floats, mean: float, idf: float) -> Floats:
    norm: Floats = np.float32(K1 * (1 - B)) + np.float32(K1 * B / mean) * length
    scored: Floats = np.float32(idf * (K1 + 1)) * tf / (tf + norm)
    return scored


def _idf(n: int, holding: int) -> float:
    return float(np.log1p((n + BACKGROUND - holding + 0.5) / (holding + 0.5)))


def _means(index: NamespaceIndex) -> Means:
    length = index.column("length") * index.column("alive")
    before, after = index.padded("previous"), index.padded("next")
    # A text counts in its own window and in those of its neighbours: as often as it has neighbours, and once.
    near = (before[:-1] >= 0).astype(np.float32) + (after[:-1] >= 0)
    far = (before[before[:-1]] >= 0).astype(np.float32) + (after[after[:-1]] >= 0)
    total = float(length.sum())
    around = float((length * near).sum())
    n, sessions = max(len(index), 1), max(index.live_sessions, 1)
    return Means(
        _positive(total / n),
        _positive((total + around) / n),
        _positive((total + around + float((length * far).sum())) / n),
        _positive(total / sessions),
    )


def _positive(mean: float) -> float:
    return mean if mean > 0 else 1.0
