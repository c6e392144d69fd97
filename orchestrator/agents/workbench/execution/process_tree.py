"""One child process with a time limit and an output limit; everything it started ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from msgspec import Struct

OUTPUT_LIMIT_BYTES = 65_536
"""So much is kept of a run's output from its start, and as much from its end."""

_MARK = "MAGNUS_SCRATCH_RUN"
_CHUNK_BYTES = 8_192
_GRACE_S = 2.0
"""How long the rest of the output is waited for once the process has ended."""

_SWEEPS = 3
"""A child may start another while it is looked for."""


class LimitedRun(Struct, frozen=True):
    """How a run ended. ``exit_code`` is negative for a signal on POSIX and None where the time limit ended it."""

    exit_code: int | None
    output: str
    """Standard output and error together, the middle left out when it was longer than twice the limit."""
    dropped_bytes: int
    duration_s: float

    @property
    def timed_out(self) -> bool:
        return self.exit_code is None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.exit_code is None:
            return "ended by the time limit"
        if self.exit_code < 0:
            return f"killed by signal {-self.exit_code} ({_signal_name(-self.exit_code)})"
        return f"exit code {self.exit_code}"


def run_limited(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout_s: float,
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
) -> LimitedRun:
    """Run a program to its end or its time limit, then kill what is left of it and its children.

    On POSIX the program leads its own process group; on Linux, children that left the group are found by a mark in their
    environment as well. On Windows ``taskkill /T`` ends the tree. Standard input is empty.
    """
    mark = uuid.uuid4().hex
    started = time.monotonic()
    process = subprocess.Popen(  # the command is a list and no shell is involved
        list(command),
        cwd=cwd,
        env={**environment, _MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=os.name == "posix",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    output = _CappedOutput(cast("IO[bytes]", process.stdout), output_limit_bytes)  # a pipe was asked for above
    output.start()
    exit_code: int | None = None
    try:
        exit_code = process.wait(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        pass
    finally:  # also on Ctrl-C: nothing may be left running
        _kill_tree(process, mark)
        process.wait()
    output.join(_GRACE_S)
    text, dropped = output.text()
    return LimitedRun(exit_code, text, dropped, time.monotonic() - started)


class _CappedOutput(threading.Thread):
    """Reads a pipe to its end, so that the child never blocks on it, and keeps the start and the end."""

    def __init__(self, pipe: IO[bytes], limit_bytes: int) -> None:
        super().__init__(name="magnus-scratch-output", daemon=True)
        self._pipe = pipe
        self._limit = limit_bytes
        self._head = bytearray()
        self._tail: deque[bytes] = deque(maxlen=max(1, limit_bytes // _CHUNK_BYTES))
        self._total = 0
        self._lock = threading.Lock()

    def run(self) -> None:
        with self._pipe:
            while chunk := self._pipe.read1(_CHUNK_BYTES):  # type: ignore[attr-defined]
                self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        with self._lock:
            self._total += len(chunk)
            room = self._limit - len(self._head)
            self._head += chunk[:room]
            rest = chunk[room:]
            if not rest:
                return
            if self._tail and len(self._tail[-1]) + len(rest) <= _CHUNK_BYTES:
                self._tail[-1] += rest  # many small writes must not push out the large ones
            else:
                self._tail.append(rest)

    def text(self) -> tuple[str, int]:
        with self._lock:
            head, tail, total = bytes(self._head), b"".join(self._tail), self._total
        dropped = total - len(head) - len(tail)
        gap = f"\n[... {dropped} bytes left out ...]\n".encode() if dropped else b""
        return (head + gap + tail).decode("utf-8", errors="replace"), dropped


def _kill_tree(process: subprocess.Popen[bytes], mark: str) -> None:
    if sys.platform == "win32":
        if process.poll() is None:
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
            process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):  # the group is empty, or (macOS) holds only zombies
        os.killpg(process.pid, signal.SIGKILL)
    for _ in range(_SWEEPS):
        pids = _marked(mark)
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not pids:
            return


def _marked(mark: str) -> list[int]:
    wanted = f"{_MARK}={mark}".encode()
    found: list[int] = []
    try:
        names = os.listdir("/proc")
    except OSError:
        return []  # no Linux: the process group has to do
    for name in names:
        if name.isdigit() and int(name) != os.getpid():
            try:
                environment = Path("/proc", name, "environ").read_bytes()
            except OSError:
                continue
            if wanted in environment.split(b"\0"):
                found.append(int(name))
    return found


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
