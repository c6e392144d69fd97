"""Which texts hold which word, how often: the inverted index of one namespace."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COUNT_MAX = 255


class Postings:
    """Slots and counts per word, in the order in which they were added. Not safe for threads."""

    def __init__(self) -> None:
        self._slots: dict[str, array[int]] = {}
        self._counts: dict[str, array[int]] = {}

    def add(self, slot: int, stems: Iterable[str]) -> None:
        """Note the words of a new slot."""
        for stem, count in Counter(stems).items():
            slots = self._slots.get(stem)
            if slots is None:
                slots = self._slots[stem] = array("i")
                self._counts[stem] = array("B")
            slots.append(slot)
            self._counts[stem].append(min(count, _COUNT_MAX))

    def get(self, stem: str) -> tuple[NDArray[np.int32], NDArray[np.float32]] | None:
        """``(slots, counts)`` of a word, ascending by slot; None where no text holds it."""
        import numpy as np

        slots = self._slots.get(stem)
        if slots is None:
            return None
        # Copies: an array that lends its memory cannot grow.
        return np.array(slots, np.int32), np.array(self._counts[stem], np.float32)

    def __len__(self) -> int:
        return len(self._slots)
