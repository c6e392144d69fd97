"""Finding scanners that installed packages offer, in the entry point group ``orchestrator.scanners``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit, Scanner

ENTRY_POINT_GROUP = "orchestrator.scanners"


class Plugin(Struct, frozen=True):
    """A scanner of another package: ready, or with the reason why not."""

    name: str
    scanner: Scanner
    categories: tuple[str, ...] = ()
    problem: str = ""


class _Unloadable:
    """In the place of a scanner that cannot be loaded: reported as incomplete with every text, for it may be one that matters."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self._problem = problem

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return True

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        raise RuntimeError(self._problem)


def installed_scanners(wanted: Sequence[str]) -> tuple[Plugin, ...]:
    """The installed scanners whose name fits one of ``wanted`` (``*`` and ``?`` as in file names), sorted by name. Never raises."""
    if not wanted or not _any_offered():
        return ()
    from importlib.metadata import entry_points

    points = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    chosen = sorted(name for name in points if any(fnmatchcase(name, pattern) for pattern in wanted))
    return tuple(_plugin(name, points[name]) for name in chosen)


def plugin_of(name: str, offered: Any) -> Plugin:
    """A scanner, or a class or function without arguments that makes one, behind its deadline. Never raises."""
    # It brings threads and their pool, and most programs have no plug-in.
    from orchestrator_security.plugins.watched import Watched

    try:
        scanner = offered() if isinstance(offered, type) or not hasattr(offered, "scan") else offered
        missing = [word for word in ("scan", "prefilter") if not callable(getattr(scanner, word, None))]
        if missing:
            return _broken(name, f"{type(scanner).__name__} has no {' and no '.join(missing)}")
        categories = tuple(word for word in getattr(scanner, "categories", ()) if isinstance(word, str))
        return Plugin(name, Watched(scanner, name), categories)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return _broken(name, f"{type(error).__name__}: {error}"[:200])


def _plugin(name: str, point: Any) -> Plugin:
    try:
        offered = point.load()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return _broken(name, f"cannot be imported: {type(error).__name__}: {error}"[:200])
    return plugin_of(name, offered)


def _broken(name: str, problem: str) -> Plugin:
    return Plugin(name, _Unloadable(name, problem), (), problem)


def _any_offered() -> bool:
    """Whether any package offers scanners.

    ``importlib.metadata`` takes about 37 ms of CPU to list entry points; reading the files that mention them takes a few.
    """
    group = ENTRY_POINT_GROUP.encode()
    return any(group in text for text in _entry_point_files())


def _entry_point_files() -> Iterator[bytes]:
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            if os.path.isfile(folder):
                yield ENTRY_POINT_GROUP.encode()  # an archive: let importlib.metadata look into it
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(os.path.join(folder, name, "entry_points.txt"), "rb") as file:
                        yield file.read()
                except OSError:
                    continue
