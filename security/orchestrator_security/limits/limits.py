"""All limits of one Orchestrator: rate, calls at once, and what a day may cost.

- The **rate** is a token bucket per agent and caller.
- **Slots** limit how many calls of an agent run at once. A call that is made within a call of the same agent, however deep, needs no
  slot of its own: the outer one holds it and waits, so an agent that calls itself neither locks itself out nor waits for itself.
- **Budgets** are per agent and day (UTC). A call over budget does not begin; one that crosses it while it runs may end.

Nothing ever waits in line: a call that may not begin is told so at once, with the seconds after which it is worth trying again.
"""

from __future__ import annotations

import math
from pathlib import Path

from orchestrator_core.clock import Clock
from orchestrator_core.records import Write
from orchestrator_core.settings import SecuritySettings
from orchestrator_core.storage.database import Database
from orchestrator_security.limits.admission import ADMITTED, Admission
from orchestrator_security.limits.counts import OwnCounts
from orchestrator_security.limits.shared_counts import SharedCounts
from orchestrator_security.limits.spending import Spending


class CallLimits:
    """Implements the ``Limits`` contract. Without a database it counts in this process only, and budgets by what it saw itself."""

    def __init__(
        self, settings: SecuritySettings, clock: Clock, *, database: Database | None = None, home: Path | None = None
    ) -> None:
        rate, most = settings.rate_limit_per_minute, settings.max_concurrent
        self._spending = Spending(settings.daily_tokens, _microusd(settings.daily_cost), database, clock)
        self._limited = bool(rate or most) or self._spending.limited
        self.blocking = bool(database) and (self._spending.limited or (settings.shared_limits and self._limited))
        self._counts: OwnCounts | SharedCounts
        if settings.shared_limits and database is not None and home is not None:
            self._counts = SharedCounts(rate, most, self._spending, clock, database, home)
        else:
            self._counts = OwnCounts(rate, most, self._spending, clock)

    def admit(self, lease: str, agent: str, caller: str, *, nested: bool = False) -> Admission:
        """Take a call; a refused one takes nothing. ``lease`` is the call's id, ``nested`` a call of the same agent around it.

        Raises:
            StoreError: the store cannot be used.
        """
        if not self._limited:
            return ADMITTED
        refused = self._counts.enter(lease, agent, caller, slot=not nested)
        if refused is not None:
            return refused
        self._spending.begin(lease, agent)
        return ADMITTED

    def look(self, agent: str, caller: str = "") -> Admission:
        """What ``admit`` would say to a call that begins now, without taking anything.

        Raises:
            StoreError: the store cannot be read.
        """
        return (self._counts.look(agent, caller) or ADMITTED) if self._limited else ADMITTED

    def report(self, lease: str, tokens: int, cost_microusd: int) -> None:
        """All that a running call has used so far."""
        self._spending.report(lease, tokens, cost_microusd)

    def leaving(self, lease: str) -> tuple[Write, ...]:
        """What the call's record has to write to give its slot back in the same commit."""
        return self._counts.leaving(lease)

    def release(self, lease: str, agent: str, *, recorded: bool) -> None:
        """A call has ended, however: its slot is free again. Never raises; harmless for one that was never admitted."""
        if self._limited:
            self._counts.leave(lease, agent, written=recorded)
            self._spending.end(lease, recorded=recorded)

    def close(self) -> None:
        """No more calls are made here; what others wait for is given back."""
        self._counts.close()


def _microusd(usd: float) -> int:
    """A budget in whole micro-USD: the smallest there is for less than that, and none for one without end."""
    return 0 if not usd or math.isinf(usd) else max(1, round(usd * 1e6))
