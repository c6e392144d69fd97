"""What the demonstration works on: Magnus's own source, and a small shop whose code may be run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

import orchestrator
from orchestrator_core.errors import TargetError

SHOP_ENTRY = "shop.reports:year_report"
"""The shop's entry point that is worth a profile."""

_PACKAGE = Path(orchestrator.__file__).resolve().parent
_EXECUTING = frozenset({"test-automator", "performance-optimizer"})
"""Agents that find out more when they may run the project's code."""
_LINE_BY_LINE = frozenset({"security-auditor", "code-reviewer"})
"""Agents whose time grows fastest with the source, and that learn nothing from other files. Of Magnus's own tree they are shown one
package: on all of it they took 60 of the demonstration's 100 seconds."""


class Target(Struct, frozen=True):
    """Where each agent looks."""

    path: Path
    shop: Path | None
    """The shop, or None when the agents that run code work on ``path`` as well."""
    part: Path | None = None
    """What the agents that go line by line look at instead of all of ``path``."""

    def context(self, agent: str) -> dict[str, Any]:
        """The context of one agent's call."""
        if agent not in _EXECUTING:
            return {"path": str(self.part if self.part and agent in _LINE_BY_LINE else self.path)}
        if self.shop is None:
            return {"path": str(self.path), "execute": True}
        return {"path": str(self.shop), "execute": True, "entry": SHOP_ENTRY}

    def name(self, agent: str) -> str:
        """The name of the project that an agent works on."""
        path = Path(self.context(agent)["path"])
        if path == own_source():
            return "Magnus"
        return "Magnus's own package 'orchestrator'" if path == _PACKAGE else path.name


def own_source() -> Path:
    """Magnus's source tree when it runs from one, else its installed package."""
    tree = _PACKAGE.parent
    return tree if (tree / "core" / "orchestrator_core").is_dir() and (tree / "pyproject.toml").is_file() else _PACKAGE


def find_shop() -> Path:
    """The example project: in the source tree, or inside the installed package.

    Raises:
        TargetError: it is in neither place.
    """
    for place in (_PACKAGE.parent / "examples" / "shop", _PACKAGE / "demo" / "shop"):
        if (place / "pyproject.toml").is_file():
            return place
    raise TargetError("the example project 'shop' is missing from this installation. Install Magnus again.")


def choose_target(path: str | None, *, execute: bool) -> Target:
    """The project to show. Somebody's own code is run only where ``execute`` says so; the shop's always is.

    Raises:
        TargetError: the folder has no Python in it.
    """
    from orchestrator.agents.workbench.project import open_project

    chosen = Path(path).resolve() if path is not None else own_source()
    open_project({"path": chosen})
    if path is None:
        return Target(chosen, find_shop(), part=_PACKAGE)
    return Target(chosen, None if execute else find_shop())
