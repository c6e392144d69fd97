"""Memory that holds nothing old while Chroma writes.

Its graph library writes whole buffers to disk, also the parts that it never filled. What the process had freed before can stand in
them, such as a vector that was forgotten: seen once in many runs. glibc fills what it hands out where it is asked to (``M_PERTURB``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_M_PERTURB = -6
_FILL = 0xA5


@contextmanager
def fresh_memory() -> Iterator[None]:
    """Within it, allocated memory is filled with a constant; nothing changes where the C library cannot do that."""
    fill = _perturb() if sys.platform == "linux" else None
    if fill is None:
        yield
        return
    fill(_M_PERTURB, _FILL)
    try:
        yield
    finally:
        fill(_M_PERTURB, 0)


def _perturb() -> Callable[[int, int], Any] | None:
    import ctypes

    try:
        fill: Callable[[int, int], Any] = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return None
    return fill
