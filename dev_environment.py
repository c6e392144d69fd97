"""The environment that dev.py works in: ``.venv``, made, recognised and repaired.

Three marks tell its state. ``installed.json`` is written last and says what is installed; ``installing`` stands there while
packages are being written, and where it is left behind no file can be trusted; ``.venv.lock`` keeps two installers apart.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.json"
UNFINISHED = VENV / "installing"
LOG = VENV / "install.log"
LOCK = ROOT / ".venv.lock"
CONSTRAINTS = ROOT / "constraints.txt"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
ROOM_BYTES = 3_000_000_000  # 2.4 GB once installed on Linux with torch's CPU build, and room for pip to work


class Problem(Exception):
    """Something a person has to put right; the message says what and how."""


def say(text: str) -> None:
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


def ensure_installed(options: argparse.Namespace) -> None:
    """Make, complete or repair ``.venv`` where needed; returns at once when it is as wanted.

    Raises:
        Problem: it cannot be done.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    digest = _fingerprint(project)
    if _is_current(digest, options):
        return
    with install_lock() as lock:
        if not _is_current(digest, options):  # else another dev.py did it while this one waited
            _install(project, digest, options, lock)


def clean_environment() -> dict[str, str]:
    """The caller's environment with ``.venv`` activated, without what would mix other packages into it."""
    unwanted = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment["VIRTUAL_ENV"] = str(VENV)
    environment["PATH"] = os.pathsep.join((str(PYTHON.parent), environment.get("PATH", "")))
    return environment


@contextlib.contextmanager
def install_lock() -> Iterator[int]:
    """Held by one dev.py at a time, and by its pip: should this process be killed, the next one waits until pip is gone."""
    try:
        handle = LOCK.open("a+")
    except OSError as error:
        raise Problem(
            f"cannot write in {ROOT}: {error.strerror}. Make it writable, or clone into a folder that is."
        ) from None
    with handle:
        told = False
        while not _try_lock(handle.fileno()):
            if not told:
                say("another dev.py is installing here; waiting for it to finish")
            told = True
            time.sleep(0.2)
        yield handle.fileno()


def discard_venv() -> None:
    """Remove ``.venv``. It is renamed first, so that a run killed here leaves no half of it under the real name.

    Raises:
        Problem: the folder is in use.
    """
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        try:
            VENV.rename(ROOT / f".venv.old-{os.getpid()}")
        except OSError as error:
            raise Problem(
                f"cannot replace {VENV}: {error.strerror}. Close what uses it, or remove it by hand."
            ) from None
    for folder in ROOT.glob(".venv.old-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _fingerprint(project: dict[str, Any]) -> str:
    """Changes whenever an installation would come out differently; tool settings in pyproject.toml do not count."""
    parts = {
        "tables": [project.get(name) for name in ("build-system", "project", "dependency-groups")],
        "hatch": project.get("tool", {}).get("hatch"),
        "constraints": CONSTRAINTS.read_text(encoding="utf-8"),
        "recipe": Path(__file__).read_text(encoding="utf-8"),
        "python": [sys.implementation.name, *sys.version_info[:2], sysconfig.get_platform()],
        "root": str(ROOT),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read_stamp() -> dict[str, Any]:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _is_current(digest: str, options: argparse.Namespace) -> bool:
    stamp = _read_stamp()
    torch_as_wanted = options.torch_index is None or stamp.get("torch_index") == options.torch_index
    return stamp.get("fingerprint") == digest and torch_as_wanted and not UNFINISHED.exists() and PYTHON.exists()


def _reason_to_start_anew() -> str:
    """Why nothing can be built upon the environment that is there; empty when it can, or when there is none."""
    if not VENV.exists() and not VENV.is_symlink():
        return ""
    if UNFINISHED.exists():
        return "the last installation was interrupted"
    if not PYTHON.exists():
        return "its Python is gone"
    if _read_stamp().get("root", str(ROOT)) != str(ROOT):
        return "the folder was moved, and its scripts name their interpreter by path"
    settings = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
    found = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", settings, re.MULTILINE)
    if found and (int(found[1]), int(found[2])) != sys.version_info[:2]:
        return f"it was made with Python {found[1]}.{found[2]}, this is {sys.version_info[0]}.{sys.version_info[1]}"
    return ""


def _try_lock(number: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # a file system without locks: better to install unguarded than not at all
    return True


def _install(project: dict[str, Any], digest: str, options: argparse.Namespace, lock: int) -> None:
    begun = time.monotonic()
    reason = _reason_to_start_anew()
    if reason:
        say(f"making .venv anew: {reason}")
        discard_venv()
    STAMP.unlink(missing_ok=True)
    fresh = not PYTHON.exists()
    if fresh:
        _make_venv()
    pinned_torch = re.search(r"^torch==\S+", CONSTRAINTS.read_text(encoding="utf-8"), re.MULTILINE)
    if pinned_torch is None:
        raise Problem("constraints.txt does not pin torch")
    torch = pinned_torch[0]
    declared = project["project"]
    wanted = [torch, *project["build-system"]["requires"], *declared["dependencies"]]
    wanted += [*declared["optional-dependencies"]["model"], *project["dependency-groups"]["dev"]]
    sources = ["--no-index"] if options.offline else []
    for place in options.find_links:
        sources += ["--find-links", str(Path(place).resolve()) if Path(place).exists() else place]
    say("installing the pinned packages into .venv" + (" (some minutes, about 2.4 GB)" if fresh else ""))
    if fresh and sys.platform == "linux" and not (options.torch_index or sources):
        say(
            "plain pip may fetch torch's CUDA build (several GB); --torch-index URL takes another from an index you name"
        )
    if options.torch_index:
        _pip(["--force-reinstall", "--no-deps", "--index-url", options.torch_index, torch], lock)
    _pip(["-c", str(CONSTRAINTS), *sources, *wanted], lock)
    # The build backend is installed by now, and pinned: an isolated build would fetch its own, unpinned dependencies.
    _pip(["--no-deps", "--no-build-isolation", "--no-index", "-e", str(ROOT)], lock)
    UNFINISHED.unlink(missing_ok=True)
    draft = STAMP.with_suffix(".draft")
    draft.write_text(
        json.dumps({"fingerprint": digest, "root": str(ROOT), "torch_index": options.torch_index or ""}),
        encoding="utf-8",
    )
    draft.replace(STAMP)
    _export_model()
    say(f"installed in {time.monotonic() - begun:.0f} s")


def _export_model() -> None:
    """Prepare memory's embedding model now, so that the first demonstration and the tests find it; nothing depends on it."""
    say("preparing the embedding model (once, about 15 s)")
    command = [str(PYTHON), "-P", "-m", "orchestrator_core.models.embedding.export"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=clean_environment()
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        say(f"memory finds by keywords for now: {last} (orchestrate setup tries again)")


def _make_venv() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Problem(f"{sys.executable} cannot make virtual environments. {_debian_advice()}")
    free = shutil.disk_usage(ROOT).free
    if free < ROOM_BYTES:
        raise Problem(f"{_full_disk()} There are {free / 1e9:.1f} GB.")
    try:
        VENV.mkdir(exist_ok=True)
        UNFINISHED.touch()
    except OSError as error:
        raise Problem(
            f"cannot write {VENV}: {error.strerror}. Make it writable, or clone into a folder that is."
        ) from None
    base = getattr(sys, "_base_executable", None) or sys.executable  # not the environment's own, should that run this
    made = subprocess.run(
        [base, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False, env=clean_environment()
    )
    if made.returncode != 0:
        raise Problem(f"cannot make {VENV}: {explain(made.stdout + made.stderr)}")


def _pip(arguments: list[str], lock: int) -> None:
    """Run ``pip install``, showing its latest line and keeping all of them in the log."""
    UNFINISHED.touch()
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
    ]
    inherited: dict[str, Any] = {} if os.name == "nt" else {"pass_fds": (lock,)}
    process = subprocess.Popen(
        [*command, *arguments],
        env=clean_environment(),
        cwd=str(ROOT),
        text=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **inherited,
    )
    lines: list[str] = []
    reader = threading.Thread(target=_collect, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        _show_progress(process, lines)
    except KeyboardInterrupt:
        process.wait()
        raise
    reader.join()
    if process.returncode != 0:
        if not any(line.startswith("Installing collected packages") for line in lines):
            UNFINISHED.unlink(missing_ok=True)  # pip stopped before it wrote anything: the next run can build on this
        raise Problem(f"pip could not install the packages: {explain(''.join(lines))}\nThe whole log: {LOG}")


def _collect(stream: IO[str], lines: list[str]) -> None:
    with contextlib.suppress(OSError), LOG.open("a", encoding="utf-8") as log:
        for line in stream:
            lines.append(line)
            log.write(line)
            log.flush()
    lines.extend(stream)  # the log's disk is full: pip must still be heard


def _show_progress(process: subprocess.Popen[str], lines: list[str]) -> None:
    """On a terminal one line that keeps changing; elsewhere a line every ten seconds."""
    begun = shown = time.monotonic()
    terminal = sys.stderr.isatty()
    width = shutil.get_terminal_size().columns - 1 if terminal else 150
    while process.poll() is None:
        time.sleep(0.1)
        now = time.monotonic()
        if now - shown < (0.5 if terminal else 10):
            continue
        shown = now
        text = f"{now - begun:4.0f} s  {_latest(lines)}"[:width]
        print(f"\r{text:<{width}}" if terminal else text, end="" if terminal else "\n", file=sys.stderr, flush=True)
    if terminal:
        print(f"\r{'':<{width}}\r", end="", file=sys.stderr, flush=True)


def _latest(lines: list[str]) -> str:
    for line in reversed(lines):
        if line.startswith("Installing collected packages"):
            return f"installing packages: {line.count(',') + 1}"
        if not line.startswith(("WARNING", "Looking in", "  Attempting", "    ")):
            return line.strip()
    return "starting pip"


def _full_disk() -> str:
    return f"the disk is full: about {ROOM_BYTES / 1e9:.0f} GB must be free (TMPDIR moves pip's own temporary files)."


def _debian_advice() -> str:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return f"On Debian and Ubuntu: sudo apt install python{version}-venv (or python3-venv); then run this again."


def explain(output: str) -> str:
    """What pip's or venv's output means and what to do; its last lines where no known cause fits."""

    def has(pattern: str) -> bool:
        return re.search(pattern, output, re.IGNORECASE) is not None

    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    last_lines = "\n" + "\n".join(output.strip().splitlines()[-15:])
    # pip calls it a conflict when nothing offers a version that is both asked for and pinned.
    missing = re.search(r"No matching distribution found for (\S+)", output) or re.search(
        r"user requested (\S+)\s+The user requested \(constraint\) \1\s", output
    )
    if has(r"No space left on device|Errno 28\b|not enough space|disk quota"):
        return _full_disk()
    if has(r"ensurepip is not available|No module named '?(ensurepip|pip|venv)\b"):
        return f"this Python has no pip. {_debian_advice()}"
    if has(r"CERTIFICATE_VERIFY_FAILED"):
        return "the package index's certificate is not trusted. Behind a company proxy, set PIP_CERT to its certificate file."
    if has(
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError|Max retries exceeded|Failed to establish"
    ):
        return (
            "the package index cannot be reached. Check the network (behind a proxy: HTTPS_PROXY), name another index in "
            "PIP_INDEX_URL, or give a folder of wheels: --offline --find-links FOLDER"
        )
    if has(r"Permission denied|Read-only file system|Errno (13|30)\b"):
        return f"a file cannot be written. Make {VENV} writable, or clone into a folder of your own."
    if missing:
        return (
            f"nothing that pip could reach offers {missing[1]} for Python {version} on {sysconfig.get_platform()}. "
            "Check the network, or try another index (PIP_INDEX_URL, for torch --torch-index) or another Python."
        )
    if has(r"ResolutionImpossible|conflicting dependencies"):
        return f"constraints.txt and pyproject.toml contradict each other.{last_lines}"
    return last_lines
