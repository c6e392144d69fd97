"""What an agent has used today: tokens and money.

The day's sums are kept with every record, by all processes that share the store. To them comes what this process knows and no sum
holds yet: what its running calls have reported so far, and what calls used today that were never recorded. While a call is being
recorded both may count it for a moment; the other order would let a call slip through.
"""

from __future__ import annotations

import sqlite3
import threading

from orchestrator_core.clock import Clock
from orchestrator_core.forks import at_fork
from orchestrator_core.storage.database import Database
from orchestrator_security.limits.admission import DAILY_COST, DAILY_TOKENS, Admission, day_of, over_budget

_USED = (
    "SELECT coalesce(sum(tokens_in + tokens_out), 0), coalesce(sum(cost_microusd), 0) FROM rollups "
    "WHERE period = 'day' AND bucket = ? AND agent = ?"
)


class Spending:
    """Checks the daily budgets. ``tokens`` and ``cost_microusd`` are the budgets; 0 means none."""

    def __init__(self, tokens: int, cost_microusd: int, database: Database | None, clock: Clock) -> None:
        self._tokens = tokens
        self._cost = cost_microusd
        self._database = database
        self._clock = clock
        self._reset()
        at_fork(self, child=Spending._reset)  # what runs there, and was not recorded there, is the parent's

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, tuple[str, int, int, int]] = {}
        """Of each running call: agent, day, tokens, micro-USD."""
        self._unrecorded: dict[tuple[str, int], tuple[int, int]] = {}

    @property
    def limited(self) -> bool:
        return bool(self._tokens or self._cost)

    def over(self, agent: str, connection: sqlite3.Connection | None = None) -> Admission | None:
        """The budget that the agent has used up today; None where it may go on. ``connection`` reads within its transaction.

        Raises:
            StoreError: the day's sums cannot be read.
        """
        if not self.limited:
            return None
        now = self._clock.now()
        tokens, cost = self._used(agent, day_of(now), connection)
        if self._tokens and tokens >= self._tokens:
            return over_budget(DAILY_TOKENS, tokens, self._tokens, agent, now)
        if self._cost and cost >= self._cost:
            return over_budget(DAILY_COST, cost, self._cost, agent, now)
        return None

    def _used(self, agent: str, day: int, connection: sqlite3.Connection | None) -> tuple[int, int]:
        with self._lock:
            known = [
                (tokens, cost) for who, when, tokens, cost in self._running.values() if (who, when) == (agent, day)
            ]
            known.append(self._unrecorded.get((agent, day), (0, 0)))
        if connection is not None:
            known.append(connection.execute(_USED, (day, agent)).fetchone())
        elif self._database is not None:
            known.append(self._database.query(_USED, (day, agent))[0])
        return sum(tokens for tokens, _ in known), sum(cost for _, cost in known)

    def begin(self, lease: str, agent: str) -> None:
        """A call begins; it counts for today, whenever it ends."""
        if self.limited:
            with self._lock:
                self._running[lease] = (agent, day_of(self._clock.now()), 0, 0)

    def report(self, lease: str, tokens: int, cost_microusd: int) -> None:
        """All that a running call has used so far."""
        if self.limited:
            with self._lock:
                if lease in self._running:
                    self._running[lease] = (*self._running[lease][:2], tokens, cost_microusd)

    def end(self, lease: str, *, recorded: bool) -> None:
        """A call has ended; what it used stands in the day's sums where it was recorded."""
        if not self.limited:
            return
        with self._lock:
            agent, day, tokens, cost = self._running.pop(lease, ("", 0, 0, 0))
            if recorded or not (tokens or cost):
                return
            today = day_of(self._clock.now())
            self._unrecorded = {key: used for key, used in self._unrecorded.items() if key[1] >= today}
            before = self._unrecorded.get((agent, day), (0, 0))
            self._unrecorded[agent, day] = (before[0] + tokens, before[1] + cost)
