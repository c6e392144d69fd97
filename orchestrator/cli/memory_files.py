"""``orchestrate memory export`` and ``import``: memories in a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import no_memories, store, store_to_read
from orchestrator.cli.progress import Counted
from orchestrator.cli.screen import counted, visible
from orchestrator_core.errors import UsageError

if TYPE_CHECKING:
    from orchestrator_memory.transfer.portable import Imported

_NAMED = 20
"""Bad lines that are named; --json names more."""
_STANDARD = "-"


@common_command("export")
@click.argument("file")
@click.option("--namespace", multiple=True, metavar="NAME", help="Only this namespace. May be repeated.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@pass_invocation
def export_memories(invocation: Invocation, file: str, namespace: tuple[str, ...], force: bool) -> None:
    """Write all memories to FILE as JSON Lines; - is standard output.

    Expired, superseded and quarantined ones are in it, vectors are not. FILE is readable by you alone.
    """
    if file == _STANDARD and invocation.output.as_json:
        raise UsageError("--json and - both want standard output: name a file.")
    with store_to_read(invocation) as orchestrator, Counted(invocation.output, "Exporting") as progress:
        if orchestrator is None:
            raise UsageError(no_memories(invocation))
        limits = namespace or None
        if file == _STANDARD:
            _to_standard_output(lambda out: orchestrator.memory.export_jsonl(out, namespace=limits, progress=progress))
            return
        try:
            number = orchestrator.memory.export_jsonl(file, namespace=limits, overwrite=force, progress=progress)
        except UsageError as error:
            hint = "" if force or "is there already" not in str(error) else " (--force)"
            raise UsageError(f"{error}{hint}") from None
    place = str(Path(file).absolute())
    invocation.output.show(
        {"exported": number, "path": place},
        lambda screen: screen.line(f"{counted(number, 'memory', 'memories')} written to {place}"),
    )


@common_command("import")
@click.argument("file")
@click.option("--namespace", metavar="NAME", help="Put all of them here, instead of where they were.")
@click.option("--text", is_flag=True, help="FILE is plain text: one memory a line.")
@click.option("--skip-bad", is_flag=True, help="Pass over lines that are no memory, and name them at the end.")
@pass_invocation
def import_memories(invocation: Invocation, file: str, namespace: str | None, text: bool, skip_bad: bool) -> int:
    """Read memories from FILE, which "memory export" wrote or you did; - is standard input.

    Everything is redacted and checked as if it were new. The same file again changes nothing.
    """
    from orchestrator_memory.transfer.portable import ImportStopped

    source: str | BinaryIO = file
    if file == _STANDARD:
        found = getattr(sys.stdin, "buffer", None)
        if found is None:
            raise UsageError("there is no standard input to import from.")
        source = found
    with store(invocation) as orchestrator, Counted(invocation.output, "Importing") as progress:
        memory = orchestrator.memory
        take = memory.import_text if text else memory.import_jsonl
        try:
            imported = take(source, namespace=namespace, skip_bad=skip_bad, progress=progress)
        except ImportStopped as stopped:
            hint = "" if skip_bad or not stopped.imported.bad else " To pass over such lines: --skip-bad"
            invocation.output.error(stopped.code, f"{stopped}{hint}", imported=stopped.imported)
            return stopped.exit_code
        except KeyboardInterrupt:
            invocation.output.note(
                "\nStopped. What was read so far is kept; the same import again changes nothing of it and goes on."
            )
            raise
        reason = memory.status().reason if imported.waiting else ""
    for problem in imported.problems[:_NAMED]:
        invocation.output.note(visible(f"line {problem.line}: {problem.reason}", lines=False))
    if imported.bad > _NAMED:
        invocation.output.note(f"and {imported.bad - _NAMED} more; --json names them")
    invocation.output.show(
        {**{name: getattr(imported, name) for name in imported.__struct_fields__}, "reason": reason},
        lambda screen: screen.line(_told(imported, reason)),
    )
    return 0


def _told(imported: Imported, reason: str) -> str:
    parts = [f"{counted(imported.stored, 'memory', 'memories')} stored"]
    for number, what in (
        (imported.merged, "merged into others that say the same"),
        (imported.quarantined, "of them set aside"),
        (imported.expired, "of them expired already"),
        (imported.bad, "passed over"),
    ):
        if number:
            parts.append(f"{number} {what}")
    waiting = f" {imported.waiting} found by words only: {reason.rstrip('.')}." if imported.waiting else ""
    return f"{', '.join(parts)}.{waiting}"


def _to_standard_output(export: Callable[[BinaryIO], int]) -> None:
    sys.stdout.flush()
    out: BinaryIO = sys.stdout.buffer
    try:
        export(out)
        out.flush()
    except BrokenPipeError:
        # The reader has seen enough. What is still buffered goes nowhere, so that Python does not complain while it ends.
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, out.fileno())
            os.close(nowhere)
