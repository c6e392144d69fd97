"""The folder a workbench agent works on: checked, walked within limits, never written to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from orchestrator_core.errors import TargetError

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "env", "node_modules", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache",
     ".pytest_cache", ".hypothesis", ".eggs", "build", "dist", "site-packages", ".orchestrator", ".idea", ".vscode"}
)  # fmt: skip
_PROJECT_FILES = frozenset(
    {"pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "tox.ini", "noxfile.py", "environment.yml", ".git", ".hg"}
)
_ALSO_PACKAGE_NAMES = frozenset({"build", "dist", "env"})
"""Skipped as build results, but kept where they are a package of the project's own."""
MAX_FILES = 20_000
MAX_FILE_BYTES = 1_048_576


class Project(Struct, frozen=True):
    """A project's files. Paths in ``files`` and ``python_files`` are relative to ``root``, with forward slashes, sorted."""

    root: Path
    files: tuple[str, ...]
    python_files: tuple[str, ...]
    skipped: tuple[str, ...]
    """What was left out, each with its reason: too large, unreadable, a link out of the folder, over the count limit."""

    @property
    def is_package_folder(self) -> bool:
        """True for a package's own folder, as it lies in ``site-packages`` or ``src``: README, tests and manifest lie elsewhere."""
        top = {name for name in self.files if "/" not in name}
        return "__init__.py" in top and not (
            top & _PROJECT_FILES
            or any(name.lower().startswith(("readme", "requirements")) for name in top)
            or any((self.root / name).exists() for name in (".git", ".hg"))
        )

    def path(self, name: str) -> Path:
        return self.root / name

    def text(self, name: str) -> str:
        """A file's text; bytes that are no UTF-8 become replacement characters."""
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    def limits(self) -> dict[str, Any]:
        """The limits the walk worked under, for a report."""
        folder = {
            "project files": "none: this is a package's own folder, so no README, tests or dependency list is asked for"
        }
        return {
            **(folder if self.is_package_folder else {}),
            "files at most": MAX_FILES,
            "bytes per file at most": MAX_FILE_BYTES,
            "files read": len(self.files),
            "left out": "; ".join(self.skipped[:20]) or "nothing",
        }


def open_project(context: Mapping[str, Any], *, needs_python: bool = True) -> Project:
    """Read the folder named by ``context["path"]`` (default: the current folder).

    Raises:
        TargetError: the path is missing, no folder, empty, unreadable, or has no Python file where one is needed.
    """
    given = context.get("path", ".")
    if not isinstance(given, str | os.PathLike):
        raise TargetError(f"context['path'] must be a folder's path, not {type(given).__name__}")
    root = Path(given).expanduser()
    if not root.exists():
        raise TargetError(f"the folder {root} does not exist. Give an existing project in context={{'path': ...}}.")
    if not root.is_dir():
        raise TargetError(f"{root} is a file. Give the project's folder in context={{'path': ...}}.")
    root = root.resolve()
    files, skipped = _walk(root)
    if not files:
        raise TargetError(f"the folder {root} holds no files to look at ({'; '.join(skipped[:3]) or 'it is empty'}).")
    python_files = tuple(name for name in files if name.endswith((".py", ".pyi")))
    if needs_python and not any(name.endswith(".py") for name in python_files):
        raise TargetError(f"the folder {root} holds {len(files)} files but no Python (.py) among them.")
    return Project(root, files, python_files, tuple(skipped))


def _enters(parent: str, name: str) -> bool:
    path = os.path.join(parent, name)
    if name in SKIPPED_FOLDERS and not (
        name in _ALSO_PACKAGE_NAMES and os.path.isfile(os.path.join(path, "__init__.py"))
    ):
        return False
    # a virtual environment may have any name; its marker file is fixed (PEP 405)
    return (
        not name.endswith(".egg-info")
        and not os.path.islink(path)
        and not os.path.isfile(os.path.join(path, "pyvenv.cfg"))
    )


def _walk(root: Path) -> tuple[tuple[str, ...], list[str]]:
    names: list[str] = []
    skipped: list[str] = []

    def unreadable(error: OSError) -> None:
        skipped.append(f"{error.filename}: {error.strerror}")

    for folder, folders, files in os.walk(root, onerror=unreadable):
        folders[:] = sorted(f for f in folders if _enters(folder, f))
        for file in sorted(files):
            path = Path(folder) / file
            name = path.relative_to(root).as_posix()
            try:
                if path.is_symlink() and not path.resolve().is_relative_to(root):
                    skipped.append(f"{name}: a link out of the folder")
                    continue
                if not path.is_file():
                    continue
                size = path.stat().st_size
            except (OSError, RuntimeError) as error:  # before Python 3.13 a link to itself is a RuntimeError
                skipped.append(f"{name}: {getattr(error, 'strerror', None) or error}")
                continue
            if size > MAX_FILE_BYTES:
                skipped.append(f"{name}: {size} bytes")
                continue
            if len(names) >= MAX_FILES:
                skipped.append(f"more than {MAX_FILES} files")
                return tuple(names), skipped
            names.append(name)
    return tuple(names), skipped
