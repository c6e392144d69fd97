"""The demonstration: what it promises it shows, checks by itself, and survives being stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.demo import target as demo_target
from orchestrator.demo.evidence import gather, places_of
from orchestrator.demo.script import scenes, secret_and_address
from orchestrator.demo.target import choose_target, find_shop, own_source
from orchestrator.testing import temporary_orchestrator
from orchestrator_core.errors import TargetError
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.trace_blob import unpack

COMMAND = [sys.executable, "-m", "orchestrator", "demo"]


@pytest.fixture(scope="module")
def small_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "small"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\nname = 'small'\nversion = '1'\n", encoding="utf-8")
    (folder / "small.py").write_text("def used():\n    return unused\n", encoding="utf-8")
    # Settings of the user's own that would spoil the show: of these only the store's count.
    (folder / "orchestrator.toml").write_text(
        "[stages]\nrecord = false\nhealing = false\n[security]\nredact_pii = []\nredact_secrets = false\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def shown(small_project: Path) -> dict[str, Any]:
    """One whole demonstration, as its JSON document."""
    kept = ("ORCHESTRATOR_MODELS",)  # the exported embedding model of the test run
    environment = {n: value for n, value in os.environ.items() if n in kept or not n.startswith("ORCHESTRATOR_")}
    done = subprocess.run(
        [*COMMAND, ".", "--json"], cwd=small_project, env=environment, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_every_promise_is_kept(shown: dict[str, Any]) -> None:
    assert shown["ok"] is True
    assert len(shown["evidence"]) == 7
    assert [piece["promise"] for piece in shown["evidence"] if not piece["kept"] or piece["left_out"]] == []


def test_without_an_embedding_model_it_says_so_and_claims_nothing(small_project: Path, tmp_path: Path) -> None:
    words = [*COMMAND, ".", "--json", "--home", str(tmp_path / "store"), "--set", "memory.embedding=none"]
    done = subprocess.run(words, cwd=small_project, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    (piece,) = (piece for piece in json.loads(done.stdout)["evidence"] if piece["left_out"])
    assert piece["promise"] == "a request in other words finds another agent's result"
    assert "by words only" in piece["detail"]


def test_seven_agents_run_twice_and_the_second_round_remembers(shown: dict[str, Any]) -> None:
    rounds = {
        number: [c for c in shown["calls"] if c["round"] == number and not c["agent"].startswith("demo-")]
        for number in (1, 2)
    }
    assert len(rounds[1]) == len(rounds[2]) == 7
    assert {call["status"] for number in rounds for call in rounds[number]} == {"succeeded"}
    assert all(call["memories"] for call in rounds[2])


def test_the_special_calls_end_as_they_should(shown: dict[str, Any]) -> None:
    by_show = {call["shows"]: call for call in shown["calls"] if call["shows"] not in ("", "memory", "meaning")}
    assert (by_show["healing"]["status"], by_show["healing"]["attempts"]) == ("succeeded", 2)
    assert by_show["failure"]["status"] == "failed"
    assert by_show["failure"]["error"]["advice"]
    assert by_show["redaction"]["status"] == "succeeded"
    assert (by_show["blocking"]["status"], by_show["blocking"]["attempts"]) == ("blocked", 0)


def test_the_code_of_the_shop_was_run_and_its_planted_bug_found(shown: dict[str, Any], small_project: Path) -> None:
    database = Database(small_project / ".orchestrator" / "orchestrator.db")
    (output,) = database.query(
        "SELECT output FROM executions WHERE agent = 'test-automator' ORDER BY started_at LIMIT 1"
    )[0]
    (profile,) = database.query("SELECT output FROM executions WHERE agent = 'performance-optimizer' LIMIT 1")[0]
    database.close()
    assert "test_pricing" in output
    assert "best_sellers" in profile


def test_no_file_of_the_store_holds_the_secret(shown: dict[str, Any], small_project: Path) -> None:
    store = small_project / ".orchestrator"
    words = [word.encode() for word in secret_and_address()]
    for file in store.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not any(word in data for word in words), file
    database = Database(store / "orchestrator.db")
    for (blob,) in database.query("SELECT blob FROM traces"):
        assert not any(word in repr(unpack(blob)) for word in secret_and_address())
    database.close()
    assert Path(shown["dashboard"]).is_file()


def test_the_calls_are_told_apart_from_the_users_own(shown: dict[str, Any], small_project: Path) -> None:
    database = Database(small_project / ".orchestrator" / "orchestrator.db")
    ((feature, namespace, caller),) = database.query("SELECT DISTINCT feature, namespace, caller FROM executions")
    assert (feature, caller) == ("demo", "orchestrate demo")
    assert namespace.startswith("demo-"), "memories of this run alone"
    database.close()


def test_two_at_once_in_one_store_keep_their_promises(small_project: Path, tmp_path: Path) -> None:
    words = [*COMMAND, ".", "--json", "--home", str(tmp_path / "store")]
    both = [
        subprocess.Popen(words, cwd=small_project, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    ended = [process.communicate(timeout=120) for process in both]
    for process, (printed, errors) in zip(both, ended, strict=True):
        broken = [piece for piece in json.loads(printed)["evidence"] if not piece["kept"]]
        assert (process.returncode, broken) == (0, []), errors
    database = Database(tmp_path / "store" / "orchestrator.db")
    assert database.query("SELECT count(DISTINCT namespace) FROM executions") == [(2,)]
    database.close()


@pytest.mark.parametrize("hiding", ["request", "trace"])
def test_the_check_for_secrets_would_see_one(tmp_path: Path, hiding: str) -> None:
    secret, _ = secret_and_address()
    with temporary_orchestrator(tmp_path / "store", overrides={"security.redact_secrets": False}) as orchestrator:
        orchestrator.register("demo-test-plain", lambda request: "done")
        result = orchestrator.execute("demo-test-plain", "harmless" if hiding == "trace" else f"the key is {secret}")
        if hiding == "trace":
            from orchestrator_core.storage.trace_blob import SpanRecord, pack

            blob = pack((SpanRecord(name=secret, span_id="a" * 16),))
            orchestrator.database.execute([("UPDATE traces SET blob = ?", (blob,))])
        found = places_of((secret,), orchestrator.database)
    assert found
    assert result.ok


def test_promises_are_not_kept_by_themselves(tmp_path: Path) -> None:
    script = [
        scene
        for scene in scenes(choose_target(str(find_shop()), execute=False))
        if scene.shows in ("meaning", "healing", "failure", "redaction", "blocking")
    ]
    with temporary_orchestrator(
        tmp_path / "store", overrides={"stages.healing": False, "stages.recall": False, "security.redact_pii": []}
    ) as orchestrator:
        for scene in script:
            orchestrator.register(scene.agent, lambda request: "all is well", replace=True)
        played = [(scene, orchestrator.execute(scene.agent, scene.request)) for scene in script]
        orchestrator.database.execute([("DELETE FROM executions WHERE status = 'blocked'", ())])
        kept = {piece.promise: piece.kept for piece in gather(played, orchestrator.database)}
    assert list(kept.values()).count(True) <= 1, kept
    assert kept["secrets and addresses are not stored"] is False
    assert kept["every call is in the history"] is False
    assert kept["a request in other words finds another agent's result"] is False


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_leaves_a_clear_line_and_the_history_intact(
    small_project: Path, tmp_path: Path, name: str, code: int
) -> None:
    home = ["--home", str(tmp_path / "store")]
    process = subprocess.Popen(
        [*COMMAND, ".", *home], cwd=small_project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    process.send_signal(getattr(signal, name))
    printed, errors = process.communicate(timeout=60)
    assert first.startswith("round 1")
    assert process.returncode == code
    assert "They are kept: orchestrate history list --feature demo" in errors
    assert "Traceback" not in errors
    assert printed == ""
    database = Database(tmp_path / "store" / "orchestrator.db")
    assert database.integrity() == "ok"
    statuses = [row[0] for row in database.query("SELECT status FROM executions ORDER BY started_at")]
    database.close()
    assert statuses[0] == "succeeded"
    assert set(statuses[1:]) <= {"succeeded", "cancelled"}


def test_targets() -> None:
    assert (own_source() / "examples" / "shop").resolve() == find_shop()
    target = choose_target(None, execute=False)
    assert target.context("code-archaeologist") == {"path": str(own_source())}
    assert target.context("code-reviewer") == {"path": str(own_source() / "orchestrator")}
    assert target.context("test-automator")["path"] == str(find_shop())
    assert target.context("performance-optimizer")["entry"] == "shop.reports:year_report"
    mine = choose_target(str(find_shop()), execute=True)
    assert mine.context("code-reviewer") == {"path": str(find_shop())}
    assert mine.context("test-automator") == {"path": str(find_shop()), "execute": True}


def test_a_folder_without_python_is_refused_before_anything_runs(orchestrate: Any, project: Path) -> None:
    (project / "empty").mkdir()
    for folder in ("empty", "."):
        for file in project.glob("*.py"):
            file.unlink()
        result = orchestrate("demo", folder)
        assert result.exit_code == 2
        assert "Error: the folder" in result.stderr
    assert not (project / ".orchestrator").exists()


def test_an_installed_magnus_brings_the_shop_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "orchestrator"
    (package / "demo" / "shop").mkdir(parents=True)
    monkeypatch.setattr(demo_target, "_PACKAGE", package)
    with pytest.raises(TargetError, match="missing from this installation"):
        find_shop()
    (package / "demo" / "shop" / "pyproject.toml").touch()
    assert find_shop() == package / "demo" / "shop"
    assert own_source() == package
