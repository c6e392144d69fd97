"""``orchestrate maintain``: upkeep of the store."""

from __future__ import annotations

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.screen import Screen


@common_command("maintain")
@pass_invocation
def command(invocation: Invocation) -> None:
    """Do queued work, remove what has expired by the settings under [retention] and [memory], and give space back."""
    with invocation.orchestrator() as orchestrator:
        report = orchestrator.maintain()
        place = orchestrator.database.path

    def render(screen: Screen) -> None:
        screen.heading(str(place))
        screen.pairs((name.replace("_", " "), getattr(report, name)) for name in report.__struct_fields__)

    invocation.output.show(report, render)
