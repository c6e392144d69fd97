"""A store that schema 3 wrote, with all that the security room keeps: opened today, nothing is missing, and its names are looked at."""

from __future__ import annotations

import gzip
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from deep_words import NAME, OneName

from orchestrator import Orchestrator
from orchestrator.deep_scan.building import build_deep_scan
from orchestrator.testing import FakeClock, temporary_orchestrator
from orchestrator.wiring import store_key
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.health import check_store
from orchestrator_core.storage.schema import SCHEMA_VERSION

OLD = Path(__file__).parents[1] / "store" / "schema_3.db.gz"
"""12 memories (all but one deeply scanned, then one told later), 5 calls, 3 questions (one open), 8 decisions."""
TABLES = ("memories", "memory_aliases", "executions", "attempts", "findings", "traces", "approvals", "security_log")
KILLED = """
import os, signal, sys
from pathlib import Path
import sqlite_utils
from orchestrator_core.storage.database import Database

left, real = int(sys.argv[2]), sqlite_utils.Database.execute

def execute(self, *given):
    global left
    answer = real(self, *given)
    if given[0].lstrip().startswith(("ALTER", "CREATE TABLE memory_names", "UPDATE memories")):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return answer

sqlite_utils.Database.execute = execute
Database(Path(sys.argv[1])).open()
"""
READS = """
import sys
from pathlib import Path
from orchestrator_core.storage.database import Database

database = Database(Path(sys.argv[1]))
database.open()
print(database.query("SELECT count(*) FROM memories WHERE scan_level = 'pattern'")[0][0], database.query("PRAGMA user_version")[0][0])
database.close()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "orchestrator.db").write_bytes(gzip.decompress(OLD.read_bytes()))
    (folder / "orchestrator.db").chmod(0o600)
    return folder


@pytest.fixture
def before(home: Path) -> dict[str, list[dict[str, object]]]:
    with closing(sqlite3.connect(home / "orchestrator.db")) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (3,)
        raw.row_factory = sqlite3.Row
        return {table: [dict(row) for row in raw.execute(f"SELECT * FROM {table} ORDER BY 1, 2")] for table in TABLES}


@pytest.fixture
def magnus(home: Path, before: object) -> Iterator[Orchestrator]:
    clock = FakeClock()
    clock.advance(100)
    with temporary_orchestrator(home, clock=clock) as orchestrator:
        orchestrator.open()
        yield orchestrator


def without_level(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in row.items() if name != "scan_level"} for row in rows]


def unharmed(database: Database, before: dict[str, list[dict[str, object]]]) -> None:
    """All rows of all tables are there, with their old columns as they were but for the level of memories."""
    for table, rows in before.items():
        after = database.records(f"SELECT * FROM {table} ORDER BY 1, 2")
        assert rows, table
        assert without_level([{name: row[name] for name in rows[0]} for row in after]) == without_level(rows), table
    assert database.query("PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert database.integrity() == "ok"
    assert check_store(database.path).state == "ok"


def levels(rows: list[dict[str, object]]) -> dict[object, object]:
    return {row["id"]: row["scan_level"] for row in rows}


def test_nothing_is_lost_and_only_what_has_names_is_looked_at_again(
    magnus: Orchestrator, before: dict[str, list[dict[str, object]]]
) -> None:
    unharmed(magnus.database, before)
    after = levels(magnus.database.records("SELECT * FROM memories"))
    assert set(levels(before["memories"]).values()) == {"deep", "pattern"}
    named = {
        row["id"]
        for row in before["memories"]
        if row["session"] or (not row["status"] and row["tier"] != "lessons" and (row["key"] or row["author"]))
    }
    assert {id_ for id_, level in after.items() if level == "pattern"} == named
    assert len(named) == 7
    assert magnus.database.query("SELECT DISTINCT scan_level FROM executions") == [("deep",)]
    assert magnus.database.query("SELECT DISTINCT kind FROM security_log") == [("text",)]


def test_an_open_question_of_nobody_knows_whom_can_be_answered(magnus: Orchestrator) -> None:
    [waiting] = magnus.security.approvals.waiting()
    assert (waiting.status, waiting.asker_pid) == ("waiting", 0)
    assert magnus.security.approvals.purge() == 0
    assert magnus.security.approvals.settle(waiting.question.id, True, by="ann").accepted


def test_the_names_in_it_are_replaced_and_still_find_what_they_found(magnus: Orchestrator, home: Path) -> None:
    guard = magnus.open().guard
    scanning = build_deep_scan(
        magnus.database, magnus.settings.security, policy=guard.policy, hash_key=store_key(magnus.database),
        redact=guard.redact, clock=magnus.clock, engine=OneName(),
    ).scanning  # fmt: skip
    assert scanning.run().scanned == 7
    rows = magnus.database.query("SELECT key, author, session, text FROM memories WHERE tier <> 'lessons'")
    assert NAME not in str(rows)
    memory = magnus.memory
    assert memory.knowledge(f"home of {NAME}") == "lives by the river"
    assert memory.knowledge(f"phone of {NAME}") == "extension 8"
    assert memory.knowledge(f"phone of {NAME}", as_of=1_800_000_015.0) == "extension 7"
    assert {found.id for found in memory.browse(author=NAME)} == {"tea", "late", "lesson"}
    assert [found.id for found in memory.search("tea", session=f"talk with {NAME}")] == ["tea"]
    again = memory.get("tea-again")
    assert again is not None and again.id == "tea"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("statement", range(1, 6))
def test_a_migration_that_is_killed_is_made_by_the_next(
    home: Path, before: dict[str, list[dict[str, object]]], statement: int
) -> None:
    path = home / "orchestrator.db"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path), str(statement)], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    database = Database(path)
    database.open()
    unharmed(database, before)
    assert database.query("SELECT count(*) FROM memories WHERE scan_level = 'pattern'") == [(7,)]
    database.close()


def test_processes_that_open_it_at_once_all_find_it_whole(
    home: Path, before: dict[str, list[dict[str, object]]]
) -> None:
    path = home / "orchestrator.db"
    command = [sys.executable, "-c", READS, str(path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=60)[0].split() for process in running] == [["7", str(SCHEMA_VERSION)]] * 4
    database = Database(path)
    database.open()
    unharmed(database, before)
    database.close()
