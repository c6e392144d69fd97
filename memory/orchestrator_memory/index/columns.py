"""Columns that grow: one array per fact about a memory, one place per slot."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator_memory.text.traits import TRAITS

_KINDS: dict[str, tuple[Any, Any]] = {
    # name: type, value of a place that nobody has filled
    "seq": (np.int64, 0),
    "alive": (np.bool_, False),
    "length": (np.float32, 0),
    "occurred": (np.float64, 0),
    "author": (np.int32, 0),
    "session": (np.int32, 0),
    "previous": (np.int32, -1),
    "next": (np.int32, -1),
    "tier": (np.int8, 0),
    "category": (np.int32, 0),
    "expires": (np.float64, math.inf),
    "current": (np.bool_, False),
    "quarantined": (np.bool_, False),
    "trust": (np.float32, 1),
    "judged": (np.float32, math.nan),
    "helped": (np.float32, 0),
    "ignored": (np.float32, 0),
    "embedded": (np.bool_, False),
}
_FIRST_ROOM = 256


class Columns:
    """The arrays, longer than what is in use; ``NamespaceIndex.column`` gives the part that is."""

    seq: NDArray[np.int64]
    alive: NDArray[np.bool_]
    length: NDArray[np.float32]
    """Words that are no stop words."""
    occurred: NDArray[np.float64]
    author: NDArray[np.int32]
    session: NDArray[np.int32]
    previous: NDArray[np.int32]
    """The slot of the neighbour in the session, -1 where there is none."""
    next: NDArray[np.int32]
    tier: NDArray[np.int8]
    category: NDArray[np.int32]
    expires: NDArray[np.float64]
    current: NDArray[np.bool_]
    """Not superseded."""
    quarantined: NDArray[np.bool_]
    trust: NDArray[np.float32]
    judged: NDArray[np.float32]
    """The judge's score; NaN where there is none."""
    helped: NDArray[np.float32]
    ignored: NDArray[np.float32]
    embedded: NDArray[np.bool_]
    traits: NDArray[np.float32]
    vectors: NDArray[np.float32]

    def __init__(self, dimensions: int) -> None:
        self._wide = {"traits": len(TRAITS), "vectors": dimensions}
        self._room = 0
        self.make_room(_FIRST_ROOM)

    def make_room(self, room: int) -> None:
        """Have at least this many places in every column."""
        if room <= self._room:
            return
        self._room = max(room, 2 * self._room)
        for name, (kind, fill) in _KINDS.items():
            self._grow(name, (self._room,), kind, fill)
        for name, width in self._wide.items():
            self._grow(name, (self._room, width), np.float32, 0)

    def widen(self, dimensions: int) -> None:
        """Have vectors of another width, all of them zero; 0 lets go of them."""
        self._wide["vectors"] = dimensions
        self.vectors = np.zeros((self._room, dimensions), np.float32)

    def _grow(self, name: str, shape: tuple[int, ...], kind: Any, fill: Any) -> None:
        # zeros asks the system for untouched pages, so spare room costs no memory until it is used.
        new = np.zeros(shape, kind) if fill == 0 else np.full(shape, fill, kind)
        old = getattr(self, name, None)
        if old is not None:
            new[: len(old)] = old
        setattr(self, name, new)
