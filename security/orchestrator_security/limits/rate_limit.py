"""How often an agent may be called: a token bucket for each pair of agent and caller."""

from __future__ import annotations

import threading

from orchestrator_core.clock import Clock

_BUCKETS_MAX = 10_000


class RateLimit:
    """At most ``per_minute`` calls in a burst, and that many more each minute, for each agent and caller.

    Exact under threads. The clock is monotonic; a test's clock that goes backwards gives nothing back and takes nothing away.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, agent: str, caller: str) -> float:
        """Take one call: 0.0 when it may run, else the seconds until the next one may."""
        if not self._capacity:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            key = (agent, caller)
            tokens, since = self._buckets.get(key, (self._capacity, now))
            tokens = min(self._capacity, tokens + max(0.0, now - since) * self._per_second)
            if tokens >= 1 - 1e-9:
                if key not in self._buckets and len(self._buckets) >= _BUCKETS_MAX:
                    self._forget_full(now)
                self._buckets[key] = (max(0.0, tokens - 1), now)
                return 0.0
            self._buckets[key] = (tokens, now)
            return (1 - tokens) / self._per_second

    def _forget_full(self, now: float) -> None:
        # A full bucket says the same as none; callers come and go, and must not fill the memory.
        self._buckets = {
            key: (tokens, since)
            for key, (tokens, since) in self._buckets.items()
            if tokens + max(0.0, now - since) * self._per_second < self._capacity
        }
