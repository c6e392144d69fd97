"""What all commands have in common: loaded when used, and the same options before or after the command's name."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from orchestrator.cli.invocation import Invocation

F = TypeVar("F", bound=Callable[..., Any])

MOST = 2**31 - 1
"""The largest number of rows that can be asked for; the store counts no further than 2**63."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used.

    ``commands_at`` maps a name to the module that holds it (as ``command``) and to its line in the overview, so that ``--help``
    imports nothing.
    """

    def __init__(self, *args: Any, commands_at: Mapping[str, tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self.commands_at.get(cmd_name)
        if place is None:
            return None
        command: click.Command = importlib.import_module(place[0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(self.list_commands(ctx))}."
            raise click.UsageError(f"no command is named {args[0]!r}. {hint}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.commands_at.items()])


def _json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    # What counts is looked up before parsing, so that errors of the parsing are JSON as well.
    del context, value


def _home(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    place = os.path.expanduser(value)
    if os.path.exists(place) and not os.path.isdir(place):
        raise click.UsageError(
            f"--home {value!r} is not a folder. Name the folder that holds the store, or is to hold it.", context
        )
    _invocation(context).home_option = value


def _modules(context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> None:
    _invocation(context).modules.extend(value)


def _assignments(context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> None:
    _invocation(context).assignments.extend(value)


def _invocation(context: click.Context) -> Invocation:
    return context.find_root().ensure_object(Invocation)


def common_options(function: F) -> F:
    """The options that every command takes."""
    for option in (
        click.option("--debug", is_flag=True, expose_value=False, hidden=True, help="Show tracebacks."),
        click.option(
            "--set", metavar="KEY=VALUE", multiple=True, expose_value=False, callback=_assignments,
            help="Set a setting for this run, as in memory.recall_k=3. May be repeated.",
        ),
        click.option(
            "--import", metavar="MODULE", multiple=True, expose_value=False, callback=_modules,
            help="Import a module with agents, found from the current folder. May be repeated.",
        ),
        click.option(
            "--home", metavar="DIR", expose_value=False, callback=_home,
            help="The store's folder, instead of the project's .orchestrator.",
        ),
        click.option(
            "--json", is_flag=True, expose_value=False, callback=_json,
            help="Print one JSON document, also for errors.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that takes the common options."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return click.command(name)(common_options(function))

    return decorate


pass_invocation = click.make_pass_decorator(Invocation)
