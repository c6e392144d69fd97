"""Rate and slots as one process counts them, for itself alone."""

from __future__ import annotations

import threading

from orchestrator_core.clock import Clock
from orchestrator_core.forks import at_fork
from orchestrator_core.records import Write
from orchestrator_security.limits.admission import Admission, over_concurrency, over_rate
from orchestrator_security.limits.rate_limit import RateLimit
from orchestrator_security.limits.spending import Spending


class OwnCounts:
    """Counts in memory. Exact under threads; a forked child begins with no running calls, for those are its parent's."""

    def __init__(self, per_minute: int, most: int, spending: Spending, clock: Clock) -> None:
        self._per_minute = per_minute
        self._most = most
        self._spending = spending
        self._rate = RateLimit(per_minute, clock)
        self._reset()
        at_fork(self, child=OwnCounts._in_child)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, set[str]] = {}

    def _in_child(self) -> None:
        self._reset()
        self._rate.renew_lock()

    def enter(self, lease: str, agent: str, caller: str, *, slot: bool) -> Admission | None:
        """Take a call, with a slot where ``slot`` is set; None where it may begin. A refused call takes nothing."""
        if refused := self._spending.over(agent):
            return refused
        with self._lock:
            taken = self._slots.get(agent, set())
            if self._most and slot and len(taken) >= self._most:
                return over_concurrency(self._most, agent)
            if wait_s := self._rate.take(agent, caller):
                return over_rate(self._per_minute, wait_s)
            if self._most and slot:
                self._slots.setdefault(agent, taken).add(lease)
        return None

    def look(self, agent: str, caller: str) -> Admission | None:
        """What ``enter`` would say, without taking anything."""
        if refused := self._spending.over(agent):
            return refused
        with self._lock:
            if self._most and len(self._slots.get(agent, ())) >= self._most:
                return over_concurrency(self._most, agent)
        wait_s = self._rate.look(agent, caller)
        return over_rate(self._per_minute, wait_s) if wait_s else None

    def leaving(self, lease: str) -> tuple[Write, ...]:
        """What the call's record has to write for it."""
        del lease
        return ()

    def leave(self, lease: str, agent: str, *, written: bool) -> None:
        """Give the slot back."""
        del written
        with self._lock:
            taken = self._slots.get(agent)
            if taken is not None:
                taken.discard(lease)
                if not taken:
                    del self._slots[agent]

    def close(self) -> None:
        """Nothing outlives the process."""
