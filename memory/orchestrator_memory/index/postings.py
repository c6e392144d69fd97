"""Which texts hold which word, how often: the inverted index of one namespace."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COUNT_BITS = 8
_COUNT_MAX = (1 << _COUNT_BITS) - 1


class Postings:
    """Slots and counts per word, in the order in which they were added. Not safe for threads.

    Both share 32 bits, so there is room for 16 million slots and counts up to 255.
    """

    def __init__(self) -> None:
        self._packed: dict[str, array[int]] = {}

    def add(self, slot: int, stems: Iterable[str]) -> None:
        """Note the words of a new slot, which is above all others."""
        once = slot << _COUNT_BITS | 1
        most = slot << _COUNT_BITS | _COUNT_MAX
        for stem in stems:
            packed = self._packed.get(stem)
            if packed is None:
                self._packed[stem] = array("I", (once,))
            elif packed[-1] < once:
                packed.append(once)
            elif packed[-1] < most:
                packed[-1] += 1

    def get(self, stem: str) -> tuple[NDArray[np.int32], NDArray[np.float32]] | None:
        """``(slots, counts)`` of a word, ascending by slot; None where no text holds it."""
        import numpy as np

        found = self._packed.get(stem)
        if found is None:
            return None
        packed = np.array(found, np.uint32)  # a copy: an array that lends its memory cannot grow
        return (packed >> _COUNT_BITS).astype(np.int32), (packed & _COUNT_MAX).astype(np.float32)

    def __len__(self) -> int:
        return len(self._packed)
