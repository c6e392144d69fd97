"""Derived indexes are fed in the background, whatever happened to an earlier thread."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index import derived

MODEL = ModelIdentity("0123456789abcdef", "a model", 3)


class Failing:
    """An index that fails once in a way that nobody thought of."""

    def __init__(self) -> None:
        self.followed = threading.Event()
        self.failed = threading.Event()

    def follow(self) -> int:
        if not self.failed.is_set():
            self.failed.set()
            raise ZeroDivisionError("nobody thought of it")
        self.followed.set()
        return 0

    def close(self) -> None:
        return None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_failed_is_followed_by_another(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index: Any = Failing()
    monkeypatch.setattr(derived, "vector_index", lambda *_: index)
    indexes = derived.DerivedIndexes(MemorySettings(), tmp_path, database, Vectors(database))
    assert indexes.get("default", MODEL) is index
    assert index.failed.wait(60)
    thread = indexes._thread
    assert thread is not None
    thread.join(60)
    assert indexes.get("default", MODEL) is index
    assert index.followed.wait(60)
    indexes.close()
