"""``orchestrate approvals``: what agents want to do, and a person's yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli.approval_pages import asker, document_of, ended, list_page, page
from orchestrator.cli.approvals_watch import watched
from orchestrator.cli.command import MOST, common_options, pass_invocation
from orchestrator.cli.command import command as common_command
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import store_to_read
from orchestrator.cli.screen import counted
from orchestrator_core.errors import UsageError

if TYPE_CHECKING:
    from orchestrator_security.approvals.question import Entry


@click.group("approvals")
@common_options
def command() -> None:
    """See what agents want to do that needs a person's yes, and answer."""


@common_command("list")
@click.option("--all", "everything", is_flag=True, help="Also what has been answered, has run out or was withdrawn.")
@click.option("--limit", "-n", type=click.IntRange(1, MOST), default=50, show_default=True, help="How many at most.")
@click.option(
    "--watch", is_flag=True, help="Go on showing what is asked and answered, until Ctrl-C. JSON Lines with --json."
)
@pass_invocation
def list_approvals(invocation: Invocation, everything: bool, limit: int, watch: bool) -> None:
    """List the questions that wait for an answer, newest first.

    A question whose asker is gone was asked by a process that was killed: it cannot be approved, and deny or purge takes it off the list.
    """
    if watch:
        if everything:
            raise UsageError("--watch shows what is asked from now on; leave --all out.")
        watched(invocation, limit)
        return
    with store_to_read(invocation) as orchestrator:
        found: list[Entry] = []
        if orchestrator is not None:
            desk = orchestrator.security.approvals
            found = desk.entries(limit=limit) if everything else desk.waiting(limit=limit)
    documents = [document_of(entry) for entry in found]
    invocation.output.show({"approvals": documents}, lambda screen: list_page(screen, found, everything))


@common_command("show")
@click.argument("approval_id", metavar="ID")
@pass_invocation
def show_approval(invocation: Invocation, approval_id: str) -> None:
    """Show one question whole, and what became of it. ID is its id or a beginning of it."""
    with store_to_read(invocation) as orchestrator:
        if orchestrator is None:
            raise _nothing(invocation)
        entry = orchestrator.security.approvals.get(approval_id)
    invocation.output.show(document_of(entry), lambda screen: page(screen, entry))


@common_command("approve")
@click.argument("approval_id", metavar="ID")
@click.option("--note", metavar="TEXT", default="", help="Why; kept with the decision.")
@pass_invocation
def approve(invocation: Invocation, approval_id: str, note: str) -> int:
    """Say yes: the waiting call goes on."""
    return _answer(invocation, approval_id, True, note)


@common_command("deny")
@click.argument("approval_id", metavar="ID")
@click.option("--note", metavar="TEXT", default="", help="Why; the agent is told.")
@pass_invocation
def deny(invocation: Invocation, approval_id: str, note: str) -> int:
    """Say no: the waiting call ends as blocked, unless its agent knows another way."""
    return _answer(invocation, approval_id, False, note)


@common_command("purge")
@pass_invocation
def purge(invocation: Invocation) -> None:
    """Take off the list what nobody waits for any more: the questions of killed processes, and those whose time is over."""
    with store_to_read(invocation) as orchestrator:
        number = 0 if orchestrator is None else orchestrator.security.approvals.purge()
    invocation.output.show(
        {"purged": number}, lambda screen: screen.line(f"{counted(number, 'question')} taken off the list.")
    )


def _answer(invocation: Invocation, approval_id: str, approved: bool, note: str) -> int:
    with store_to_read(invocation) as orchestrator:
        if orchestrator is None:
            raise _nothing(invocation)
        settled = orchestrator.security.approvals.settle(approval_id, approved, note=note)
    entry = settled.entry
    if settled.accepted:
        invocation.output.show(document_of(entry), lambda screen: screen.line(f"{entry.question.id} {ended(entry)}"))
        return 0
    if entry.status == "gone":
        invocation.output.error(
            "approval-gone",
            f"{entry.question.id}: nobody waits for the answer any more, since the {asker(entry)} has ended. "
            f"Run it again to be asked anew; orchestrate approvals deny {entry.question.id} takes this one off the list.",
            approval=document_of(entry),
        )
        return 1
    told = {
        "expired": "too late: its time was over, and the answer was no",
        "withdrawn": "too late: its call has ended",
    }.get(entry.status, f"somebody was quicker: it is {ended(entry)}")
    invocation.output.error("approval-settled", f"{entry.question.id}: {told}.", approval=document_of(entry))
    return 1


def _nothing(invocation: Invocation) -> UsageError:
    return UsageError(f"nothing has been asked yet in {invocation.database_path}.")


for _inner in (list_approvals, show_approval, approve, deny, purge):
    command.add_command(_inner)
