"""Each process holds an index of its own, and each search sees what the store holds by then."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator_core.errors import StoreBusy
from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.cache import IndexCache
from orchestrator_memory.index.namespace_index import NamespaceIndex
from orchestrator_memory.manager import MemoryManager

MODEL = ModelIdentity("0123456789abcdef", "a model", 3)


def seqs(index: NamespaceIndex) -> list[int]:
    return sorted(int(seq) for seq in index.column("seq")[index.column("alive")])


def held(cache: IndexCache, namespace: str = "default", identity: ModelIdentity | None = None) -> list[int]:
    with cache.index(namespace, identity) as index:
        return seqs(index)


@pytest.fixture
def cache(database: Database) -> IndexCache:
    return IndexCache(database)


def test_what_is_stored_changed_and_deleted_is_followed(
    cache: IndexCache, memory: MemoryManager, database: Database
) -> None:
    memory.remember("one", id="a")
    memory.remember("two", id="b")
    assert held(cache) == [1, 2]
    with cache.index("default", None) as index:
        same = index
    memory.remember("three", id="c")
    memory.remember("two and a half", id="b")
    memory.pin("a")
    memory.forget(id="c")
    with cache.index("default", None) as index:
        assert index is same
        assert seqs(index) == [1, 2]
        assert index.postings.get("half") is not None
        assert index.column("expires")[index.slot(1)] == np.inf
    with database.transaction() as connection:
        connection.execute("UPDATE memories SET quarantined = 'why' WHERE id = 'a'")
    with cache.index("default", None) as index:
        assert index.column("quarantined")[index.slot(1)]


def test_namespaces_are_apart(cache: IndexCache, memory: MemoryManager) -> None:
    memory.remember("one", namespace="x")
    memory.remember("two", namespace="y")
    assert (held(cache, "x"), held(cache, "y"), held(cache, "z")) == ([1], [2], [])


def test_vectors_follow_and_leave_with_their_text(cache: IndexCache, memory: MemoryManager, database: Database) -> None:
    vectors = Vectors(database)
    memory.remember("one", id="a")
    with cache.index("default", MODEL) as index:
        assert not index.column("embedded").any()
    vectors.put(MODEL, [1], np.array([[1, 0, 0]], np.float32))
    with cache.index("default", MODEL) as index:
        assert index.column("vectors")[index.slot(1)].tolist() == [1, 0, 0]
    memory.remember("another text", id="a")
    with cache.index("default", MODEL) as index:
        assert not index.column("embedded")[index.slot(1)]


def test_another_model_means_another_index(cache: IndexCache, memory: MemoryManager, database: Database) -> None:
    memory.remember("one", id="a")
    Vectors(database).put(MODEL, [1], np.array([[1, 0, 0]], np.float32))
    with cache.index("default", MODEL) as index:
        assert index.column("embedded").any()
    other = ModelIdentity("fedcba9876543210", "another", 2)
    with cache.index("default", other) as index:
        assert not index.column("embedded").any()
        assert index.column("vectors").shape[1] == 2


def test_a_trimmed_log_is_read_past(cache: IndexCache, memory: MemoryManager, database: Database) -> None:
    memory.remember("one", id="a")
    assert held(cache) == [1]
    memory.remember("two", id="b")
    memory.remember("three", id="c")
    with database.transaction() as connection:
        connection.execute("DELETE FROM memory_log WHERE n < (SELECT max(n) FROM memory_log)")
    assert held(cache) == [1, 2, 3]
    with database.transaction() as connection:
        connection.execute("DELETE FROM memory_log")
    memory.remember("four", id="d")
    assert held(cache) == [1, 2, 3, 4]


def test_a_store_that_was_replaced_is_read_anew(cache: IndexCache, memory: MemoryManager, database: Database) -> None:
    for name in ("a", "b", "c"):
        memory.remember(f"text {name}", id=name)
    assert held(cache) == [1, 2, 3]
    database.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database.path}{suffix}").unlink(missing_ok=True)
    database.open()
    memory.remember("only one", id="x")
    assert held(cache) == [1]


def test_many_changes_at_once_are_read_in_one_go(cache: IndexCache, memory: MemoryManager, database: Database) -> None:
    memory.remember("first", id="first")
    assert held(cache) == [1]
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO memories (id, namespace, tier, text, occurred_at, created_at) VALUES (?, 'default', 'tasks', 'x', 1, 1)",
            [(f"n{i}",) for i in range(1_200)],
        )
    assert len(held(cache)) == 1_201


def test_what_another_process_writes_is_found_by_the_next_search(memory: MemoryManager, database: Database) -> None:
    memory.remember("something here")
    assert not memory.search("zanzibar")
    script = (
        "import sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1])\n"
        'db.execute("INSERT INTO memories (id, namespace, tier, text, occurred_at, created_at) '
        "VALUES ('far', 'default', 'knowledge', 'a letter from Zanzibar', 1, 1)\")\n"
        "db.commit()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(database.path)], check=True)
    assert [found.id for found in memory.search("zanzibar")] == ["far"]


def test_namespaces_beyond_the_limit_let_go_of_the_oldest(cache: IndexCache, memory: MemoryManager) -> None:
    for number in range(20):
        memory.remember("x", namespace=f"n{number}", id=str(number))
        assert len(held(cache, f"n{number}")) == 1
    assert len(cache._held) == 16
    assert len(held(cache, "n0")) == 1


def test_what_is_written_while_the_log_is_followed_is_not_passed_over(
    cache: IndexCache, memory: MemoryManager, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.remember("one", id="a")
    assert held(cache) == [1]
    memory.remember("elsewhere", id="b", namespace="other")
    query = database.query

    def query_and_write(sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
        rows = query(sql, params)
        if "FROM memory_log WHERE n >" in sql:
            monkeypatch.undo()
            memory.remember("three", id="c")
        return rows

    monkeypatch.setattr(database, "query", query_and_write)
    held(cache)
    assert held(cache) == [1, 3]


def test_vectors_that_cannot_be_read_are_read_by_the_next_search(
    cache: IndexCache, memory: MemoryManager, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.remember("one", id="a")
    Vectors(database).put(MODEL, [1], np.array([[1, 0, 0]], np.float32))
    with cache.index("default", MODEL, hold_vectors=False) as index:
        assert not index.holds_vectors
    with monkeypatch.context() as broken:
        broken.setattr(Vectors, "load", lambda *_, **__: (_ for _ in ()).throw(StoreBusy("busy")))
        with pytest.raises(StoreBusy), cache.index("default", MODEL):
            pass
    with cache.index("default", MODEL) as index:
        assert index.column("vectors")[index.slot(1)].tolist() == [1, 0, 0]


def test_a_signal_handler_may_search_in_the_middle_of_a_search(
    cache: IndexCache, memory: MemoryManager, database: Database
) -> None:
    memory.remember("one", id="a")
    Vectors(database).put(MODEL, [1], np.array([[1, 0, 0]], np.float32))
    with cache.index("default", MODEL) as outer:
        memory.remember("two", id="b")  # as a handler would, in the same thread
        with cache.index("default", MODEL) as inner:
            assert seqs(inner) == [1, 2] and inner.column("embedded").tolist() == [True, False]
        assert seqs(outer) == [1]
    assert held(cache, identity=MODEL) == [1, 2]

    def interrupted() -> None:
        with cache._lock:
            held(cache)

    thread = threading.Thread(target=interrupted, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
