"""What the line may ask of the memory room."""

from __future__ import annotations

from collections.abc import Iterable
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
    recalled: tuple[RecalledMemory, ...] = ()
    """What the call was given to remember."""
    lesson: Redacted = Redacted("")
    """What fixed the failure that this call met, in one sentence; empty where nothing failed or nothing helped."""


class Recollection(tuple[RecalledMemory, ...]):
    """Memories, best first, and how they were found."""

    keyword_only: bool
    """True where no vector took part; ``reason`` then says why."""
    pending: int
    """How many memories of the searched namespaces are not embedded yet: they were found by their words alone."""
    reason: str

    def __new__(
        cls,
        memories: Iterable[RecalledMemory] = (),
        *,
        keyword_only: bool = False,
        pending: int = 0,
        reason: str = "",
    ) -> Recollection:
        found = super().__new__(cls, memories)
        found.keyword_only = keyword_only
        found.pending = pending
        found.reason = reason
        return found


class Memory(Protocol):
    """Finds and keeps what was learned."""

    def recall(self, query: Redacted, *, namespace: str, k: int) -> tuple[RecalledMemory, ...]:
        """The ``k`` best memories of a namespace for a query, best first; never raises on odd queries."""
        ...

    def remember(self, episode: Episode, /) -> list[Write]:
        """The rows that keep an episode; the record's transaction writes them."""
        ...
