"""Models come out of the export as they went in, once, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from orchestrator_core.models.embedding import export_process
from orchestrator_core.models.embedding.attempts import Attempt, read_attempt, write_attempt
from orchestrator_core.models.embedding.choice import prepared_model
from orchestrator_core.models.embedding.export_process import run_export, start_export
from orchestrator_core.models.embedding.exported import read_export
from orchestrator_core.models.embedding.onnx_model import load_export
from orchestrator_core.models.embedding.sources import CannotExport, Source, check_pipeline, find_source
from tiny_models.__main__ import KINDS, TEXTS, claim_module


def source_of(folder: Path, models: Path) -> Source:
    source = find_source(str(folder), models=models, environ={})
    assert source.folder, source.problem
    return source


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_gives_the_original_s_vectors(tiny_models: Any, kind: str) -> None:
    model = load_export(tiny_models.export(kind))
    assert model is not None
    original = tiny_models.made[kind]
    for query, wanted in ((False, original["kept"]), (True, original["asked"])):
        cosines = model.encode(TEXTS, query=query) @ np.array(wanted, dtype=np.float32).T
        assert np.diag(cosines).min() > 0.97
        assert (np.diag(cosines) >= cosines.max(axis=1) - 1e-4).all()


def test_what_stands_before_a_query_is_not_what_stands_before_a_kept_text(tiny_models: Any) -> None:
    model = load_export(tiny_models.export("prompts"))
    assert model is not None
    assert not np.allclose(model.encode(["printer"]), model.encode(["printer"], query=True), atol=0.01)


def test_kinds_have_identities_of_their_own(tiny_models: Any) -> None:
    infos = [read_export(tiny_models.export(kind)) for kind in KINDS]
    assert len({info.digest for info in infos if info is not None}) == len(KINDS)
    assert all(info is not None and len(info.digest) == 16 for info in infos)


def test_an_export_that_came_out_wrong_is_refused(tiny_models: Any) -> None:
    assert "does not give the original's vectors" in tiny_models.made["refused"]
    assert "cannot be loaded as a SentenceTransformer" in tiny_models.made["broken"]
    for name in ("wrong", "broken"):
        assert not (tiny_models.place / f"{name}-export").exists()
    assert not list(tiny_models.place.glob(".*"))


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("my_module.Evil", "code of its own"),
        ("sentence_transformers.models.CLIPModel", "cannot be exported: CLIPModel"),
    ],
)
def test_code_and_modules_of_other_kinds_are_refused_unread(
    tiny_models: Any, tmp_path: Path, module: str, said: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_models.folder("mean"), folder)
    claim_module(folder, module)
    (folder / "my_module.py").write_text("raise SystemExit('this must not run')", encoding="utf-8")
    with pytest.raises(CannotExport, match=said):
        check_pipeline(folder)
    found = prepared_model(str(folder), models=tmp_path / "models")
    assert found.model is None and said in found.reason and not found.preparing


def test_a_folder_that_is_no_model_says_so(tmp_path: Path) -> None:
    assert "is no SentenceTransformer" in prepared_model(str(tmp_path), models=tmp_path / "models").reason
    assert "not there" in prepared_model(str(tmp_path / "gone"), models=tmp_path / "models").reason
    assert (
        "hub cache"
        in prepared_model("no/such-model", models=tmp_path / "models", environ={"HF_HOME": str(tmp_path)}).reason
    )


def test_a_model_is_found_by_name_in_the_hub_cache(tiny_models: Any, tmp_path: Path) -> None:
    hub = tmp_path / "hub" / "models--someone--tiny"
    for commit in ("a1", "b2"):
        shutil.copytree(tiny_models.folder("mean" if commit == "a1" else "cls"), hub / "snapshots" / commit)
    (hub / "refs").mkdir()
    (hub / "refs" / "main").write_text("b2", encoding="utf-8")
    source = find_source("someone/tiny", models=tmp_path / "models", environ={"HF_HOME": str(tmp_path)})
    assert (source.name, Path(source.folder).name) == ("someone/tiny", "b2")
    assert source.key == source_of(tiny_models.folder("cls"), tmp_path / "models").key


def test_two_processes_export_once_and_what_a_killed_one_left_is_removed(tiny_models: Any, tmp_path: Path) -> None:
    models = tmp_path / "models"
    source = source_of(tiny_models.folder("mean"), models)
    target = models / source.key
    killed = subprocess.Popen(
        export_process._command(source, target), stdout=subprocess.PIPE, env=export_process._environment()
    )
    assert killed.stdout is not None
    for line in killed.stdout:
        if b"checking" in line:
            break
    killed.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    killed.wait()
    killed.stdout.close()
    assert not target.exists()
    assert list(models.glob(f".{source.key}.*"))

    both = [
        subprocess.Popen(
            export_process._command(source, target),
            stdout=subprocess.PIPE,
            text=True,
            env=export_process._environment(),
        )
        for _ in range(2)
    ]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    # The other one waited and found it done.
    assert sorted(len(text.splitlines()) for text in said) == [0, export_process.STAGES]
    assert read_export(target) is not None
    assert not list(models.glob(f".{source.key}.*")) and read_attempt(target) is None
    assert target.stat().st_mode & 0o77 == 0


def test_a_damaged_export_is_put_aside_and_made_anew(tiny_models: Any, tmp_path: Path) -> None:
    models = tmp_path / "models"
    folder = tiny_models.folder("cls")
    source = source_of(folder, models)
    target = models / source.key
    shutil.copytree(tiny_models.export("cls"), target)
    before = read_export(target)
    content = bytearray((target / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (target / "model.onnx").write_bytes(content)
    found = prepared_model(str(folder), models=models, background=False)
    assert found.model is None and "model.onnx is damaged" in found.reason

    found = prepared_model(str(folder), models=models)
    assert found.preparing and "model.onnx is damaged" in found.reason and "being exported" in found.reason
    assert prepared_model(str(folder), models=models).preparing
    assert export_process._begun.processes[str(target)].wait() == 0
    after = prepared_model(str(folder), models=models)
    assert before is not None and after.model is not None
    assert after.model.identity.digest == before.digest  # so the vectors in stores stay good
    assert (models / f"{source.key}.damaged" / "model.onnx").read_bytes() == content


def test_a_failed_export_is_told_and_not_tried_again_at_once(tiny_models: Any, tmp_path: Path) -> None:
    models, folder = tmp_path / "models", tiny_models.folder("mean")
    source = source_of(folder, models)
    target = models / source.key
    elsewhere = tmp_path / "no model"  # by the time the child looks
    elsewhere.mkdir()
    assert start_export(structs.replace(source, folder=str(elsewhere)), target) == ""
    process = export_process._begun.processes[str(target)]
    assert process.wait() == 1
    for _ in range(2):
        found = prepared_model(str(folder), models=models)
        assert found.model is None and not found.preparing
        assert "is no SentenceTransformer" in found.reason and found.fix == "orchestrate setup"
    assert export_process._begun.processes[str(target)] is process
    assert not target.exists() and not list(models.glob(f".{source.key}.*"))


def test_an_interrupted_export_may_begin_again_sooner_than_a_failed_one() -> None:
    assert Attempt(at=100.0).again_at < Attempt(at=100.0, reason="it failed").again_at == 3700.0


def test_what_failed_before_is_the_answer_until_the_hour_is_over(tmp_path: Path) -> None:
    target = tmp_path / "models" / "0123456789abcdef"
    target.parent.mkdir()
    write_attempt(target, Attempt(at=time.time() - 10, reason="torch is broken"))
    assert start_export(Source(name="x", folder=str(tmp_path)), target) == "torch is broken"
    assert str(target) not in export_process._begun.processes


def test_run_export_says_why_it_failed(tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match="is no SentenceTransformer"):
        run_export(Source(name="x", folder=str(tmp_path)), tmp_path / "models" / "0123456789abcdef")


def test_an_export_that_is_no_folder_of_ours_is_left_alone(tmp_path: Path) -> None:
    assert read_export(tmp_path / "nothing") is None
    (tmp_path / "info.json").write_text(json.dumps({"name": "x"}), encoding="utf-8")
    found = prepared_model(str(tmp_path), models=tmp_path / "models")
    assert found.model is None and "info.json cannot be read" in found.reason


def test_the_module_runs_without_what_lies_in_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise SystemExit('the wrong torch')", encoding="utf-8")
    command = export_process._command(Source(name="x", folder=str(tmp_path)), tmp_path / "m" / "x")
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env=export_process._environment()
    )
    assert done.returncode == 1 and "no SentenceTransformer" in done.stderr
    assert command[:2] == [sys.executable, "-P"]
