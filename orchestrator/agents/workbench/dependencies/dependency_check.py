"""Imports no dependency declares, and dependencies nothing imports. Decides on facts it is given; reads no file."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from orchestrator.agents.workbench.dependencies.project_unit import Unit
from orchestrator.agents.workbench.dependencies.requirement_lines import Requirement
from orchestrator_core.analysis.distribution_names import (
    MODULE_TO_DISTRIBUTIONS,
    SHARED_NAMESPACES,
    USED_WITHOUT_IMPORT,
    may_provide,
    normalise,
    stdlib_modules,
)
from orchestrator_core.analysis.file_roles import is_support_file
from orchestrator_core.analysis.imports import Import, ModuleFacts
from orchestrator_core.analysis.installed import InstalledSet
from orchestrator_core.analysis.modules import ModuleMap, prefixes

Kind = Literal["missing", "transitive", "misplaced", "support", "optional"]


class Undeclared(Struct):
    """A third-party module without a declaration that covers its use, and everywhere it is imported."""

    module: str
    unit: str
    kind: Kind
    places: list[tuple[str, int]]
    distributions: tuple[str, ...] = ()
    via: str = ""
    """For ``transitive``: the declared dependency that brings it in. For ``misplaced``: the group that declares it."""
    deferred: bool = True


class NotImported(Struct, frozen=True):
    """A declared dependency without an import. ``reason`` says why that may be right; empty where none is known."""

    requirement: Requirement
    unit: str
    reason: str
    installed: bool
    via: str = ""
    support_only: bool = False


class Outcome(Struct):
    """What a check found."""

    undeclared: list[Undeclared]
    not_imported: list[NotImported]
    third_party: dict[str, int]
    """Top-level module to the number of files that import it."""


class DependencyCheck:
    """Compares imports with declarations, unit by unit."""

    def __init__(
        self,
        units: Sequence[Unit],
        modules: ModuleMap,
        installed: InstalledSet,
        *,
        commands: frozenset[str] = frozenset(),
        script_requirements: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """``commands`` are the words of scripts and settings; ``script_requirements`` the inline declarations of single files."""
        self._units = sorted(units, key=lambda unit: -len(unit.folder))
        self._modules = modules
        self._installed = installed
        self._words = commands
        self._scripts = {
            path: {normalise(name) for name in names} for path, names in (script_requirements or {}).items()
        }
        self._stdlib = stdlib_modules(sys.stdlib_module_names)
        self._own_names = {unit.name for unit in units if unit.name}
        self._closures: dict[str, dict[str, str]] = {}
        self._used: dict[str, set[str]] = {}
        """Distribution to the files that import it."""

    def run(self, facts: Mapping[str, ModuleFacts], also_used: Mapping[str, Iterable[Import]] | None = None) -> Outcome:
        """``also_used`` are imports of files that are no plain Python (Cython, notebooks): they count as use and are not judged."""
        found: dict[tuple[str, str], Undeclared] = {}
        third_party: dict[str, set[str]] = {}
        guarded: set[tuple[str, str]] = set()
        for path, module in facts.items():
            chain = self.units_of(path)
            for item in module.imports:
                name = self._foreign(path, item)
                if not name:
                    continue
                third_party.setdefault(name.partition(".")[0], set()).add(path)
                unit = chain[0].folder if chain else ""
                if item.guard:
                    guarded.add((unit, name))
                self._judge(path, item, name, chain, found)
        for key, entry in found.items():
            # a module that is somewhere imported with a fallback is one the project can do without
            if key in guarded and entry.kind in {"missing", "transitive", "misplaced"}:
                entry.kind = "optional"
        for path, items in (also_used or {}).items():
            declared = [requirement for unit in self.units_of(path) for requirement in unit.requirements]
            for item in items:
                for requirement in self._matching(declared, item):
                    self._used.setdefault(requirement.name, set()).add(path)
        return Outcome(
            sorted(found.values(), key=lambda entry: (entry.unit, entry.module)),
            [entry for unit in self._units[::-1] for entry in self._unused(unit, self._texts_of(unit, facts))],
            {name: len(paths) for name, paths in sorted(third_party.items())},
        )

    def _texts_of(self, unit: Unit, facts: Mapping[str, ModuleFacts]) -> frozenset[str]:
        mine = (
            path for path in facts if unit in self.units_of(path) and not is_support_file(self._inner(path, [unit]))
        )
        return frozenset[str]().union(*(facts[path].strings for path in mine))

    def units_of(self, path: str) -> list[Unit]:
        """The units a file belongs to, innermost first."""
        return [unit for unit in self._units if not unit.folder or path.startswith(unit.folder + "/")]

    def _foreign(self, path: str, item: Import) -> str:
        """The third-party module an import means; empty for the standard library's and the project's own."""
        top = item.module.partition(".")[0]
        if item.level or not top or top in self._stdlib or (top.startswith("_") and top not in MODULE_TO_DISTRIBUTIONS):
            return ""
        known = bool(self.providers(item))
        return "" if self._modules.is_own(path, item, known_elsewhere=known) else self._spoken_name(item)

    def _spoken_name(self, item: Import) -> str:
        """The top-level name, but ``google.cloud.storage`` where ``google`` says nothing."""
        for target in item.targets:
            for name in prefixes(target):
                if "." in name and (name in MODULE_TO_DISTRIBUTIONS or self._owner_exact(name)):
                    return name
        top = item.module.partition(".")[0]
        if top in SHARED_NAMESPACES:
            # `google.cloud` says no more than `google`; `azure.storage` does
            parts = (
                item.module.split(".") if item.module.count(".") > 1 or not item.names else item.targets[0].split(".")
            )
            return ".".join(parts[:3])
        return top

    def _owner_exact(self, name: str) -> bool:
        owners = self._installed.owners(name)
        return bool(owners) and owners != self._installed.owners(name.rpartition(".")[0])

    def providers(self, item: Import) -> frozenset[str]:
        """Distributions known to hold what an import asks for."""
        found: set[str] = set()
        for target in item.targets:
            owners = self._installed.owners(target)
            found |= owners
            for name in prefixes(target):
                if name in MODULE_TO_DISTRIBUTIONS:
                    found.update(MODULE_TO_DISTRIBUTIONS[name])
                    break
            if owners:
                break
        return frozenset(found)

    def _judge(
        self, path: str, item: Import, name: str, chain: list[Unit], found: dict[tuple[str, str], Undeclared]
    ) -> None:
        providers = self.providers(item) - self._own_names
        declared = [requirement for unit in chain for requirement in unit.requirements]
        matches = self._matching(declared, item)
        for requirement in matches:
            self._used.setdefault(requirement.name, set()).add(path)
        support = is_support_file(self._inner(path, chain))
        if self._scripts.get(path) is not None and (
            self._scripts[path] & providers
            or any(may_provide(dist, target) for dist in self._scripts[path] for target in item.targets)
        ):
            return
        if any(r.use in {"main", "extra"} or support for r in matches) or self._own_names & self.providers(item):
            return
        via = ""
        kind: Kind
        if item.guard:
            kind = "optional"
        elif matches:
            kind, via = "misplaced", matches[0].group or matches[0].path
        elif support:
            # tests write and import modules of their own making; a name nobody knows is more likely one of those
            kind = "support" if providers else "optional"
        else:
            brought = self._brought_in(chain[0]) if chain else {}
            via = next((brought[dist] for dist in sorted(providers) if dist in brought), "")
            kind = "transitive" if via else "missing"
        unit = chain[0].folder if chain else ""
        entry = found.get((unit, name))
        order: tuple[Kind, ...] = ("missing", "transitive", "misplaced", "support", "optional")
        if entry is None:
            entry = found[unit, name] = Undeclared(name, unit, kind, [], tuple(sorted(providers)), via)
        elif order.index(kind) < order.index(entry.kind):
            entry.kind, entry.via = kind, via
            entry.places.insert(0, (path, item.line))
        entry.deferred = entry.deferred and item.deferred
        if (path, item.line) not in entry.places:
            entry.places.append((path, item.line))

    def _matching(self, declared: Iterable[Requirement], item: Import) -> list[Requirement]:
        providers = self.providers(item)
        declared = list(declared)
        return [r for r in declared if r.name in providers] or [r for r in declared if self._plausible(r, item)]

    def _brought_in(self, unit: Unit) -> dict[str, str]:
        if unit.folder not in self._closures:
            self._closures[unit.folder] = self._installed.closure(r.name for r in unit.requirements if r.use == "main")
        return self._closures[unit.folder]

    def _inner(self, path: str, chain: list[Unit]) -> str:
        folder = chain[0].folder if chain else ""
        return path[len(folder) + 1 :] if folder else path

    def _plausible(self, requirement: Requirement, item: Import) -> bool:
        """By name only, for a requirement whose contents nobody here knows."""
        installed = self._installed.get(requirement.name)
        if installed is not None and installed.modules:
            return False
        if any(requirement.name in names for names in MODULE_TO_DISTRIBUTIONS.values()):
            return False
        return any(may_provide(requirement.name, target) for target in (item.module, *item.targets))

    def _unused(self, unit: Unit, strings: frozenset[str]) -> Iterable[NotImported]:
        seen: set[str] = set()
        tools = {r.name for r in unit.requirements if r.use in {"dev", "build"}}
        for requirement in unit.requirements:
            name = requirement.name
            if (
                requirement.use not in {"main", "extra"}
                or requirement.locked
                or name in seen
                or name in self._own_names
            ):
                continue
            if requirement.use == "extra" and name in tools:  # an extra such as "all" repeats the development group
                continue
            seen.add(name)
            users = {path for path in self._used.get(name, ()) if unit in self.units_of(path)}
            installed = self._installed.get(name)
            if users:
                if requirement.use == "main" and all(is_support_file(self._inner(p, self.units_of(p))) for p in users):
                    yield NotImported(requirement, unit.folder, "", installed is not None, support_only=True)
                continue
            yield NotImported(
                requirement,
                unit.folder,
                self._reason(requirement, unit, strings),
                installed is not None,
                self._needed_by(name, unit),
            )

    def _reason(self, requirement: Requirement, unit: Unit, strings: frozenset[str]) -> str:
        name = requirement.name
        if name in USED_WITHOUT_IMPORT:
            return USED_WITHOUT_IMPORT[name]
        if name.startswith("types-") or name.endswith(("-stubs", "-types")):
            return "type stubs"
        installed = self._installed.get(name)
        modules = (
            installed.modules
            if installed
            else frozenset(m for m, names in MODULE_TO_DISTRIBUTIONS.items() if name in names)
        )
        names = (
            modules | {name, name.replace("-", "_")} | ({requirement.text.split()[0]} if requirement.text else set())
        )
        if named := next((text for text in sorted(strings) if _names_one_of(text, names)), ""):
            return f"the code names it in a text ({named[:40]!r})"
        commands = (installed.commands if installed else frozenset[str]()) | {name}
        if used := next((word for word in sorted(commands) if word in self._words or word in unit.tools), ""):
            return f"the command {used!r} is used in scripts or settings"
        if installed is None:
            return ""
        if not modules:
            return "it holds no module of its own"
        if groups := sorted(group for group in installed.plugin_groups if self._found_by(group, unit, name)):
            return f"a plug-in ({', '.join(groups[:2])})"
        for other in unit.requirements:
            if other.use not in {"main", "extra"}:
                continue
            helper = self._installed.get(other.name)
            if (
                helper
                and other.name != name
                and any("extra ==" in text and _heads(text) == name for text in helper.requires)
            ):
                return f"an optional part of {other.name}"
        return ""

    def _found_by(self, group: str, unit: Unit, name: str) -> bool:
        """Whether the program that reads an entry point group (``pytest11``, ``mkdocs.plugins``) is one this unit uses."""
        reader = re.match(r"[a-z]+", group.lower())
        hosts = {r.name for r in unit.requirements if r.name != name} | {
            normalise(host) for host in self._used if host != name
        }
        return reader is not None and any(host.startswith(reader[0]) for host in hosts)

    def _needed_by(self, name: str, unit: Unit) -> str:
        return self._installed.closure(r.name for r in unit.requirements if r.use == "main" and r.name != name).get(
            name, ""
        )


def _heads(text: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", text)
    return normalise(match[0]) if match else ""


def _names_one_of(text: str, names: Iterable[str]) -> bool:
    """``name``, ``name.part``, ``name:part``, or ``scheme+name://`` as a database address has it."""
    return any(text == name or text.startswith((f"{name}.", f"{name}:")) or f"+{name}:" in text for name in names)
