"""The exported model at work: the same text, the same vector; any text; what is missing is told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_ollama.script import FakeModel
from fake_ollama.server import FakeOllama
from orchestrator_core.errors import MissingDependency, ModelUnavailable
from orchestrator_core.file_lock import file_lock, is_locked
from orchestrator_core.models.embedding import ollama_model
from orchestrator_core.models.embedding.choice import prepared_model
from orchestrator_core.models.embedding.exported import models_folder
from orchestrator_core.models.embedding.onnx_model import OnnxEmbedding, load_export
from orchestrator_core.models.embedding.sources import default_key, find_source

ODD = ("", " ", "\0", "a\0b", "\ud800", "🙂" * 3, "東京の天気", "مرحبا", "x" * 1_000_000, "word " * 200_000, "\n\n\t")


@pytest.fixture(scope="module")
def model() -> OnnxEmbedding:
    found = load_export(models_folder() / default_key())
    assert found is not None
    return found


def test_the_default_model_is_ready(model: OnnxEmbedding) -> None:
    found = prepared_model("")
    assert found.model is model  # loaded once per process
    assert prepared_model("all-MiniLM-L6-v2").model is model
    assert prepared_model(str(models_folder() / default_key())).model is model
    assert (found.reason, found.preparing, model.identity.dimensions) == ("", False, 384)


def test_meaning_is_near_meaning(model: OnnxEmbedding) -> None:
    cat, kitten, invoice = model.encode(["The cat sleeps.", "A kitten is dozing.", "The invoice is overdue."])
    assert cat @ kitten > cat @ invoice + 0.2


def test_any_text_has_a_unit_vector(model: OnnxEmbedding) -> None:
    vectors = model.encode(ODD)
    assert vectors.shape == (len(ODD), 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert model.encode([]).shape == (0, 384)


@settings(max_examples=15, deadline=None)
@given(texts=st.lists(st.text(max_size=60), min_size=1, max_size=20), place=st.integers(min_value=0))
def test_a_vector_does_not_depend_on_the_other_texts(model: OnnxEmbedding, texts: list[str], place: int) -> None:
    place %= len(texts)
    assert np.array_equal(model.encode(texts)[place], model.encode([texts[place]])[0])


def test_threads_get_what_one_thread_gets(model: OnnxEmbedding) -> None:
    texts = [f"printer {n} on floor {n % 7}" for n in range(60)]
    wanted = OnnxEmbedding(models_folder() / default_key(), model._info, workers=1).encode(texts)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(model.encode(texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(np.array_equal(one, wanted) for one in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_embeds_as_well() -> None:
    code = """
import os, sys
from orchestrator_core.models.embedding.choice import prepared_model
model = prepared_model("").model
before = model.encode(["hello"])
child = os.fork()
if child == 0:
    same = (model.encode(["hello"]) == before).all() and (prepared_model("").model.encode(["hello"]) == before).all()
    os._exit(0 if same else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-W", "ignore::DeprecationWarning", "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_an_absent_package_is_named_with_what_needs_it(
    monkeypatch: pytest.MonkeyPatch, models: Path, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        MissingDependency, match=f"finding memories by meaning needs .*{package}.*pip install {package}"
    ):
        prepared_model("", models=models)


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json", "info.json"])
@pytest.mark.parametrize("damage", ["cut", "gone", "changed"])
def test_each_damaged_file_is_noticed(models: Path, file: str, damage: str) -> None:
    path = models / default_key() / file
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"x" + content[1:])
    found = prepared_model("", models=models, background=False)
    assert found.model is None and file in found.reason and found.fix


def test_without_a_source_an_export_that_is_there_is_enough(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestrator_core.models.embedding import files

    monkeypatch.setattr(files, "PACKAGE", "no_such_package_at_all")
    assert prepared_model("", models=models, environ={"HF_HOME": str(models)}).model is not None
    absent = prepared_model("", models=models / "none", environ={"HF_HOME": str(models)})
    assert absent.model is None and "is not on this machine" in absent.reason and "setup --download" in absent.fix
    assert not (models / "none").exists()


def test_none_is_no_model() -> None:
    found = prepared_model("none")
    assert found.model is None and "switched off" in found.reason and not found.preparing


def test_exports_lie_in_the_user_s_cache(tmp_path: Path) -> None:
    place = Path("magnus-orchestrator") / "models"
    cache = {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    assert models_folder(cache, platform="linux") == tmp_path / place
    assert models_folder(cache, platform="win32") == tmp_path / place
    assert models_folder({}, platform="linux") == Path.home() / ".cache" / place
    assert models_folder({}, platform="darwin") == Path.home() / "Library" / "Caches" / place
    assert models_folder({"ORCHESTRATOR_MODELS": str(tmp_path), **cache}) == tmp_path


def test_a_folder_of_models_is_read_anew_only_when_it_changed(tiny_models: Any, tmp_path: Path) -> None:
    folder = tiny_models.folder("mean")
    first = find_source(str(folder), models=tmp_path, environ={})
    config = folder / "config_sentence_transformers.json"
    text = config.read_text(encoding="utf-8")
    try:
        config.write_text(text + " ", encoding="utf-8")
        assert find_source(str(folder), models=tmp_path, environ={}).key != first.key
    finally:
        config.write_text(text, encoding="utf-8")
    assert find_source(str(folder), models=tmp_path, environ={}).key == first.key


def test_a_lock_is_held_by_one_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    with file_lock(path, wait_s=0) as held:
        assert held and is_locked(path)
        with file_lock(path, wait_s=0) as second:
            assert not second
    assert not is_locked(path)


# Ollama


def test_an_ollama_model_embeds() -> None:
    with FakeOllama(FakeModel("words", capabilities=("embedding",)), FakeModel("other")) as server:
        found = prepared_model("ollama:words", ollama_url=server.url)
        assert found.model is not None and server.url in found.place
        vectors = found.model.encode([f"text {n}" for n in range(70)] + ["", "\ud800"])
        assert vectors.shape == (72, found.model.identity.dimensions)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
        assert np.allclose(found.model.encode(["text 5"])[0], vectors[5])
        other = prepared_model("ollama:other", ollama_url=server.url).model
        assert other is not None and other.identity.digest != found.model.identity.digest
        absent = prepared_model("ollama:none", ollama_url=server.url)
        assert absent.model is None and absent.fix == "ollama pull none"
    down = prepared_model("ollama:words", ollama_url=server.url)
    assert down.model is None and down.fix == "ollama serve"
    with pytest.raises(ModelUnavailable):
        found.model.encode(["x"])


def test_an_ollama_model_that_changed_under_its_name_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeOllama(FakeModel("words", capabilities=("embedding",))) as server:
        found = prepared_model("ollama:words", ollama_url=server.url)
        assert found.model is not None
        monkeypatch.setattr(ollama_model, "_LOOK_S", 0.0)
        found.model.encode(["x"])
        monkeypatch.setattr(FakeModel, "digest", property(lambda _: "f" * 64))
        with pytest.raises(ModelUnavailable, match="not the one it was"):
            found.model.encode(["x"])
        again = prepared_model("ollama:words", ollama_url=server.url)
        assert again.model is not None and again.model.identity.digest != found.model.identity.digest


def test_models_elsewhere_are_refused() -> None:
    assert "not on this machine" in prepared_model("ollama:words", ollama_url="http://192.0.2.1:11434").reason
    with FakeOllama(FakeModel("words:cloud", capabilities=("embedding",))) as server:
        assert "cloud model" in prepared_model("ollama:words:cloud", ollama_url=server.url).reason
