"""``orchestrate security check``: what security says of one text."""

from __future__ import annotations

import sys
from typing import get_args

import click
import msgspec

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import store
from orchestrator.cli.screen import Screen
from orchestrator_core.errors import UsageError
from orchestrator_security.contract import Direction, ScanVerdict, Sink, Trust

BLOCKED = 3
_READ_MAX = 16_777_216


@common_command("check")
@click.argument("text", metavar="TEXT")
@click.option(
    "--sink", type=click.Choice(get_args(Sink)), default="model", show_default=True, help="Where it is bound for."
)
@click.option("--trust", type=click.Choice(get_args(Trust)), default="user", show_default=True, help="Who wrote it.")
@click.option(
    "--direction", type=click.Choice(get_args(Direction)), default="in", show_default=True, help="Where it comes from."
)
@click.option("--agent", default="", metavar="NAME", help="The agent it would go to.")
@pass_invocation
def command(invocation: Invocation, text: str, sink: Sink, trust: Trust, direction: Direction, agent: str) -> int:
    """Say what security finds in TEXT, and what it does about it; "-" reads standard input. Exits with 3 where it is blocked."""
    with store(invocation) as orchestrator:
        verdict = orchestrator.security.validate_input(
            given(text), sink=sink, trust=trust, direction=direction, agent=agent, caller="orchestrate"
        )
    invocation.output.show(msgspec.to_builtins(verdict), lambda screen: _page(screen, verdict))
    return BLOCKED if verdict.action == "block" else 0


def _page(screen: Screen, verdict: ScanVerdict) -> None:
    screen.heading(
        f"{verdict.action} (policy {verdict.policy}, risk {verdict.risk:.2f}, scanned: {verdict.scan_level})"
    )
    if verdict.reason:
        screen.line(verdict.reason)
    if verdict.findings:
        screen.line()
        screen.table(
            ("rule", "severity", "action", "from", "to", "value_hash", "message"),
            [(f.rule_id, f.severity, f.action, f.start, f.end, f.value_hash, f.message) for f in verdict.findings],
        )
    screen.line()
    screen.heading("As it would be stored")
    screen.block(verdict.text)


def given(text: str) -> str:
    """The text, or what stands on standard input for ``-``.

    Raises:
        UsageError: standard input is closed, too large or not UTF-8.
    """
    if text != "-":
        return text
    source = getattr(sys.stdin, "buffer", None)
    if source is None:
        raise UsageError("there is no standard input to read the text from.")
    data: bytes = source.read(_READ_MAX + 1)
    if len(data) > _READ_MAX:
        raise UsageError(f"standard input holds more than {_READ_MAX:,} bytes; check its parts.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"standard input is not UTF-8 (byte {error.start}). Convert it first, for instance with: iconv -t utf-8"
        ) from error
