"""Where the store's folder is, and how it is made."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator_core.errors import StoreError, StoreReadOnly
from orchestrator_core.settings import STORE_FOLDER
from orchestrator_core.storage.permissions import refuse_link, secure_folder

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
running/
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


def placed_home(chosen: Path | str) -> Path:
    """A folder that somebody named, as an absolute path. Links above it are followed here, once; one in its own place is not.

    Raises:
        ValueError, RuntimeError: it is no path.
    """
    if "\0" in str(chosen):
        raise ValueError("it holds a NUL character")
    path = Path(os.path.abspath(Path(chosen).expanduser()))
    return path.parent.resolve() / path.name


def prepare_home(home: Path) -> None:
    """Make the folder (0700) with its ``.gitignore``, and see to it that it and what Magnus keeps in it are private.

    Raises:
        StoreReadOnly: the folder cannot be made or written.
        StoreUnsafe: it, or what is kept in it, is a symbolic link or another user's.
        StoreError: something else stands in its place.
    """
    refuse_link(home)
    try:
        for above in reversed([folder for folder in home.parents if not folder.exists()]):
            above.mkdir(mode=0o755, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        raise StoreError(f"{home} is not a folder. Move it away, or set ORCHESTRATOR_HOME to another place.") from None
    except OSError as error:
        raise StoreReadOnly(
            f"cannot make the store's folder {home}: {error.strerror}. Set ORCHESTRATOR_HOME to a folder you can write."
        ) from error
    secure_folder(home, DATABASE)
    ignore = home / ".gitignore"
    if os.path.lexists(ignore):
        return
    try:
        with open(os.open(ignore, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(_GITIGNORE)
    except FileExistsError:
        return  # another process was quicker
    except OSError as error:
        raise StoreReadOnly(
            f"cannot write in {home}: {error.strerror}. Set ORCHESTRATOR_HOME to a folder you can write."
        ) from error
