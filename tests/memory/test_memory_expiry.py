"""What expires when, and that the file gets smaller."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from orchestrator_core.errors import StoreFull
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.rows.expiry import BATCH, Cleanup, clean_up, cleanup_expired
from orchestrator_memory.rows.row import MemoryRow
from orchestrator_memory.rows.store import MemoryStore
from orchestrator_memory.rows.tiers import TIERS, lifetime_s

DAY_S = 86_400.0
LOGGED = "SELECT count(*), min(n), max(n) FROM memory_log"


@pytest.fixture
def store(database: Database) -> MemoryStore:
    return MemoryStore(database)


def row(number: int, **changes: Any) -> MemoryRow:
    values: dict[str, Any] = {"namespace": "default", "tier": "knowledge", "occurred_at": 100.0, "created_at": 100.0}
    return MemoryRow(**{**values, **changes, "id": f"m{number}", "text": f"text number {number}"})


def test_each_tier_has_its_lifetime() -> None:
    chosen = MemorySettings(session_days=0.5, tasks_days=2, knowledge_days=3, lessons_days=4)
    assert [lifetime_s(tier, chosen) for tier in TIERS] == [0.5 * DAY_S, 2 * DAY_S, 3 * DAY_S, 4 * DAY_S]
    assert [lifetime_s(tier, MemorySettings()) for tier in TIERS] == [DAY_S, 7 * DAY_S, 90 * DAY_S, None]


def test_what_has_expired_goes_with_all_that_belongs_to_it(store: MemoryStore, database: Database) -> None:
    store.put_many(
        [
            row(1, expires_at=150.0), row(2, expires_at=151.0), row(3, expires_at=150.0, pinned=1), row(4),
            row(5, expires_at=150.0, superseded_at=110.0, key="k"), row(6, expires_at=150.0, occurred_at=9e9),
        ]
    )  # fmt: skip
    twin = structs.replace(row(1, expires_at=120.0), id="alias")
    assert store.put(twin).merged_into == "m1"
    database.execute([("INSERT INTO memory_vectors SELECT seq, 'm', x'00' FROM memories", ())])
    assert cleanup_expired(database, 150.0) == 3
    assert database.query("SELECT id FROM memories ORDER BY id") == [("m2",), ("m3",), ("m4",)]
    assert database.query("SELECT count(*) FROM memory_vectors") == [(3,)]
    assert database.query("SELECT count(*) FROM memory_prints") == [(3,)]
    assert database.query("SELECT count(*) FROM memory_aliases") == [(0,)]
    assert cleanup_expired(database, 150.0) == 0


def test_the_file_shrinks(store: MemoryStore, database: Database, tmp_path: Path) -> None:
    number = 2 * BATCH + 10
    store.put_many([row(n, expires_at=150.0 if n % 10 else None) for n in range(number)])
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO memory_vectors VALUES (?, 'm', ?)", ((seq, os.urandom(768)) for seq in range(1, number + 1))
        )
    database.maintenance()
    size = (tmp_path / "orchestrator.db").stat().st_size
    done = clean_up(database, 200.0)
    assert done == Cleanup(removed=number - number // 10, log_entries=0, shrunk=True)
    assert (tmp_path / "orchestrator.db").stat().st_size < size / 3
    assert not (tmp_path / "orchestrator.db-wal").stat().st_size
    assert database.integrity() == "ok"
    database.execute([("INSERT INTO memories_fts (memories_fts) VALUES ('integrity-check')", ())])


def test_a_reader_that_holds_old_pages_is_told_of(store: MemoryStore, database: Database) -> None:
    store.put_many([row(n, expires_at=150.0) for n in range(100)])
    with database.reader() as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM memories").fetchone()
        done = clean_up(database, 200.0)
        connection.execute("ROLLBACK")
    assert (done.removed, done.shrunk) == (100, False)
    assert database.maintenance()


def test_the_log_keeps_its_newest_entries(store: MemoryStore, database: Database) -> None:
    store.put_many([row(n) for n in range(300)])
    assert clean_up(database, 200.0, log_kept=50, batch=7).log_entries == 250
    assert database.query(LOGGED) == [(50, 251, 300)]
    assert clean_up(database, 200.0, log_kept=50) == Cleanup(0)
    store.put(row(300))
    assert database.query(LOGGED) == [(51, 251, 301)]


def test_an_empty_store_is_left_alone(database: Database) -> None:
    assert clean_up(database, 1e12) == Cleanup(0)


def test_other_threads_write_meanwhile(store: MemoryStore, database: Database) -> None:
    store.put_many([row(n, expires_at=150.0) for n in range(3_000)])
    done = threading.Event()
    written: list[str] = []

    def write() -> None:
        number = 10_000
        while not done.is_set():
            written.append(store.put(row(number)).id)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert clean_up(database, 200.0, batch=100).removed == 3_000
    finally:
        done.set()
        writer.join()
    assert written
    assert [name for name in written if store.seq_of(name) is None] == []
    assert database.integrity() == "ok"


def test_a_full_disk_stops_it_with_a_clear_error(store: MemoryStore, database: Database) -> None:
    store.put_many([row(n, expires_at=150.0) for n in range(2_000)])
    ((pages,),) = database.query("PRAGMA page_count")
    with database.transaction() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        clean_up(database, 200.0)
    except StoreFull:
        assert database.integrity() == "ok"
    with database.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    clean_up(database, 200.0)
    assert database.query("SELECT count(*) FROM memories") == [(0,)]
