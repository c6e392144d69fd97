"""``orchestrate memory``: what is remembered."""

from __future__ import annotations

import click

from orchestrator.cli.command import common_options
from orchestrator.cli.memory_files import export_memories, import_memories
from orchestrator.cli.memory_finding import explain_memories, list_memories, search_memories, show_memory
from orchestrator.cli.memory_forgetting import forget_memories
from orchestrator.cli.memory_keeping import add_memory, pin_memory, release_memory
from orchestrator.cli.memory_state import memory_stats


@click.group("memory")
@common_options
def command() -> None:
    """Look at what is remembered, add to it, forget, and carry it in and out."""


for _inner in (
    add_memory, search_memories, explain_memories, list_memories, show_memory, forget_memories, pin_memory, release_memory,
    export_memories, import_memories, memory_stats,
):  # fmt: skip
    command.add_command(_inner)
