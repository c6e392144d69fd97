"""What a call may do: what it has read from strangers, what people have allowed it, and what the offline guard refused it."""

from __future__ import annotations

import threading

from orchestrator.flow.persons_time import PersonsTime
from orchestrator.flow.refused_connections import RefusedConnections
from orchestrator_core.clock import Clock
from orchestrator_security.contract import Answer

_TAINTS_MAX = 50
_TAINTS_TOLD = 3


class Clearance:
    """One call's. Safe for threads; what is made within the call inherits its taint."""

    def __init__(self, clock: Clock, above: Clearance | None) -> None:
        self._above = above
        self._taints: tuple[str, ...] = ()
        self.persons_time: PersonsTime = PersonsTime(clock, None if above is None else above.persons_time)
        self.lock = threading.Lock()
        self.answers: dict[tuple[str, str, bool], Answer] = {}
        """What people said, by capability, reason and whether the call was tainted then."""
        self.refused_connections = RefusedConnections()
        self.questions = 0
        self.covered: frozenset[str] = frozenset()
        """Capabilities that the yes to the whole call covers."""
        self.retry_after_s = 0.0
        """Where a limit stopped the call."""

    @property
    def tainted(self) -> bool:
        """Whether text from strangers may have reached the agent: by itself, or in a call around it."""
        return bool(self._taints) or (self._above is not None and self._above.tainted)

    def taint(self, source: str) -> None:
        """Text from strangers is put before the agent."""
        with self.lock:
            if source not in self._taints and len(self._taints) < _TAINTS_MAX:
                self._taints = (*self._taints, source)

    def hand_up(self, agent: str) -> None:
        """The call has ended, and who made it gets what came of what the agent had read."""
        if self._above is not None and self._taints:
            self._above.taint(f"what {agent} had read")

    def read(self) -> str:
        """What has been read from strangers, in words."""
        if not self._taints and self._above is not None:
            return self._above.read()
        return ", ".join(self._taints[:_TAINTS_TOLD])
