"""``orchestrate maintain``: upkeep of the store."""

from __future__ import annotations

import msgspec

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.progress import Counted
from orchestrator.cli.screen import Screen


@common_command("maintain")
@pass_invocation
def command(invocation: Invocation) -> None:
    """Do queued work, remove what has expired by the settings under [retention] and [memory], and give space back.

    Stored text that Presidio has not looked at is scanned now, and what it finds is redacted.
    """
    with invocation.orchestrator() as orchestrator:
        scanning = orchestrator.open().deep_scan.scanning
        with Counted(invocation.output, "Scanning stored text") as progress:
            scan = scanning.run(progress)
        report = orchestrator.maintain()
        place = orchestrator.database.path
    facts = {
        **msgspec.structs.asdict(report),
        "deeply_scanned": scan.scanned,
        "scans_unfinished": scan.unfinished,
        "scan_problem": scan.problem,
    }

    def render(screen: Screen) -> None:
        screen.heading(str(place))
        screen.pairs((name.replace("_", " "), value) for name, value in facts.items() if name != "scan_problem")
        if scan.problem:
            screen.line(f"Some stored text stays at the scan level 'pattern': {scan.problem}")

    invocation.output.show(facts, render)
