"""How often an agent may be called: a token bucket for each pair of agent and caller."""

from __future__ import annotations

import threading

from orchestrator_core.clock import Clock

_BUCKETS_MAX = 10_000
_INSTANT_S = 1e-6


class Rate:
    """The arithmetic of a bucket that holds a minute's calls and refills evenly; pure."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._per_second = per_minute / 60

    def filled(self, tokens: float, since: float, now: float) -> float:
        """What a bucket holds now; a clock that went back gives nothing and takes nothing away."""
        return min(float(self.per_minute), tokens + max(0.0, now - since) * self._per_second)

    def wait_s(self, tokens: float) -> float:
        """0.0 where a call may be taken, else the seconds until one may."""
        wait_s = max(0.0, 1 - tokens) / self._per_second
        # Epoch seconds are no finer than that; a bucket that gave a call so early owes it, so nothing adds up.
        return 0.0 if wait_s < _INSTANT_S else wait_s


class RateLimit:
    """At most ``per_minute`` calls in a burst, and that many more each minute, for each agent and caller; 0 means no limit.

    Exact under threads. The clock is monotonic; a test's clock that goes backwards gives nothing back and takes nothing away.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._rate = Rate(per_minute)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, agent: str, caller: str) -> float:
        """Take one call: 0.0 when it may run, else the seconds until the next one may."""
        if not self._rate.per_minute:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            key = (agent, caller)
            tokens = self._tokens(key, now)
            wait_s = self._rate.wait_s(tokens)
            if not wait_s:
                if key not in self._buckets and len(self._buckets) >= _BUCKETS_MAX:
                    self._forget_full(now)
                tokens -= 1
            self._buckets[key] = (tokens, now)
            return wait_s

    def look(self, agent: str, caller: str) -> float:
        """What ``take`` would say, without taking anything."""
        if not self._rate.per_minute:
            return 0.0
        with self._lock:
            return self._rate.wait_s(self._tokens((agent, caller), self._clock.monotonic()))

    def renew_lock(self) -> None:
        """In a forked child, where the lock may be held by a thread that is not there."""
        self._lock = threading.Lock()

    def _tokens(self, key: tuple[str, str], now: float) -> float:
        tokens, since = self._buckets.get(key, (float(self._rate.per_minute), now))
        return self._rate.filled(tokens, since, now)

    def _forget_full(self, now: float) -> None:
        # A full bucket says the same as none; callers come and go, and must not fill the memory.
        self._buckets = {
            key: (tokens, since)
            for key, (tokens, since) in self._buckets.items()
            if self._rate.filled(tokens, since, now) < self._rate.per_minute
        }
