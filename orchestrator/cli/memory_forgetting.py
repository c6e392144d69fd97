"""``orchestrate memory forget``: what goes, and whether all of it is gone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import no_memories, store_to_read
from orchestrator.cli.memory_pages import forget_page, short
from orchestrator.cli.screen import counted, visible
from orchestrator_core.errors import UsageError

if TYPE_CHECKING:
    from orchestrator_memory.forgetting.forget import Forgotten
    from orchestrator_memory.manager import MemoryManager

_SHOWN = 20


@common_command("forget")
@click.argument("memory_id", metavar="[ID]", required=False)
@click.option("--key", metavar="KEY", help="All versions under this key.")
@click.option("--query", metavar="WORDS", help="Every memory that holds all of these words.")
@click.option("--namespace", metavar="NAME", help="Where to look for --key and --query; by default the settings' own.")
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@pass_invocation
def forget_memories(
    invocation: Invocation,
    memory_id: str | None,
    key: str | None,
    query: str | None,
    namespace: str | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Delete memories so that no byte of them stays in any file: one by its ID, or those of a --key or a --query.

    What the history, its traces and the pages hold of them goes as well. It is shown first, and you are asked.
    """
    if sum(given is not None for given in (memory_id, key, query)) != 1:
        raise UsageError("forget takes exactly one of ID, --key and --query.")
    may_ask = not invocation.output.as_json and sys.stdin is not None and sys.stdin.isatty()
    if not (dry_run or yes or may_ask):
        raise UsageError(
            "nobody can be asked here: add --yes to forget without asking, or --dry-run to see what would go."
        )
    with store_to_read(invocation) as orchestrator:
        if orchestrator is None:
            raise UsageError(no_memories(invocation))
        memory = orchestrator.memory
        wanted: dict[str, Any] = {"key": key, "query": query, "namespace": namespace}
        if memory_id is not None:
            from orchestrator_memory.rows.lookup import full_id

            wanted["id"] = full_id(orchestrator.database, memory_id)
        if dry_run or may_ask:
            would = memory.forget(**wanted, dry_run=True)
            if dry_run or not would.memories:
                invocation.output.show(
                    {"dry_run": True, **_facts(would)}, lambda screen: forget_page(screen, would, True)
                )
                return 0
            if not yes:
                _show_first(invocation, memory, would)
                if not click.confirm("Forget this for good?", default=False, err=True):
                    invocation.output.note("Nothing was forgotten.")
                    return 1
        done = memory.forget(**wanted)
    invocation.output.show({"dry_run": False, **_facts(done)}, lambda screen: forget_page(screen, done, False))
    return 0 if done.complete else 1


def _facts(forgotten: Forgotten) -> dict[str, Any]:
    return {name: getattr(forgotten, name) for name in forgotten.__struct_fields__}


def _show_first(invocation: Invocation, memory: MemoryManager, would: Forgotten) -> None:
    note = invocation.output.note
    note(f"{counted(would.memories, 'memory', 'memories')} would go:")
    for memory_id in would.ids[:_SHOWN]:
        found = memory.get(memory_id)
        text = "" if found is None else short(found, 100)
        note(f"    {visible(memory_id, lines=False)}  {visible(text, lines=False)}")
    if len(would.ids) > _SHOWN:
        note(f"    and {len(would.ids) - _SHOWN} more; --dry-run --json names all")
    also = [
        counted(number, one) for number, one in ((would.executions, "call's text"), (would.pages, "page")) if number
    ]
    if also:
        note(f"With {'them' if would.memories > 1 else 'it'}: {' and '.join(also)}.")
