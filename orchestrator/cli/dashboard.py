"""``orchestrate dashboard``: the page."""

from __future__ import annotations

import click

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation


@common_command("dashboard")
@click.option("--hours", type=float, help="How far back; the setting dashboards.hours when not given.")
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
@pass_invocation
def command(invocation: Invocation, hours: float | None, open_it: bool) -> None:
    """Write the dashboard and say where it is."""
    with invocation.orchestrator() as orchestrator:
        page = orchestrator.generate_dashboard(hours)
    opened = False
    if open_it:
        import webbrowser

        opened = webbrowser.open(page.resolve().as_uri())
    latest = page.with_name("dashboard_latest.html")
    invocation.output.show(
        {"path": str(page), "latest": str(latest), "url": page.resolve().as_uri(), "opened": opened},
        lambda screen: screen.line(str(page)),
    )
    if open_it and not opened:
        invocation.output.note(f"No browser could be opened; open this address yourself: {page.resolve().as_uri()}")
