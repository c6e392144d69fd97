"""Which file an import means, in a project with any number of source roots."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from msgspec import Struct

from orchestrator_core.analysis.imports import Import

_MANIFESTS = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
_SOURCE_FOLDERS = frozenset({"src", "lib", "python"})


class ModuleMap(Struct, frozen=True):
    """A project's modules by dotted name. Paths are relative, with forward slashes."""

    roots: tuple[str, ...]
    """Folders that are meant to be on the import path: the project's own, ``src``, parents of packages, folders with a manifest."""
    loose: frozenset[str]
    """Folders of scripts: on the import path only for the scripts in and below them."""
    by_name: dict[str, tuple[tuple[str, str], ...]]
    """Dotted name to (root, file)."""
    folders: frozenset[str]
    files: frozenset[str]

    def resolve(self, importer: str, name: str) -> str | None:
        """The file that ``import name`` means inside ``importer``, or None where it is none of the project's."""
        found = self.by_name.get(name)
        if not found:
            return None
        near = [entry for entry in found if self._reaches(entry[0], importer)]
        # the nearest root wins: two packages of a monorepo may both hold a module `cli`
        return max(near, key=lambda entry: _common(entry[1], importer))[1] if near else None

    def name(self, path: str) -> str:
        """The dotted name a file is imported by: the one below its nearest source root."""
        inside = [root for root in self.roots if not root or path.startswith(root + "/")]
        return module_name(path, max(inside, key=len, default=""))

    def relative(self, importer: str, found: Import) -> tuple[str | None, list[str]]:
        """The files of a relative import: the module's own, and those of imported submodules."""
        folder = posixpath.dirname(importer)
        for _ in range(found.level - 1):
            folder = posixpath.dirname(folder)
        base = posixpath.join(folder, *found.module.split(".")) if found.module else folder
        submodules = [file for name in found.names if (file := self._at(posixpath.join(base, name)))]
        return self._at(base), submodules

    def targets(self, importer: str, found: Import) -> tuple[str, ...]:
        """The project's files that an import runs, without the parent packages it runs on the way."""
        if found.level:
            own, submodules = self.relative(importer, found)
            loaded = [*submodules, own] if own and len(submodules) < len(found.names) else submodules
            return tuple(dict.fromkeys(file for file in loaded if file and file != importer))
        loaded = []
        bare = not found.names
        for name in found.names:
            file = self.resolve(importer, f"{found.module}.{name}")
            bare = bare or file is None
            if file:
                loaded.append(file)
        if bare:
            for name in prefixes(found.module):
                if file := self.resolve(importer, name):
                    loaded.append(file)
                    break
        return tuple(dict.fromkeys(file for file in loaded if file != importer))

    def is_own(self, importer: str, found: Import, *, known_elsewhere: bool = False) -> bool:
        """Whether an import means a module of this project.

        ``known_elsewhere`` tells that a distribution of that name is known; then a script or a plain folder of the same name
        somewhere else in the tree does not count.
        """
        if found.level:
            return True
        top = found.module.partition(".")[0]
        for target in found.targets:
            if any(self.resolve(importer, name) for name in prefixes(target)):
                return True
        if known_elsewhere:
            return False
        if top in self.by_name or any(posixpath.join(root, top) in self.folders for root in self.roots):
            return True
        # a script's neighbours are importable when it is run as a file, wherever it stands
        folder = posixpath.dirname(importer)
        while True:
            beside = posixpath.join(folder, top)
            if (f"{beside}.py" in self.files and f"{beside}.py" != importer) or (
                beside in self.folders and not importer.startswith(beside + "/")
            ):
                return True
            if not folder:
                return False
            folder = posixpath.dirname(folder)

    def _reaches(self, root: str, importer: str) -> bool:
        return root not in self.loose or not root or importer.startswith(root + "/")

    def _at(self, path: str) -> str | None:
        for candidate in (
            f"{path}/__init__.py" if path else "__init__.py",
            f"{path}.py",
            f"{path}/__init__.pyi",
            f"{path}.pyi",
        ):
            if candidate in self.files:
                return candidate
        return None


def prefixes(name: str) -> Iterable[str]:
    """``a.b.c``, ``a.b``, ``a``."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def module_name(path: str, root: str = "") -> str:
    """The dotted name of a file below a root; empty where a part is no identifier."""
    inner = path[len(root) + 1 :] if root else path
    parts = inner.rsplit(".", 1)[0].split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else ""


def map_modules(
    python_files: Sequence[str],
    other_files: Iterable[str] = (),
    extra_roots: Iterable[str] = (),
    *,
    folder_name: str = "",
) -> ModuleMap:
    """Find the source roots of a project and name its modules. Reads nothing: paths are all it needs.

    ``folder_name`` is the project folder's own name, by which its files import each other where the folder is itself a package.
    """
    files = frozenset(python_files)
    folders: set[str] = set()
    holding: set[str] = set()
    for path in python_files:
        folder = posixpath.dirname(path)
        holding.add(folder)
        while folder not in folders:
            folders.add(folder)
            folder = posixpath.dirname(folder)
    packages = {
        f for f in holding if posixpath.join(f, "__init__.py") in files or posixpath.join(f, "__init__.pyi") in files
    }
    roots = {""} | {r.strip("/").removeprefix("./") for r in extra_roots if r.strip("/").removeprefix("./") in folders}
    roots |= {f for f in folders if posixpath.basename(f) in _SOURCE_FOLDERS and f not in packages}
    roots |= {
        posixpath.dirname(p) for p in (*python_files, *other_files) if posixpath.basename(p) in _MANIFESTS
    } & folders
    roots |= {posixpath.dirname(f) for f in packages if posixpath.dirname(f) not in packages}
    # a package's own folder is no root: its module `types` must not stand for the standard library's
    roots -= packages if folder_name.isidentifier() else packages - {""}
    loose = holding - packages - roots
    by_name: dict[str, list[tuple[str, str]]] = {}
    # stubs last, so that the code itself comes first where both exist
    for path in sorted(python_files, key=lambda p: (p.endswith(".pyi"), p)):
        folder = posixpath.dirname(path)
        while True:
            if (folder in roots or folder in loose) and (name := module_name(path, folder)):
                by_name.setdefault(name, []).append((folder, path))
            if not folder:
                break
            folder = posixpath.dirname(folder)
        if "" in packages and folder_name.isidentifier():
            inner = module_name(path)
            if inner or path == "__init__.py":
                by_name.setdefault(f"{folder_name}.{inner}".rstrip("."), []).append(("", path))
    return ModuleMap(
        tuple(sorted(roots)), frozenset(loose), {n: tuple(f) for n, f in by_name.items()}, frozenset(folders), files
    )


def _common(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        count += 1
    return count
