"""The performance optimizer: hints, import times and profiles, of entry points that work and that do not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.workbench.performance_optimizer import run
from orchestrator_core.errors import UsageError

QUADRATIC = """
def distinct(items):
    seen = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen

def main():
    return len(distinct(range(4000)))
"""


def _hints(make_project: Any, code: str) -> list[tuple[str, int]]:
    report = run("", {"path": make_project({"shop.py": code})})
    return [(issue["rule"], issue["line"]) for issue in report["issues"]]


def _profile(root: Path, entry: str, **context: Any) -> dict[str, Any]:
    return run("", {"path": root, "execute": True, "entry": entry, **context})


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("def f(xs):\n    s = ''\n    for x in xs:\n        s += x\n    return s\n", ("string-grows-in-loop", 4)),
        (
            "def f(xs):\n    s = f'{xs}'\n    while xs:\n        s += xs.pop()\n    return s\n",
            ("string-grows-in-loop", 4),
        ),
        (
            "def f(xs):\n    a = list(xs)\n    for x in xs:\n        if x in a:\n            return x\n",
            ("list-search-in-loop", 4),
        ),
        (
            "def f(xs):\n    a = [x for x in xs]\n    while xs.pop() not in a:\n        pass\n",
            ("list-search-in-loop", 3),
        ),
        ("def f(xs):\n    a = sorted(xs)\n    for x in xs:\n        print(a.index(x))\n", ("list-search-in-loop", 4)),
        ("def f(xs):\n    a = list(xs)\n    while a:\n        print(a.pop(0))\n", ("list-shift-in-loop", 4)),
        ("import re\ndef f(xs):\n    for x in xs:\n        print(re.compile('a+').match(x))\n", ("compile-in-loop", 4)),
        ("def f(xs):\n    for a in xs:\n        for b in xs:\n            print(a, b)\n", ("square-loop", 3)),
        ("def f(xs):\n    return sum(xs, [])\n", ("RUF017", 2)),
    ],
)
def test_a_costly_pattern_is_found(make_project: Any, code: str, hint: tuple[str, int]) -> None:
    assert _hints(make_project, code) == [hint]


@pytest.mark.parametrize(
    "code",
    [
        "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n",
        "def f(xs):\n    s = ''\n    s += xs\n    return s\n",
        "def f(xs):\n    for x in xs:\n        s = ''\n        s += x\n        print(s)\n",
        "def f(xs):\n    a = set(xs)\n    for x in xs:\n        if x in a:\n            return x\n",
        "def f(xs):\n    a = list(xs)\n    a = set(a)\n    for x in xs:\n        if x in a:\n            return x\n",
        "def f(xs):\n    a = ['x', 'y']\n    for x in xs:\n        if x in a:\n            return x\n",
        "def f(xs):\n    for x in xs:\n        a = list(x)\n        if 1 in a:\n            return x\n",
        "def f(a, xs):\n    for x in xs:\n        if x in a:\n            return x\n",
        "def f(xs):\n    a = list(xs)\n    return [1 in a, a.index(2), a.pop(0)]\n",
        "def f(xs):\n    a = list(xs)\n    while a:\n        print(a.pop())\n",
        "import re\nP = re.compile('a')\ndef f(xs):\n    for x in xs:\n        print(re.compile(x))\n",
        "def f(xs, ys):\n    for a in xs:\n        for b in ys:\n            print(a, b)\n",
        "def f(xs):\n    a = list(xs)\n    for x in xs:\n        def g(y):\n            return y in a\n        print(g)\n",
    ],
)
def test_a_cheap_pattern_is_left_alone(make_project: Any, code: str) -> None:
    assert _hints(make_project, code) == []


def test_a_hot_function_is_found_and_its_clean_twin_is_not(make_project: Any) -> None:
    root = make_project({"shop.py": QUADRATIC})
    report = _profile(root, "shop:main")
    assert ("hot-function", "shop.py", 2) in {(i["rule"], i["path"], i["line"]) for i in report["issues"]}
    assert report["data"]["hottest"][0]["name"] == "distinct"
    assert report["summary"]["profile ended"] == "ended"

    make_project(
        {"shop.py": QUADRATIC.replace("seen = []", "seen = {}").replace("seen.append(item)", "seen[item] = 1")}
    )
    assert _profile(root, "shop:main")["issues"] == []


def test_a_script_and_an_async_function_can_be_profiled(make_project: Any) -> None:
    code = "import sys\nassert __name__ == '__main__' and sys.argv[0].endswith('go.py')\n"
    code += "def work():\n    return sum(range(10))\nwork()\nsys.exit(0)\n"
    root = make_project(
        {"scripts/go.py": code, "shop.py": "async def main():\n    return helper()\ndef helper():\n    return 1\n"}
    )
    report = _profile(root, "scripts/go.py")
    assert report["issues"] == []
    assert {"work", "<module>"} <= {
        f["name"] for f in report["data"]["hottest"] if f["own"] and f["file"] == "scripts/go.py"
    }
    report = _profile(root, "shop:main")
    assert report["issues"] == []
    assert "helper" in {f["name"] for f in report["data"]["hottest"] if f["own"]}


@pytest.mark.parametrize(
    ("entry", "rule", "reason"),
    [
        ("shop:nothing", "entry-missing", "no attribute 'nothing'"),
        ("nowhere:main", "entry-missing", "No module named 'nowhere'"),
        ("broken:main", "entry-missing", "ZeroDivisionError"),
        ("leaves:main", "entry-missing", "SystemExit"),
        ("shop:NUMBER", "entry-missing", "no function but int"),
        ("nowhere.py", "entry-missing", "no such file"),
        ("shop:boom", "entry-raises", "ValueError: no luck"),
        ("shop:needs", "entry-raises", "missing 1 required positional argument"),
        ("shop:leave", "entry-raises", "SystemExit: 3"),
        ("shop:vanish", "entry-dies", "exit code 7"),
        ("shop:killed", "entry-dies", "signal 9" if sys.platform != "win32" else "exit code"),
        ("shop:deep", "entry-raises", "RecursionError"),
    ],
)
def test_an_entry_point_that_fails_is_an_issue(make_project: Any, entry: str, rule: str, reason: str) -> None:
    code = """
        import os, sys
        NUMBER = 3
        def boom():
            raise ValueError("no luck")
        def needs(argument): ...
        def leave():
            sys.exit(3)
        def vanish():
            os._exit(7)
        def killed():
            os.kill(os.getpid(), 9)
        def deep():
            return deep()
        """
    root = make_project(
        {"shop.py": code, "broken/__init__.py": "1 / 0\n", "leaves/__init__.py": "raise SystemExit(0)\n"}
    )
    report = _profile(root, entry)
    [issue] = [i for i in report["issues"] if i["rule"].startswith("entry-")]
    assert issue["rule"] == rule
    assert reason in issue["message"]
    assert "magnus-scratch" not in str(report)
    if entry == "shop:boom":
        assert (issue["path"], issue["line"]) == ("shop.py", 5)


@pytest.mark.parametrize(
    "how", ["while True: step()", "import time; time.sleep(600)", "import threading; threading.Event().wait()"]
)
def test_an_entry_point_that_never_ends_is_stopped_where_it_stands(make_project: Any, how: str) -> None:
    root = make_project({"shop.py": f"def step(): ...\ndef main():\n    {how}\n"})
    report = _profile(root, "shop:main", timeout_s=1)
    [issue] = [i for i in report["issues"] if i["rule"] == "entry-never-ends"]
    assert (issue["path"], issue["line"] in (1, 3)) == ("shop.py", True)
    assert report["summary"]["profile ended"] == "stopped"


def test_slow_and_failing_imports_are_found(make_project: Any) -> None:
    files = {
        "shop/__init__.py": "import shop.api\n",
        "shop/api.py": "import heavy_library\n",
        "lib/heavy_library.py": "import time\ntime.sleep(0.15)\n",
        "broken/__init__.py": "import no_such_package\n",
        "src/inner/__init__.py": "",
        "tests/__init__.py": "raise RuntimeError('not mine to import')\n",
        "setup.py": "raise RuntimeError('not mine to import')\n",
    }
    root = make_project(files)
    (root / "shop" / "__init__.py").write_text("import sys\nsys.path.insert(0, 'lib')\nimport shop.api\n")
    report = run("", {"path": root, "execute": True})
    issues = {i["rule"]: i["message"] for i in report["issues"]}
    assert set(issues) == {"slow-import", "import-fails"}
    assert "shop.api imports heavy_library" in issues["slow-import"]
    assert "No module named 'no_such_package'" in issues["import-fails"]
    assert set(report["data"]["imports_ms"]) == {"shop", "inner"}
    assert report["data"]["imports_ms"]["shop"] >= 150
    assert "entry" in report["markdown"]


def test_an_import_that_never_ends_is_told(make_project: Any) -> None:
    report = run(
        "",
        {"path": make_project({"shop/__init__.py": "import time\ntime.sleep(600)\n"}), "execute": True, "timeout_s": 1},
    )
    [issue] = report["issues"]
    assert issue["rule"] == "import-fails"
    assert "did not end within 1 s" in issue["message"]


@pytest.mark.parametrize(
    "entry",
    [3, "shop", "shop:", ":main", "shop:main()", "a b:c", "../x.py", "/etc/x.py", "shop:main;import os", ["shop:main"]],
)
def test_an_entry_point_that_is_none_is_refused(make_project: Any, entry: object) -> None:
    with pytest.raises(UsageError, match="entry"):
        run("", {"path": make_project({"shop.py": "x = 1\n"}), "entry": entry})


def test_the_original_stays_untouched_by_code_that_writes(make_project: Any, digest: Any) -> None:
    code = "from pathlib import Path\nPath(__file__).with_name('imported.txt').write_text('x')\n"
    code += "def main():\n    Path('ran.txt').write_text('x')\n"
    root = make_project({"shop.py": code})
    before = digest(root)
    assert _profile(root, "shop:main")["issues"] == []
    assert digest(root) == before
