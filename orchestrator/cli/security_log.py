"""``orchestrate security log``: what was decided."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, get_args

import click
import msgspec

from orchestrator.cli.command import MOST, pass_invocation
from orchestrator.cli.command import command as common_command
from orchestrator.cli.history import parse_since
from orchestrator.cli.history_pages import local_time
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import store_to_read
from orchestrator.cli.screen import Screen
from orchestrator_core.errors import UsageError
from orchestrator_core.records import Action
from orchestrator_security.contract import Kind

if TYPE_CHECKING:
    from orchestrator_security.audit.decision_log import LoggedDecision

_ID_MIN = 4
_ID_MAX = 64
_DIGITS = frozenset("0123456789abcdef")


@common_command("log")
@click.option("--limit", "-n", type=click.IntRange(1, MOST), default=20, show_default=True, help="How many at most.")
@click.option(
    "--action",
    "actions",
    multiple=True,
    type=click.Choice(get_args(Action)),
    help="Only these decisions. May be repeated.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(get_args(Kind)),
    help="Only what was decided by scanners (text), by nobody (unchecked), a limit, a person, a check that broke, or the offline "
    "guard (network). May be repeated.",
)
@click.option("--agent", default="", metavar="NAME", help="Only about this agent's texts.")
@click.option("--execution", default="", metavar="ID", help="Only of this call: its id or a beginning of it.")
@click.option("--since", metavar="TIME", help="Only later ones: 30m, 12h, 7d, or a date such as 2026-01-31.")
@pass_invocation
def command(
    invocation: Invocation,
    limit: int,
    actions: tuple[str, ...],
    kinds: tuple[str, ...],
    agent: str,
    execution: str,
    since: str | None,
) -> None:
    """List what security decided, newest first. The log holds hashes and never a text."""
    from orchestrator_security.audit.decision_log import logged_decisions

    earliest = parse_since(since, time.time()) if since else 0.0
    if execution:
        execution = _call_id(execution)
    with store_to_read(invocation) as orchestrator:
        rows: list[LoggedDecision] = []
        if orchestrator is not None:
            orchestrator.open()
            rows = logged_decisions(
                orchestrator.database,
                limit=limit,
                actions=actions,
                kinds=kinds,
                agent=agent,
                execution=execution,
                since=earliest,
            )
    invocation.output.show(
        {"decisions": [msgspec.to_builtins(row) for row in rows]}, lambda screen: _page(screen, rows)
    )


def _call_id(text: str) -> str:
    wanted = text.strip().lower()
    if not _ID_MIN <= len(wanted) <= _ID_MAX or not _DIGITS.issuperset(wanted):
        raise UsageError(
            f"--execution {text!r:.60} is no call's id: give {_ID_MIN} or more of its digits 0-9 and a-f, as in: orchestrate history list"
        )
    return wanted


def _page(screen: Screen, rows: list[LoggedDecision]) -> None:
    if not rows:
        screen.line("No decisions match.")
        return
    screen.table(
        ("n", "when", "action", "risk", "where", "agent", "caller", "found"),
        [
            (
                row.n, local_time(row.at), row.action, f"{row.risk:.2f}", _where(row), row.agent, row.caller,
                ", ".join(f"{rule} x{number}" if number > 1 else rule for rule, _, number in row.rules) or "-",
            )
            for row in rows
        ],
    )  # fmt: skip


def _where(row: LoggedDecision) -> str:
    place = f"{row.direction} > {row.sink} ({row.trust})"
    return place if row.kind == "text" else f"{place}, {row.kind}"
