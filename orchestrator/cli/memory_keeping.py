"""``orchestrate memory add``, ``pin`` and ``release``: what changes a memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

import click

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.memory_access import TIERS, store, store_with, when
from orchestrator.cli.screen import visible
from orchestrator_core.errors import UsageError

if TYPE_CHECKING:
    from orchestrator_core.records import RecalledMemory

_DAY_S = 86_400.0
_TEXT_MAX_BYTES = 8 * 1024 * 1024


@common_command("add")
@click.argument("text", required=False)
@click.option("--namespace", metavar="NAME", help="Where it belongs; by default the settings' own namespace.")
@click.option("--tier", type=click.Choice(TIERS), default="knowledge", show_default=True, help="What kind it is.")
@click.option("--key", default="", metavar="KEY", help="What it is the value of; a newer one under a key supersedes.")
@click.option("--category", default="", metavar="NAME", help="A label to search by.")
@click.option("--author", default="", metavar="NAME", help="Who said it.")
@click.option("--session", default="", metavar="NAME", help="In which conversation.")
@click.option("--source", default="", metavar="TEXT", help="Where it comes from.")
@click.option("--at", metavar="TIME", help="When it happened: 30m, 12h, 7d (ago), or a date such as 2026-01-31T14:00.")
@click.option("--id", "memory_id", metavar="ID", help="Its id; the same id again overwrites.")
@click.option("--pin", is_flag=True, help="Keep it for ever.")
@click.option(
    "--trust", type=float, default=1.0, show_default=True, help="From 0 to 1: how far its source is believed."
)
@click.option("--expires", type=float, metavar="DAYS", help="Forget it after so many days; by default as its tier.")
@click.option("--meta", multiple=True, metavar="KEY=VALUE", help="Something to keep with it. May be repeated.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it can be found by its meaning.")
@pass_invocation
def add_memory(
    invocation: Invocation,
    /,
    text: str | None,
    memory_id: str | None,
    at: str | None,
    pin: bool,
    expires: float | None,
    meta: tuple[str, ...],
    no_wait: bool,
    **details: Any,
) -> None:
    """Remember TEXT, or standard input where it is - or left out, and print its id.

    It is redacted before it is stored. A text that says what another memory says already becomes an id of that one.
    """
    given = _text(text, sys.stdin)
    details["occurred_at"] = when(at, "--at")
    details["expires_in_s"] = None if expires is None else expires * _DAY_S
    with store(invocation) as orchestrator:
        memory = orchestrator.memory
        stored_id = memory.remember(given, id=memory_id, pinned=pin, metadata=metadata(meta), **details)
        found = not no_wait and memory.flush(orchestrator.settings.memory.wait_s)
        status = None if found or no_wait else memory.status()
        kept = memory.get(stored_id)
    if kept is not None:
        _tell(invocation, kept, stored_id, given)
    if status is not None:
        invocation.output.note(
            f"Found by its words only: {status.reason or 'its vector is being made'}.".replace("..", ".")
        )
    document = {"id": stored_id, "embedded": found, "memory": kept}
    invocation.output.show(document, lambda screen: screen.line(stored_id))


def _tell(invocation: Invocation, kept: RecalledMemory, stored_id: str, given: str) -> None:
    note = invocation.output.note
    if stored_id in kept.aliases or kept.id != stored_id:
        note(f"{visible(kept.id)} says this already; it is an id of the same memory now.")
    elif kept.text != given.strip() and kept.text != given:
        note("Some of it was replaced before it was stored: secrets, personal data or characters that no text holds.")
    if kept.quarantined:
        note(
            f"Set aside: {visible(kept.quarantined)}. No agent is given it; to let it out: orchestrate memory release {visible(kept.id)}"
        )


def metadata(texts: Sequence[str]) -> dict[str, Any]:
    """The metadata of ``KEY=VALUE`` texts; a value is JSON where it is valid JSON, and text otherwise.

    Raises:
        UsageError: one has another form.
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--meta {text!r} must be KEY=VALUE, as in --meta lang=en.")
        try:
            found[key.strip()] = json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            found[key.strip()] = value
    return found


def _text(text: str | None, stdin: IO[str]) -> str:
    if text is not None and text != "-":
        return text
    source = getattr(stdin, "buffer", None)
    if source is None or (text is None and stdin.isatty()):
        raise UsageError("TEXT is missing: write it behind add, or give it on standard input.")
    data = source.read(_TEXT_MAX_BYTES + 1)
    if len(data) > _TEXT_MAX_BYTES:
        raise UsageError(
            f"standard input holds more than {_TEXT_MAX_BYTES:,} bytes; for many memories use: orchestrate memory import"
        )
    try:
        return str(data.decode("utf-8-sig")).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"standard input is no UTF-8 (byte 0x{data[error.start]:02x} at {error.start}). Convert it first."
        ) from None


@common_command("pin")
@click.argument("memory_id", metavar="ID")
@click.option("--undo", is_flag=True, help="Let it expire again.")
@pass_invocation
def pin_memory(invocation: Invocation, memory_id: str, undo: bool) -> None:
    """Keep a memory for ever. ID is its id or a beginning of it that no other shares."""
    with store_with(invocation, memory_id) as (orchestrator, found):
        orchestrator.memory.pin(found, not undo)
    invocation.output.show(
        {"id": found, "pinned": not undo},
        lambda screen: screen.line(f"{found} {'expires with its time again' if undo else 'is kept for ever'}."),
    )


@common_command("release")
@click.argument("memory_id", metavar="ID")
@pass_invocation
def release_memory(invocation: Invocation, memory_id: str) -> None:
    """Take a memory out of quarantine, after reading it with "memory show". ID may be shortened."""
    with store_with(invocation, memory_id) as (orchestrator, found):
        before = orchestrator.memory.get(found)
        was = "" if before is None else before.quarantined
        orchestrator.memory.release(found)
    told = "may be found and given to agents again" if was else "was not set aside"
    invocation.output.show(
        {"id": found, "released": bool(was), "was": was}, lambda screen: screen.line(f"{found} {told}.")
    )
