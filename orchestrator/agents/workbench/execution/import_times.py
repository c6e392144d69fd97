"""What importing a project's packages costs, from the interpreter's own ``-X importtime``."""

from __future__ import annotations

import re

from msgspec import Struct

from orchestrator.agents.workbench.execution.scratch import Scratch
from orchestrator.agents.workbench.project import Project

MOST_PACKAGES = 8
_LIST_BYTES = 2_097_152
"""Room for the list of some ten thousand modules."""
_MARK = "magnus-import-begins"
_LINE = re.compile(r"^import time:\s*(\d+) \|\s*(\d+) \| (\s*)(\S+)\s*$")
_NOT_FOR_IMPORT = frozenset({"setup", "conftest", "manage", "noxfile", "tasks", "fabfile"})
_NO_PACKAGES = frozenset(
    {"tests", "test", "docs", "doc", "examples", "example", "scripts", "benchmarks", "bench", "tools", "src"}
)


class ModuleTime(Struct, frozen=True):
    """One module's import. ``total_ms`` includes the modules that it was the first to import."""

    name: str
    self_ms: float
    total_ms: float
    parent: str = ""
    """The module that imported it first; empty for the package itself."""


class ImportTime(Struct, frozen=True):
    """The import of one package in a fresh interpreter; ``error`` says why it failed."""

    package: str
    total_ms: float = 0.0
    modules: tuple[ModuleTime, ...] = ()
    error: str = ""


def own_packages(project: Project) -> tuple[str, ...]:
    """The names one would import from outside: packages and modules at the top or below ``src``, without tests and scripts."""
    names: list[str] = []
    for file in project.python_files:
        parts = file.removeprefix("src/").split("/")
        if len(parts) == 2 and parts[1] == "__init__.py" and parts[0] not in _NO_PACKAGES:
            names.append(parts[0])
        elif len(parts) == 1 and parts[0].endswith(".py"):
            name = parts[0][: -len(".py")]
            if name.isidentifier() and name not in _NOT_FOR_IMPORT and not name.startswith(("test_", "__")):
                names.append(name)
    return tuple(dict.fromkeys(name for name in names if name.isidentifier()))


def measure_import(scratch: Scratch, package: str, *, timeout_s: float) -> ImportTime:
    """Import one package in a fresh interpreter. Failing and endless imports are an ``error``, not raised."""
    code = f"import sys; sys.stderr.write({_MARK!r} + chr(10)); sys.stderr.flush(); import {package}"
    done = scratch.run(["-X", "importtime", "-c", code], timeout_s=timeout_s, output_limit_bytes=_LIST_BYTES)
    if done.timed_out:
        return ImportTime(package, error=f"the import did not end within {timeout_s:g} s")
    _, _, after = done.output.partition(_MARK)
    modules = _parse(after)
    if done.exit_code != 0:
        said = [line for line in after.splitlines() if line.strip() and not line.startswith("import time:")]
        reason = said[-1].strip() if said else done.ending
        return ImportTime(package, modules=modules, error=scratch.plain(reason))
    return ImportTime(package, sum(m.total_ms for m in modules if not m.parent), modules)


def outside_imports(measured: ImportTime, own: tuple[str, ...]) -> list[ModuleTime]:
    """The modules of others that the project's own modules import, dearest first: what one could import later or not at all."""
    outside = [m for m in measured.modules if m.parent and not _is_own(m.name, own) and _is_own(m.parent, own)]
    return sorted(outside, key=lambda m: -m.total_ms)


def _is_own(name: str, own: tuple[str, ...]) -> bool:
    return name.partition(".")[0] in own


def _parse(text: str) -> tuple[ModuleTime, ...]:
    # The interpreter lists a module after those it imported, so read backwards each parent comes before its children.
    found: list[ModuleTime] = []
    parents: dict[int, str] = {}
    for line in reversed(text.splitlines()):
        match = _LINE.match(line)
        if match:
            own_us, total_us, indent, name = match.groups()
            depth = len(indent) // 2
            parents[depth] = name
            found.append(ModuleTime(name, int(own_us) / 1000, int(total_us) / 1000, parents.get(depth - 1, "")))
    return tuple(reversed(found))
