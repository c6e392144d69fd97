"""What the line may ask of the memory room."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from orchestrator_core.records import RecalledMemory, Redacted, Write


class Episode(Struct, frozen=True):
    """One finished call, as memory sees it. All text is redacted."""

    execution_id: str
    agent: str
    request: Redacted
    outcome: Redacted
    """The output as text, or the error."""
    status: str
    namespace: str
    session: str
    feature: str
    overall: float | None
    finished_at: float


class Memory(Protocol):
    """Finds and keeps what was learned."""

    def recall(self, query: Redacted, *, namespace: str, k: int) -> tuple[RecalledMemory, ...]:
        """The ``k`` best memories of a namespace for a query, best first; never raises on odd queries."""
        ...

    def remember(self, episode: Episode, /) -> list[Write]:
        """The rows that keep an episode; the record's transaction writes them."""
        ...
