"""``orchestrate config``: the settings and their origins."""

from __future__ import annotations

import click
import msgspec

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import common_options, pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.screen import Screen
from orchestrator_core.errors import UsageError


@click.group("config")
@common_options
def command() -> None:
    """Show the settings and where each comes from."""


@common_command("show")
@click.argument("key", required=False)
@click.option("--changed", is_flag=True, help="Only what is not at its default.")
@pass_invocation
def show_settings(invocation: Invocation, key: str | None, changed: bool) -> None:
    """Show each setting, its value and where that came from; only KEY and what is below it, when given.

    Sources in rising order: defaults, the settings file (orchestrator.toml, or [tool.orchestrator] in pyproject.toml), environment
    variables ORCHESTRATOR_*, and --set.
    """
    loaded = invocation.loaded
    origins = loaded.origins
    if key is not None:
        origins = {name: origin for name, origin in origins.items() if name == key or name.startswith(f"{key}.")}
        if not origins:
            from orchestrator_core.configuration.names import split_key, suggestion

            raise UsageError(f"there is no setting {key!r}. {suggestion(split_key(key))}")
    if changed:
        origins = {name: origin for name, origin in origins.items() if origin.source != "default"}

    def render(screen: Screen) -> None:
        if not origins:
            screen.line("Every setting is at its default.")
        else:
            show_table(screen)
        screen.line()
        screen.line(f"Settings file: {loaded.file or 'none found'}")
        screen.line(f"Store: {invocation.home}")

    def show_table(screen: Screen) -> None:
        screen.table(
            ("setting", "value", "from"),
            [
                (name, msgspec.json.encode(o.value).decode(), o.source + (f" {o.place}" if o.place else ""))
                for name, o in origins.items()
            ],
        )

    invocation.output.show(
        {
            "settings": {name: msgspec.structs.asdict(origin) for name, origin in origins.items()},
            "file": None if loaded.file is None else str(loaded.file),
            "home": str(invocation.home),
        },
        render,
    )


command.add_command(show_settings)
