"""A package's own folder, as it lies among installed packages: no project files, and none are asked for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.workbench import documentation_specialist, project_analyst, test_automator
from orchestrator_core.analysis.file_roles import is_support_source

MakeProject = Callable[[Mapping[str, str]], Path]
PACKAGE = {
    "__init__.py": '"""A package."""\n',
    "core.py": '"""The core."""\n\nimport markupsafe\n\nprint(markupsafe)\n',
}


def rules(agent: Any, root: Path, **more: Any) -> list[str]:
    return [issue["rule"] for issue in agent.run("", {"path": root, **more})["issues"]]


@pytest.mark.parametrize(
    ("agent", "rule"),
    [(test_automator, "no-tests"), (documentation_specialist, "no-readme"), (project_analyst, "no-dependency-list")],
)
@pytest.mark.parametrize("beside", ["pyproject.toml", "setup.py", "requirements-dev.txt"])
def test_project_files_are_asked_of_projects_only(
    make_project: MakeProject, agent: Any, rule: str, beside: str
) -> None:
    root = make_project(PACKAGE)
    report = agent.run("", {"path": root})
    assert report["issues"] == []
    assert "a package's own folder" in report["limits"]["project files"]
    make_project({beside: ""})
    if agent is not project_analyst:
        assert rules(agent, root) == [rule]
    assert "project files" not in agent.run("", {"path": root})["limits"]


def test_a_folder_of_modules_is_no_package(make_project: MakeProject) -> None:
    root = make_project({"core.py": PACKAGE["core.py"]})
    assert rules(test_automator, root) == ["no-tests"]
    assert rules(project_analyst, root) == ["no-dependency-list"]


def test_running_no_tests_of_a_package_folder_is_no_failure(make_project: MakeProject) -> None:
    assert rules(test_automator, make_project(PACKAGE), execute=True, timeout_s=60) == []


def test_the_layout_names_the_package(make_project: MakeProject) -> None:
    assert project_analyst.run("", {"path": make_project(PACKAGE)})["summary"]["layout"] == "package: project"


@pytest.mark.parametrize(
    ("path", "source", "support"),
    [
        ("testing.py", "class CliRunner:\n    def test(self): ...\n", False),
        ("jinja2/tests.py", "def test_odd(value):\n    return value % 2 == 1\n", False),
        ("shop/tests.py", "class Orders(django.test.TestCase):\n    pass\n", True),
        ("shop/tests.py", "class TestOrders:\n    def test_one(self):\n        f()\n", True),
        ("shop/tests.py", "class TestRunner:\n    def run(self): ...\n", False),
        ("shop/tests.py", "def test_one(client):\n    assert client\n", True),
        ("shop/tests.py", "async def test_one():\n    await f()\n", True),
        ("tests/testing.py", "x = 1\n", True),
        ("test_a.py", "x = 1\n", True),
        ("core.py", "def test_one():\n    assert 1\n", False),
    ],
)
def test_a_module_named_after_tests_needs_one(path: str, source: str, support: bool) -> None:
    assert is_support_source(path, ast.parse(source)) is support


def test_parts_for_users_own_tests_are_product_code(make_project: MakeProject) -> None:
    root = make_project({**PACKAGE, "testing.py": "def runner():\n    pass\n"})
    assert project_analyst.run("", {"path": root})["data"]["sizes"]["support"] == 0
    assert ("missing-docstring", "testing.py") in {
        (issue["rule"], issue["path"]) for issue in documentation_specialist.run("", {"path": root})["issues"]
    }
