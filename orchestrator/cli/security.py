"""``orchestrate security``: checks that are asked for by hand, what was decided, and what decides."""

from __future__ import annotations

import click

from orchestrator.cli.command import LazyGroup, common_options

COMMANDS = {
    "check": ("orchestrator.cli.security_check", "Say what security finds in a text, and what it does about it."),
    "scan": ("orchestrator.cli.security_scan", "Scan Python code for insecure places."),
    "log": ("orchestrator.cli.security_log", "List what security decided."),
    "show": ("orchestrator.cli.security_show", "Show one decision whole."),
    "policy": ("orchestrator.cli.security_policy", "Show the table that decides."),
    "allow": ("orchestrator.cli.security_allow", "Let one value pass, with a reason and until a day."),
    "hash": ("orchestrator.cli.security_hash", "Print what stands for a value in an allow list."),
}


@click.group("security", cls=LazyGroup, commands_at=COMMANDS)
@common_options
def command() -> None:
    """Check texts and code, and look at what was decided."""
