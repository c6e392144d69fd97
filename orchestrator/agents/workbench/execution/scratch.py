"""A scratch copy of a project, where the project's own code may run: a temporary folder, a time limit, a scrubbed environment.

It keeps accidents away from the original (files written, children left behind, endless loops, floods of output). It is no
sandbox against malice: the code runs as the same user, with network access and without a memory limit.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from orchestrator.agents.workbench.execution.process_tree import OUTPUT_LIMIT_BYTES, LimitedRun, run_limited
from orchestrator.agents.workbench.project import SKIPPED_FOLDERS, Project
from orchestrator_core.errors import TargetError, UsageError

MAX_COPY_BYTES = 512 * 1_048_576
MAX_COPY_FILES = 50_000

_KEPT_VARIABLES = (
    "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "USERNAME", "VIRTUAL_ENV", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
)  # fmt: skip
"""All of the caller's environment that the project's code gets to see: what programs need to start, nothing that holds a secret."""

_PROBE = "import json, site, sys; print(json.dumps([sys.path, site.getuserbase() if site.ENABLE_USER_SITE else '']))"


class Scratch(Struct, frozen=True):
    """A copy at ``root``; ``results`` is an empty folder beside it for what a run writes for us."""

    root: Path
    results: Path
    home: Path
    python: str
    search_path: tuple[str, ...]
    user_base: str
    left_out: tuple[str, ...]

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float,
        variables: Mapping[str, str] | None = None,
        modules: Path | None = None,
        output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
    ) -> LimitedRun:
        """Run a Python command line (without the interpreter) in the copy; whatever it started is ended with it.

        ``modules`` is a folder whose modules the run can import besides the project's own.
        """
        environment = self._environment()
        if modules is not None:
            environment["PYTHONPATH"] += os.pathsep + str(modules)
        environment.update(variables or {})
        return run_limited(
            [self.python, *command],
            cwd=self.root,
            environment=environment,
            timeout_s=timeout_s,
            output_limit_bytes=output_limit_bytes,
        )

    def relative(self, file: str) -> str:
        """A file of the copy as a path relative to the project; other files unchanged."""
        path = Path(file)
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else file

    def plain(self, text: str) -> str:
        """A message of the run without the temporary folder in it."""
        return text.replace(str(self.root) + os.sep, "").replace(str(self.root), ".")

    def _environment(self) -> dict[str, str]:
        variables = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        home = str(self.home)
        for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMPDIR", "TEMP", "TMP"):
            variables[name] = home
        for name, folder in (("CONFIG", ".config"), ("CACHE", ".cache"), ("DATA", ".local"), ("STATE", ".state")):
            variables[f"XDG_{name}_HOME"] = str(self.home / folder)
        variables["PYTHONPATH"] = os.pathsep.join(self.search_path)
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
        variables["PYTHONIOENCODING"] = "utf-8"
        if self.user_base:
            variables["PYTHONUSERBASE"] = self.user_base  # else packages of a per-user install vanish with HOME
        return variables


def is_allowed(context: Mapping[str, Any]) -> bool:
    """Whether the project's own code may run: only with ``context["execute"] = True``, and nothing else that is merely true."""
    return context.get("execute") is True


def time_limit(context: Mapping[str, Any], default_s: float) -> float:
    """The time limit in seconds: ``context["timeout_s"]`` or the default.

    Raises:
        UsageError: it is no number above 0.
    """
    given = context.get("timeout_s", default_s)
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < float("inf"):
        raise UsageError(f"context['timeout_s'] must be a number of seconds above 0, not {given!r}")
    return float(given)


@contextmanager
def scratch_copy(project: Project, context: Mapping[str, Any]) -> Iterator[Scratch]:
    """A temporary copy of the project, removed at the end; the interpreter is ``context["python"]`` or the current one.

    Version control, virtual environments and caches are not copied, nor are links that lead out of the folder. Where an editable
    install puts the original on the interpreter's path, the copy goes first, so that the original is not what runs.

    Raises:
        TargetError: the copy cannot be made (disk full, over 512 MiB or 50,000 files).
        UsageError: ``context["python"]`` is no Python interpreter.
    """
    python = _interpreter(context)
    with tempfile.TemporaryDirectory(prefix="magnus-scratch-", ignore_cleanup_errors=True) as folder:
        base = Path(folder).resolve()
        root, results, home = (base / project.root.name, base / ".results", base / ".home")
        try:
            for each in (root, results, home):
                each.mkdir()
            left_out = _copy(project.root, root)
        except OSError as error:
            raise TargetError(
                f"no temporary copy of {project.root} could be made: {error}. Free some disk space."
            ) from error
        search_path, user_base = _search_path(python, project.root, root, home)
        yield Scratch(root, results, home, python, search_path, user_base, tuple(left_out))


def _interpreter(context: Mapping[str, Any]) -> str:
    given = context.get("python", sys.executable)
    if not isinstance(given, str | os.PathLike) or not os.fspath(given):
        raise UsageError(f"context['python'] must be the path of a Python interpreter, not {given!r}")
    found = shutil.which(os.fspath(given))
    if found is None:
        raise UsageError(f"context['python'] names {os.fspath(given)!r}, which is no program that can be run")
    return os.path.abspath(found)  # not resolved: a virtual environment's interpreter is a link


def _copy(source: Path, target: Path) -> list[str]:
    left_out: list[str] = []
    count = size = 0
    for folder, folders, files in os.walk(source):
        here = Path(folder)
        there = target / here.relative_to(source)
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        for name in [*folders, *files]:
            item, to = here / name, there / name
            if item.is_symlink():
                _copy_link(item, to, source, left_out)
            elif name in folders:
                to.mkdir()
            elif item.is_file():
                try:
                    count, size = count + 1, size + item.stat().st_size
                    if count > MAX_COPY_FILES or size > MAX_COPY_BYTES:
                        raise TargetError(
                            f"{source} is too large for a temporary copy (over {MAX_COPY_FILES} files or {MAX_COPY_BYTES} bytes). "
                            "Give a smaller part of it in context={'path': ...}."
                        )
                    shutil.copy2(item, to)
                except PermissionError:
                    left_out.append(f"{item.relative_to(source).as_posix()}: unreadable")
    return left_out


def _copy_link(item: Path, to: Path, source: Path, left_out: list[str]) -> None:
    goal = item.resolve()
    name = item.relative_to(source).as_posix()
    if not goal.is_relative_to(source):
        left_out.append(f"{name}: a link out of the folder")
        return
    try:
        # Always relative: an absolute link would lead from the copy back into the original.
        to.symlink_to(os.path.relpath(goal, item.parent.resolve()), target_is_directory=goal.is_dir())
    except OSError:
        left_out.append(f"{name}: a link that could not be made here")


def _search_path(python: str, original: Path, copy: Path, home: Path) -> tuple[tuple[str, ...], str]:
    try:
        done = subprocess.run(
            [python, "-c", _PROBE], capture_output=True, timeout=30, cwd=home, check=True, env=_probe_env()
        )
        path, user_base = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"{python} is not a working Python interpreter: {error}") from error
    wanted = [copy]
    if (copy / "src").is_dir() and not (copy / "src" / "__init__.py").exists():
        wanted.insert(0, copy / "src")
    for entry in path:
        place = Path(entry).resolve() if entry else home
        if place.is_relative_to(original) and (copy / place.relative_to(original)).is_dir():
            wanted.append(copy / place.relative_to(original))
    return tuple(dict.fromkeys(str(each) for each in wanted)), str(user_base)


def _probe_env() -> dict[str, str]:
    kept = (*_KEPT_VARIABLES, "HOME", "USERPROFILE", "APPDATA", "PYTHONUSERBASE")
    return {name: os.environ[name] for name in kept if name in os.environ}
