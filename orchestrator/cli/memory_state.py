"""``orchestrate memory stats``: how much is remembered, and how well it can be found."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import no_memories, store_to_read
from orchestrator.cli.screen import Screen

_HOW = " (orchestrate memory search --wait makes them)"


@common_command("stats")
@click.option("--namespace", metavar="NAME", help="Only of this namespace.")
@pass_invocation
def memory_stats(invocation: Invocation, namespace: str | None) -> None:
    """Count memories, and say which model and index find them."""
    with store_to_read(invocation) as orchestrator:
        if orchestrator is None:
            facts: dict[str, Any] = {"memories": None, "status": None, "bytes": 0}
        else:
            memory = orchestrator.memory
            facts = {
                "memories": memory.stats(namespace=namespace),
                "status": memory.status(),
                "bytes": sum(
                    file.stat().st_size
                    for suffix in ("", "-wal")
                    if (file := orchestrator.database.path.with_name(orchestrator.database.path.name + suffix)).exists()
                ),
            }
    facts["path"] = str(invocation.database_path)

    def render(screen: Screen) -> None:
        screen.heading(facts["path"])
        if facts["memories"] is None:
            told = no_memories(invocation)
            screen.line(told[:1].upper() + told[1:])
            return
        counts = msgspec.structs.asdict(facts["memories"])
        tiers = counts.pop("live_by_tier")
        screen.pairs(
            (name.replace("_", " "), number) for name, number in counts.items() if not isinstance(number, dict)
        )
        screen.pairs((f"live in {tier}", number) for tier, number in tiers.items())
        status = facts["status"]
        screen.line()
        screen.pairs(
            (
                ("file size", f"{facts['bytes'] / 1024**2:.1f} MiB"),
                ("embedding", status.embedding or f"none: {status.reason}"),
                ("to change that", status.fix),
                ("waiting for a vector", f"{status.pending}{_HOW if status.pending and status.embedding else ''}"),
                ("index", status.index),
            )
        )

    invocation.output.show(facts, render)
