"""What goes wrong around the queue of vectors: the store, the end of the process, a text that changes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_embedding_queue import LONG_S, PlannedModel, until
from test_memory_vectors import add

from orchestrator_core.errors import StoreFull
from orchestrator_core.models.embedding.contract import PreparedModel
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding import queue as embedding_queue
from orchestrator_memory.embedding.queue import EmbeddingQueue
from orchestrator_memory.embedding.vectors import Vectors


@pytest.fixture
def model() -> PlannedModel:
    return PlannedModel()


@pytest.fixture
def queue(database: Database, model: PlannedModel) -> Any:
    queue = EmbeddingQueue(database, MemorySettings(), prepare=lambda: PreparedModel(model))
    yield queue
    queue.close()


def test_a_store_that_takes_no_vectors_does_not_stop_searching_by_meaning(
    database: Database, queue: EmbeddingQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_queue, "_STORE_RETRY_S", 0.05)
    failed = threading.Event()

    def full(*_: Any, **__: Any) -> int:
        failed.set()
        raise StoreFull("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Vectors, "put", full)
        queue.stored(add(database, 3))
        assert failed.wait(LONG_S)
        assert not queue.wait(0)
        assert isinstance(queue.query_vector("anything new"), np.ndarray) and queue.reason == ""
    until(lambda: not queue.pending())
    assert database.query("SELECT count(*) FROM memory_vectors") == [(3,)]


def test_a_text_that_was_refused_is_tried_again_when_it_has_changed(
    database: Database, queue: EmbeddingQueue, model: PlannedModel
) -> None:
    model.refuses.add("text 1")
    (_, seq) = add(database, 2)
    assert queue.embed_all() == 1
    database.execute([("UPDATE memories SET text = 'another text' WHERE seq = ?", (seq,))])  # another process did
    assert queue.embed_all() == 1
    assert "another text" in model.seen


def test_after_the_end_nobody_gets_into_native_code(database: Database, queue: EmbeddingQueue) -> None:
    add(database, 3)
    assert queue.query_vector("x") is not None
    queue.end()
    assert queue.embed_all() == 0
    assert queue.query_vector("y") is None
    assert "ending" in queue.reason


def test_a_process_ends_well_while_its_threads_embed(tmp_path: Path) -> None:
    code = f"""
import sys, threading; sys.path.insert(0, {os.path.dirname(__file__)!r})
from pathlib import Path
from orchestrator_core.models.embedding.choice import prepared_model
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.queue import EmbeddingQueue
from test_memory_vectors import add
database = Database(Path({str(tmp_path / "orchestrator.db")!r}))
add(database, 5000)
queue = EmbeddingQueue(database, MemorySettings(), prepare=lambda: prepared_model(""))
begun = threading.Event()
threading.Thread(target=queue.embed_all, args=(lambda *_: begun.set(),), daemon=True).start()
assert begun.wait(60)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    database = Database(tmp_path / "orchestrator.db")
    assert 0 < database.query("SELECT count(*) FROM memory_vectors")[0][0] < 5000
    database.close()
