"""Models that are made once for all tests of a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator_core.file_lock import file_lock
from orchestrator_core.models.embedding.exported import models_folder
from orchestrator_core.models.embedding.sources import default_key


class TinyModels:
    """Small SentenceTransformers, their exports, and what the originals gave."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.made: dict[str, Any] = json.loads((place / "made.json").read_text(encoding="utf-8"))

    def folder(self, kind: str) -> Path:
        return self.place / kind / "model"

    def export(self, kind: str) -> Path:
        return self.place / f"{kind}-export"


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    """Made by the first process of the test run that needs them; the others wait."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    place = base / "tiny-models"
    with file_lock(base / "tiny-models.lock", wait_s=300) as held:
        assert held
        if not (place / "made.json").exists():
            _make_tiny_models(place)
    return TinyModels(place)


def _make_tiny_models(place: Path) -> None:
    place.mkdir()
    paths = os.pathsep.join((str(Path(__file__).parents[1]), os.environ["PYTHONPATH"]))
    done = subprocess.run(
        [sys.executable, "-m", "tiny_models", str(place)],
        env={**os.environ, "PYTHONPATH": paths, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder for exports with the default model in it, the test's own to damage."""
    place = tmp_path / "models"
    shutil.copytree(models_folder() / default_key(), place / default_key())
    return place
