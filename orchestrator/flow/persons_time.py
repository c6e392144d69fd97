"""How long a call has waited for people: a person's time is not the agent's, so it does not count against a time limit of the agent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from orchestrator_core.clock import Clock


class PersonsTime:
    """Adds up the moments in which at least one question was open, of a call or of those made within it. Safe for threads."""

    def __init__(self, clock: Clock, above: PersonsTime | None = None) -> None:
        self._clock = clock
        self._above = above
        self._lock = threading.Lock()
        self._open = 0
        self._since = 0.0
        self._ended_s = 0.0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Around one question; a call that waits for another one waits for the person as well."""
        with nullcontext() if self._above is None else self._above.passing(), self._here():
            yield

    @contextmanager
    def _here(self) -> Iterator[None]:
        with self._lock:
            if not self._open:
                self._since = self._clock.monotonic()
            self._open += 1
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1
                if not self._open:
                    self._ended_s += self._clock.monotonic() - self._since

    def total_s(self) -> float:
        """Seconds until now, an open question included."""
        with self._lock:
            return self._ended_s + (self._clock.monotonic() - self._since if self._open else 0.0)

    def from_now(self) -> Callable[[], float]:
        """Counts the seconds that pass from this moment on."""
        before = self.total_s()
        return lambda: self.total_s() - before
