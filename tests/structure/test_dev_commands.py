"""dev.py: what it understands, when it installs, and what it says when something stands in its way."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
Dev = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What dev.py needs of a clone, in a folder with a blank in its name."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("dev.py", "dev_environment.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def dev(clone: Path) -> Dev:
    def run(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(clone / "dev.py"), *words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False, **options
        )

    return run


@pytest.fixture
def environment(clone: Path) -> ModuleType:
    """``dev_environment`` of the clone, imported under a name of its own."""
    spec = importlib.util.spec_from_file_location("cloned_dev_environment", clone / "dev_environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def options(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"torch_index": None, "find_links": [], "offline": False, **given})


def test_an_old_python_can_parse_it_and_is_told_what_is_needed() -> None:
    source = (ROOT / "dev.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    pretend = "import sys, runpy; sys.version_info = (3, 8, 18); sys.argv = ['dev.py', 'demo']; runpy.run_path(path, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", f"path = {str(ROOT / 'dev.py')!r}; {pretend}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr and "Traceback" not in done.stderr


def test_help_names_every_command(dev: Dev) -> None:
    shown = dev("--help")
    assert shown.returncode == 0
    for name in ("demo", "test", "check", "bench", "setup", "clean", "--torch-index", "--find-links", "--offline"):
        assert name in shown.stdout
    assert dev().returncode == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("polish",), "invalid choice"),
        (("check", "everything"), "check does not know everything"),
        (("clean", "--all"), "clean does not know --all"),
        (("setup", "--offline", "--torch-index", "https://index.invalid"), "exclude each other"),
    ],
)
def test_a_wrong_word_is_named_and_nothing_is_installed(
    dev: Dev, clone: Path, words: tuple[str, ...], said: str
) -> None:
    done = dev(*words)
    assert done.returncode == 2 and said in done.stderr
    assert not (clone / ".venv").exists()


def test_what_is_installed_is_not_installed_again(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []

    def install(project: dict[str, Any], digest: str, given: argparse.Namespace, lock: int) -> None:
        installed.append(digest)
        environment.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        environment.PYTHON.touch()
        environment.STAMP.write_text(f'{{"fingerprint": "{digest}", "torch_index": "{given.torch_index or ""}"}}')

    monkeypatch.setattr(environment, "_install", install)

    def installs(**given: Any) -> bool:
        before = len(installed)
        environment.ensure_installed(options(**given))
        return len(installed) > before

    def replace(name: str, old: str, new: str) -> None:
        path = environment.ROOT / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    assert installs() and not installs()
    replace("pyproject.toml", "line-length = 120", "line-length = 110")
    assert not installs(), "a tool's settings change nothing that is installed"
    replace("pyproject.toml", "click>=8.2", "click>=8.3")
    assert installs() and not installs()
    replace("constraints.txt", "torch==2.13.0", "torch==2.13.1")
    assert installs() and not installs()
    replace("dev_environment.py", "ROOM_BYTES = 3", "ROOM_BYTES = 4")
    assert installs() and not installs()
    assert installs(torch_index="https://index.invalid") and not installs(torch_index="https://index.invalid")
    assert not installs(), "no index named means: keep the torch that is there"
    environment.UNFINISHED.touch()
    assert installs()
    environment.UNFINISHED.unlink()
    environment.STAMP.write_text("{half a sta")
    assert installs() and not installs()
    environment.PYTHON.unlink()
    assert installs() and not installs()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda e: None, ""),
        (lambda e: e.UNFINISHED.touch(), "was interrupted"),
        (lambda e: e.PYTHON.unlink(), "its Python is gone"),
        (lambda e: e.STAMP.write_text('{"root": "/elsewhere"}'), "was moved"),
        (lambda e: (e.VENV / "pyvenv.cfg").write_text("home = x\nversion = 3.9.1\n"), "made with Python 3.9"),
        (lambda e: shutil.rmtree(e.VENV), ""),
    ],
)
def test_when_an_environment_cannot_be_built_upon(
    environment: ModuleType, spoil: Callable[[ModuleType], None], reason: str
) -> None:
    environment.PYTHON.parent.mkdir(parents=True)
    environment.PYTHON.touch()
    (environment.VENV / "pyvenv.cfg").write_text(f"version = {sys.version_info[0]}.{sys.version_info[1]}.0\n")
    spoil(environment)
    found = environment._reason_to_start_anew()
    assert reason in found and bool(reason) == bool(found)


def test_two_at_once_wait_for_each_other(environment: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []
    held, told = threading.Event(), threading.Event()

    def second() -> None:
        held.wait(10)
        with environment.install_lock():
            order.append("second")

    environment.say = lambda text: told.set()
    thread = threading.Thread(target=second)
    thread.start()
    with environment.install_lock():
        held.set()
        assert told.wait(10), "the second one says that it waits"
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


@pytest.mark.skipif(os.name == "nt", reason="a file handle is inherited by pip on POSIX only")
def test_the_lock_outlives_a_killed_dev_while_its_pip_runs(environment: ModuleType) -> None:
    with environment.install_lock() as number:
        pip = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=(number,)
        )
    with environment.LOCK.open("a+") as handle:
        assert not environment._try_lock(handle.fileno())
        pip.communicate(b"\n")
        assert environment._try_lock(handle.fileno())


def test_packages_that_nobody_offers(dev: Dev, clone: Path, tmp_path: Path) -> None:
    """A real run up to the first pip, without network: the environment is made, the message is clear, the next run goes on."""
    (tmp_path / "empty").mkdir()
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | {
        "PIP_CONFIG_FILE": os.devnull
    }
    done = dev("setup", "--offline", "--find-links", str(tmp_path / "empty"), env=alone)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "nothing that pip could reach offers" in done.stderr and "install.log" in done.stderr
    assert not (clone / ".venv" / "installed.json").exists(), "an installation that failed is not taken for done"
    assert not (clone / ".venv" / "installing").exists(), "nothing was written, so the next run can build on it"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError'", "cannot be reached"),
        ("ERROR: No matching distribution found for torch==2.13.0", "offers torch==2.13.0 for Python"),
        ("The user requested click==9\n    The user requested (constraint) click==9\n", "offers click==9"),
        (
            "The user requested click>=10\n The user requested (constraint) click==9\nResolutionImpossible",
            "contradict each other",
        ),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "PIP_CERT"),
        ("[Errno 13] Permission denied: 'x'", "cannot be written"),
        (
            "The virtual environment was not created successfully because ensurepip is not available.",
            "apt install python",
        ),
        ("something never seen before", "something never seen before"),
    ],
)
def test_pip_is_put_into_words(environment: ModuleType, output: str, said: str) -> None:
    assert said in environment.explain(output)


def test_a_python_without_venv_names_the_package_to_install(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(environment.Problem, match=r"apt install python3\.\d+-venv"):
        environment._make_venv()


def test_a_full_disk_is_seen_before_anything_is_made(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: argparse.Namespace(free=200_000_000))
    with pytest.raises(environment.Problem, match=r"3 GB must be free.*0\.2 GB"):
        environment._make_venv()
    assert not environment.VENV.exists()


def test_clean_keeps_what_belongs_to_the_user(dev: Dev, clone: Path) -> None:
    for folder in (".venv/lib", ".venv.old-1", ".mypy_cache", "core/pkg/__pycache__", ".orchestrator"):
        (clone / folder).mkdir(parents=True)
    (clone / ".orchestrator" / "orchestrator.db").write_text("history")
    done = dev("clean")
    assert done.returncode == 0 and "kept .orchestrator" in done.stderr
    assert not any(
        (clone / name).exists()
        for name in (".venv", ".venv.old-1", ".mypy_cache", "core/pkg/__pycache__", ".venv.lock")
    )
    assert "add --yes" in dev("clean", "--data").stderr
    assert (clone / ".orchestrator" / "orchestrator.db").exists()
    assert dev("clean", "--data", "--yes").returncode == 0
    assert not (clone / ".orchestrator").exists()


def test_nothing_foreign_reaches_the_environment(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("KEPT", "yes")
    made = environment.clean_environment()
    assert "PYTHONPATH" not in made and "PIP_TARGET" not in made and made["KEPT"] == "yes"
    assert made["PATH"].split(os.pathsep)[0] == str(environment.PYTHON.parent)


def cloned_dev(clone: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("cloned_dev", clone / "dev.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_how_to_call_is_right_for_each_system(clone: Path) -> None:
    dev = cloned_dev(clone)
    posix = dev.how_to_call(clone / ".venv" / "bin" / "orchestrate", windows=False)
    assert f"source '{clone}/.venv/bin/activate'" in posix, "the folder's name has a blank"
    assert f"'{clone}/.venv/bin/orchestrate'" in posix
    windows = dev.how_to_call(clone / ".venv" / "Scripts" / "orchestrate.exe", windows=True)
    assert "Activate.ps1" in windows and "orchestrate.exe" in windows and "source" not in windows


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.parametrize("on_path", [False, True])
def test_the_demo_ends_with_how_to_call_it(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], on_path: bool
) -> None:
    script = clone / ".venv" / "bin" / "orchestrate"
    script.parent.mkdir(parents=True)
    script.write_text('#!/bin/sh\necho "$@ in $PWD" >&2\nexit 3\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.syspath_prepend(clone)
    monkeypatch.delitem(sys.modules, "dev_environment", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin" if on_path else "/usr/bin:/bin")
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        assert cloned_dev(clone).demo(["--json"]) == 3
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.modules.pop("dev_environment", None)
    said = capfd.readouterr().err.splitlines()
    assert said[0] == f"demo --json in {tmp_path}"
    assert ("not on your path" in said[-1]) is not on_path
