"""The test automator on projects that fail, hang, die and misbehave."""

from __future__ import annotations

import os
import sys
import time
import venv
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.workbench.test_automator import run

_PLUGINS = ("hypothesispytest", "xdist", "xdist.looponfail", "pytest_cov", "anyio")
OK = "def test_ok():\n    assert True\n"


def _rules(report: dict[str, Any]) -> list[str]:
    return [issue["rule"] for issue in report["issues"]]


def _run(root: Path, **context: Any) -> dict[str, Any]:
    # Each plug-in that this environment happens to have costs a run up to half a second.
    if not (root / "pytest.ini").exists():
        (root / "pytest.ini").write_text(f"[pytest]\naddopts = {' '.join(f'-p no:{name}' for name in _PLUGINS)}\n")
    return run("run the tests", {"path": root, "execute": True, **context})


def test_tests_are_listed_without_running(make_project: Any) -> None:
    root = make_project(
        {
            "tests/test_a.py": """
                import unittest
                raise SystemExit("importing me is a mistake")
                def test_one(): ...
                async def test_two(): ...
                def helper(): ...
                class TestThings:
                    def test_three(self): ...
                    class TestInner:
                        def test_four(self): ...
                class Other:
                    def test_not(self): ...
                class Case(unittest.TestCase):
                    def test_five(self): ...
                """,
            "checks.py": "from unittest import TestCase\nclass Old(TestCase):\n    def test_six(self): ...\ndef test_no(): ...\n",
        }
    )
    report = run("", {"path": root})
    assert report["summary"] == {"test files": 2, "test functions": 6, "of these unittest": 2, "executed": False}
    assert report["issues"] == []


def test_a_project_without_tests_is_told_so(make_project: Any) -> None:
    root = make_project({"shop.py": "x = 1\n"})
    assert _rules(run("", {"path": root})) == ["no-tests"]
    assert "no-tests" in _rules(_run(root))


def test_a_failing_test_is_found_and_its_clean_twin_is_not(make_project: Any) -> None:
    source = "def add(a, b):\n    return a {} b\n"
    test = "from src_pkg import add\n\n\ndef test_add():\n    assert add(2, 3) == 5\n"
    root = make_project({"src/src_pkg/__init__.py": source.format("-"), "tests/test_add.py": test})
    report = _run(root)
    [issue] = report["issues"]
    assert (issue["rule"], issue["path"], issue["line"]) == ("test-fails", "tests/test_add.py", 5)
    assert "assert -1 == 5" in issue["message"]
    assert (report["summary"]["failed"], report["summary"]["passed"]) == (1, 0)

    make_project({"src/src_pkg/__init__.py": source.format("+")})
    clean = _run(root)
    assert clean["issues"] == []
    assert (clean["summary"]["failed"], clean["summary"]["passed"]) == (0, 1)


def test_every_outcome_is_counted(make_project: Any) -> None:
    code = """
        import unittest
        import pytest

        @pytest.mark.parametrize("n", [1, 2, 3])
        def test_many(n):
            assert n != 2

        @pytest.mark.skip(reason="not now")
        def test_skipped(): ...

        @pytest.mark.xfail
        def test_known():
            assert False

        @pytest.fixture
        def broken():
            raise RuntimeError("no set-up")

        def test_set_up(broken): ...

        @pytest.fixture
        def untidy():
            yield
            raise RuntimeError("no tear-down")

        def test_tear_down(untidy): ...

        class Case(unittest.TestCase):
            def test_equal(self):
                self.assertEqual(1, 2)
        """
    report = _run(make_project({"test_all.py": code}))
    summary = report["summary"]
    counts = {name: summary[name] for name in ("passed", "failed", "errors", "skipped", "run")}
    assert counts == {"passed": 2, "failed": 2, "errors": 2, "skipped": 2, "run": 8}
    assert {(i["rule"], i["line"]) for i in report["issues"]} == {
        ("test-fails", 7), ("test-fails", 31), ("test-error", 18), ("test-error", 25),
    }  # fmt: skip
    assert {i["path"] for i in report["issues"]} == {"test_all.py"}


def test_the_slowest_come_first(make_project: Any) -> None:
    code = "import time\ndef test_fast(): ...\ndef test_slow():\n    time.sleep(0.2)\n"
    slowest = _run(make_project({"test_times.py": code}))["data"]["slowest"]
    assert [entry["test"] for entry in slowest] == ["test_times.py::test_slow", "test_times.py::test_fast"]
    assert slowest[0]["duration_s"] >= 0.2


def test_a_file_that_cannot_be_collected_does_not_hide_the_others(make_project: Any) -> None:
    report = _run(make_project({"test_a.py": "import no_such_package\n", "test_b.py": OK}))
    [issue] = report["issues"]
    assert (issue["rule"], issue["path"]) == ("collection-error", "test_a.py")
    assert "No module named 'no_such_package'" in issue["message"]
    assert report["summary"]["passed"] == 1


def test_a_hanging_test_is_named_and_ended(make_project: Any) -> None:
    code = f"{OK}def test_waits():\n    import time\n    time.sleep(600)\ndef test_later(): ...\n"
    report = _run(make_project({"test_hang.py": code}), timeout_s=4)
    [issue] = report["issues"]
    assert (issue["rule"], issue["path"], issue["line"]) == ("test-hangs", "test_hang.py", 3)
    assert (report["summary"]["passed"], report["summary"]["unfinished"], report["summary"]["not run"]) == (1, 1, 1)
    assert report["summary"]["ended"] == "ended by the time limit"


def test_a_hang_outside_any_test_is_told(make_project: Any) -> None:
    report = _run(make_project({"test_hang.py": f"import time\ntime.sleep(600)\n{OK}"}), timeout_s=2)
    assert _rules(report) == ["run-hangs"]


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), 9)", "os._exit(0)", "os.abort()"])
def test_a_test_that_ends_the_run_is_named(make_project: Any, ending: str) -> None:
    code = f"{OK}def test_dies():\n    import os\n    {ending}\ndef test_later(): ...\n"
    report = _run(make_project({"test_die.py": code}))
    [issue] = report["issues"]
    assert (issue["rule"], issue["path"]) == ("test-ends-run", "test_die.py")
    assert "test_dies" in issue["message"]
    assert (report["summary"]["passed"], report["summary"]["not run"]) == (1, 1)


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
@pytest.mark.parametrize(("detached", "hangs"), [(False, False), (True, False), (True, True)])
def test_children_of_a_test_end_with_the_run(make_project: Any, tmp_path: Path, detached: bool, hangs: bool) -> None:
    if detached and not Path("/proc/self/environ").exists():
        pytest.skip("only Linux can find children that left their group")
    note = tmp_path / "child.pid"
    code = f"""
        import subprocess, sys, time
        def test_spawns():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session={detached})
            open({str(note)!r}, "w").write(str(child.pid))
            time.sleep({600 if hangs else 0})
        """
    report = _run(make_project({"test_spawn.py": code}), timeout_s=4)
    assert report["summary"]["passed"] == (0 if hangs else 1)
    assert _ended(int(note.read_text()))


def _ended(pid: int) -> bool:
    for _ in range(100):
        try:
            state = (
                Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] if Path("/proc").exists() else ""
            )
            os.kill(pid, 0)
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_the_original_stays_untouched_by_tests_that_write(make_project: Any, digest: Any) -> None:
    code = """
        from pathlib import Path
        import data_module
        HERE = Path(__file__).parent
        def test_writes():
            (HERE / "made.txt").write_text("x")
            (HERE / "kept.txt").write_text("overwritten")
            (HERE / "gone.txt").unlink()
            (HERE / "linked.txt").write_text("through the link")
            Path("cwd.txt").write_text("x")
            assert Path(data_module.__file__).parent == HERE
        """
    root = make_project(
        {"test_w.py": code, "data_module.py": "", "kept.txt": "kept", "gone.txt": "here", "real.txt": "real"}
    )
    (root / "linked.txt").symlink_to(root / "real.txt")
    (root / "pytest.ini").write_text("[pytest]\n")
    before = digest(root)
    report = _run(root)
    assert report["issues"] == []
    assert digest(root) == before


def test_a_link_out_of_the_folder_is_not_followed(make_project: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    code = "from pathlib import Path\ndef test_it():\n    assert not (Path(__file__).parent / 'out.txt').exists()\n"
    root = make_project({"test_out.py": code})
    (root / "out.txt").symlink_to(outside)
    report = _run(root)
    assert report["issues"] == []
    assert "out.txt: a link out of the folder" in report["limits"]["not copied"]


def test_the_environment_is_scrubbed(make_project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "do-not-pass-on")
    code = """
        import os, tempfile
        from pathlib import Path
        def test_env():
            assert "SERVICE_TOKEN" not in os.environ
            assert "do-not-pass-on" not in str(dict(os.environ))
            assert Path.home() != Path("{home}")
            assert os.environ["PYTHONDONTWRITEBYTECODE"] == "1"
            assert Path(tempfile.gettempdir()) == Path.home()
        """.format(home=os.environ["HOME"])
    assert _run(make_project({"test_env.py": code}))["issues"] == []


def test_a_flood_of_output_is_cut(make_project: Any) -> None:
    code = "import os\ndef test_loud():\n    os.write(2, b'noise ' * 2_000_000)\n    assert False\n"
    report = _run(make_project({"test_loud.py": code, "pytest.ini": "[pytest]\naddopts = -s\n"}))
    assert "test-fails" in _rules(report)
    assert len(report["markdown"]) < 20_000
    assert (
        "0 bytes left out" not in report["limits"]["output kept"].split("; ")[1].split(" bytes")[0] + " bytes left out"
    )


def test_options_of_a_missing_plugin_are_left_out(make_project: Any) -> None:
    report = _run(make_project({"test_a.py": OK, "pytest.ini": "[pytest]\naddopts = --no-such-plugin-option=3\n"}))
    assert _rules(report) == ["pytest-options"]
    assert "--no-such-plugin-option" in report["issues"][0]["message"]
    assert report["summary"]["passed"] == 1


def test_a_broken_conftest_is_told(make_project: Any) -> None:
    report = _run(make_project({"test_a.py": OK, "conftest.py": "import no_such_package\n"}))
    [issue] = report["issues"]
    assert issue["rule"] == "run-broken"
    assert "no_such_package" in issue["message"]


def test_an_interpreter_without_pytest_is_told(make_project: Any, tmp_path: Path) -> None:
    # A bare interpreter, made without the network: the base one, isolated from this environment's packages.
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False, symlinks=os.name == "posix")
    python = bare / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    report = _run(make_project({"test_a.py": OK}), python=str(python))
    [issue] = report["issues"]
    assert issue["rule"] == "pytest-missing"
    assert "pip install pytest" in issue["fix"]


def test_a_distributed_run_counts_each_test_once(make_project: Any) -> None:
    pytest.importorskip("xdist")
    code = "import pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_n(n):\n    assert n != 4\n"
    report = _run(make_project({"test_n.py": code, "pytest.ini": "[pytest]\naddopts = -n 2\n"}))
    assert (report["summary"]["passed"], report["summary"]["failed"], report["summary"]["run"]) == (5, 1, 6)


def test_a_record_written_by_a_stranger_does_no_harm(make_project: Any) -> None:
    code = """
        import os
        def test_scribbles():
            with open(os.environ["MAGNUS_TEST_RECORD"], "ab") as file:
                file.write(b'\\xff\\xfe not json\\n{"event": 7}\\n[]\\n')
        """
    report = _run(make_project({"test_s.py": code}))
    assert report["issues"] == []
    assert report["summary"]["passed"] == 1
