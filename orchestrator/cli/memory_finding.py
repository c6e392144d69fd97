"""``orchestrate memory search``, ``explain``, ``list`` and ``show``: what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.command import MOST, pass_invocation
from orchestrator.cli.command import command as common_command
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import filter_options, filters, no_memories, store_to_read, store_with
from orchestrator.cli.memory_pages import explain_page, hits_page, list_page, show_page
from orchestrator.cli.progress import Steps
from orchestrator.cli.screen import counted

if TYPE_CHECKING:
    from orchestrator.runtime import Orchestrator

_WAIT = click.option("--wait", is_flag=True, help="First make the vectors that are missing, however long it takes.")
_K = click.option(
    "-k", "--limit", "k", type=click.IntRange(1, MOST), default=5, show_default=True, help="How many at most."
)


@common_command("search")
@click.argument("query")
@_K
@filter_options
@_WAIT
@pass_invocation
def search_memories(invocation: Invocation, /, query: str, k: int, wait: bool, **limits: Any) -> None:
    """Find the memories that answer QUERY, best first."""
    wanted = filters(**limits)
    found: tuple[Any, ...] = ()
    keyword_only, pending, reason, fix = False, 0, "", ""
    with store_to_read(invocation) as orchestrator:
        if orchestrator is not None:
            _wait(invocation, orchestrator, wait)
            hits = orchestrator.memory.search(query, k, **wanted)
            found, keyword_only, pending, reason = tuple(hits), hits.keyword_only, hits.pending, hits.reason
            fix = orchestrator.memory.status().fix if keyword_only else ""
    nowhere = "" if orchestrator is not None else no_memories(invocation)
    document = {
        "query": query, "memories": found, "keyword_only": keyword_only, "pending": pending, "reason": reason, "fix": fix,
    }  # fmt: skip
    invocation.output.show(document, lambda screen: hits_page(screen, found, nowhere))
    _tell_limits(invocation, keyword_only, pending, reason, fix)


@common_command("explain")
@click.argument("query")
@_K
@filter_options
@_WAIT
@pass_invocation
def explain_memories(invocation: Invocation, /, query: str, k: int, wait: bool, **limits: Any) -> None:
    """Find the memories that answer QUERY, and say what made each one's score."""
    wanted = filters(**limits)
    hits: tuple[Any, ...] = ()
    reason = fix = ""
    with store_to_read(invocation) as orchestrator:
        if orchestrator is not None:
            _wait(invocation, orchestrator, wait)
            hits = orchestrator.memory.explain(query, k, **wanted)
            status = orchestrator.memory.status()
            reason, fix = status.reason, status.fix
    nowhere = "" if orchestrator is not None else no_memories(invocation)
    document = {"query": query, "hits": hits, "keyword_only": bool(reason), "reason": reason, "fix": fix}
    invocation.output.show(document, lambda screen: explain_page(screen, hits, nowhere))
    _tell_limits(invocation, bool(reason), 0, reason, fix)


def _wait(invocation: Invocation, orchestrator: Orchestrator, wait: bool) -> None:
    if wait:
        with Steps(invocation.output, "Making vectors"):
            orchestrator.memory.upkeep()


def _tell_limits(invocation: Invocation, keyword_only: bool, pending: int, reason: str, fix: str) -> None:
    if keyword_only:
        why = f": {reason.rstrip('.')}." if reason else "."
        invocation.output.note(f"Searched by words only, not by meaning{why}{f' To change that: {fix}' if fix else ''}")
    elif pending:
        are = "has no vector yet and was" if pending == 1 else "have no vector yet and were"
        invocation.output.note(
            f"{counted(pending, 'memory', 'memories')} {are} searched by words only; --wait makes them."
        )


@common_command("list")
@click.option("--limit", "-n", type=click.IntRange(1, MOST), default=20, show_default=True, help="How many at most.")
@click.option("--offset", type=click.IntRange(0, MOST), default=0, show_default=True, help="How many to pass over.")
@filter_options
@pass_invocation
def list_memories(invocation: Invocation, /, limit: int, offset: int, **limits: Any) -> None:
    """List memories, the newest first."""
    wanted = filters(**limits)
    rows: tuple[Any, ...] = ()
    with store_to_read(invocation) as orchestrator:
        if orchestrator is not None:
            rows = orchestrator.memory.browse(limit=limit + 1, offset=offset, **wanted)
    nowhere = "" if orchestrator is not None else no_memories(invocation)
    shown, more = rows[:limit], len(rows) > limit
    invocation.output.show(
        {"memories": shown, "offset": offset, "more": more}, lambda screen: list_page(screen, shown, nowhere)
    )
    if more:
        invocation.output.note(f"There are more: --offset {offset + limit}")


@common_command("show")
@click.argument("memory_id", metavar="ID")
@pass_invocation
def show_memory(invocation: Invocation, memory_id: str) -> None:
    """Show everything about one memory. ID is its id, one it had before it was merged, or a beginning that no other shares."""
    from orchestrator_memory.rows.lookup import versions

    with store_with(invocation, memory_id) as (orchestrator, found):
        memory = orchestrator.memory.get(found)
        assert memory is not None  # noqa: S101 - its id was found in the same store just now
        under_key = versions(orchestrator.database, memory.namespace, memory.key)
    document = {name: getattr(memory, name) for name in memory.__struct_fields__ if name not in ("views", "score")}
    invocation.output.show({**document, "versions": under_key}, lambda screen: show_page(screen, memory, under_key))
