"""What the offline guard refused during a call, for the log of decisions.

A refusal happens in the middle of whatever asked for a socket, in any of the agent's threads, so there it is only kept; it is logged when
the attempt is over. The agent may have caught the error and gone on: the log is where its owner sees it.
"""

from __future__ import annotations

from collections import deque

from orchestrator_core.errors import OfflineRefused
from orchestrator_core.records import Finding

_KEPT_MOST = 1_000
"""Before they are logged; an agent that asks again and again for the same host makes one row."""


class RefusedConnections:
    """Safe for threads: an append of a deque is one step."""

    def __init__(self) -> None:
        self._heard: deque[tuple[str, int | None, str]] = deque(maxlen=_KEPT_MOST)
        self._noted: set[tuple[str, int | None]] = set()

    def hear(self, error: OfflineRefused) -> None:
        """A connection was refused. The error is not kept, nor the frames that it would hold."""
        self._heard.append((error.host, error.port, error.line))

    def new(self) -> list[tuple[str, Finding]]:
        """Each host and port that was refused and is not noted yet, as text and as a finding that names neither."""
        found = []
        while self._heard:
            host, port, line = self._heard.popleft()
            if (host, port) in self._noted or len(self._noted) >= _KEPT_MOST:
                continue
            self._noted.add((host, port))
            message = f"a connection was refused that {line} asked for" if line else "a connection was refused"
            finding = Finding(
                "offline-refused", "network", action="block", scanner="offline guard", stage="attempts", message=message
            )
            found.append((host if port is None else f"{host}:{port}", finding))
        return found
