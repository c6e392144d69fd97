"""``orchestrate history``: past calls."""

from __future__ import annotations

import re
import time

import click

from orchestrator.cli.command import MOST, common_options, pass_invocation
from orchestrator.cli.command import command as common_command
from orchestrator.cli.history_pages import list_page, no_calls, show_page, stats_page
from orchestrator.cli.invocation import Invocation
from orchestrator_core.errors import UsageError

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


@click.group("history")
@common_options
def command() -> None:
    """Look at past calls: in a list, one of them whole, or summed up."""


@common_command("list")
@click.option("--limit", "-n", type=click.IntRange(1, MOST), default=20, show_default=True, help="How many at most.")
@click.option("--agent", metavar="NAME", help="Only this agent's.")
@click.option(
    "--status", type=click.Choice(("succeeded", "failed", "blocked", "cancelled")), help="Only those that ended so."
)
@click.option("--feature", metavar="NAME", help="Only those of this feature.")
@click.option("--since", metavar="TIME", help="Only later ones: 30m, 12h, 7d, or a date such as 2026-01-31.")
@pass_invocation
def list_history(
    invocation: Invocation, limit: int, agent: str | None, status: str | None, feature: str | None, since: str | None
) -> None:
    """List past calls, newest first."""
    earliest = parse_since(since, time.time()) if since else None
    with invocation.history() as history:
        rows = (
            []
            if history is None
            else history.recent(limit, agent=agent, status=status, feature=feature, since=earliest)
        )
        nowhere = "" if history is not None else str(invocation.database_path)
    invocation.output.show({"executions": rows}, lambda screen: list_page(screen, rows, nowhere))


@common_command("show")
@click.argument("execution_id", metavar="ID")
@pass_invocation
def show_execution(invocation: Invocation, execution_id: str) -> None:
    """Show everything about one call. ID is its id or a beginning of it that no other call shares."""
    with invocation.history() as history:
        if history is None:
            raise UsageError(f"there are no calls yet in {invocation.database_path}; run an agent first.")
        execution = history.get(execution_id)
    invocation.output.show(execution, lambda screen: show_page(screen, execution))


@common_command("stats")
@click.option("--hours", type=float, default=24.0, show_default=True, help="How far back.")
@pass_invocation
def stats(invocation: Invocation, hours: float) -> None:
    """Sum up the last hours, per agent and in all."""
    from orchestrator.arguments import check_hours

    with invocation.history() as history:
        found = no_calls(check_hours(hours), time.time()) if history is None else history.stats(hours)
        nowhere = "" if history is not None else str(invocation.database_path)
    invocation.output.show(found, lambda screen: stats_page(screen, found, nowhere))


def parse_since(text: str, now: float, option: str = "--since") -> float:
    """The epoch seconds that ``12h`` or an ISO date stands for; dates without a zone are local.

    Raises:
        UsageError: it is neither.
    """
    match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*([smhdw])\s*", text.lower())
    if match:
        return now - float(match[1]) * _UNITS_S[match[2]]
    from datetime import datetime

    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{option} {text!r} is no time: write 30m, 12h, 7d, or a date such as 2026-01-31.") from None


command.add_command(list_history)
command.add_command(show_execution)
command.add_command(stats)
