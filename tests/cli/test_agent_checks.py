"""What doctor says of agents that cannot be loaded."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.registry import ENTRY_POINT_GROUP, Registry


def agents_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in document["checks"] if check["group"] == "Agents"}


def test_the_agents_are_counted(orchestrate: Any) -> None:
    listed = orchestrate.json("agents", "list", "--import", "cli_test_agents")["agents"]
    found = agents_of(orchestrate.json("doctor", "--import", "cli_test_agents"))
    assert list(found) == ["agents"]
    assert found["agents"]["detail"].startswith(f"{len(listed)} agents can be used")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x = 1\n1 / 0\n", ["ZeroDivisionError: division by zero", "cli_unwell.py:2"]),
        ("x = 1\ndef broken(:\n", ["SyntaxError", "cli_unwell.py:2"]),
        ("import no_such_package_here", ["No module named 'no_such_package_here'", "cli_unwell.py:1"]),
        ("raise SystemExit(4)", ["ended the program while it was imported (exit code 4)"]),
        ("class Odd(BaseException): pass\nraise Odd('odd')", ["Odd: odd"]),
    ],
)
def test_a_module_that_cannot_be_imported_fails_with_its_line(
    orchestrate: Any, project: Path, code: str, words: list[str]
) -> None:
    (project / "cli_unwell.py").write_text(code, encoding="utf-8")
    (project / "orchestrator.toml").write_text(
        "[agents]\nmodules = ['cli_unwell', 'cli_test_agents']\n", encoding="utf-8"
    )
    document = orchestrate.json("doctor", code=1)
    found = agents_of(document)
    unwell = found["module 'cli_unwell'"]
    assert unwell["status"] == "fail" and unwell["fix"]
    for word in words:
        assert word in unwell["detail"]
    assert found["agents"]["status"] == "ok", "the others are still looked at"
    assert "cli_test_agents" in sys.modules
    assert orchestrate("doctor").exit_code == 1


def test_wrong_settings_keep_no_module_from_being_looked_at(orchestrate: Any, project: Path) -> None:
    (project / "orchestrator.toml").write_text("[nonsense]\n", encoding="utf-8")
    found = agents_of(orchestrate.json("doctor", "--import", "cli_no_such_module", code=1))
    assert found["module 'cli_no_such_module'"]["status"] == "fail"


@pytest.mark.parametrize("code", ["1 / 0", "raise SystemExit(1)", "run = 3"])
def test_an_entry_point_that_cannot_be_loaded_is_a_warning(
    orchestrate: Any, project: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    (project / "cli_offering.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(project)
    point = EntryPoint("cli-offered", "cli_offering:run", ENTRY_POINT_GROUP)
    monkeypatch.setattr(Registry, "offered", lambda self: {point.name: point})
    found = agents_of(orchestrate.json("doctor"))
    sys.modules.pop("cli_offering", None)
    assert found["agent 'cli-offered'"]["status"] == "warn"
    assert found["agent 'cli-offered'"]["detail"]
    assert "agents can be used" in found["agents"]["detail"]


def test_entry_points_that_cannot_be_read_end_nothing(orchestrate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(self: Registry) -> dict[str, Any]:
        raise ValueError("broken metadata")

    monkeypatch.setattr(Registry, "offered", unreadable)
    found = agents_of(orchestrate.json("doctor"))
    assert "broken metadata" in found["entry points"]["detail"]
