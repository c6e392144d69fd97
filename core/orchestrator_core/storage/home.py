"""Where the store's folder is, and how it is made."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator_core.errors import StoreError, StoreReadOnly
from orchestrator_core.settings import STORE_FOLDER

FOLDER = STORE_FOLDER
DATABASE = "orchestrator.db"
_PROJECT_MARKS = ("orchestrator.toml", "pyproject.toml", ".git")
# Agents and settings that a user keeps in the folder are meant to be committed; what Magnus generates is not.
_GITIGNORE = """\
orchestrator.db*
dashboards/
logs/
models/
chroma/
"""


def find_home(start: Path, *, user_home: Path | None = None) -> Path:
    """The nearest ancestor's ``.orchestrator`` that holds a store, else the one to make beside the nearest project file.

    The folder in the user's home directory is never found by accident: it would collect every project that has none.
    """
    start = start.resolve()
    try:
        forbidden: Path | None = (user_home or Path.home()).resolve()
    except RuntimeError:
        forbidden = None  # neither HOME nor the list of users knows one
    ancestors = [start, *start.parents]
    for folder in ancestors:
        if folder != forbidden and (folder / FOLDER / DATABASE).is_file():
            return folder / FOLDER
    for folder in ancestors:
        if folder != forbidden and any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder / FOLDER
    return start / FOLDER


def prepare_home(home: Path) -> None:
    """Make the folder (0700) with its ``.gitignore``.

    Raises:
        StoreReadOnly: the folder cannot be made or written.
        StoreError: something else stands in its place.
    """
    try:
        home.mkdir(parents=True, mode=0o700, exist_ok=True)
    except FileExistsError:
        raise StoreError(f"{home} is not a folder. Move it away, or set ORCHESTRATOR_HOME to another place.") from None
    except OSError as error:
        raise StoreReadOnly(
            f"cannot make the store's folder {home}: {error.strerror}. Set ORCHESTRATOR_HOME to a folder you can write."
        ) from error
    ignore = home / ".gitignore"
    if not ignore.exists():
        try:
            ignore.write_text(_GITIGNORE, encoding="utf-8")
        except OSError as error:
            raise StoreReadOnly(
                f"cannot write in {home}: {error.strerror}. Set ORCHESTRATOR_HOME to a folder you can write."
            ) from error
    if os.name == "posix":
        mode = home.stat().st_mode & 0o777
        if mode & 0o077:
            try:
                home.chmod(mode & 0o700)  # the owner may have taken the right to write from themselves
            except OSError as error:
                raise StoreReadOnly(
                    f"{home} is open to other users and cannot be made private: {error.strerror}. "
                    "Set ORCHESTRATOR_HOME to a folder of your own."
                ) from error
