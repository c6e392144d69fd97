"""How near memories are to a query in meaning: the cosine of each, and how far it stands out among all.

Two ways to the same numbers. A scan compares the query with every vector. A derived index proposes the nearest; the cosines of the
other candidates are read from the store once it is known which they are, and a sample stands in for the whole namespace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from orchestrator_memory.index.namespace_index import Floats, NamespaceIndex
from orchestrator_memory.ranking.keyword_views import BACKGROUND

_USUAL_MEAN, _USUAL_SPREAD = 0.108, 0.09
"""Of the cosines between a question and the texts of a conversation: the default model, the dialogues in ``benchmarks/ranking``."""

Fetch = Callable[[list[int]], tuple[NDArray[np.int64], Floats]]
"""``(seqs, unit vectors)`` of those of some memories that have a vector."""


class Meaning(Protocol):
    """What a search knows of meaning, one number per slot each."""

    known: bool
    """False where there are no vectors."""
    cosine: Floats
    deviation: Floats
    """The z-score over the namespace divided by 3; 0 for a memory that has no vector yet, so that it neither wins nor loses by it."""

    def settle(self, slots: NDArray[np.int64]) -> None:
        """Make the numbers of these slots exact; a slot may be named more than once."""
        ...


class Scanned:
    """Every vector compared."""

    known = True

    def __init__(self, index: NamespaceIndex, vector: Floats) -> None:
        # einsum stays in this thread: BLAS wakes others, and waits for them where all cores are busy.
        cosine: Floats = np.einsum("ij,j->i", index.column("vectors"), vector)
        embedded = index.column("embedded") & index.column("alive")
        known = cosine if embedded.all() else cosine[embedded]
        mean, spread = _mean_and_spread(known)
        if known is not cosine:
            cosine[~embedded] = mean
        self.cosine = cosine
        self.deviation: Floats = (cosine - mean) / spread

    def settle(self, slots: NDArray[np.int64]) -> None:
        """Nothing to do: they are exact."""


class Proposed:
    """The nearest from a derived index, the rest of the candidates from the store."""

    known = True

    def __init__(
        self,
        index: NamespaceIndex,
        vector: Floats,
        nearest: tuple[NDArray[np.int64], Floats],
        sample: Floats,
        fetch: Fetch,
    ) -> None:
        self._index = index
        self._vector = vector
        self._fetch = fetch
        self._mean, self._spread = _mean_and_spread(np.einsum("ij,j->i", sample, vector))
        self._exact = np.zeros(index.size, np.bool_)
        self.cosine: Floats = np.full(index.size, self._mean, np.float32)
        self.deviation: Floats = np.zeros(index.size, np.float32)
        self._take(*nearest)

    def settle(self, slots: NDArray[np.int64]) -> None:
        """Read the vectors of those that are not known yet."""
        open_slots = np.unique(slots[~self._exact[slots] & self._index.column("embedded")[slots]])
        if len(open_slots):
            seqs, rows = self._fetch(self._index.column("seq")[open_slots].tolist())
            if len(seqs):
                self._take(seqs, np.einsum("ij,j->i", rows, self._vector))

    def _take(self, seqs: NDArray[np.int64], cosines: Floats) -> None:
        slots = np.array([self._index.slot(int(seq)) for seq in seqs], np.int64)
        here = slots >= 0
        self.cosine[slots[here]] = cosines[here]
        self.deviation[slots[here]] = (cosines[here] - self._mean) / self._spread
        self._exact[slots[here]] = True


class Unknown:
    """No vectors: words decide."""

    known = False

    def __init__(self, index: NamespaceIndex) -> None:
        self.cosine: Floats = np.zeros(index.size, np.float32)
        self.deviation: Floats = self.cosine

    def settle(self, slots: NDArray[np.int64]) -> None:
        """Nothing to do: there is nothing to know."""


def _mean_and_spread(cosines: Floats) -> tuple[np.float32, np.float32]:
    """The mean, and three standard deviations, with ``BACKGROUND`` unrelated texts counted in.

    Among three memories none stands out from the others; what a right answer stands out from is what texts are like elsewhere.
    """
    n = len(cosines) + BACKGROUND
    mean = (float(cosines.sum()) + BACKGROUND * _USUAL_MEAN) / n
    square = (float((cosines * cosines).sum()) + BACKGROUND * (_USUAL_MEAN**2 + _USUAL_SPREAD**2)) / n
    return np.float32(mean), np.float32(3 * max(square - mean * mean, 1e-12) ** 0.5)
