"""What all memory commands have in common: opening the store, filters, ids and times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orchestrator.cli.history import parse_since
from orchestrator.cli.invocation import Invocation
from orchestrator_core.errors import StoreError, UsageError

if TYPE_CHECKING:
    from orchestrator.runtime import Orchestrator

F = TypeVar("F", bound=Callable[..., Any])

TIERS = ("session", "tasks", "knowledge", "lessons")


@contextmanager
def store(invocation: Invocation) -> Iterator[Orchestrator]:
    """The store, made where there is none. Agents are not loaded: memory has no need of them."""
    from orchestrator.runtime import Orchestrator

    orchestrator = Orchestrator(invocation.loaded.settings, home=invocation.home)
    try:
        yield orchestrator
    finally:
        orchestrator.close()


@contextmanager
def store_to_read(invocation: Invocation) -> Iterator[Orchestrator | None]:
    """The store; None where there is none yet, since looking at it should not make one.

    Raises:
        StoreError: something else stands in the place of the store's folder.
    """
    if invocation.home.exists() and not invocation.home.is_dir():
        raise StoreError(f"{invocation.home} is not a folder. Move it away, or set ORCHESTRATOR_HOME to another place.")
    if not invocation.database_path.is_file():
        yield None
        return
    with store(invocation) as orchestrator:
        yield orchestrator


@contextmanager
def store_with(invocation: Invocation, memory_id: str) -> Iterator[tuple[Orchestrator, str]]:
    """The store and the whole id of one memory in it.

    Raises:
        UsageError: there is no memory of that id, or several have one that begins so.
        StoreError: the store cannot be read.
    """
    from orchestrator_memory.rows.lookup import full_id

    with store_to_read(invocation) as orchestrator:
        if orchestrator is None:
            raise UsageError(no_memories(invocation))
        orchestrator.open()
        yield orchestrator, full_id(orchestrator.database, memory_id)


def no_memories(invocation: Invocation) -> str:
    """What to say where there is no store."""
    return f"there are no memories yet in {invocation.database_path}; the first one makes the store."


def filter_options(function: F) -> F:
    """The options that limit a search or a list."""
    for option in (
        click.option(
            "--quarantined", is_flag=True, help="Also what is set aside because it looks like an instruction."
        ),
        click.option("--until", metavar="TIME", help="Only what happened before: 30m, 12h, 7d, or a date."),
        click.option("--since", metavar="TIME", help="Only what happened after: 30m, 12h, 7d, or a date."),
        click.option("--session", default="", metavar="NAME", help="Only of this conversation."),
        click.option("--author", default="", metavar="NAME", help="Only what this one said."),
        click.option("--category", default="", metavar="NAME", help="Only of this category."),
        click.option("--tier", multiple=True, type=click.Choice(TIERS), help="Only of this tier. May be repeated."),
        click.option(
            "--namespace", multiple=True, metavar="NAME",
            help="Only of this namespace, instead of the settings' own and shared ones. May be repeated.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def filters(
    *,
    namespace: tuple[str, ...],
    tier: tuple[str, ...],
    category: str,
    author: str,
    session: str,
    since: str | None,
    until: str | None,
    quarantined: bool,
) -> dict[str, Any]:
    """The values of ``filter_options`` as the memory takes them.

    Raises:
        UsageError: a time is none.
    """
    return {
        "namespace": namespace or None,
        "tiers": tier,
        "category": category,
        "author": author,
        "session": session,
        "since": when(since, "--since"),
        "until": when(until, "--until"),
        "quarantined": quarantined,
    }


def when(text: str | None, option: str) -> float | None:
    """The epoch seconds of an option that names a time; None where it was not given."""
    return None if text is None else parse_since(text, time.time(), option)
