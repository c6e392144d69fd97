"""Who may read the store: its folder and files belong to their owner alone, and no link leads them elsewhere.

The folder comes first: once it is private, nobody else can put anything into it, so what is checked in it stays as it was checked.
On Windows files have the rights of the user's profile, and only links are looked for.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from orchestrator_core.errors import StoreReadOnly, StoreUnsafe

GENERATED = ("dashboards", "logs", "models", "chroma", "running")
"""Folders in the store's that hold what Magnus makes. Agents and settings beside them are the user's own, and so are their rights."""
_OTHERS = 0o077
_MOVE = "Set ORCHESTRATOR_HOME to a folder of your own."


class Privacy(Struct, frozen=True):
    """How private a store's folder is, for ``orchestrate doctor``."""

    open_to_others: tuple[str, ...] = ()
    """What in it other users may read or write; the next call mends that."""
    links: tuple[str, ...] = ()
    """What is a symbolic link where none may be; the store is refused."""
    exposed_parent: str = ""
    """The folder above, where other users may write in it and so could put another folder in the store's place."""


def refuse_link(path: Path) -> None:
    """Raise where ``path`` itself is a symbolic link; links above it are the user's own affair.

    Raises:
        StoreUnsafe: it is one.
    """
    if os.path.islink(path):  # also False where the folder above may not be looked into: opening it says so
        goal = os.path.realpath(path)
        raise StoreUnsafe(
            f"{path} is a symbolic link to {goal}, and the store does not follow links: what is private could come to lie where others "
            f"read it. Remove the link and move what it leads to in its place, or set ORCHESTRATOR_HOME to the real folder."
        )


def secure_folder(home: Path, database: str) -> None:
    """Make the store's folder and what Magnus made in it private to its owner, or refuse it.

    Raises:
        StoreUnsafe: it, its database or a folder in it is a link, or another user's that others may use.
        StoreReadOnly: its rights cannot be changed.
    """
    refuse_link(home)
    if os.name == "posix":
        facts = home.lstat()
        if facts.st_mode & _OTHERS:
            _refuse_stranger(home, facts)
            _close_folder(home, facts)
    for path in _no_links_here(home, database):
        refuse_link(path)
    if os.name == "posix":
        owners = {os.getuid(), home.lstat().st_uid, 0}
        for path in _made_by_magnus(home, database):
            _close_file(path, owners)


def make_private(folder: Path) -> None:
    """Take the rights of others from everything below ``folder``, as far as it is ours. For what a library made there by its own rules."""
    if os.name == "posix":
        for path in _below(folder):
            with suppress(OSError):
                _close(path, path.lstat())


def look(home: Path, database: str) -> Privacy:
    """How private the folder is now; changes nothing and never raises."""
    try:
        links = tuple(str(path) for path in (home, *_no_links_here(home, database)) if path.is_symlink())
        if os.name != "posix" or not home.is_dir():
            return Privacy(links=links)
        shared = [path for path in (home, *_made_by_magnus(home, database)) if path.lstat().st_mode & _OTHERS]
        parent = home.absolute().parent
        facts = parent.stat()
        # Where everybody has a group of their own, folders are often open to it: that is nobody else.
        by_group = facts.st_mode & stat.S_IWGRP and facts.st_gid != os.getgid()
        exposed = (facts.st_mode & stat.S_IWOTH or by_group) and not facts.st_mode & stat.S_ISVTX
        return Privacy(
            tuple(str(path) for path in shared if not path.is_symlink()), links, str(parent) if exposed else ""
        )
    except OSError:
        return Privacy()


def _refuse_stranger(path: Path, facts: os.stat_result) -> None:
    if facts.st_uid != os.getuid():
        raise StoreUnsafe(
            f"{path} belongs to another user (number {facts.st_uid}) and is open to more than that one, so nothing private can be kept "
            f"in it. {_MOVE}"
        )


def _close_folder(home: Path, facts: os.stat_result) -> None:
    try:
        home.chmod(facts.st_mode & 0o700)  # the owner may have taken the right to write from themselves
    except OSError as error:
        raise StoreReadOnly(
            f"{home} is open to other users and cannot be made private: {error.strerror}. {_MOVE}"
        ) from error
    after = home.lstat()
    if (after.st_dev, after.st_ino) != (facts.st_dev, facts.st_ino) or after.st_mode & _OTHERS:
        raise StoreUnsafe(f"{home} was replaced, or opened again, while it was being made private. {_MOVE}")


def _close_file(path: Path, owners: set[int]) -> None:
    try:
        facts = path.lstat()
    except OSError:
        return  # another process has just removed it
    if facts.st_uid not in owners:
        raise StoreUnsafe(
            f"{path} belongs to another user (number {facts.st_uid}), who may have written anything in it. Delete it, or make it yours "
            f"with chown if you trust it."
        )
    # The folder around it is private already; a file system that is read-only keeps it as it is.
    with suppress(OSError):
        _close(path, facts)


def _close(path: Path, facts: os.stat_result) -> None:
    if facts.st_mode & _OTHERS and facts.st_uid == os.getuid() and not stat.S_ISLNK(facts.st_mode):
        path.chmod(facts.st_mode & 0o700)


def _no_links_here(home: Path, database: str) -> Iterator[Path]:
    for suffix in ("", "-wal", "-shm", "-journal"):
        yield home / f"{database}{suffix}"
    for name in GENERATED:
        yield home / name


def _made_by_magnus(home: Path, database: str) -> Iterator[Path]:
    """The database with its copies and locks, and everything in the folders that Magnus fills; links are left out."""
    with os.scandir(home) as entries:
        names = [entry.name for entry in entries if not entry.is_symlink()]
    for name in names:
        if name.startswith(database) or name == ".gitignore":
            yield home / name
        elif name in GENERATED:
            yield home / name
            yield from _below(home / name)


def _below(folder: Path) -> Iterator[Path]:
    for above, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if not os.path.islink(os.path.join(above, name)):
                yield Path(above, name)
