"""Vectors follow what is stored: soon, in any process, and whatever fails on the way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_memory_vectors import add

from orchestrator_core.errors import MissingDependency, ModelError, ModelRejected, ModelUnavailable
from orchestrator_core.models.embedding.choice import prepared_model
from orchestrator_core.models.embedding.contract import ModelIdentity, PreparedModel
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding import available_model
from orchestrator_memory.embedding import queue as embedding_queue
from orchestrator_memory.embedding.queue import EmbeddingQueue
from orchestrator_memory.embedding.vectors import Vectors

LONG_S = 60.0


class PlannedModel:
    """A model that fails as a test wants it: errors to raise in turn, texts to refuse, a wrong shape."""

    def __init__(self, digest: str = "a" * 16, size: int = 6) -> None:
        self.identity = ModelIdentity(digest=digest, name="planned", dimensions=size)
        self.errors: list[ModelError] = []
        self.refuses: set[str] = set()
        self.infinite: set[str] = set()
        self.size = size
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        self.seen += texts
        if self.errors:
            raise self.errors.pop(0)
        if self.refuses & set(texts):
            raise ModelRejected("it cannot take that text")
        rows = np.zeros((len(texts), self.size), dtype=np.float32)
        rows[:, 0] = 1
        rows[[text in self.infinite for text in texts], 1] = np.inf
        return rows


@pytest.fixture
def queue_of(database: Database) -> Iterator[Callable[..., EmbeddingQueue]]:
    made: list[EmbeddingQueue] = []

    def make(model: Any = None, **more: Any) -> EmbeddingQueue:
        prepare = (lambda: PreparedModel(model)) if model is not None else (lambda: prepared_model(""))
        made.append(EmbeddingQueue(database, MemorySettings(), prepare=more.get("prepare", prepare)))
        return made[-1]

    yield make
    for queue in made:
        queue.close()


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available_model, "_RETRY_S", (0.05,))
    monkeypatch.setattr(available_model, "_ABSENT_S", 0.05)


def until(condition: Callable[[], object]) -> None:
    """Wait for what a background thread does; the test fails where it never does it."""
    end = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        threading.Event().wait(0.01)


def test_what_is_stored_is_embedded_by_the_real_model(
    database: Database, queue_of: Callable[..., EmbeddingQueue]
) -> None:
    queue, seqs = queue_of(), add(database, 40)
    queue.stored(seqs)
    assert queue.pending() == 40
    assert queue.wait(LONG_S) and queue.pending() == 0 and queue.reason == ""
    model = queue.prepared().model
    assert model is not None
    numbers, rows = Vectors(database).load(model.identity.digest, "default")
    assert numbers.tolist() == seqs
    query = queue.query_vector("text 7")
    assert query is not None and numbers[np.argmax(rows @ query)] == seqs[7]
    assert queue.query_vector("text 7") is query  # kept
    assert not query.flags.writeable


def test_it_is_embedded_without_anyone_waiting(database: Database, queue_of: Callable[..., EmbeddingQueue]) -> None:
    model = PlannedModel()
    queue, seqs = queue_of(model), add(database, 3)
    queue.stored(seqs)
    until(lambda: not queue.pending())
    assert Vectors(database).count_pending(model.identity.digest) == 0


def test_what_is_stored_under_an_unknown_number_is_found(
    database: Database, queue_of: Callable[..., EmbeddingQueue]
) -> None:
    model = PlannedModel()
    queue = queue_of(model)
    queue.stored()
    assert queue.wait(LONG_S)  # it looked before anything was written
    add(database, 2)
    until(lambda: not Vectors(database).count_pending(model.identity.digest))


def test_without_a_model_nothing_waits_and_the_reason_is_told(
    database: Database, queue_of: Callable[..., EmbeddingQueue]
) -> None:
    answers = [PreparedModel(None, "it is absent", "add it")]
    queue = queue_of(prepare=lambda: answers[-1])
    queue.stored(add(database, 2))
    assert not queue.wait(LONG_S)
    assert queue.query_vector("x") is None
    assert (queue.reason, queue.prepared().fix, queue.embed_all()) == ("it is absent", "add it", 0)
    model = PlannedModel()
    answers.append(PreparedModel(model))
    until(lambda: queue.query_vector("x") is not None)
    assert queue.wait(LONG_S) and queue.reason == ""


def test_a_model_that_is_being_exported_is_taken_up_when_it_is_there(
    database: Database, queue_of: Callable[..., EmbeddingQueue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(available_model, "PREPARING_S", 0.01)
    monkeypatch.setattr(embedding_queue, "PREPARING_S", 0.01)
    model = PlannedModel()
    asked: list[int] = []

    def prepare() -> PreparedModel:
        asked.append(1)
        return PreparedModel(model) if len(asked) > 3 else PreparedModel(None, "soon", preparing=True)

    queue = queue_of(prepare=prepare)
    queue.stored(add(database, 2))
    until(lambda: not queue.pending())
    assert Vectors(database).count_pending(model.identity.digest) == 0


def test_an_absent_package_is_a_reason_and_no_error(queue_of: Callable[..., EmbeddingQueue]) -> None:
    def prepare() -> PreparedModel:
        raise MissingDependency("onnxruntime", "finding memories by meaning")

    queue = queue_of(prepare=prepare)
    assert queue.query_vector("x") is None
    assert "pip install onnxruntime" in queue.reason and queue.prepared().fix.endswith("onnxruntime")


def test_a_failing_model_is_tried_again_and_the_reason_forgotten(
    database: Database, queue_of: Callable[..., EmbeddingQueue]
) -> None:
    model = PlannedModel()
    model.errors = [ModelUnavailable("the server is away"), ModelUnavailable("still away")]
    queue, seqs = queue_of(model), add(database, 3)
    assert queue.query_vector("x") is None and queue.reason == "the server is away"
    queue.stored(seqs)
    until(lambda: not queue.pending() and queue.reason == "")  # the reason is forgotten a moment after the last row
    assert not model.errors
    assert queue.query_vector("x") is not None


def test_waiting_ends_when_the_model_fails(
    database: Database, queue_of: Callable[..., EmbeddingQueue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(available_model, "_RETRY_S", (LONG_S,))
    model = PlannedModel()
    model.errors = [ModelUnavailable("the server is away")] * 99
    queue = queue_of(model)
    queue.stored(add(database, 1))
    begun = time.monotonic()
    assert not queue.wait(LONG_S)
    assert time.monotonic() - begun < LONG_S / 2
    assert queue.reason == "the server is away"


@pytest.mark.parametrize("way", ["refuses", "infinite"])
def test_one_text_that_cannot_be_embedded_does_not_keep_the_others(
    database: Database, queue_of: Callable[..., EmbeddingQueue], way: str
) -> None:
    model = PlannedModel()
    getattr(model, way).add("text 5")
    queue, seqs = queue_of(model), add(database, 9)
    assert queue.embed_all() == 8
    assert [seq for seq, _ in Vectors(database).pending(model.identity.digest, limit=9)] == [seqs[5]]
    model.seen.clear()
    queue.stored(seqs)
    assert queue.wait(LONG_S)
    assert "text 5" not in model.seen  # it is not asked again and again
    database.execute([("UPDATE memories SET text = 'a better text' WHERE seq = ?", (seqs[5],))])
    queue.stored([seqs[5]])
    assert queue.wait(LONG_S)
    assert "a better text" in model.seen and Vectors(database).count_pending(model.identity.digest) == 0


def test_long_queries_are_not_kept(database: Database, queue_of: Callable[..., EmbeddingQueue]) -> None:
    model = PlannedModel()
    queue = queue_of(model)
    queue.query_vector("warm")
    tracemalloc.start()
    try:
        for number in range(20):
            assert queue.query_vector(f"{number} " + "x" * 500_000) is not None
            model.seen.clear()
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_model_of_the_wrong_size_writes_nothing(database: Database, queue_of: Callable[..., EmbeddingQueue]) -> None:
    model = PlannedModel()
    model.size = 5
    queue = queue_of(model)
    add(database, 3)
    assert queue.embed_all() == 0
    assert "gave an array of shape" in queue.reason
    assert database.query("SELECT count(*) FROM memory_vectors") == [(0,)]


def test_everything_pending_is_embedded_with_progress(
    database: Database, queue_of: Callable[..., EmbeddingQueue]
) -> None:
    add(database, 300)
    add(database, 300, namespace="other")
    told: list[tuple[int, int]] = []
    queue = queue_of(PlannedModel())
    assert queue.embed_all(progress=lambda done, total: told.append((done, total))) == 600
    assert told[-1] == (600, 600) and len(told) > 10
    assert queue.embed_all() == 0


def test_what_a_dead_process_left_is_taken_over_and_fresh_rows_are_left_alone(
    database: Database, queue_of: Callable[..., EmbeddingQueue]
) -> None:
    model = PlannedModel()
    left, fresh = add(database, 3), add(database, 1)
    database.execute([("UPDATE memories SET created_at = ? WHERE seq = ?", (time.time(), fresh[0]))])
    queue = queue_of(model)
    assert queue.query_vector("a search is enough") is not None
    until(lambda: Vectors(database).count_pending(model.identity.digest) == 1)
    assert Vectors(database).pending(model.identity.digest, limit=9, seqs=left) == []


def test_a_changed_model_gets_all_and_then_the_old_vectors_go(
    database: Database, queue_of: Callable[..., EmbeddingQueue]
) -> None:
    add(database, 5)
    old, new = PlannedModel("b" * 16), PlannedModel("c" * 16, size=3)
    assert queue_of(old).embed_all() == 5
    new.errors = [ModelUnavailable("not yet")]
    queue = queue_of(new)
    assert queue.embed_all() == 0
    assert len(Vectors(database).load(old.identity.digest, "default")[0]) == 5
    database.execute([("UPDATE meta SET value = '1000' WHERE key = ?", (f"embedding_used:{old.identity.digest}",))])
    until(lambda: queue.query_vector("x") is not None)
    until(
        lambda: (
            database.query("SELECT DISTINCT model, length(vector) FROM memory_vectors") == [(new.identity.digest, 6)]
        )
    )


def test_it_goes_on_after_a_close(database: Database, queue_of: Callable[..., EmbeddingQueue]) -> None:
    queue = queue_of(PlannedModel())
    queue.close()
    queue.stored(add(database, 2))
    until(lambda: not queue.pending())


def test_what_is_not_done_at_the_end_stays_in_the_store(tmp_path: Path) -> None:
    code = f"""
import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})
from pathlib import Path
from orchestrator_core.models.embedding.choice import prepared_model
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.queue import EmbeddingQueue
from test_memory_vectors import add
database = Database(Path({str(tmp_path / "orchestrator.db")!r}))
queue = EmbeddingQueue(database, MemorySettings(), prepare=lambda: prepared_model(""))
seqs = add(database, 5000)
queue.stored(seqs[:1]); assert queue.wait(60)
queue.stored(seqs)
while len(seqs) - queue.pending() < 40: pass
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")  # no thread dies in native code
    database = Database(tmp_path / "orchestrator.db")
    made = database.query("SELECT count(*) FROM memory_vectors")[0][0]
    assert 40 <= made < 5000
    assert database.integrity() == "ok"
    database.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_embeds_what_it_stores(tmp_path: Path) -> None:
    code = f"""
import os, sys; sys.path.insert(0, {os.path.dirname(__file__)!r})
from pathlib import Path
from orchestrator_core.models.embedding.choice import prepared_model
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.queue import EmbeddingQueue
from test_memory_vectors import add
database = Database(Path({str(tmp_path / "orchestrator.db")!r}))
queue = EmbeddingQueue(database, MemorySettings(), prepare=lambda: prepared_model(""))
queue.stored(add(database, 20)); assert queue.wait(60)
child = os.fork()
queue.stored(add(database, 20))
done = queue.wait(60) and not queue.pending()
if child == 0:
    os._exit(0 if done else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or not done)
"""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    database = Database(tmp_path / "orchestrator.db")
    assert database.query("SELECT count(*) FROM memory_vectors") == [(60,)]
    database.close()


def test_waiting_does_not_last_until_others_rows_are_done(
    database: Database, queue_of: Callable[..., EmbeddingQueue]
) -> None:
    seqs = add(database, 400)
    seen = threading.Event()

    class Slow(PlannedModel):
        def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
            if self.seen:
                seen.wait(LONG_S)
            return super().encode(texts, query=query)

    queue = queue_of(Slow())
    queue.stored(seqs[-1:])
    assert queue.wait(LONG_S / 2)
    seen.set()
