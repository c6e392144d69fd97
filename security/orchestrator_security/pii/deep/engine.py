"""Asks the process that Presidio runs in, starts it when it is first needed, and ends it when it takes too long."""

from __future__ import annotations

import atexit
import os
import re
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator_core.daemon_pool import shared_pool
from orchestrator_core.forks import at_fork
from orchestrator_security.pii.deep.deep_engine import (
    DeepScanUnavailable,
    DeepScanUnfinished,
    EngineFacts,
    Place,
    described,
)

if TYPE_CHECKING:
    import subprocess

PRESIDIO = "presidio-analyzer"
START_S = 120.0
"""What the import of Presidio and a model may take, on a busy machine."""
TEXT_S = 10.0
"""What one text may take, and a second more for each 20,000 characters."""
_CHARACTERS_PER_S = 20_000
TEXT_MAX = 2_000_000
"""A longer text is not looked at."""
_AGAIN_S = 300.0
"""After it could not be started, it is tried again this much later."""
_END_S = 1.0
_WORKER = "orchestrator_security.pii.deep.worker"


class PresidioProcess:
    """Implements ``DeepEngine`` with a process of its own. Safe for threads, which take turns, and after a fork.

    ``model`` is the spaCy model: a folder, an installed one's name, ``none``, or empty for the best installed. ``extra_environment`` is
    for tests.
    """

    def __init__(self, model: str = "", *, extra_environment: Mapping[str, str] | None = None) -> None:
        self._model = model
        self._extra = dict(extra_environment or {})
        self._facts = EngineFacts()
        self._process: subprocess.Popen[bytes] | None = None
        self._reset()
        at_fork(self, child=PresidioProcess._in_child)
        atexit.register(_close, weakref.ref(self))

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._process = None
        self._again_at = float("-inf")

    def _in_child(self) -> None:
        process = self._process
        if process is not None:
            process.returncode = 0  # it is the parent's, which ends it
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        self._reset()

    def find(self, text: str) -> list[Place]:
        if len(text) > TEXT_MAX:
            raise DeepScanUnfinished(f"it is longer than {TEXT_MAX:,} characters")
        if not any(character.isalnum() for character in text):
            return []
        limit_s = TEXT_S + len(text) / _CHARACTERS_PER_S
        if not self._lock.acquire(timeout=START_S + limit_s):
            raise DeepScanUnfinished("other texts kept the deep engine busy")
        try:
            answer = self._ask(_surrogates().sub("\ufffd", text), limit_s)
        finally:
            self._lock.release()
        if "unfinished" in answer:
            raise DeepScanUnfinished(str(answer["unfinished"])[:200])
        return [Place(*found) for found in answer["found"]]

    def facts(self) -> EngineFacts:
        """What the engine can see; starts it where it does not run."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                with suppress(DeepScanUnavailable):
                    self._start()
            return self._facts

    def entities(self) -> tuple[str, ...]:
        return self._facts.entities

    def engine(self) -> str:
        return described(self._facts)

    def close(self) -> None:
        """End the process; the next text starts it again."""
        if self._lock.acquire(timeout=TEXT_S):
            try:
                self._end()
            finally:
                self._lock.release()

    def end_now(self) -> None:
        """End the process whatever it is doing; whoever waits for it is told that it ended."""
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
        if self._lock.acquire(timeout=_END_S):
            try:
                self._end()
            finally:
                self._lock.release()

    def __del__(self) -> None:
        try:
            self._end()
        except Exception:  # noqa: BLE001 - at the interpreter's end anything may be gone, also what would suppress it
            return

    def _ask(self, text: str, limit_s: float) -> dict[str, Any]:
        for attempt in (1, 2):
            process = self._process
            running = process is not None and process.poll() is None
            if not running:
                process = self._start()
            assert process is not None  # noqa: S101 - for the type checker
            answer = self._exchange(process, text, limit_s)
            if answer is not None:
                return answer
            code = process.poll()
            self._end()
            # What ended while it was idle is begun anew; what ends over this very text is not given it a third time.
            if not running or attempt == 2:
                raise DeepScanUnfinished(f"the deep engine ended over it (exit code {code})")
        raise AssertionError("unreachable")

    def _exchange(self, process: subprocess.Popen[bytes], text: str | None, limit_s: float) -> dict[str, Any] | None:
        """The answer to a text, or with None the first message; None where the process has ended."""
        from orchestrator_security.pii.deep.worker import receive, send

        def talk() -> Any:
            try:
                if text is not None:
                    send(process.stdin, text)  # type: ignore[arg-type]
                return receive(process.stdout)  # type: ignore[arg-type]
            except (OSError, ValueError):
                return None

        try:
            # The pipe of a process that reads nothing fills up, so writing needs the time limit as well.
            answer = shared_pool.submit(talk).result(limit_s)
        except (FutureTimeout, RuntimeError) as error:
            self._end()
            raise DeepScanUnfinished(f"it took longer than {limit_s:.0f} s") from error
        return answer if isinstance(answer, dict) else None

    def _start(self) -> subprocess.Popen[bytes]:
        if time.monotonic() < self._again_at:
            raise DeepScanUnavailable(self._facts.problem)
        import subprocess  # texts that are never scanned deeply need not load it

        self._end()
        if not sys.executable:
            raise self._unavailable("this program does not say which Python it runs on")
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", _WORKER, self._model],
                env=self._environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                bufsize=0, creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise self._unavailable(f"its process cannot be started ({type(error).__name__})") from error
        self._process = process
        try:
            first = self._exchange(process, None, START_S)
        except DeepScanUnfinished as error:
            raise self._unavailable(f"its start took longer than {START_S:.0f} s") from error
        if first is None or first.get("problem"):
            self._end()
            raise self._unavailable(str(first["problem"]) if first else "its process ended at once")
        self._facts = EngineFacts(tuple(first["entities"]), first["model"], first["model_problem"])
        return process

    def _unavailable(self, problem: str) -> DeepScanUnavailable:
        self._again_at = time.monotonic() + _AGAIN_S
        self._facts = EngineFacts(problem=f"Presidio does not run: {problem}; pip install {PRESIDIO}")
        return DeepScanUnavailable(self._facts.problem)

    def _environment(self) -> dict[str, str]:
        ours = [
            str(Path(__file__).resolve().parents[3]),
            str(Path(sys.modules["orchestrator_core"].__path__[0]).parent),
        ]
        others = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
        return {
            **os.environ,
            "PYTHONWARNINGS": "ignore",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS": "",
            "PRESIDIO_DEVICE": "cpu",
            "OMP_NUM_THREADS": "1",
            **self._extra,
            "PYTHONPATH": os.pathsep.join(
                (*self._extra.get("PYTHONPATH", "").split(os.pathsep), *others, *ours)
            ).lstrip(os.pathsep),
        }

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def presidio_installed() -> bool:
    """Whether Presidio is there; imports nothing of it."""
    from importlib.util import find_spec

    try:
        return find_spec("presidio_analyzer") is not None
    except (ImportError, ValueError):
        return False


@cache
def shared_engine(model: str = "") -> PresidioProcess:
    """The one engine of this process. It is not started before the first text."""
    return PresidioProcess(model)


@cache
def _surrogates() -> re.Pattern[str]:
    return re.compile("[\ud800-\udfff]")


def _close(reference: weakref.ref[PresidioProcess]) -> None:
    engine = reference()
    if engine is not None:
        engine.end_now()
