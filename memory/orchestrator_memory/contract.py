"""What the line may ask of the memory room."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, Self

from msgspec import Struct

from orchestrator_core.records import Lesson, RecalledMemory, Redacted, Write


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
    """What the agent was given to remember and looked at; what it never read teaches nothing."""
    lessons: tuple[Lesson, ...] = ()
    """Which remedies helped against the failures that this call met, and which did not."""


class Recollection(tuple[RecalledMemory, ...]):  # noqa: SLOT001 - a tuple may have none but empty slots
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
    ) -> Self:
        found = super().__new__(cls, memories)
        found.keyword_only = keyword_only
        found.pending = pending
        found.reason = reason
        return found

    def with_more(self, more: Iterable[RecalledMemory], *, first: bool = False) -> Recollection:
        """The same with further memories behind these, or before them; what is there already comes once."""
        known = {memory.id for memory in self}
        new = tuple(memory for memory in more if memory.id not in known)
        return Recollection(
            (*new, *self) if first else (*self, *new),
            keyword_only=self.keyword_only,
            pending=self.pending,
            reason=self.reason,
        )

    def without(self, ids: Collection[str]) -> Recollection:
        """The same without some memories."""
        if not ids:
            return self
        return Recollection(
            (memory for memory in self if memory.id not in ids),
            keyword_only=self.keyword_only,
            pending=self.pending,
            reason=self.reason,
        )


class Memory(Protocol):
    """Finds and keeps what was learned."""

    def recall(self, query: Redacted, *, namespace: str, k: int) -> Recollection:
        """The ``k`` best memories of a namespace for a query, best first; never raises on odd queries."""
        ...

    def lessons(self, *, namespace: str, agent: str = "", fingerprint: str = "") -> tuple[RecalledMemory, ...]:
        """What was noted down for an agent, or what helped against a failure, the most trusted first."""
        ...

    def remember(self, episode: Episode, /) -> list[Write]:
        """The rows that keep an episode and what it taught; the record's transaction writes them."""
        ...
