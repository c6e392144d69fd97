from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.workbench.code_archaeologist import run
from orchestrator_core.errors import TargetError

MakeProject = Callable[[Mapping[str, str]], Path]
Digest = Callable[[Path], dict[str, str]]


def places(report: dict[str, Any], rule: str) -> list[tuple[str, int]]:
    return [(issue["path"], issue["line"]) for issue in report["issues"] if issue["rule"] == rule]


PAIRS = {
    "cycle of two modules": (
        "import-cycle",
        {"shop/__init__.py": "", "shop/a.py": "from shop import b\n", "shop/b.py": "from shop.a import x\n"},
        {"shop/__init__.py": "", "shop/a.py": "from shop import b\n", "shop/b.py": "x = 1\n"},
    ),
    "cycle of three through relative imports": (
        "import-cycle",
        {
            "p/__init__.py": "",
            "p/a.py": "from . import b\n",
            "p/b.py": "from .c import x\n",
            "p/c.py": "from .a import y\n",
        },
        {
            "p/__init__.py": "",
            "p/a.py": "from . import b\n",
            "p/b.py": "from .c import x\n",
            "p/c.py": "def f():\n    from .a import y\n",
        },
    ),
    "cycle that only a type checker sees": (
        "import-cycle",
        {"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "import p.a\n"},
        {
            "p/__init__.py": "",
            "p/a.py": "import p.b\n",
            "p/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.a\n",
        },
    ),
    "cycle in a src folder": (
        "import-cycle",
        {"src/p/__init__.py": "", "src/p/a.py": "import p.b\n", "src/p/b.py": "import p.a\n", "pyproject.toml": ""},
        {"src/p/__init__.py": "", "src/p/a.py": "import p.b\n", "src/p/b.py": "import q.a\n", "pyproject.toml": ""},
    ),
    "statement after return": (
        "unreachable-code",
        {"m.py": "def f():\n    return 1\n    print('never')\n\nf()\n"},
        {"m.py": "def f():\n    print('always')\n    return 1\n\nf()\n"},
    ),
    "yield after raise makes a generator": (
        "unreachable-code",
        {"m.py": "def f():\n    raise NotImplementedError\n    x = 1\n\nf()\n"},
        {"m.py": "def f():\n    raise NotImplementedError\n    yield 1\n\nf()\n"},
    ),
    "function nobody calls": (
        "unused-code",
        {"m.py": "def used():\n    pass\n\ndef old_discount():\n    pass\n\nused()\n"},
        {"m.py": "def used():\n    pass\n\nused()\n"},
    ),
    "function that a decorator registers": (
        "unused-code",
        {"m.py": "import functools\n\n@functools.cache\ndef show():\n    pass\n"},
        {"m.py": "import web\n\n@web.route('/')\ndef show():\n    pass\n"},
    ),
    "method that a foreign class calls": (
        "unused-code",
        {"m.py": "class A:\n    def emit_it(self):\n        pass\n\nA()\n"},
        {"m.py": "import logging\n\nclass A(logging.Handler):\n    def emit_it(self):\n        pass\n\nA()\n"},
    ),
    "method reached by getattr": (
        "unused-code",
        {"m.py": "class A:\n    def parse_json(self):\n        pass\n\nprint(A())\n"},
        {"m.py": "class A:\n    def parse_json(self):\n        pass\n\nprint(getattr(A(), 'parse_' + input()))\n"},
    ),
    "function named by an entry point": (
        "unused-code",
        {"m.py": "def start_shop():\n    pass\n"},
        {"m.py": "def start_shop():\n    pass\n", "pyproject.toml": '[project.scripts]\nshop = "m:start_shop"\n'},
    ),
    "function that prose mentions and code does not": (
        "unused-code",
        {"m.py": "def old_discount():\n    pass\n", "NOTES.md": "`old_discount` was replaced long ago\n"},
        {"m.py": "def old_discount():\n    pass\n", "NOTES.md": "```python\nold_discount()\n```\n"},
    ),
    "module nobody imports": (
        "unused-module",
        {"p/__init__.py": "", "p/left_over.py": "x = 1\n", "main.py": "import p\n"},
        {"p/__init__.py": "", "p/left_over.py": "x = 1\n", "main.py": "import p.left_over\n"},
    ),
    "module loaded by its name": (
        "unused-module",
        {"p/__init__.py": "", "p/json_plug.py": "x = 1\n", "main.py": "import p\n"},
        {
            "p/__init__.py": "",
            "p/json_plug.py": "x = 1\n",
            "main.py": "import importlib\nimportlib.import_module('p.json_plug')\n",
        },
    ),
    "file that does not parse": ("does-not-parse", {"m.py": "def f(:\n"}, {"m.py": "def f(): ...\nf()\n"}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_finds_the_planted_defect_and_not_its_twin(make_project: MakeProject, name: str, tmp_path: Path) -> None:
    rule, defect, _ = PAIRS[name]
    assert places(run("look", {"path": str(make_project(defect))}), rule)


@pytest.mark.parametrize("name", PAIRS)
def test_reports_nothing_of_the_kind_on_the_clean_twin(make_project: MakeProject, name: str) -> None:
    rule, _, clean = PAIRS[name]
    assert places(run("look", {"path": str(make_project(clean))}), rule) == []


def test_names_the_way_round_a_cycle_and_the_size_of_its_knot(make_project: MakeProject) -> None:
    root = make_project(
        {
            "p/__init__.py": "",
            "p/a.py": "import p.b\nimport p.c\n",
            "p/b.py": "import p.a\n",
            "p/c.py": "import p.d\n",
            "p/d.py": "import p.a\n",
        }
    )
    report = run("", {"path": root})
    (cycle,) = report["data"]["cycles"]
    assert cycle == {"modules": ["p/a.py", "p/b.py", "p/c.py", "p/d.py"], "shortest": ["p/a.py", "p/b.py", "p/a.py"]}
    (issue,) = [i for i in report["issues"] if i["rule"] == "import-cycle"]
    assert "p.a → p.b → p.a" in issue["message"]
    assert "knot of 4" in issue["message"]


def test_same_name_in_two_parts_of_a_monorepo_means_the_nearer_one(make_project: MakeProject) -> None:
    root = make_project(
        {
            "one/pyproject.toml": "",
            "one/main.py": "import settings\n",
            "one/settings.py": "x = 1\n",
            "two/pyproject.toml": "",
            "two/main.py": "import settings\n",
            "two/settings.py": "x = 2\n",
        }
    )
    modules = run("", {"path": root})["data"]["modules"]
    assert modules["one/main.py"]["imports"] == ["one/settings.py"]
    assert modules["two/main.py"]["imports"] == ["two/settings.py"]


def test_a_packages_own_folder_as_the_project(make_project: MakeProject) -> None:
    root = make_project(
        {
            "shop/__init__.py": "",
            "shop/types.py": "import shop.b\n",
            "shop/b.py": "from types import X\nimport shop.types\n",
        }
    )
    modules = run("", {"path": root / "shop"})["data"]["modules"]
    assert modules["b.py"]["imports"] == ["types.py"]
    assert modules["types.py"]["imported_by"] == 1, "`from types import X` is the standard library's"


def test_public_names_of_a_package_weigh_less_than_private_ones(make_project: MakeProject) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "x"\n',
        "p/__init__.py": "import p.m\n",
        "p/m.py": "def offer(): ...\ndef _hidden(): ...\n",
    }
    issues = {
        i["line"]: i["severity"] for i in run("", {"path": make_project(files)})["issues"] if i["rule"] == "unused-code"
    }
    assert issues == {1: "info", 2: "low"}


def test_bad_files_become_issues_and_do_not_end_the_run(make_project: MakeProject) -> None:
    root = make_project({"good.py": "x = 1\n"})
    (root / "nul.py").write_bytes(b"x = 1\0\n")
    (root / "latin.py").write_bytes(b"name = 'caf\xe9'\n")
    (root / "coded.py").write_bytes(b"# -*- coding: latin-1 -*-\nname = 'caf\xe9'\n")
    (root / "marked.py").write_bytes(b"\xef\xbb\xbfx = 1\n")
    (root / "unknown.py").write_bytes(b"# -*- coding: klingon -*-\nx = 1\n")
    (root / "deep.py").write_text("x = " + "(" * 5000 + ")" * 5000, encoding="utf-8")
    (root / "minus.py").write_text("x = " + "-" * 20_000 + "1\n", encoding="utf-8")
    report = run("", {"path": root})
    broken = {path for path, _ in places(report, "does-not-parse")}
    assert {"nul.py", "latin.py", "unknown.py", "deep.py"} <= broken
    assert not broken & {"good.py", "coded.py", "marked.py"}
    assert ("latin.py", 1) in places(report, "does-not-parse")


@pytest.mark.parametrize("case", ["missing", "file", "empty", "no python", "number"])
def test_a_folder_that_does_not_fit_is_a_clear_error(tmp_path: Path, case: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text("x", encoding="utf-8")
    given: dict[str, Any] = {
        "missing": tmp_path / "nowhere",
        "file": tmp_path / "text" / "a.txt",
        "empty": tmp_path / "empty",
        "no python": tmp_path / "text",
        "number": 7,
    }
    with pytest.raises(TargetError):
        run("", {"path": given[case]})


def test_without_vulture_the_rest_goes_on(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vulture", None)
    report = run("", {"path": make_project(PAIRS["cycle of two modules"][1])})
    assert places(report, "import-cycle")
    assert "pip install vulture" in report["limits"]["dead code"]


def test_a_cycle_in_an_example_weighs_less(make_project: MakeProject) -> None:
    cycle = PAIRS["cycle of two modules"][1]
    report = run("", {"path": make_project({f"examples/x/{name}": text for name, text in cycle.items()})})
    assert [i["severity"] for i in report["issues"] if i["rule"] == "import-cycle"] == ["low"]


def test_writes_nothing_into_the_folder(make_project: MakeProject, digest: Digest) -> None:
    root = make_project({name: text for _, defect, _ in PAIRS.values() for name, text in defect.items()})
    before = digest(root)
    assert run("", {"path": root})["issues"]
    assert digest(root) == before
