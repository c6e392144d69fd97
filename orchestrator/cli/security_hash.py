"""``orchestrate security hash``: what stands for a value in an allow list."""

from __future__ import annotations

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import store
from orchestrator.cli.security_check import given
from orchestrator_core.errors import UsageError


@common_command("hash")
@pass_invocation
def command(invocation: Invocation) -> None:
    """Print the value_hash of what stands on standard input, for an entry of an allow list. It holds for this store only."""
    value = given("-").rstrip("\r\n")
    if not value:
        raise UsageError("standard input is empty. Pipe the value in, so that it does not stay in the shell's history.")
    with store(invocation) as orchestrator:
        hashed = orchestrator.security.value_hash(value)
    invocation.output.show({"value_hash": hashed}, lambda screen: screen.line(hashed))
