"""``orchestrate security log``: what was decided."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
import msgspec

from orchestrator.cli.command import MOST, pass_invocation
from orchestrator.cli.command import command as common_command
from orchestrator.cli.history import parse_since
from orchestrator.cli.history_pages import local_time
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import store_to_read
from orchestrator.cli.screen import Screen

if TYPE_CHECKING:
    from orchestrator_security.audit.decision_log import LoggedDecision


@common_command("log")
@click.option("--limit", "-n", type=click.IntRange(1, MOST), default=20, show_default=True, help="How many at most.")
@click.option(
    "--action",
    "actions",
    multiple=True,
    type=click.Choice(("allow", "flag", "redact", "block")),
    help="Only these decisions. May be repeated.",
)
@click.option("--agent", default="", metavar="NAME", help="Only about this agent's texts.")
@click.option("--since", metavar="TIME", help="Only later ones: 30m, 12h, 7d, or a date such as 2026-01-31.")
@pass_invocation
def command(invocation: Invocation, limit: int, actions: tuple[str, ...], agent: str, since: str | None) -> None:
    """List what security decided, newest first. The log holds hashes and never a text."""
    from orchestrator_security.audit.decision_log import logged_decisions

    earliest = parse_since(since, time.time()) if since else 0.0
    with store_to_read(invocation) as orchestrator:
        rows: list[LoggedDecision] = []
        if orchestrator is not None:
            rows = logged_decisions(orchestrator.database, limit=limit, actions=actions, agent=agent, since=earliest)
    invocation.output.show(
        {"decisions": [msgspec.to_builtins(row) for row in rows]}, lambda screen: _page(screen, rows)
    )


def _page(screen: Screen, rows: list[LoggedDecision]) -> None:
    if not rows:
        screen.line("No decisions match.")
        return
    screen.table(
        ("when", "action", "risk", "where", "agent", "caller", "found"),
        [
            (
                local_time(row.at), row.action, f"{row.risk:.2f}", f"{row.direction} > {row.sink} ({row.trust})", row.agent, row.caller,
                ", ".join(f"{rule} x{number}" if number > 1 else rule for rule, _, number in row.rules) or "-",
            )
            for row in rows
        ],
    )  # fmt: skip
