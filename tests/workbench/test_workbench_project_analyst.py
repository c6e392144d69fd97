from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from planted_dependencies import MISSING, PAIRS, UNUSED, installed, pyproject

from orchestrator.agents.workbench.project_analyst import run
from orchestrator_core.errors import TargetError

MakeProject = Callable[[Mapping[str, str]], Path]
Digest = Callable[[Path], dict[str, str]]


def found(report: dict[str, Any], *rules: str) -> list[str]:
    return [issue["message"] for issue in report["issues"] if issue["rule"] in rules]


@pytest.mark.parametrize("name", PAIRS)
def test_finds_the_planted_defect(make_project: MakeProject, name: str) -> None:
    rule, defect, _ = PAIRS[name]
    assert found(run("", {"path": make_project({"README.md": "# x\n", **defect})}), rule)


@pytest.mark.parametrize("name", PAIRS)
def test_reports_nothing_of_the_kind_on_the_clean_twin(make_project: MakeProject, name: str) -> None:
    rule, _, clean = PAIRS[name]
    assert found(run("", {"path": make_project({"README.md": "# x\n", **clean})}), rule) == []


def test_an_issue_names_place_severity_and_what_to_declare(make_project: MakeProject) -> None:
    root = make_project(
        {"pyproject.toml": pyproject(), "shop/__init__.py": "\nimport yaml\n", "shop/late.py": "import yaml\n"}
    )
    (issue,) = [i for i in run("", {"path": root})["issues"] if i["rule"] == MISSING]
    assert (issue["path"], issue["line"], issue["severity"]) == ("shop/__init__.py", 2, "high")
    assert "pyyaml" in issue["fix"]
    assert "2 places" in issue["message"]


@pytest.mark.parametrize(
    ("source", "severity"),
    [("import yaml\n", "high"), ("def f():\n    import yaml\n", "medium")],
)
def test_an_import_that_loading_does_not_run_weighs_less(make_project: MakeProject, source: str, severity: str) -> None:
    root = make_project({"pyproject.toml": pyproject(), "shop/__init__.py": source})
    assert [i["severity"] for i in run("", {"path": root})["issues"] if i["rule"] == MISSING] == [severity]


def test_a_module_nothing_loads_may_be_an_optional_part(make_project: MakeProject) -> None:
    root = make_project(
        {"pyproject.toml": pyproject(), "shop/__init__.py": "", "shop/sphinx_part.py": "import docutils\n"}
    )
    (issue,) = [i for i in run("", {"path": root})["issues"] if i["rule"] == MISSING]
    assert issue["severity"] == "medium"
    assert "optional part" in issue["message"]


def test_dependencies_that_the_build_computes_silence_the_complaint(make_project: MakeProject) -> None:
    root = make_project(
        {
            "setup.py": "from setuptools import setup\nsetup(install_requires=read_them())\n",
            "shop/__init__.py": "import yaml\n",
        }
    )
    report = run("", {"path": root})
    assert found(report, MISSING, UNUSED) == []
    assert "computes install_requires" in report["limits"]["dependency lists"]


def test_reasons_for_what_is_not_imported_are_told(make_project: MakeProject) -> None:
    report = run("", {"path": make_project({"pyproject.toml": pyproject("gunicorn"), "shop/__init__.py": ""})})
    assert "a server that runs the project" in report["markdown"]
    assert report["data"]["not_imported"][0]["reason"] == "a server that runs the project"


def test_the_projects_own_environment_is_read_and_not_run(make_project: MakeProject) -> None:
    root = make_project(
        {
            "pyproject.toml": pyproject("zz-odd-name"),
            "shop/__init__.py": "import quite_other\n",
            **installed("zz-odd-name", ["quite_other/__init__.py"], licence="Zlib"),
            ".venv/lib/python3.12/site-packages/quite_other/__init__.py": "raise SystemExit('it was run')\n",
        }
    )
    report = run("", {"path": root})
    assert found(report, MISSING, UNUSED) == []
    assert report["data"]["licences"][0]["licence"] == "Zlib"


def test_every_group_of_a_pyproject_is_read(make_project: MakeProject) -> None:
    text = """
    [build-system]
    requires = ["hatchling"]
    [project]
    name = "Shop.Front"
    dependencies = ["a1"]
    optional-dependencies = {extra1 = ["a2"], test = ["a3"]}
    [dependency-groups]
    lint = ["a4", {include-group = "docs"}]
    docs = ["a5"]
    [tool.uv]
    dev-dependencies = ["a6"]
    [tool.pdm.dev-dependencies]
    x = ["a7", "-e file:///local"]
    [tool.hatch.envs.default]
    dependencies = ["a8"]
    [tool.poetry.group.dev.dependencies]
    a9 = {version = "^1", optional = true}
    """
    report = run("", {"path": make_project({"pyproject.toml": text, "x.py": ""})})
    (unit,) = report["data"]["units"]
    assert unit["name"] == "shop-front"
    uses = {r["name"]: r["use"] for r in unit["requirements"]}
    assert uses == {
        "hatchling": "build",
        "a1": "main",
        "a2": "extra",
        **dict.fromkeys(("a3", "a4", "a5", "a6", "a7", "a8", "a9"), "dev"),
    }


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[project\n"},
        {"pyproject.toml": "[project]\ndependencies = 7\n"},
        {
            "pyproject.toml": "[project]\nname = 7\ndependencies = [7, 'a b']\noptional-dependencies = []\n[dependency-groups]\nx = 1\n"
        },
        {"pyproject.toml": "[tool]\npoetry = 1\nuv = 2\npdm = 3\nhatch = 4\nsetuptools = 5\npytest = 6\n"},
        {"setup.cfg": "no section\n"},
        {"setup.py": "def (:\n"},
        {"setup.py": "from setuptools import setup\nsetup(**everything)\n"},
        {"Pipfile": "[[[\n"},
        {"requirements.txt": "-r requirements.txt\n-r ../../etc/passwd\n\\\n"},
        {"environment.yml": "dependencies:\n  - pip:\n    - x\n  - numpy=1\n"},
        {"tox.ini": "[testenv\n", "noxfile.py": "def (:\n"},
        {"requirements.txt": "a" * 20_000 + "\n" + "[" * 5_000},
    ],
)
def test_manifests_of_any_kind_do_not_end_the_run(make_project: MakeProject, files: dict[str, str]) -> None:
    assert run("", {"path": make_project({"app.py": "import json\n", **files})})["markdown"]


def test_sizes_and_layout(make_project: MakeProject) -> None:
    root = make_project(
        {"src/shop/__init__.py": "x = 1\ny = 2\n", "tests/test_a.py": "z = 3\n", "pyproject.toml": pyproject()}
    )
    report = run("", {"path": root})
    assert report["data"]["sizes"] == {"product": 2, "support": 1}
    assert report["summary"]["layout"] == "src folder: src/shop"


def test_a_project_without_dependencies_has_no_issue(make_project: MakeProject) -> None:
    root = make_project({"pyproject.toml": pyproject(), "shop/__init__.py": "import json\n"})
    assert run("", {"path": root})["issues"] == []


def test_a_folder_that_does_not_fit_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="does not exist"):
        run("", {"path": tmp_path / "nowhere"})
    with pytest.raises(TargetError, match="empty"):
        run("", {"path": tmp_path})


def test_writes_nothing_into_the_folder(make_project: MakeProject, digest: Digest) -> None:
    root = make_project({name: text for _, defect, _ in PAIRS.values() for name, text in defect.items()})
    before = digest(root)
    assert run("", {"path": root})["issues"]
    assert digest(root) == before
