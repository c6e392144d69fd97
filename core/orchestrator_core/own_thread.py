"""The class of Magnus's own worker threads, so that they can be told from those that an agent starts."""

from __future__ import annotations

import threading
from collections.abc import Callable

Work = Callable[[], None]
Around = Callable[[Work], Work]
"""Makes of some work the work with something around it, such as a network scope."""


def as_it_is(work: Work) -> Work:
    """Nothing around it."""
    return work


class OwnThread(threading.Thread):
    """A daemon thread of Magnus's own. It serves many calls, so it takes no network scope from the code that happens to start it.

    What runs in it brings its own: put ``around`` the work.
    """

    def __init__(self, work: Work, *, name: str, around: Around = as_it_is) -> None:
        super().__init__(target=around(work), name=name, daemon=True)
