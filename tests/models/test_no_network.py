"""Nothing of finding by meaning reaches another machine: set-up, export, storing, searching; and the counter does count."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import network_guard
import pytest

from orchestrator.cli.checks import Check
from orchestrator.cli.embedding_checks import embedding_check
from orchestrator_core.settings import MemorySettings, Settings

_USE = """
from orchestrator.memory import get_memory_manager
memory = get_memory_manager()
memory.remember("The printer on floor 3 is locked.")
memory.remember_many([{"text": f"database error {n}"} for n in range(40)])
found = memory.search("printer", k=3)
assert found and not found.keyword_only, found.reason
"""


def guarded(tmp_path: Path, command: list[str], **more: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a program whose attempts to reach another machine are refused and counted in a file of its own."""
    log = tmp_path / "attempts.log"
    log.unlink(missing_ok=True)
    (tmp_path / "home").mkdir(exist_ok=True)
    environ = {
        **os.environ, network_guard.LOG_VARIABLE: str(log), "ORCHESTRATOR_MODELS": str(tmp_path / "models"),
        "ORCHESTRATOR_HOME": str(tmp_path / "store"), "HOME": str(tmp_path / "home"), **more,
    }  # fmt: skip
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        environ.pop(name, None)
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    return done, log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def test_no_attempt_from_set_up_to_search(tiny_models: Any, tmp_path: Path) -> None:
    folder = str(tiny_models.folder("mean"))
    model = {"ORCHESTRATOR_MEMORY_EMBEDDING": folder}
    damaged = tmp_path / "models" / _key(folder, tmp_path / "models")
    shutil.copytree(tiny_models.export("mean"), damaged)
    (damaged / "model.onnx").write_bytes(b"damaged")
    done, attempts = guarded(tmp_path, [sys.executable, "-m", "orchestrator", "setup", "--json"], **model)
    assert done.returncode == 0, done.stderr
    step = next(step for step in json.loads(done.stdout)["steps"] if step["name"] == "embedding model")
    assert step["status"] == "ok" and "exported to" in step["detail"]  # so the child did run
    assert attempts == []
    assert list((tmp_path / "models").glob("*.damaged"))
    done, attempts = guarded(tmp_path, [sys.executable, "-c", _USE], **model)
    assert (done.returncode, attempts) == (0, []), done.stderr


def test_an_attempt_would_be_counted_in_a_child_s_child(tmp_path: Path) -> None:
    inner = "import socket; socket.getaddrinfo('magnus.example', 80)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-P', '-c', {inner!r}], check=False)"
    done, attempts = guarded(tmp_path, [sys.executable, "-c", outer])
    assert len(attempts) == 1 and "NetworkRefused" in done.stderr


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"ORCHESTRATOR_OFFLINE": "true"}, "offline is set to true (ORCHESTRATOR_OFFLINE)"),
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
    ],
)
def test_a_download_is_refused_where_it_was_forbidden(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    command = [sys.executable, "-m", "orchestrator", "setup", "--download", "--json"]
    program = "import os, sys; os.environ.update(%r); os.execv(sys.executable, %r)" % (environ, command)  # noqa: UP031
    done, attempts = guarded(tmp_path, [sys.executable, "-c", program])
    assert done.returncode == 2 and said in json.loads(done.stdout)["error"]["message"]
    assert attempts == [] and not (tmp_path / "store").exists()


def test_a_download_that_was_asked_for_asks_the_hub_and_says_what_failed(tmp_path: Path) -> None:
    model = {"ORCHESTRATOR_MEMORY_EMBEDDING": "someone/tiny", "HF_ENDPOINT": "http://127.0.0.1:9"}
    done, attempts = guarded(tmp_path, [sys.executable, "-m", "orchestrator", "setup", "--download", "--json"], **model)
    assert done.returncode == 0, done.stderr
    step = next(step for step in json.loads(done.stdout)["steps"] if step["name"] == "embedding model")
    assert step["status"] == "warn" and "someone/tiny cannot be downloaded" in step["detail"]
    assert attempts == []  # the hub that was named is on this machine


def checked(embedding: str) -> Check:
    return embedding_check(Settings(memory=MemorySettings(embedding=embedding)))


def test_the_doctor_tells_exported_exportable_absent_and_damaged_apart(
    tiny_models: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_MODELS", str(tmp_path / "models"))
    folder = str(tiny_models.folder("cls"))
    exportable = checked(folder)
    assert (exportable.status, exportable.fix) == ("warn", "orchestrate setup")
    assert "not exported yet" in exportable.detail and "keywords" in exportable.without
    shutil.copytree(tiny_models.export("cls"), tmp_path / "models" / _key(folder, tmp_path / "models"))
    assert checked(folder).status == "ok" and "exported to" in checked(folder).detail
    weights = next((tmp_path / "models").glob("*/model.onnx"))
    weights.write_bytes(weights.read_bytes()[:-1])
    damaged = checked(folder)
    assert (damaged.status, damaged.fix) == ("warn", "orchestrate setup") and "damaged" in damaged.detail
    absent = checked("someone/absent")
    assert (absent.status, absent.fix) == ("warn", "orchestrate setup --download")
    assert checked("none").status == "ok"
    assert "is not there" in checked("./no-such-folder").detail


def _key(folder: str, models: Path) -> str:
    from orchestrator_core.models.embedding.sources import find_source

    return find_source(folder, models=models, environ={}).key
