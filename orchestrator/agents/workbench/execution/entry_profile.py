"""The profile of one entry point, run in a scratch copy and read back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from orchestrator.agents.workbench.execution import entry_profiler
from orchestrator.agents.workbench.execution.scratch import Scratch
from orchestrator_core.errors import UsageError

_MEASURING = "_lsprof.Profiler"
"""The profiler's own switching off shows up as a call."""

_GRACE_S = 5.0
"""After the time limit the profiler itself writes what it has; only when it cannot, the process is killed."""


class ProfiledFunction(Struct, frozen=True):
    """What one function cost. ``self_s`` is spent in its own body, ``total_s`` includes what it called."""

    name: str
    file: str
    line: int
    calls: int
    self_s: float
    total_s: float
    own: bool = False
    """True for the project's own code."""

    def as_dict(self) -> dict[str, Any]:
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return fields | {"self_s": round(self.self_s, 4), "total_s": round(self.total_s, 4)}


class EntryProfile(Struct, frozen=True):
    """How a profiled run went. ``status``: ended, raised, missing, stopped (time limit) or died (its process ended)."""

    entry: str
    status: str
    elapsed_s: float = 0.0
    functions: tuple[ProfiledFunction, ...] = ()
    error: str = ""
    place: tuple[str, int] = ("", 0)
    """The innermost line of the project's own code that the error or the stop names."""

    def hottest(self, most: int) -> tuple[ProfiledFunction, ...]:
        """The functions with most time in their own body, the project's own first."""
        return tuple(sorted(self.functions, key=lambda f: (not f.own, -f.self_s))[:most])


class _Place(Struct):
    file: str
    line: int
    name: str


class _Cost(Struct):
    file: str
    line: int
    name: str
    calls: int
    self_s: float
    total_s: float


class _Result(Struct):
    status: str
    elapsed_s: float
    functions: list[_Cost]
    error: str = ""
    frames: list[_Place] = []


def read_entry(context: Mapping[str, Any]) -> str:
    """``context["entry"]``, or an empty text when none is given.

    Raises:
        UsageError: it is neither ``module:function`` nor a path within the project.
    """
    entry = context.get("entry", "")
    if entry is None or entry == "":
        return ""
    wanted = "context['entry'] must be 'module:function' or the path of a script in the project"
    if not isinstance(entry, str):
        raise UsageError(f"{wanted}, not {type(entry).__name__}")
    module, colon, function = entry.partition(":")
    is_function = colon and all(part.isidentifier() for part in [*module.split("."), *function.split(".")])
    is_script = entry.endswith(".py") and not os.path.isabs(entry) and ".." not in Path(entry).parts
    if not is_function and not is_script:
        raise UsageError(f"{wanted}, not {entry!r}")
    return entry


def profile_entry(scratch: Scratch, entry: str, *, timeout_s: float) -> EntryProfile:
    """Run the entry point once under cProfile. A missing, raising or endless one is a status, not an exception."""
    program = scratch.results / "magnus_entry_profiler.py"
    shutil.copyfile(entry_profiler.__file__, program)
    result = scratch.results / "profile.json"
    if ":" not in entry and not (scratch.root / entry).is_file():
        return EntryProfile(entry, "missing", error="there is no such file in the project")
    done = scratch.run([str(program), entry, str(result), str(timeout_s)], timeout_s=timeout_s + _GRACE_S)
    try:
        raw = msgspec.json.decode(result.read_bytes(), type=_Result)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        status = "stopped" if done.timed_out else "died"
        return EntryProfile(entry, status, done.duration_s, error=done.ending)
    functions = tuple(
        _function(scratch, cost) for cost in raw.functions if Path(cost.file) != program and _MEASURING not in cost.name
    )
    return EntryProfile(
        entry, raw.status, raw.elapsed_s, functions, scratch.plain(raw.error), _place(scratch, raw.frames)
    )


def _function(scratch: Scratch, cost: _Cost) -> ProfiledFunction:
    # A script run by its path reports the path as it was given, relative to the copy.
    path = scratch.root / cost.file if cost.file else Path()
    own = bool(cost.file) and path.is_file() and path.is_relative_to(scratch.root)
    file = scratch.relative(str(path)) if own else _short(cost.file)
    return ProfiledFunction(scratch.plain(cost.name), file, cost.line, cost.calls, cost.self_s, cost.total_s, own)


def _short(file: str) -> str:
    parts = Path(file).parts
    for folder in ("site-packages", "dist-packages"):
        if folder in parts:
            return "/".join(parts[parts.index(folder) + 1 :])
    return "/".join(parts[-2:])


def _place(scratch: Scratch, frames: list[_Place]) -> tuple[str, int]:
    for frame in reversed(frames):
        path = scratch.root / frame.file
        if path.is_relative_to(scratch.root) and path.is_file():
            return scratch.relative(str(path)), frame.line
    return "", 0
