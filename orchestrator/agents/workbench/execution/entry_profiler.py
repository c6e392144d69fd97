"""Runs one entry point under cProfile and writes what it cost as JSON. A program of its own, started in a scratch copy.

It is copied beside the copy and run by the interpreter under test, so it needs nothing but the standard library. The result is
JSON and no ``pstats`` file: that one is marshalled, and unmarshalling what foreign code wrote is not safe. An entry point that
does not end is stopped from a second thread, with what was measured so far and the line it stood on.

Usage: ``entry_profiler.py ENTRY RESULT_FILE LIMIT_S [CALL_NUMBER]`` where ENTRY is ``module:function`` or a script's path.
"""

from __future__ import annotations

import asyncio
import cProfile
import importlib
import inspect
import json
import os
import runpy
import sys
import threading
import time
import traceback
from types import CodeType, FrameType
from typing import Any

MOST_FUNCTIONS = 500


class EntryRun:
    """One profiled run; ``write`` may be called from the watching thread as well, once."""

    def __init__(self, entry: str, result: str) -> None:
        self.entry = entry
        self._result = result
        self._profile = cProfile.Profile()
        self._started = time.perf_counter()
        self._written = threading.Lock()

    def run(self) -> None:
        try:
            target = self._target()
        except BaseException as error:  # noqa: BLE001  # whatever the project's import raises is the finding
            self.write("missing", error)
            return
        self._started = time.perf_counter()
        try:
            self._profile.enable()
            target()
        except SystemExit as error:
            self._profile.disable()
            if error.code in (None, 0):
                self.write("ended")
            else:
                self.write("raised", error)
        except BaseException as error:  # noqa: BLE001  # the entry point's own failure is the finding
            self._profile.disable()
            self.write("raised", error)
        else:
            self._profile.disable()
            self.write("ended")

    def _target(self) -> Any:
        if ":" not in self.entry:
            sys.argv = [self.entry]
            return lambda: runpy.run_path(self.entry, run_name="__main__")
        module, _, name = self.entry.partition(":")
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        if not callable(found):
            raise TypeError(f"{self.entry} is no function but {type(found).__name__}")
        return lambda: self._call(found)

    @staticmethod
    def _call(function: Any) -> None:
        value = function()
        if inspect.iscoroutine(value):
            asyncio.run(value)

    def write(self, status: str, error: BaseException | None = None, stuck: FrameType | None = None) -> None:
        """Write the result file, once: the first of the two threads wins."""
        if not self._written.acquire(blocking=False):
            return
        elapsed_s = time.perf_counter() - self._started
        functions = [_function(entry) for entry in self._profile.getstats()]
        functions.sort(key=lambda entry: -entry["self_s"])
        result: dict[str, Any] = {"status": status, "elapsed_s": elapsed_s, "functions": functions[:MOST_FUNCTIONS]}
        if error is not None:
            frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
            result["error"] = f"{type(error).__name__}: {error}"
            result["frames"] = [{"file": f.filename, "line": f.lineno or 0, "name": f.name} for f in frames]
        while stuck is not None:
            place = {"file": stuck.f_code.co_filename, "line": stuck.f_lineno, "name": stuck.f_code.co_name}
            result.setdefault("frames", []).insert(0, place)
            stuck = stuck.f_back
        temporary = self._result + ".part"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(result, file)
        os.replace(temporary, self._result)


def _function(entry: Any) -> dict[str, Any]:
    code = entry.code
    numbers = {"calls": entry.callcount, "self_s": entry.inlinetime, "total_s": entry.totaltime}
    if isinstance(code, CodeType):
        return {"file": code.co_filename, "line": code.co_firstlineno, "name": code.co_qualname, **numbers}
    return {"file": "", "line": 0, "name": str(code), **numbers}


def _watch(run: EntryRun, main: int, limit_s: float) -> None:
    time.sleep(limit_s)
    run.write("stopped", stuck=sys._current_frames().get(main))  # noqa: SLF001  # the documented way to another thread's stack
    os._exit(0)


def main() -> None:
    """Profile what the command line names."""
    entry, result, limit = sys.argv[1:4]
    run = EntryRun(entry, result)
    threading.Thread(target=_watch, args=(run, threading.get_ident(), float(limit)), daemon=True).start()
    run.run()
    os._exit(0)  # the project's own threads and exit handlers must not hold the result back


if __name__ == "__main__":
    main()
