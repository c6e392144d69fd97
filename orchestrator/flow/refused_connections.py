"""What the offline guard refused during a call, for the log of decisions.

A refusal happens in the middle of whatever asked for a socket, in any of the agent's threads, so there it is only kept; it is logged when
the attempt is over, or the call. The agent may have caught the error and gone on: the log is where its owner sees it.
"""

from __future__ import annotations

from orchestrator_core.errors import OfflineRefused
from orchestrator_core.records import Finding

_KEPT_MOST = 1_000
"""Hosts and ports of one call; an agent that asks again and again for the same makes one row."""


class RefusedConnections:
    """Safe for threads: each step on the dictionary is one of the interpreter's."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, int | None], str] = {}
        self._noted = 0

    def hear(self, error: OfflineRefused) -> None:
        """A connection was refused. The error is not kept, nor the frames that it would hold."""
        if len(self._heard) < _KEPT_MOST:
            self._heard.setdefault((error.host, error.port), error.line)

    def new(self) -> list[tuple[str, Finding]]:
        """Each host and port that was refused and is not noted yet, as text and as a finding that names neither."""
        heard = list(self._heard.items())[self._noted :]
        self._noted += len(heard)
        found = []
        for (host, port), line in heard:
            message = f"a connection was refused that {line} asked for" if line else "a connection was refused"
            finding = Finding(
                "offline-refused", "network", action="block", scanner="offline guard", stage="attempts", message=message
            )
            found.append((host if port is None else f"{host}:{port}", finding))
        return found
