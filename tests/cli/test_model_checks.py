"""What doctor and setup say of the judge's model: where it is, where it may not be, and what mends it."""

from __future__ import annotations

import socket

import pytest

from fake_ollama.script import FakeModel
from fake_ollama.server import FakeOllama
from orchestrator.cli.checks import Check
from orchestrator.cli.model_checks import ollama_checks
from orchestrator_core.settings import EvaluationSettings, Settings


def checks(url: str, model: str = "", *, offline: bool = True) -> dict[str, Check]:
    settings = Settings(offline=offline, evaluation=EvaluationSettings(ollama_url=url, model=model))
    return {check.name: check for check in ollama_checks(settings)}


def test_a_local_model_is_found() -> None:
    with FakeOllama(FakeModel("tiny:1b")) as server:
        assert checks(server.url)["Ollama"].status == "ok"
        assert "tiny:1b" in checks(server.url)["judge model"].detail
        missing = checks(server.url, "other:3b")["judge model"]
        assert (missing.status, missing.fix) == ("warn", "ollama pull other:3b")
    with FakeOllama(FakeModel("words", capabilities=("embedding",))) as server:
        assert checks(server.url)["judge model"].status == "warn"


def test_a_server_elsewhere_is_not_asked_while_offline() -> None:
    found = checks("http://192.0.2.1:11434")
    assert list(found) == ["Ollama"]
    assert found["Ollama"].status == "warn"
    assert "http://192.0.2.1:11434, which is not this machine, and offline is true" in found["Ollama"].detail
    assert "rule judge" in found["Ollama"].without
    assert "offline to false" in found["Ollama"].fix


def test_a_url_that_is_none_is_told_with_a_remedy() -> None:
    found = checks("ftp://here")["Ollama"]
    assert found.status == "warn" and "no http address" in found.detail and found.fix


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "some:cloud"])
@pytest.mark.parametrize("offline", [True, False])
def test_a_cloud_model_is_told_and_never_recommended(model: str, offline: bool) -> None:
    with FakeOllama(FakeModel("tiny:1b")) as server:
        found = checks(server.url, model, offline=offline)
    assert found["Ollama"].status == "ok"
    judge = found["judge model"]
    assert judge.status == "warn" and "cloud model" in judge.detail and "rule judge" in judge.without
    assert "ollama pull" not in judge.fix and "local one" in judge.fix


def test_starting_the_server_is_advised_once() -> None:
    with socket.socket() as taken:  # bound but not listening: nobody else gets the port, and nobody answers there
        taken.bind(("127.0.0.1", 0))
        (found,) = checks(f"http://127.0.0.1:{taken.getsockname()[1]}").values()
    assert found.status == "warn"
    assert f"{found.detail} {found.fix}".count("ollama serve") == 1
