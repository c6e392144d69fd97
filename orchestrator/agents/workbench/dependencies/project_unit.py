"""A folder that declares dependencies: the project itself, or one part of a monorepo."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from orchestrator.agents.workbench.dependencies.requirement_lines import Lines, Requirement


class Unit(Struct):
    """A folder that declares dependencies. ``folder`` is empty for the project's own."""

    folder: str
    name: str = ""
    """The distribution's normalised name; empty where none is given."""
    requirements: list[Requirement] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    problems: list[tuple[str, int, str]] = field(default_factory=list)
    computed: list[str] = field(default_factory=list)
    """Why the list may be incomplete: it is computed when the project is built."""
    roots: list[str] = field(default_factory=list)
    """Import roots that the manifest names."""
    tools: set[str] = field(default_factory=set)
    """Names of tool tables: a tool that is configured here is used here."""
    facts: dict[str, str] = field(default_factory=dict)
    has_dependency_list: bool = False

    def path(self, name: str) -> str:
        """A file's path in the project, by its name in this unit."""
        return posixpath.join(self.folder, name)

    def take(self, lines: Lines, path: str) -> None:
        """Keep what was read of a file."""
        known = {(r.name, r.path, r.line) for r in self.requirements}
        self.requirements += (r for r in lines.found if (r.name, r.path, r.line) not in known)
        self.problems += ((path, line, text) for line, text in lines.problems)
        if path not in self.files:
            self.files.append(path)


def subtable(parent: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A table inside a table of TOML; empty where there is none or something else stands in its place."""
    value = parent.get(key)
    return value if isinstance(value, dict) else {}
