"""The code reviewer: planted mistakes and their clean twins."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.agents.workbench.code_reviewer import run
from orchestrator_core.errors import UsageError


def _branchy(count: int) -> str:
    return (
        "def pick(a):\n"
        + "".join(f"    if a == {n}:\n        return {n + 1}\n" for n in range(count))
        + "    return 0\n"
    )


def _rules(report: dict[str, Any]) -> list[str]:
    return [issue["rule"] for issue in report["issues"]]


@pytest.mark.parametrize(
    ("planted", "clean", "rule"),
    [
        ("import os\n", "import os\n\nprint(os.name)\n", "F401"),
        ("def f(x=[]):\n    return x\n", "def f(x=()):\n    return x\n", "B006"),
        ("def f():\n    return undefined\n", "def f(defined):\n    return defined\n", "F821"),
        (
            "try:\n    x = 1\nexcept Exception:\n    x = 2\n",
            "try:\n    x = 1\nexcept ValueError:\n    x = 2\n",
            "BLE001",
        ),
        (
            "import time\nasync def f():\n    time.sleep(1)\n",
            "import asyncio\nasync def f():\n    await asyncio.sleep(1)\n",
            "ASYNC251",
        ),
        (_branchy(11), _branchy(9), "complex-function"),
        ("def f(a):\n" + "    a += 1\n" * 70, "def f(a):\n" + "    a += 1\n" * 40, "long-function"),
        ("# line\n" * 1100, "# line\n" * 900, "long-file"),
    ],
    ids=lambda value: value if value.isalnum() or "-" in value else "",
)
def test_a_planted_mistake_is_found_and_its_clean_twin_is_not(
    make_project: Any, planted: str, clean: str, rule: str
) -> None:
    root = make_project({"shop.py": planted})
    assert _rules(run("", {"path": root})) == [rule]
    make_project({"shop.py": clean})
    assert run("", {"path": root})["issues"] == []


def test_a_maze_is_worse_than_a_bend(make_project: Any) -> None:
    report = run("", {"path": make_project({"a.py": _branchy(12), "b.py": _branchy(25)})})
    assert {i["path"]: i["severity"] for i in report["issues"]} == {"a.py": "medium", "b.py": "high"}
    assert report["summary"]["functions too complex"] == 2


def test_a_file_that_is_hard_to_maintain_is_named(make_project: Any) -> None:
    body = "".join(
        f"def f{n}(a, b):\n    return a * {n} + b / (a - {n}) if a > b and b > {n} else -a * b ** {n}\n"
        for n in range(120)
    )
    report = run("", {"path": make_project({"dense.py": body})})
    assert "low-maintainability" in _rules(report)


def test_the_projects_own_settings_do_not_silence_the_review(make_project: Any) -> None:
    settings = '[tool.ruff.lint]\nignore = ["F401"]\n[tool.ruff]\nexclude = ["shop.py"]\n'
    root = make_project({"shop.py": "import os\n", "pyproject.toml": settings, ".gitignore": "shop.py\n"})
    assert _rules(run("", {"path": root})) == ["F401"]


def test_a_noqa_comment_is_a_decision(make_project: Any) -> None:
    assert run("", {"path": make_project({"shop.py": "import os  # noqa: F401\n"})})["issues"] == []


def test_other_rules_can_be_chosen(make_project: Any) -> None:
    root = make_project({"shop.py": "import os\nimport abc\nx = 'a' 'b'\n"})
    assert _rules(run("", {"path": root, "select": ["ISC001"]})) == ["ISC001"]


@pytest.mark.parametrize("select", ["F401", [], [3], ["--fix"], ["F401,E"], ["NOSUCH"], {"a": 1}, None])
def test_rules_that_are_none_are_refused(make_project: Any, select: object) -> None:
    with pytest.raises(UsageError, match="select"):
        run("", {"path": make_project({"shop.py": "x = 1\n"}), "select": select})


def test_a_file_that_does_not_parse_does_not_hide_the_others(make_project: Any) -> None:
    report = run("", {"path": make_project({"bad.py": "def f(:\n", "good.py": "import os\n"})})
    assert sorted(_rules(report)) == ["F401", "does-not-parse"]


def test_ruff_out_of_time_is_told(make_project: Any) -> None:
    report = run("", {"path": make_project({"shop.py": "import os\n"}), "timeout_s": 1e-6})
    assert "did not answer" in report["limits"]["lint"]
    assert report["issues"] == []


def test_what_a_package_hands_on_is_used(make_project: Any) -> None:
    code = "from typing import Any\n\n__all__ = sorted(['Any'])\n"
    assert run("", {"path": make_project({"shop/__init__.py": code})})["issues"] == []
    assert _rules(run("", {"path": make_project({"shop/cart.py": "import os\n\n__all__ = 3\n"})})) == [
        "PLE0605",
        "F401",
    ]


def test_a_flat_list_of_cases_is_easy_to_read(make_project: Any) -> None:
    cases = " or ".join(f"a.n{n}" for n in range(14))
    report = run("", {"path": make_project({"a.py": f"def f(a):\n    return {cases}\n"})})
    assert report["issues"] == []


@pytest.mark.parametrize("path", ["tests/test_a.py", "tests/server.py"])
def test_a_maze_in_tests_weighs_less(make_project: Any, path: str) -> None:
    report = run("", {"path": make_project({path: _branchy(25)})})
    assert [(i["rule"], i["severity"]) for i in report["issues"]] == [("complex-function", "low")]


def test_a_global_value_is_a_matter_of_taste(make_project: Any) -> None:
    code = "_made = None\n\n\ndef make():\n    global _made\n    _made = 1\n    return _made\n"
    report = run("", {"path": make_project({"a.py": code})})
    assert [(i["rule"], i["severity"]) for i in report["issues"]] == [("PLW0603", "low")]
