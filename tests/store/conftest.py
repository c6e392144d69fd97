from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PRELUDE = """
import os, sys, time
from orchestrator import Orchestrator
magnus = Orchestrator(home=sys.argv[1], overrides={"dashboards.auto": False, "evaluation.judge": "rules"})
magnus.register("echo", lambda request: request)
"""


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a Python process that has ``magnus``, an Orchestrator on ``tmp_path / "home"``, and an agent ``echo``."""

    def launch(script: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", PRELUDE + script, str(tmp_path / "home"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    return launch
