"""``orchestrate security show``: one decision whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.history_pages import local_time
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import store_to_read
from orchestrator.cli.screen import Screen
from orchestrator_core.errors import UsageError

if TYPE_CHECKING:
    from orchestrator_security.audit.decision_log import LoggedDecision


_KINDS = {
    "text": "scanners and the policy",
    "unchecked": "nobody: the check was switched off",
    "limit": "a limit",
    "approval": "a person",
    "crash": "a check that broke",
    "network": "the offline guard",
}


@common_command("show")
@click.argument("number", metavar="N", type=click.IntRange(1, 2**63 - 1))
@pass_invocation
def command(invocation: Invocation, number: int) -> None:
    """Show one decision whole. N is the number that the log shows."""
    from orchestrator_security.audit.decision_log import logged_decision

    with store_to_read(invocation) as orchestrator:
        if orchestrator is None:
            raise UsageError(f"nothing has been decided yet in {invocation.database_path}.")
        orchestrator.open()
        row = logged_decision(orchestrator.database, number)
        ended = row is not None and bool(
            orchestrator.database.query("SELECT 1 FROM executions WHERE id = ?", (row.execution_id,))
        )
    if row is None:
        raise UsageError(f"there is no decision {number}. See: orchestrate security log")
    found: LoggedDecision = row
    document = {**msgspec.to_builtins(found), "recorded": ended}
    invocation.output.show(document, lambda screen: _whole(screen, found, ended=ended))


def _whole(screen: Screen, row: LoggedDecision, *, ended: bool) -> None:
    screen.heading(f"Decision {row.n}: {row.action}")
    call = row.execution_id
    screen.pairs(
        (
            ("when", local_time(row.at)),
            ("decided by", _KINDS[row.kind]),
            ("policy", row.policy),
            ("risk", f"{row.risk:.2f}"),
            ("comes from", row.direction),
            ("bound for", row.sink),
            ("written by", row.trust),
            ("agent", row.agent),
            ("caller", row.caller),
            ("session", row.session),
            ("call", call if ended or not call else f"{call} (no record: it still runs, was killed, or left none)"),
            ("characters", row.characters),
            ("text_hash", row.text_hash),
            ("not finished", ", ".join(row.incomplete)),
        )
    )
    if row.rules:
        screen.line()
        screen.table(("rule", "action", "times"), row.rules)
