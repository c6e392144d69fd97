"""A deep engine for tests of the deep scan: it knows one name, and can be made to fail."""

from __future__ import annotations

import re

from orchestrator_security.pii.deep.chunks import placeholders, untouched
from orchestrator_security.pii.deep.deep_engine import Place

NAME = "Zacharias Quill"


class OneName:
    """Finds ``NAME``. ``problem`` is raised where it is set."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.texts = 0
        self.meanwhile = lambda: None

    def find(self, text: str) -> list[Place]:
        self.texts += 1
        self.meanwhile()
        if self.problem is not None:
            raise self.problem
        taken = placeholders(text)
        return [
            Place(m.start(), m.end(), "PERSON", 0.9)
            for m in re.finditer(NAME, text)
            if untouched((m.start(), m.end()), taken)
        ]

    def entities(self) -> tuple[str, ...]:
        return ("PERSON",)

    def engine(self) -> str:
        return "one name"
