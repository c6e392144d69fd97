"""The conversations that candidates belong to, so that a number can be summed up per conversation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orchestrator_memory.index.namespace_index import Floats, NamespaceIndex

_BEST = 3


class Sessions(NamedTuple):
    """The live members of some sessions, one session after the other."""

    of: NDArray[np.int64]
    """Per candidate the number of its session here."""
    members: NDArray[np.int64]
    """Slots."""
    first: NDArray[np.int64]
    """Per session the place of its first member."""
    row: NDArray[np.int64]
    """Per member the number of its session here."""

    def sums(self, values: Floats) -> Floats:
        """Per candidate the sum of its session's values. ``values`` are per member."""
        total: Floats = np.add.reduceat(values, self.first)
        return total[self.of]

    def best(self, values: Floats) -> Floats:
        """Per candidate the mean of its session's three highest values. ``values`` are per member."""
        left = values.copy()
        total = np.zeros(len(self.first), np.float32)
        counted = np.zeros(len(self.first), np.float32)
        for _ in range(_BEST):
            highest = np.maximum.reduceat(left, self.first)
            there = highest > -np.inf
            total[there] += highest[there]
            counted += there
            places = np.flatnonzero(left == highest[self.row])
            # Of equal values one is taken; the others may be taken next. The rows ascend, so a session's first is where it changes.
            once = np.flatnonzero(np.diff(self.row[places], prepend=-1))
            left[places[once]] = -np.inf
        mean: Floats = (total / np.maximum(counted, 1)).astype(np.float32)
        return mean[self.of]


def sessions_of(index: NamespaceIndex, slots: NDArray[np.int64]) -> Sessions:
    """The sessions of live slots."""
    codes, of = np.unique(index.column("session")[slots], return_inverse=True)
    parts = [index.members(code) for code in codes.tolist()]
    sizes = np.array([len(part) for part in parts], np.int64)
    first = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)[:-1]))
    return Sessions(of, np.concatenate(parts), first, np.repeat(np.arange(len(parts)), sizes))
