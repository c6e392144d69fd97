"""The layers of Magnus, and a checker that walks the imports of a source tree against them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

ROOTS = {
    "orchestrator": "",
    "orchestrator_core": "core",
    "orchestrator_memory": "memory",
    "orchestrator_security": "security",
    "orchestrator_evaluation": "evaluation",
    "orchestrator_dashboards": "dashboards",
}
"""Each import package and the folder of the repository it lies in."""

LAYERS: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    # A layer's name and its units. A module belongs to the unit that names it, or the package it lies in.
    # It may import lower layers and its own unit.
    (
        "0 words",
        (
            (
                "orchestrator_core.errors",
                "orchestrator_core.records",
                "orchestrator_core.clock",
                "orchestrator_core.file_lock",
                "orchestrator_core.life_sign",
                "orchestrator_core.forks",
                "orchestrator_core.own_thread",
                "orchestrator_core.plain_text",
                "orchestrator_core.settings",
                "orchestrator.version",
            ),
        ),
    ),
    (
        "1 ground",
        (
            ("orchestrator_core.configuration",),
            ("orchestrator_core.storage",),
            ("orchestrator_core.models",),
            ("orchestrator_core.analysis",),
            ("orchestrator_core.daemon_pool",),
            ("orchestrator_core.git_commit",),
        ),
    ),
    (
        "2 rooms",
        (
            ("orchestrator_memory",),
            ("orchestrator_security",),
            ("orchestrator_evaluation",),
            ("orchestrator_dashboards",),
            ("orchestrator.agents",),
            ("orchestrator.healing",),
            ("orchestrator.observability",),
        ),
    ),
    ("3 line", (("orchestrator.flow",),)),
    (
        "4 assembly",
        (
            (
                "orchestrator.wiring",
                "orchestrator.arguments",
                "orchestrator.background",
                "orchestrator.deep_scan",
                "orchestrator.forgetting",
                "orchestrator.maintenance",
                "orchestrator.runtime",
            ),
        ),
    ),
    (
        "5 use",
        (
            (
                "orchestrator",  # __init__.py alone: everything else in the folder is listed by name
                "orchestrator.facade",
                "orchestrator.memory",
                "orchestrator.security",
                "orchestrator.evaluation",
                "orchestrator.dashboards",
            ),
        ),
    ),
    ("6 edge", (("orchestrator.cli", "orchestrator.__main__", "orchestrator.demo"), ("orchestrator.testing",))),
)

WITHOUT_LAYER = ("orchestrator_core",)
"""Packages that only hold others; their ``__init__.py`` may import nothing."""

ROOMS = tuple(name for title, units in LAYERS if title == "2 rooms" for unit in units for name in unit)
LINE = "orchestrator.flow"


class Module(NamedTuple):
    name: str
    path: Path
    is_package: bool


class Import(NamedTuple):
    """``target`` is a module of ours."""

    target: str
    line: int


def modules(root: Path) -> dict[str, Module]:
    """All modules of the six packages under a repository root, by dotted name."""
    found = {}
    for package, folder in ROOTS.items():
        base = root / folder
        for path in sorted((base / package).rglob("*.py")):
            parts = list(path.relative_to(base).with_suffix("").parts)
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            found[name] = Module(name, path, is_package)
    return found


def imports(module: Module, known: dict[str, Module]) -> Iterator[Import]:
    """What a module imports of ours, at its top, inside functions, for types only, and by ``import_module("...")``."""
    tree = ast.parse(module.path.read_text(encoding="utf-8"), filename=str(module.path))
    for node in ast.walk(tree):
        for name, attribute in _named(node, module):
            target = f"{name}.{attribute}" if attribute and f"{name}.{attribute}" in known else name
            if target.partition(".")[0] in ROOTS:
                yield Import(target, node.lineno)  # type: ignore[attr-defined]


def _named(node: ast.AST, module: Module) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
        above = package[: len(package) - node.level + 1] if node.level else []
        name = ".".join([*above, *([node.module] if node.module else [])])
        yield from ((name, alias.name) for alias in node.names)
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("import_module", "__import__", "find_spec") and isinstance(node.args[0].value, str):
            yield node.args[0].value, ""


def place_of(name: str) -> tuple[int, tuple[str, ...]] | None:
    """The layer number and the unit of a module; None where no layer lists it."""
    best: tuple[int, int, tuple[str, ...]] | None = None
    for number, (_, units) in enumerate(LAYERS):
        for unit in units:
            for member in unit:
                holds_modules = member not in ROOTS or member in ROOMS
                inside = name == member or (holds_modules and name.startswith(f"{member}."))
                if inside and (best is None or len(member) > best[0]):
                    best = (len(member), number, unit)
    return best[1:] if best else None


def violations(root: Path) -> list[str]:
    """Every import that breaks the layers, each as one line that says where and why."""
    known = modules(root)
    told = []
    for module in known.values():
        here = place_of(module.name)
        where = module.path.relative_to(root).as_posix()
        for found in imports(module, known):
            there = place_of(found.target)
            what = f"{where}:{found.line} imports {found.target}"
            if here is None and module.name in WITHOUT_LAYER:
                told.append(f"{what}, but {module.name} only holds other packages")
            elif here is None or there is None:
                continue  # said once for the file below
            elif there[0] > here[0]:
                told.append(f"{what}, which lies higher ({LAYERS[there[0]][0]} above {LAYERS[here[0]][0]})")
            elif there[0] == here[0] and there[1] != here[1]:
                told.append(f"{what}, a neighbour in {LAYERS[here[0]][0]}: they meet only in a higher layer")
            elif here[1] == (LINE,) and (room := _room_of(found.target)) and found.target != f"{room}.contract":
                told.append(f"{what}: the line sees only {room}.contract")
        if here is None and module.name not in WITHOUT_LAYER:
            told.append(f"{where}: no layer lists it; give it a place in tests/structure/layer_rules.py")
    return told


def _room_of(name: str) -> str:
    return next((room for room in ROOMS if name == room or name.startswith(f"{room}.")), "")


def cycle(root: Path) -> list[str]:
    """Modules that import each other in a circle, at their top, in a function or for a type; empty when there is none."""
    known = modules(root)
    graph = {
        module.name: {found.target for found in imports(module, known) if found.target != module.name}
        for module in known.values()
    }
    return _circle(graph)


def package_cycle(root: Path, package: str) -> list[str]:
    """Packages and single modules directly inside a package that import each other in a circle, at whatever moment; empty without one."""
    known = modules(root)
    graph: dict[str, set[str]] = {}
    for module in known.values():
        here = _part_of(module.name, package)
        if here:
            there = {_part_of(found.target, package) for found in imports(module, known)}
            graph.setdefault(here, set()).update(there - {here, ""})
    return _circle(graph)


def _part_of(name: str, package: str) -> str:
    """The part of a package that a module lies in; empty for one outside, and for the package itself."""
    return name.removeprefix(f"{package}.").partition(".")[0] if name.startswith(f"{package}.") else ""


def _circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
