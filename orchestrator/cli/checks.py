"""One thing that was looked at, and how it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from orchestrator.cli.screen import Screen

CheckStatus = Literal["ok", "warn", "fail"]


class Check(Struct, frozen=True, kw_only=True):
    """The state of one thing. ``fail`` means that Magnus cannot work, ``warn`` that a part of it cannot."""

    group: str
    name: str
    status: CheckStatus
    detail: str = ""
    without: str = ""
    """What works without it."""
    fix: str = ""
    """The command or step that mends it."""


def show_checks(screen: Screen, checks: Sequence[Check]) -> None:
    """All checks, by group; what is not well tells its remedy."""
    group = ""
    for check in checks:
        if check.group != group:
            if group:
                screen.line()
            group = check.group
            screen.heading(group)
        screen.line(f"  {check.status:<4}  {check.name}{': ' + check.detail if check.detail else ''}", check.status)
        if check.status != "ok":
            if check.without:
                screen.line(f"        Without it: {check.without}")
            if check.fix:
                screen.line(f"        To mend it: {check.fix}")
