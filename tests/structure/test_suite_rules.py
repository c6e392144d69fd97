"""The suite's own rules hold: no other machine, no file of the user, nothing skipped in CI. Shown on a small suite."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import network_guard
import pytest

TESTS = Path(__file__).resolve().parents[1]
OUTSIDE = "192.0.2.1"  # reserved for documentation: it is never anybody's
SUITE = f"""
import os, socket, subprocess, sys
import pytest

REACH = "import socket\\ntry: socket.create_connection(('{OUTSIDE}', 80), 0.1)\\nexcept OSError: pass"

def test_passes_on_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        socket.getaddrinfo("localhost", 80)

def test_reaches_out_and_hides_it(): exec(REACH)
def test_reaches_out_in_a_child(): subprocess.run([sys.executable, "-c", REACH], check=True)
def test_looks_up_a_name():
    with pytest.raises(OSError, match="no other machine"): socket.gethostbyname("host.invalid")
def test_is_skipped_inside(): pytest.skip("no reason")
@pytest.mark.skip(reason="none")
def test_is_skipped_outside(): pass
@pytest.mark.xfail(strict=True)
def test_is_expected_to_fail(): assert False
def test_passes_with_its_own_store(): assert not os.path.exists(os.environ["ORCHESTRATOR_HOME"])
def test_passes_without_the_users_settings(): assert "ORCHESTRATOR_EVALUATION__JUDGE" not in os.environ
def test_passes_in_a_home_of_its_own(): assert os.path.expanduser("~") != {os.path.expanduser("~")!r}
"""


@pytest.mark.parametrize(("workers", "in_ci"), [("2", True), ("0", False)])
def test_the_rules(tmp_path: Path, workers: str, in_ci: bool) -> None:
    shutil.copy(TESTS / "conftest.py", tmp_path)
    shutil.copytree(TESTS / "offline", tmp_path / "offline")
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    environment |= {"CI": "true" if in_ci else "", "ORCHESTRATOR_EVALUATION__JUDGE": "llm"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:cov", "-rA", "-n", workers, str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = set(re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED|XFAIL) .*?(?:::test_|\] )(\w+)", done.stdout, re.MULTILINE))
    outcomes: dict[str, set[str]] = {}
    for outcome, name in told:
        outcomes.setdefault(outcome, set()).add(name)
    assert done.returncode == 1
    reached = {"reaches_out_and_hides_it", "reaches_out_in_a_child", "looks_up_a_name"}
    assert reached <= outcomes["ERROR"]
    assert {name for name in outcomes["PASSED"] if name.startswith("passes")} == {
        "passes_on_loopback",
        "passes_with_its_own_store",
        "passes_without_the_users_settings",
        "passes_in_a_home_of_its_own",
    }
    assert outcomes["XFAIL"] == {"is_expected_to_fail"}
    skipped = {"is_skipped_inside", "is_skipped_outside"}
    if in_ci:
        assert skipped <= outcomes.get("FAILED", set()) | outcomes["ERROR"] and "SKIPPED" not in outcomes
    else:
        assert not skipped & (outcomes.get("FAILED", set()) | outcomes["ERROR"]) and "SKIPPED" in outcomes


@pytest.mark.parametrize(
    ("address", "local"),
    [
        (("127.0.0.1", 80), True),
        (("127.8.8.8", 80), True),
        (("::1", 80, 0, 0), True),
        (("::ffff:127.0.0.1", 80), True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("sub.localhost", True),
        (b"localhost", True),
        (None, True),
        ("", True),
        ("/run/some.socket", True),
        ((OUTSIDE, 80), False),
        (("::ffff:192.0.2.1", 80), False),
        (("2001:db8::1%eth0", 80, 0, 0), False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        (b"example.com", False),
    ],
)
def test_what_counts_as_this_machine(address: object, local: bool) -> None:
    assert network_guard.is_local(address) is local
