"""A damaged store: told apart, kept, and emptied of what can still be read."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator_core.errors import StoreBusy, StoreFull, StoreTooNew, UsageError
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.health import check_store
from orchestrator_core.storage.recovery import repair_store
from orchestrator_core.storage.schema import SCHEMA_VERSION

CALLS = 300
PAGE = 4096


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store of some hundred pages."""
    path = tmp_path_factory.mktemp("healthy") / "orchestrator.db"
    database = Database(path)
    with database.transaction() as connection:
        connection.execute("INSERT INTO meta VALUES ('hash_key', 'abcdef01')")
        for number in range(CALLS):
            call = f"{number:06x}"
            connection.execute(
                "INSERT INTO executions (id, started_at, finished_at, duration_ms, agent, status, request, output)"
                " VALUES (?, ?, ?, 1.0, 'a', 'succeeded', ?, ?)",
                (call, float(number), float(number), f"request {number} ü", "out " * 100),
            )
            for n in (1, 2):
                connection.execute(
                    "INSERT INTO attempts (execution_id, n, agent, outcome, duration_ms) VALUES (?, ?, 'a', 'succeeded', 1.0)",
                    (call, n),
                )
            connection.execute(
                "INSERT INTO memories (id, namespace, tier, text, occurred_at, created_at) VALUES (?, 'd', 'tasks', ?, 1.0, 1.0)",
                (f"m{number}", f"what was learned about number{number}"),
            )
    database.close()
    return path.read_bytes()


@pytest.fixture
def store(tmp_path: Path, healthy: bytes) -> Path:
    path = tmp_path / "orchestrator.db"
    path.write_bytes(healthy)
    path.chmod(0o600)
    return path


def zeroed(data: bytearray, chance: random.Random) -> None:
    for _ in range(3):
        at = chance.randrange(1, len(data) // PAGE) * PAGE
        data[at : at + PAGE] = bytes(PAGE)


def flipped(data: bytearray, chance: random.Random) -> None:
    for _ in range(30):
        data[chance.randrange(PAGE, len(data))] ^= 1 << chance.randrange(8)


def noisy(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(PAGE, len(data) - 4 * PAGE)
    data[at : at + 3 * PAGE] = chance.randbytes(3 * PAGE)


def truncated(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) // 2, len(data)) :]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("damage", [zeroed, flipped, noisy, truncated])
def test_what_can_be_read_is_recovered_and_the_damaged_file_kept(
    store: Path, healthy: bytes, damage: Callable[[bytearray, random.Random], None], seed: int
) -> None:
    original = dict(Database(store).query("SELECT id, output FROM executions"))
    data = bytearray(healthy)
    damage(data, random.Random(seed))
    store.write_bytes(data)
    health = check_store(store)
    if health.state == "ok":
        return  # it hit a free page or a value; the property below has nothing to say
    assert health.state == "damaged"
    assert health.detail
    assert store.read_bytes() == data, "looking changes nothing"
    recovery = repair_store(store, now=0.0)
    assert Path(recovery.kept).name == "orchestrator.db.damaged-19700101-000000"
    assert Path(recovery.kept).read_bytes() == data
    after = check_store(store)
    assert after.state == "ok"
    assert after.rows["executions"] == recovery.tables["executions"].recovered
    assert after.rows["memories"] == recovery.tables["memories"].recovered
    database = Database(store)
    found = dict(database.query("SELECT id, output FROM executions"))
    if damage is not flipped:  # a flipped bit inside a value cannot be seen by anybody
        assert found.items() <= original.items()
    lost = recovery.tables["executions"]
    assert len(found) == CALLS or lost.gaps or lost.rejected or not lost.complete, "a loss is never silent"
    database.close()
    assert sorted(p.name for p in store.parent.iterdir() if "repair" in p.name) == []


def test_one_bad_page_costs_its_own_rows_only(store: Path, healthy: bytes) -> None:
    (root,) = Database(store).query("SELECT rootpage FROM sqlite_master WHERE name = 'executions'")[0]
    leaf = page_of(healthy, b"request 200 ")
    assert leaf != root
    data = bytearray(healthy)
    data[(leaf - 1) * PAGE : leaf * PAGE] = b"\xff" * PAGE
    store.write_bytes(data)
    recovery = repair_store(store)
    lost = CALLS - recovery.tables["executions"].recovered
    assert 0 < lost < 15
    assert recovery.tables["executions"].gaps == lost
    assert recovery.tables["memories"].recovered == CALLS
    assert recovery.tables["attempts"].rejected == 2 * lost, "attempts of calls that are lost"
    database = Database(store)
    assert database.query("SELECT count(*) FROM memories_fts WHERE memories_fts MATCH 'number299'") == [(1,)]
    assert database.query("SELECT value FROM meta WHERE key = 'hash_key'") == [("abcdef01",)]
    database.close()


def page_of(data: bytes, text: bytes) -> int:
    """The number of the page that holds a text, from 1."""
    return data.index(text) // PAGE + 1


def test_a_file_whose_head_is_gone_gives_all_its_rows(store: Path, healthy: bytes) -> None:
    store.write_bytes(bytes(16) + healthy[16:])
    assert check_store(store).state == "damaged"
    recovery = repair_store(store)
    assert recovery.complete
    assert recovery.tables["executions"].recovered == CALLS


def test_a_damaged_index_loses_nothing(store: Path, healthy: bytes) -> None:
    (root,) = Database(store).query("SELECT rootpage FROM sqlite_master WHERE name = 'executions_started'")[0]
    data = bytearray(healthy)
    data[(root - 1) * PAGE : root * PAGE] = bytes(PAGE)
    store.write_bytes(data)
    assert check_store(store).state == "damaged"
    assert repair_store(store).complete


def test_rows_in_the_write_ahead_log_are_recovered_too(tmp_path: Path, store: Path, healthy: bytes) -> None:
    database = Database(store)
    database.execute(
        [
            (
                "INSERT INTO memories (id, namespace, tier, text, occurred_at, created_at) VALUES ('w', 'd', 'tasks', 'late', 1, 1)",
                (),
            )
        ]
    )
    copy = tmp_path / "copy" / "orchestrator.db"
    copy.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{store}{suffix}", f"{copy}{suffix}")
    database.close()
    data = bytearray(copy.read_bytes())
    leaf = page_of(bytes(data), b"request 200 ")
    data[(leaf - 1) * PAGE : leaf * PAGE] = b"\xff" * PAGE
    copy.write_bytes(data)
    assert repair_store(copy).tables["memories"].recovered == CALLS + 1


@pytest.mark.parametrize(
    "data",
    [b"no database at all " * 1_000, b"SQLite format 3\0" + b"\xff" * 9_000, b"\0" * 9_000, b"SQLite for", b"\0" * 511],
)
def test_a_file_that_is_no_database_is_kept_and_replaced(store: Path, data: bytes) -> None:
    store.write_bytes(data)
    assert check_store(store).state == "damaged"
    recovery = repair_store(store)
    assert recovery.rows == 0
    assert not recovery.complete
    assert Path(recovery.kept).read_bytes() == data
    assert check_store(store).state == "ok"


def test_repairs_in_one_second_keep_both_files(store: Path) -> None:
    kept = []
    for word in (b"one" * 999, b"two" * 999):
        store.write_bytes(word)
        kept.append(repair_store(store, now=0.0).kept)
    assert [Path(name).read_bytes()[:3] for name in kept] == [b"one", b"two"]


def test_what_is_not_damaged_is_left_alone(store: Path, tmp_path: Path, healthy: bytes) -> None:
    with pytest.raises(UsageError, match="is healthy"):
        repair_store(store)
    with pytest.raises(UsageError, match="no store"):
        repair_store(tmp_path / "nowhere.db")
    with sqlite3.connect(store) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    assert check_store(store).state == "too-new"
    with pytest.raises(StoreTooNew, match="newer"):
        repair_store(store)


def test_a_store_in_use_is_not_repaired(store: Path, healthy: bytes) -> None:
    data = bytearray(healthy)
    leaf = page_of(healthy, b"request 200 ")
    data[(leaf - 1) * PAGE : leaf * PAGE] = b"\xff" * PAGE
    store.write_bytes(data)
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusy, match="in use"):
            repair_store(store)
    finally:
        other.close()
    assert store.read_bytes() == data


def test_too_little_disk_is_told_before_anything_is_done(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write_bytes(b"x" * 5_000)
    usage = shutil.disk_usage(store.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=9_999))
    with pytest.raises(StoreFull, match="needs 10000 bytes"):
        repair_store(store)
    assert store.read_bytes() == b"x" * 5_000


def test_health_of_odd_places(tmp_path: Path, store: Path) -> None:
    assert check_store(tmp_path / "a" / "b.db").state == "absent"
    (tmp_path / "folder.db").mkdir()
    assert check_store(tmp_path / "folder.db").state == "unreadable"
    odd = tmp_path / "100% odd?name#here" / "orchestrator.db"
    odd.parent.mkdir()
    shutil.copyfile(store, odd)
    assert check_store(odd).rows["executions"] == CALLS
    store.write_bytes(b"")
    assert check_store(store).state == "ok", "an empty file is a store without tables"


def test_health_sees_open_permissions(store: Path) -> None:
    assert check_store(store).private
    store.chmod(0o644)
    assert check_store(store).private is (os.name != "posix")


# --- the doctor -------------------------------------------------------------------------------------------------------------------


def test_the_doctor_finds_a_sound_installation_well(orchestrate: Any, run_echo: Any) -> None:
    run_echo()
    document = orchestrate.json("doctor")
    assert document["ok"] is True
    checks = {check["name"]: check for check in document["checks"]}
    assert checks["Python"]["status"] == checks["SQLite"]["status"] == checks["database"]["status"] == "ok"
    assert "1 executions" in checks["database"]["detail"]
    for name in ("bandit", "msgspec", "sqlite-utils"):
        assert checks[name]["status"] == "ok"
    assert document["repair"] is None
    text = orchestrate("doctor", "--repair").stdout
    assert "There was nothing to repair." in text
    assert "integrity ok" in text


def test_the_doctor_finds_and_mends_a_damaged_store(
    orchestrate: Any, run_echo: Any, project: Path, healthy: bytes
) -> None:
    run_echo()
    path = project / ".orchestrator" / "orchestrator.db"
    data = bytearray(healthy)
    leaf = page_of(healthy, b"request 200 ")
    data[(leaf - 1) * PAGE : leaf * PAGE] = b"\xff" * PAGE
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(data)
    sick = orchestrate("doctor")
    assert sick.exit_code == 1
    assert "orchestrate doctor --repair" in sick.stdout
    assert "Broken: database." in sick.stdout
    assert path.read_bytes() == data
    mended = orchestrate.json("doctor", "--repair")
    assert mended["ok"] is True
    assert mended["repair"]["rows"] > CALLS
    assert Path(mended["repair"]["kept"]).read_bytes() == data
    assert run_echo("again")["recorded"] is True
    assert len(orchestrate.json("history", "list", "-n", "1000")["executions"]) > CALLS - 20


def test_the_repair_is_told_in_words(orchestrate: Any, project: Path) -> None:
    (project / ".orchestrator").mkdir()
    (project / ".orchestrator" / "orchestrator.db").write_bytes(b"no database" * 99)
    result = orchestrate("doctor", "--repair")
    assert result.exit_code == 0
    assert "0 rows recovered. The damaged file is kept as" in result.stdout
    assert "more may be lost" in result.stdout


def test_the_doctor_looks_on_where_the_settings_are_wrong(orchestrate: Any, project: Path) -> None:
    (project / "orchestrator.toml").write_text("nonsense = 1\n", encoding="utf-8")
    document = orchestrate.json("doctor", code=1)
    checks = {check["name"]: check for check in document["checks"]}
    assert "orchestrator.toml:1: nonsense is no setting" in checks["settings"]["detail"]
    assert checks["database"]["status"] == "ok"


def test_the_doctor_names_missing_and_wrong_packages(orchestrate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["bandit<1", "no-such-package>=3", "msgspec>=999", "click>=8; python_version < '3'", "rich>=1"]
    monkeypatch.setattr("importlib.metadata.requires", lambda _: wanted)
    document = orchestrate.json("doctor", code=1)
    packages = {check["name"]: check for check in document["checks"] if check["group"] == "Packages"}
    assert set(packages) == {"bandit", "no-such-package", "msgspec", "rich"}
    assert packages["bandit"]["status"] == "warn"
    assert "<1 is needed" in packages["bandit"]["detail"]
    assert packages["bandit"]["fix"] == 'python -m pip install "bandit<1"'
    assert packages["bandit"]["without"]
    assert (packages["no-such-package"]["status"], packages["no-such-package"]["detail"]) == ("warn", "missing")
    assert packages["msgspec"]["status"] == "fail", "nothing works without it"
    assert packages["rich"]["status"] == "ok"


def test_the_doctor_tries_packages_when_asked(orchestrate: Any, monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    monkeypatch.setattr("importlib.metadata.requires", lambda _: ["msgspec", "opentelemetry-sdk"])
    (project / "msgspec.py").write_text("raise ImportError('planted')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(project))
    document = orchestrate.json("doctor", "--deep", code=1)
    packages = {check["name"]: check for check in document["checks"] if check["group"] == "Packages"}
    assert "cannot be imported: ImportError: planted" in packages["msgspec"]["detail"]
    assert packages["opentelemetry-sdk"]["status"] == "ok"


def test_no_declared_package_is_without_a_word_on_what_works_without_it() -> None:
    from importlib import metadata

    from packaging.requirements import Requirement

    from orchestrator.cli.package_checks import _ESSENTIAL, _WITHOUT

    requirements = [Requirement(text) for text in metadata.requires("magnus-orchestrator") or []]
    declared = {r.name for r in requirements if r.marker is None or r.marker.evaluate()}  # extras are no part of it
    assert declared == set(_WITHOUT) | set(_ESSENTIAL)


def test_the_embedding_model_is_told_by_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestrator_core.models.embedding import files as embedding_files

    monkeypatch.setattr(embedding_files, "PACKAGE", "no_such_package_at_all")
    environ = {"HF_HOME": str(tmp_path)}
    assert embedding_files.find_embedding_files(environ=environ).state == "absent"
    folder = tmp_path / "hub" / "models--sentence-transformers--all-MiniLM-L6-v2" / "snapshots" / "abc"
    folder.mkdir(parents=True)
    assert embedding_files.find_embedding_files(environ=environ).state == "incomplete"
    for name in embedding_files.NEEDED:
        (folder / name).write_bytes(b"{}")
    found = embedding_files.find_embedding_files(environ=environ)
    assert (found.state, found.folder) == ("wrong", str(folder))
    monkeypatch.setattr(
        embedding_files, "WEIGHTS_SHA256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
    seen: list[tuple[int, int]] = []
    assert (
        embedding_files.find_embedding_files(environ=environ, progress=lambda a, b: seen.append((a, b))).state == "ok"
    )
    assert seen == [(2, 2)]


def test_a_name_model_counts_only_when_it_finds_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestrator.cli import model_checks

    for name, pipeline in (("cli_model_a", ["tagger"]), ("cli_model_b", ["tagger", "ner"])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('must not be imported')", encoding="utf-8")
        (tmp_path / name / "meta.json").write_text(json.dumps({"pipeline": pipeline}), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    announced = tmp_path / "cli_models-1.0.dist-info"
    announced.mkdir()
    (announced / "METADATA").write_text("Metadata-Version: 2.1\nName: cli-models\nVersion: 1.0\n", encoding="utf-8")
    points = "[spacy_models]\na = cli_model_a\nno_such = no_such_model\n"
    (announced / "entry_points.txt").write_text(points, encoding="utf-8")
    assert model_checks.ner_check().status == "warn"
    (announced / "entry_points.txt").write_text(f"{points}b = cli_model_b\n", encoding="utf-8")
    assert (model_checks.ner_check().status, model_checks.ner_check().detail) == ("ok", "cli_model_b")
