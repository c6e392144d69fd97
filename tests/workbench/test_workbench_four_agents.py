"""What holds for each of the four agents: clear errors for wrong folders, files that do not parse, nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from orchestrator.agents.workbench import code_reviewer, performance_optimizer, security_auditor, test_automator
from orchestrator_core.errors import TargetError, UsageError


class Agent(Protocol):
    """A workbench module."""

    AGENT: str

    def run(self, request: Any, context: Any) -> dict[str, Any]: ...


AGENTS = [security_auditor, code_reviewer, test_automator, performance_optimizer]
every_agent = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.AGENT)


@every_agent
def test_a_missing_folder_is_named(agent: Agent, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="does not exist"):
        agent.run("", {"path": str(tmp_path / "nowhere")})


@every_agent
def test_an_empty_folder_is_refused(agent: Agent, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="empty"):
        agent.run("", {"path": tmp_path})


@every_agent
def test_a_folder_without_python_is_refused(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no code")
    with pytest.raises(TargetError, match=r"no Python"):
        agent.run("", {"path": tmp_path})


@every_agent
def test_a_file_in_place_of_a_folder_is_refused(agent: Agent, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n")
    with pytest.raises(TargetError, match="is a file"):
        agent.run("", {"path": file})


@every_agent
def test_a_path_of_the_wrong_type_is_refused(agent: Agent) -> None:
    with pytest.raises(TargetError, match="path"):
        agent.run("", {"path": 7})


@every_agent
@pytest.mark.parametrize(
    "broken", ["def f(:\n", "x = '\\N{no such name}'\n", "\0", "# coding: no-such\nx = 1\n", "(" * 300], ids=repr
)
def test_a_file_that_does_not_parse_is_an_issue(agent: Agent, make_project: Any, broken: str) -> None:
    root = make_project({"good.py": "def f() -> int:\n    return 1\n"})
    (root / "test_broken.py").write_text(broken)
    report = agent.run("", {"path": root})
    assert [i["path"] for i in report["issues"] if i["rule"] == "does-not-parse"] == ["test_broken.py"]


@every_agent
def test_the_folder_is_not_written_to(agent: Agent, make_project: Any, digest: Any) -> None:
    root = make_project(
        {
            "shop.py": "def f() -> int:\n    return 1\n",
            "test_shop.py": "import shop\n\ndef test_f():\n    assert shop.f() == 1\n",
        }
    )
    before = digest(root)
    agent.run("", {"path": root, "execute": True, "entry": "shop:f"})
    assert digest(root) == before


@every_agent
def test_the_report_is_data_and_markdown(agent: Agent, make_project: Any) -> None:
    report = agent.run({"any": "request"}, {"path": make_project({"shop.py": "x = 1\n"})})
    assert report["agent"] == agent.AGENT
    assert {"agent", "summary", "issues", "issue_count", "data", "limits", "markdown"} <= set(report)
    assert msgspec.json.decode(msgspec.json.encode(report)) == report
    assert report["markdown"].startswith("# ")
    assert "## Limits" in report["markdown"]


@pytest.mark.parametrize("agent", [test_automator, performance_optimizer, code_reviewer], ids=lambda agent: agent.AGENT)
@pytest.mark.parametrize("limit", [0, -1, "10", True, float("inf"), float("nan"), None])
def test_a_wrong_time_limit_is_refused(agent: Agent, make_project: Any, limit: object) -> None:
    with pytest.raises(UsageError, match="timeout_s"):
        agent.run("", {"path": make_project({"a.py": "x = 1\n"}), "timeout_s": limit})


@pytest.mark.parametrize("agent", [test_automator, performance_optimizer], ids=lambda agent: agent.AGENT)
@pytest.mark.parametrize("execute", ["true", 1, "yes", None, [True]])
def test_only_true_itself_allows_execution(agent: Agent, make_project: Any, tmp_path: Path, execute: object) -> None:
    trace = tmp_path / "it-ran"
    code = f"open({str(trace)!r}, 'w').close()\ndef test_x():\n    pass\ndef main():\n    pass\n"
    report = agent.run("", {"path": make_project({"test_it.py": code}), "execute": execute, "entry": "test_it:main"})
    assert not trace.exists()
    assert report["summary"]["executed"] is False
    assert "'execute': True" in report["markdown"]


@pytest.mark.parametrize("agent", [test_automator, performance_optimizer], ids=lambda agent: agent.AGENT)
@pytest.mark.parametrize("python", ["", 3, "/no/such/python", "git"])
def test_a_wrong_interpreter_is_refused(agent: Agent, make_project: Any, python: object) -> None:
    with pytest.raises(UsageError, match=r"interpreter|no program"):
        agent.run("", {"path": make_project({"a.py": "x = 1\n"}), "execute": True, "python": python})
