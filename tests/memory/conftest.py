"""A memory over a store of its own, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator_core.models.embedding.contract import PreparedModel
from orchestrator_core.records import Redacted
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.manager import MemoryManager, build_memory

DAY_S = 86_400.0
PERSON = "jane" + "@firma.de"


class HandClock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


def redact(text: str) -> Redacted:
    """A stand-in for the security room: one known address."""
    return Redacted(text.replace(PERSON, "<EMAIL_1>"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "orchestrator.db")
    yield database
    database.close()


@pytest.fixture
def memory(database: Database, clock: HandClock) -> MemoryManager:
    """It searches by keyword only."""
    return build_memory(
        database, MemorySettings(), clock=clock, redact=redact, prepare=lambda: PreparedModel(None, "no model here")
    )
