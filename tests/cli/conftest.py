"""A project folder with agents of its own, and the command line run inside this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orchestrator.cli.main import cli

AGENTS = '''
import os, sys
from orchestrator import agent, RetryLater

@agent("cli-echo", description="Says it back.", capabilities=["talk"], version="2")
def echo(request, context):
    """Repeats what it is told.

    Nothing more.
    """
    return f"said: {request} {context}"

@agent("cli-noisy")
def noisy(request):
    print("noise on stdout")
    os.system("echo noise of a child")
    return {"markdown": "# quiet", "odd": {1, 2}, "nan": float("nan")}

@agent("cli-broken")
def broken(request):
    raise ValueError("no " + request)

@agent("cli-odd")
def odd(request):
    ring = []
    ring.append(ring)
    return {"ring": ring, 3: "three", "half": "\\ud800", "bytes": b"x", "escape": "\\x1b[31mred"}
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a module of agents; the store lies in it."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    (folder / "cli_test_agents.py").write_text(AGENTS, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ORCHESTRATOR_HOME")
    monkeypatch.setenv("ORCHESTRATOR_DASHBOARDS_AUTO", "off")
    monkeypatch.setenv("ORCHESTRATOR_EVALUATION_JUDGE", "rules")
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield folder
    # Registered once per process: the next test imports the module anew from its own folder, and replaces the same functions.
    sys.modules.pop("cli_test_agents", None)


class Command:
    """The command line, in this process."""

    def __call__(self, *words: str, stdin: bytes | str | None = None) -> Result:
        return CliRunner().invoke(cli, list(words), input=stdin, catch_exceptions=False)

    def json(self, *words: str, code: int = 0, stdin: bytes | None = None) -> Any:
        """The one document on standard output."""
        result = self(*words, "--json", stdin=stdin)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)


@pytest.fixture
def orchestrate(project: Path) -> Command:
    return Command()


@pytest.fixture
def run_echo(orchestrate: Command) -> Callable[..., Any]:
    """Run an agent of the project's module, and give back the document."""

    def run(*words: str, agent: str = "cli-echo", code: int = 0) -> Any:
        return orchestrate.json(
            "run",
            agent,
            *(words or ("hello",)),
            "--import",
            "cli_test_agents",
            "--set",
            "evaluation.judge=rules",
            code=code,
        )

    return run
