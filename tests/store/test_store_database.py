"""Opening, guarding and migrating the store."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from orchestrator import StoreBusy, StoreDamaged, StoreError, StoreFull, StoreReadOnly, StoreTooNew
from orchestrator.testing import temporary_orchestrator
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.home import find_home, prepare_home
from orchestrator_core.storage.schema import SCHEMA_VERSION

BUSY_TIMEOUT_S = 5


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(tmp_path / "orchestrator.db", busy_timeout_s=BUSY_TIMEOUT_S)
    database.open()
    return database


def test_a_new_store_is_whole_private_and_ignored_by_git(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "project" / ".orchestrator") as magnus:
        magnus.register("echo", lambda request: request)
        magnus.execute("echo", "x")
        assert magnus.database.integrity() == "ok"
        pragmas = [
            magnus.database.query(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "auto_vacuum", "user_version")
        ]
        assert pragmas == ["wal", 2, SCHEMA_VERSION]
        assert "orchestrator.db*" in (magnus.home / ".gitignore").read_text()
        if os.name == "posix":
            assert stat.S_IMODE(magnus.home.stat().st_mode) == 0o700
            assert {stat.S_IMODE(p.stat().st_mode) for p in magnus.home.glob("orchestrator.db*")} == {0o600}


def test_other_tools_can_open_it(database: Database) -> None:
    import sqlite_utils

    database.close()
    other = sqlite_utils.Database(database.path)
    assert {"executions", "memories", "rollups"} <= set(other.table_names())
    assert other["memories"].detect_fts() == "memories_fts"
    other.close()


def test_a_current_store_opens_without_the_migration_library(database: Database) -> None:
    database.close()
    code = (
        "import sys; from pathlib import Path; from orchestrator_core.storage.database import Database;"
        f"Database(Path({str(database.path)!r})).open(); assert 'sqlite_utils' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_processes_may_race_to_make_the_store(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from orchestrator_core.storage.database import Database;"
        f"d = Database(Path({str(tmp_path / 'orchestrator.db')!r})); d.open(); print(d.integrity())"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=60)[0] for process in processes] == ["ok\n"] * 4


def test_a_newer_store_is_left_alone(database: Database) -> None:
    database.close()
    raw = sqlite3.connect(database.path)
    raw.execute("PRAGMA user_version = 999")
    raw.commit()
    raw.close()
    before = database.path.read_bytes()
    with pytest.raises(StoreTooNew, match=f"999.*knows {SCHEMA_VERSION}.*Nothing was written"):
        Database(database.path).open()
    assert database.path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"this is no database, it only looks like a file" * 50, bytes(range(256)) * 32], ids=["text", "bytes"]
)
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "orchestrator.db"
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="doctor --repair"):
        Database(path).open()
    assert path.read_bytes() == content


def test_a_damaged_page_is_a_clear_error(database: Database) -> None:
    database.execute([("INSERT INTO meta VALUES (?, ?)", (f"k{i}", "v" * 500)) for i in range(200)])
    database.maintenance()
    database.close()
    data = bytearray(database.path.read_bytes())
    for offset in range(8192, len(data), 4096):
        data[offset : offset + 200] = b"\xff" * 200
    database.path.write_bytes(bytes(data))
    damaged = Database(database.path)
    with pytest.raises(StoreDamaged):
        damaged.open()
        damaged.query("SELECT * FROM meta")
    assert damaged.path.read_bytes() == bytes(data)


def test_a_full_disk_is_a_clear_error_and_keeps_what_is_there(database: Database) -> None:
    database.execute([("INSERT INTO meta VALUES ('kept', 'yes')", ())])
    pages = database.query("PRAGMA page_count")[0][0]
    with pytest.raises(StoreFull, match="orchestrate maintain"), database.transaction() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages}")
        for i in range(1000):
            connection.execute("INSERT INTO meta VALUES (?, ?)", (f"k{i}", "v" * 1000))
    assert database.query("SELECT COUNT(*) FROM meta") == [(1,)]


def test_a_lock_that_stays_is_a_clear_error(database: Database) -> None:
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = Database(database.path, busy_timeout_s=0.05)
    with pytest.raises(StoreBusy, match="busy_timeout_s"):
        impatient.open()
    other.execute("ROLLBACK")
    other.close()
    impatient.open()


def test_a_lock_is_waited_for_in_many_short_turns(database: Database) -> None:
    other = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.8, other.execute, ["ROLLBACK"]).start()
    database.execute([("INSERT INTO meta VALUES ('waited', '')", ())])
    assert database.query("SELECT key FROM meta") == [("waited",)]
    other.close()


def test_an_exception_inside_a_transaction_undoes_it(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as connection:
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
        raise KeyError("stop")
    assert database.query("SELECT COUNT(*) FROM meta") == [(0,)]


def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError):
        database.query("DELETE FROM meta")


def test_a_store_removed_under_a_running_process_is_made_anew(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "home") as magnus:
        magnus.register("echo", lambda request: request)
        assert magnus.execute("echo", "one").recorded
        for path in magnus.home.glob("orchestrator.db*"):
            path.unlink()
        assert magnus.execute("echo", "two").recorded
        assert magnus.database.query("SELECT request FROM executions") == [("two",)]
        assert magnus.database.path.exists()


def test_a_reader_of_a_removed_store_does_not_come_back(database: Database) -> None:
    with database.reader() as lent:
        lent.execute("SELECT 1").fetchall()
        for path in database.path.parent.glob("orchestrator.db*"):
            path.unlink()
        database.execute([("INSERT INTO meta VALUES ('in the new file', '')", ())])
    assert database.query("SELECT key FROM meta") == [("in the new file",)]


def test_a_store_made_anew_in_the_middle_of_a_call_gets_a_key_of_its_own(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "home") as magnus:

        def removes(request: str) -> str:
            for path in magnus.home.glob("orchestrator.db*"):
                path.unlink()
            return "gone"

        magnus.register("removes", removes)
        assert magnus.execute("removes", "x").recorded
        magnus.open()
        assert magnus.database.query("SELECT key FROM meta") == [("hash_key",)]


def test_a_call_goes_on_when_another_thread_closes(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "home") as magnus:
        magnus.register("closes", lambda request: magnus.close())
        assert magnus.execute("closes", "x").recorded


def test_upkeep_does_not_wait_for_a_reader(database: Database) -> None:
    database.execute([("INSERT INTO meta VALUES ('a', '')", ())])
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT * FROM meta").fetchall()
    database.execute([("INSERT INTO meta VALUES ('b', '')", ())])
    assert database.maintenance() is False
    with database.transaction() as writer:
        assert writer.execute("PRAGMA busy_timeout").fetchone()[0] <= 1_000 < 1_000 * BUSY_TIMEOUT_S
    other.execute("COMMIT")
    other.close()
    assert database.maintenance() is True


def test_readers_that_are_not_needed_any_more_are_closed(database: Database) -> None:
    with ExitStack() as stack:
        lent = [stack.enter_context(database.reader()) for _ in range(40)]
    open_still = 0
    for connection in lent:
        try:
            connection.execute("SELECT 1")
            open_still += 1
        except sqlite3.ProgrammingError:
            continue
    assert 0 < open_still < 40


def test_threads_write_without_a_busy_error(database: Database) -> None:
    def write(n: int) -> None:
        for i in range(25):
            database.execute([("INSERT INTO meta VALUES (?, '')", (f"{n}-{i}",))])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.query("SELECT COUNT(*) FROM meta") == [(200,)]


def test_power_durability_waits_for_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "orchestrator.db", durability="power")
    with database.transaction() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_home_is_the_nearest_store_then_the_nearest_project(tmp_path: Path) -> None:
    user = tmp_path / "user"
    project = user / "code" / "project"
    deep = project / "src" / "deep"
    deep.mkdir(parents=True)
    assert find_home(deep, user_home=user) == deep / ".orchestrator"
    (project / "pyproject.toml").touch()
    assert find_home(deep, user_home=user) == project / ".orchestrator"
    for folder in (user, user / "code"):
        (folder / ".orchestrator").mkdir()
        (folder / ".orchestrator" / "orchestrator.db").touch()
    assert find_home(deep, user_home=user) == user / "code" / ".orchestrator"
    (user / "code" / ".orchestrator" / "orchestrator.db").unlink()
    assert find_home(deep, user_home=user) == project / ".orchestrator"


def test_a_user_without_a_home_folder_has_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert find_home(tmp_path).name == ".orchestrator"


def test_a_folder_of_another_user_that_cannot_be_made_private_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(StoreReadOnly, match=r"made private.*ORCHESTRATOR_HOME"):
        prepare_home(folder)


def test_something_else_in_the_stores_place_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="not a folder"):
        prepare_home(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
