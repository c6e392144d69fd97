"""What a deep engine is, what it finds and what it can see."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from orchestrator_security.pii.deep.entities import ENTITIES


class Place(Struct, frozen=True):
    """Personal data from ``start`` to ``end``. ``entity`` is Presidio's name, ``score`` 0 to 1."""

    start: int
    end: int
    entity: str
    score: float


class DeepScanUnfinished(Exception):
    """The text was not, or not wholly, looked at. The message is a reason for a person, and holds nothing of the text."""


class DeepScanUnavailable(DeepScanUnfinished):
    """No text can be looked at now: Presidio is absent or broken."""


class EngineFacts(Struct, frozen=True):
    """What an engine can see."""

    entities: tuple[str, ...] = ()
    """Presidio's names."""
    model: str = ""
    """The spaCy model that names are found with; empty for none."""
    model_problem: str = ""
    """Why an installed model is not used."""
    problem: str = ""
    """Why there is no engine; empty where there is one."""

    @property
    def words(self) -> tuple[str, ...]:
        """The placeholders' words of what can be seen."""
        return tuple(dict.fromkeys(ENTITIES[name].word for name in self.entities if name in ENTITIES))


class DeepEngine(Protocol):
    """Finds personal data thoroughly, in milliseconds for each thousand characters."""

    def find(self, text: str) -> list[Place]:
        """The places, in order. Already redacted values are none.

        Raises:
            DeepScanUnfinished: the text was not wholly looked at.
        """
        ...

    def entities(self) -> tuple[str, ...]:
        """Presidio's names of what can be seen; empty while that is not known. It starts nothing."""
        ...

    def engine(self) -> str:
        """What looks, in one line for a person. It starts nothing."""
        ...


def described(facts: EngineFacts) -> str:
    """An engine in one line."""
    if facts.problem or not facts.entities:
        return facts.problem or "Presidio, not started yet"
    names = f"names with {facts.model}" if facts.model else "no names of persons and places"
    return f"Presidio: {len(facts.entities)} kinds, {names}"
