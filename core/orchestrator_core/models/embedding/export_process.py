"""Starts the export of a model in a process of its own: in the background, or watched by a person."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from orchestrator_core.file_lock import is_locked
from orchestrator_core.forks import at_fork
from orchestrator_core.models.embedding.attempts import lock_path, read_attempt
from orchestrator_core.models.embedding.sources import CannotExport, Source

STAGES = 4
"""Lines that an export says, one before each stage."""


class _Begun:
    """The exports that this process has begun in the background."""

    def __init__(self) -> None:
        self._reset()
        at_fork(self, child=_Begun._reset)
        atexit.register(self._leave)

    def _reset(self) -> None:
        self.lock = threading.Lock()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def _leave(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.returncode = 0  # it goes on alone, and Python need not warn of it


_begun = _Begun()


def start_export(source: Source, target: Path) -> str:
    """Begin the export in the background, unless one is on its way; returns why it cannot be, or an empty text.

    After a failure it is not begun again for an hour; what failed is the answer meanwhile.
    """
    with _begun.lock:
        if is_exporting(target):
            return ""
        attempt = read_attempt(target)
        if attempt is not None and time.time() < attempt.again_at:
            return attempt.reason or "its export was interrupted"
        quiet = subprocess.DEVNULL
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _begun.processes[str(target)] = subprocess.Popen(
                [*_command(source, target), "--background"],
                env=_environment(), stdin=quiet, stdout=quiet, stderr=quiet, cwd=target.parent, start_new_session=True,
                creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
        except OSError as error:
            return f"its export cannot be started: {error.strerror or error}"
    return ""


def is_exporting(target: Path) -> bool:
    """Whether some process is exporting the model now."""
    process = _begun.processes.get(str(target))
    return (process is not None and process.poll() is None) or is_locked(lock_path(target))


def run_export(source: Source, target: Path, *, progress: Callable[[str], None] = lambda _: None) -> None:
    """Export here and now, whatever failed before; ``progress`` is told each stage.

    Raises:
        CannotExport: it failed; the message says why.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    process = subprocess.Popen(
        _command(source, target),
        env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=target.parent, text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    told: list[str] = []
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - both are pipes
    reader = threading.Thread(target=told.extend, args=(process.stderr,), daemon=True)
    reader.start()
    try:
        for line in process.stdout:
            progress(line.strip())
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        reader.join()
        process.stdout.close()
        process.stderr.close()
    if code != 0:
        attempt = read_attempt(target)
        last = " ".join(told[-1:]).strip()
        raise CannotExport((attempt.reason if attempt else "") or last or f"the export ended with the exit code {code}")


def _command(source: Source, target: Path) -> list[str]:
    # -P: a file of the current folder must not be taken for one of torch's.
    module = "orchestrator_core.models.embedding.export"
    return [sys.executable, "-P", "-m", module, source.folder, str(target), f"--name={source.name}"]


def _environment() -> dict[str, str]:
    ours = str(Path(__file__).resolve().parents[3])
    others = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((*others, ours)),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
