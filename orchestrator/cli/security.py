"""``orchestrate security``: checks that are asked for by hand."""

from __future__ import annotations

import click

from orchestrator.cli.command import LazyGroup, common_options

COMMANDS = {
    "scan": ("orchestrator.cli.security_scan", "Scan Python code for insecure places."),
}


@click.group("security", cls=LazyGroup, commands_at=COMMANDS)
@common_options
def command() -> None:
    """Check code for insecure places."""
