"""The memory tables: a file of schema 1 is brought to the present one, and a damaged file gives back what belongs together."""

from __future__ import annotations

import gzip
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_core.storage.database import Database
from orchestrator_core.storage.health import check_store
from orchestrator_core.storage.recovery import repair_store
from orchestrator_core.storage.schema import SCHEMA_VERSION

OLD = Path(__file__).with_name("schema_1.db.gz")
"""A store as the first version of Magnus wrote it: 45 memories, one of them superseded, and a call."""
PAGE = 4096


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "orchestrator.db"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    path.chmod(0o600)
    return path


def found(database: Database, words: str) -> list[str]:
    return [
        row[0]
        for row in database.query(
            "SELECT id FROM memories_fts JOIN memories ON seq = memories_fts.rowid WHERE memories_fts MATCH ? ORDER BY seq", (words,)
        )
    ]  # fmt: skip


def test_a_file_of_schema_1_keeps_its_memories(old: Path) -> None:
    with closing(sqlite3.connect(old)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)
        raw.row_factory = sqlite3.Row
        before = [dict(row) for row in raw.execute("SELECT * FROM memories ORDER BY seq")]
    database = Database(old)
    database.open()
    after = database.records("SELECT * FROM memories ORDER BY seq")
    assert len(before) == 45
    assert [{name: row[name] for name in before[0]} for row in after] == before
    assert {(row["quarantined"], row["helped"], row["ignored"]) for row in after} == {("", 0.0, 0.0)}
    assert database.query("PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert database.integrity() == "ok"
    assert check_store(old).state == "ok"
    assert found(database, "printer AND tray") == [row["id"] for row in before if "tray" in row["text"]]
    assert database.query("SELECT count(*) FROM executions JOIN outbox") == [(1,)]
    database.close()


def test_what_was_written_by_schema_1_takes_part(old: Path) -> None:
    database = Database(old)
    with database.transaction() as connection:
        connection.execute("UPDATE memories SET text = 'gamma grows near expiry' WHERE id = 'theta'")
        connection.execute("DELETE FROM memories WHERE id = 'build'")
    assert found(database, "theta") == []
    assert found(database, "gamma") == ["theta"]
    assert found(database, "nightly") == []
    assert database.query("SELECT change FROM memory_log ORDER BY n") == [("put",), ("gone",)]
    with pytest.raises(Exception, match="UNIQUE"), database.transaction() as connection:
        connection.execute(
            "INSERT INTO memories (id, namespace, tier, key, text, occurred_at, created_at) "
            "VALUES ('x', 'default', 'knowledge', 'printer', 'x', 1, 1)"
        )
    database.close()


def test_processes_that_race_for_the_migration_all_win(old: Path) -> None:
    databases = [Database(old) for _ in range(4)]
    threads = [threading.Thread(target=database.open) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [database.query("SELECT count(*) FROM memories") for database in databases] == [[(45,)]] * 4
    assert databases[0].integrity() == "ok"
    for database in databases:
        database.close()


def test_the_migrated_schema_is_that_of_a_new_file(old: Path, tmp_path: Path) -> None:
    new = Database(tmp_path / "new.db")
    migrated = Database(old)
    sql = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE '_sqlite%' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    assert migrated.query(sql) == new.query(sql)
    new.close()
    migrated.close()


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Memories with vectors, other ids and prints."""
    path = tmp_path / "orchestrator.db"
    database = Database(path)
    with database.transaction() as connection:
        connection.execute("INSERT INTO memory_models VALUES ('m', 'model', 4, 1.0)")
        for number in range(1, 301):
            connection.execute(
                "INSERT INTO memories (id, namespace, tier, text, occurred_at, created_at) VALUES (?, 'd', 'tasks', ?, 1.0, 1.0)",
                (f"m{number}", f"what was learned about number{number} " + "and so on " * 20),
            )
            connection.execute("INSERT INTO memory_vectors VALUES (?, 'm', ?)", (number, number.to_bytes(8, "little")))
            connection.execute("INSERT INTO memory_aliases VALUES (?, ?, 1.0)", (f"other{number}", number))
            connection.execute("INSERT INTO memory_prints VALUES (?, ?)", (number * 7, number))
    database.maintenance()
    database.close()
    return path


def test_a_repaired_store_holds_what_belongs_together(filled: Path) -> None:
    data = bytearray(filled.read_bytes())
    page = data.index(b"number150 ") // PAGE + 1
    data[(page - 1) * PAGE : page * PAGE] = b"\xff" * PAGE
    filled.write_bytes(data)
    assert check_store(filled).state == "damaged"
    recovery = repair_store(filled)
    assert recovery.left_out == ()
    assert "memory_log" not in recovery.tables
    database = Database(filled)
    ((kept,),) = database.query("SELECT count(*) FROM memories")
    assert 250 < kept < 300
    for table in ("memory_vectors", "memory_aliases", "memory_prints"):
        assert database.query(f"SELECT count(*), count(DISTINCT memory) FROM {table}") == [(kept, kept)]
        assert database.query(f"SELECT count(*) FROM {table} WHERE memory NOT IN (SELECT seq FROM memories)") == [(0,)]
    wrong = "SELECT count(*) FROM memory_vectors JOIN memories ON seq = memory WHERE id <> 'm' || memory"
    assert database.query(wrong) == [(0,)]
    assert database.integrity() == "ok"
    assert check_store(filled).state == "ok"
    database.close()


def test_a_missing_memory_table_is_damage(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as raw:
        raw.execute("DROP TABLE memory_prints")
        raw.commit()
    health = check_store(filled)
    assert (health.state, health.detail) == ("damaged", "tables are missing: memory_prints")
    repair_store(filled)
    assert check_store(filled).state == "ok"


def test_the_views_open_in_any_program(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as raw:
        assert raw.execute("SELECT count(*) FROM live_memories").fetchone() == (300,)
        assert raw.execute("SELECT change, id FROM memory_changes ORDER BY n LIMIT 1").fetchone() == ("put", "m1")
        raw.execute("UPDATE memories SET quarantined = 'an order' WHERE id = 'm1'")
        shown = raw.execute(
            "SELECT DISTINCT text FROM memory_changes WHERE id IN ('m1', 'm2') ORDER BY text"
        ).fetchall()
        assert shown[0] == ("",) and len(shown) == 2


def test_free_pages_go_back_to_the_disk(filled: Path) -> None:
    database = Database(filled)
    size = filled.stat().st_size
    with database.transaction() as connection:
        connection.execute("DELETE FROM memories")
    assert database.maintenance()
    assert filled.stat().st_size < size - 20 * PAGE
    assert database.query("PRAGMA freelist_count") == [(0,)]
    database.close()
