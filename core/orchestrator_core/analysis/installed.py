"""What is installed where a project's dependencies can be looked up: modules, requirements, commands, licences. Runs nothing."""

from __future__ import annotations

import importlib.metadata
import os
import posixpath
import re
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from orchestrator_core.analysis.distribution_names import normalise

_CODE_ENDINGS = (".py", ".pyi", ".so", ".pyd")


class InstalledDistribution(Struct, frozen=True):
    """One installed distribution, as its own metadata describes it."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    modules: frozenset[str]
    """Dotted names of the packages and modules it holds; below a namespace package the full name (``google.cloud.storage``)."""
    requires: tuple[str, ...]
    commands: frozenset[str]
    plugin_groups: frozenset[str]
    """Entry point groups other than commands: what other programs find it by."""
    licence: str


class _Folder:
    """One entry of an import path, read once as long as nothing is installed into it."""

    def __init__(self, entry: str) -> None:
        self.found: dict[str, importlib.metadata.Distribution] = {}
        self._read: dict[str, InstalledDistribution] = {}
        self._owners: dict[str, set[str]] | None = None
        for dist in importlib.metadata.distributions(path=[entry]):
            if name := _name(dist):
                self.found.setdefault(normalise(name), dist)

    def get(self, name: str) -> InstalledDistribution:
        if name not in self._read:
            self._read[name] = _describe(name, self.found[name])
        return self._read[name]

    def owners(self, module: str) -> set[str]:
        """Those that hold exactly this module."""
        if self._owners is None:
            owners: dict[str, set[str]] = {}
            for name in self.found:
                for held in self.get(name).modules:
                    owners.setdefault(held, set()).add(name)
            self._owners = owners
        return self._owners.get(module, set())


@lru_cache(maxsize=64)
def _folder(entry: str, _changed_ns: int) -> _Folder:
    return _Folder(entry)


def _changed_ns(entry: str) -> int:
    try:
        return os.stat(entry).st_mtime_ns
    except OSError:
        return 0


class InstalledSet:
    """The distributions on an import path, an earlier entry before a later one. Metadata is read when it is asked for."""

    def __init__(self, path: Sequence[str]) -> None:
        self._folders = [_folder(entry, changed) for entry in dict.fromkeys(path) if (changed := _changed_ns(entry))]

    def __len__(self) -> int:
        return len({name for folder in self._folders for name in folder.found})

    def get(self, name: str) -> InstalledDistribution | None:
        """The distribution of that name, or None where it is not installed."""
        name = normalise(name)
        return next((folder.get(name) for folder in self._folders if name in folder.found), None)

    def owners(self, module: str) -> frozenset[str]:
        """Names of the distributions that hold a module, by its longest known prefix."""
        while module:
            if owners := frozenset[str]().union(*(folder.owners(module) for folder in self._folders)):
                return owners
            module = module.rpartition(".")[0]
        return frozenset()

    def closure(self, names: Iterable[str]) -> dict[str, str]:
        """What the named distributions bring in, each with the one that asks for it. Extras are left out."""
        brought: dict[str, str] = {}
        queue = deque(normalise(name) for name in names)
        seen = set(queue)
        while queue:
            parent = queue.popleft()
            dist = self.get(parent)
            for text in dist.requires if dist else ():
                if "extra ==" in text or "extra==" in text:
                    continue
                child = requirement_name(text)
                brought.setdefault(child, parent)
                if child not in seen:
                    seen.add(child)
                    queue.append(child)
        return brought


def requirement_name(text: str) -> str:
    """The normalised name at the head of a requirement such as ``Foo[bar]>=1; python_version > "3"``."""
    match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", text)
    return normalise(match[1].rstrip("._-")) if match else ""


def environment_path(root: Path) -> list[str]:
    """The folders to look in: the project's own virtual environment first where it has one, then the running interpreter's."""
    own: list[str] = []
    for name in (".venv", "venv", "env"):
        folder = root / name
        if (folder / "pyvenv.cfg").is_file():
            own += [str(path) for path in sorted(folder.glob("lib/python3*/site-packages"))]
            own += [str(path) for path in (folder / "Lib" / "site-packages",) if path.is_dir()]
    return own + [entry for entry in sys.path if entry]


def _name(dist: importlib.metadata.Distribution) -> str:
    try:
        return dist.metadata["Name"] or ""
    except Exception:  # noqa: BLE001 - a broken installation of something else must not end the analysis
        return ""


def _describe(name: str, dist: importlib.metadata.Distribution) -> InstalledDistribution:
    commands: set[str] = set()
    groups: set[str] = set()
    try:
        for entry in dist.entry_points:
            if entry.group in {"console_scripts", "gui_scripts"}:
                commands.add(entry.name)
            else:
                groups.add(entry.group)
        modules = _modules(dist)
        requires = tuple(dist.requires or ())
        licence = _licence(dist)
        version = dist.version or ""
    except Exception:  # noqa: BLE001 - metadata of any age and maker; what cannot be read counts as unknown
        return InstalledDistribution(name, "", frozenset(), (), frozenset(), frozenset(), "")
    return InstalledDistribution(name, version, modules, requires, frozenset(commands), frozenset(groups), licence)


def _modules(dist: importlib.metadata.Distribution) -> frozenset[str]:
    record = dist.read_text("RECORD") or dist.read_text("installed-files.txt") or dist.read_text("SOURCES.txt") or ""
    files: set[str] = set()
    for line in record.splitlines():
        path = line.partition(",")[0].strip('"').replace("\\", "/")
        if path.endswith(_CODE_ENDINGS) and not path.startswith(("..", "/")) and "__pycache__" not in path:
            files.add(path)
    packages = {posixpath.dirname(path) for path in files if posixpath.basename(path).startswith("__init__.")}
    names: set[str] = set()
    for path in files:
        parts = path.split("/")
        parts[-1] = parts[-1].partition(".")[0]
        # stop at the first regular package: what lies above it is a namespace other distributions share
        for depth in range(1, len(parts)):
            if "/".join(parts[:depth]) in packages:
                parts = parts[:depth]
                break
        if parts and all(part.isidentifier() for part in parts):
            names.add(".".join(parts))
    if not names:
        names = {
            line.strip().replace("/", ".")
            for line in (dist.read_text("top_level.txt") or "").splitlines()
            if line.strip()
        }
    return frozenset(names)


def _licence(dist: importlib.metadata.Distribution) -> str:
    metadata = dist.metadata
    if expression := _first(metadata.get_all("License-Expression")):
        return expression
    classifiers = [
        c.rpartition("::")[2].strip() for c in metadata.get_all("Classifier") or () if c.startswith("License ::")
    ]
    named = [c for c in classifiers if c != "OSI Approved"]
    if named:
        return " OR ".join(named) if len(named) > 1 else named[0]
    # some put the whole text of the licence here; its first line names it
    first = _first(_first(metadata.get_all("License")).splitlines())
    return first[:80] if first.upper() != "UNKNOWN" else ""


def _first(values: Sequence[str] | None) -> str:
    return str(values[0]).strip() if values else ""
