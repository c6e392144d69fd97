"""What finds the nearest vectors of a namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from orchestrator_core.errors import MagnusError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class IndexUnavailable(MagnusError):
    """A derived index cannot answer now; the message says why. The exact scan answers instead."""


class VectorIndex(Protocol):
    """A derived index over the vectors of one namespace and one embedding model. ``seq`` is ``memories.seq``. Safe for threads."""

    def nearest(self, query: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` nearest memories of a unit vector as ``(seqs, cosines)``, best first; fewer where there are fewer.

        It may name memories that are gone by now: the caller checks each against the store.

        Raises:
            IndexUnavailable: another process owns it, it is being built, it is damaged, or its server does not answer.
        """
        ...

    def follow(self) -> int:
        """Take over what changed in the store since the last time, if this process is its owner; returns how many changes.

        Raises:
            IndexUnavailable: as above.
        """
        ...

    def purge(self, seqs: Sequence[int]) -> bool:
        """Leave no byte of these memories' vectors in its files; False where it cannot be sure (a server's files are its own)."""
        ...

    def health(self) -> str:
        """``ok``, or in one sentence what is wrong."""
        ...

    def close(self) -> None:
        """Release its lock and files; the next use takes them again."""
        ...
