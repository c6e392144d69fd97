"""Importing Magnus loads none of the heavy packages; each is imported by the first thing that needs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "chromadb", "torch", "transformers", "sentence_transformers", "presidio_analyzer", "spacy", "onnxruntime", "numpy",
    "opentelemetry.sdk", "jinja2", "httpx", "ollama", "bandit", "radon", "sqlite_utils", "rich", "click",
)  # fmt: skip


def loaded(code: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after running ``code``."""
    ask = f"{code}\nimport sys, json; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import orchestrator",
        "from orchestrator import execute_agent, aexecute_agent, agent, generate_dashboard",
        "from orchestrator import Orchestrator, get_orchestrator, ExecutionResult",
        "import orchestrator; dir(orchestrator); orchestrator.__version__",
        "from orchestrator.memory import get_memory_manager",
        "import orchestrator.security, orchestrator.evaluation, orchestrator.dashboards, orchestrator.testing",
        "from orchestrator import agent\n@agent('a')\ndef a(request): return request",
    ],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert loaded(code) == set()


def test_the_bare_import_loads_no_room() -> None:
    """A room that is imported first must not meet itself through the package, so the package imports none."""
    ask = "import orchestrator, sys; print([m for m in sys.modules if m.startswith('orchestrator')])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=True)
    assert set(json.loads(done.stdout.replace("'", '"'))) == {"orchestrator", "orchestrator.version"}


def test_a_heavy_package_would_be_seen() -> None:
    assert "jinja2" in loaded("import orchestrator, jinja2")
