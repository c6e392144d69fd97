"""``orchestrate setup``: what can be prepared now, and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from orchestrator.cli.checks import Check, show_checks
from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.embedding_checks import prepare_embedding, refuse_download
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.model_checks import ner_check, ollama_checks
from orchestrator.cli.progress import Steps
from orchestrator.cli.screen import Screen, counted
from orchestrator_core.errors import StoreError


@common_command("setup")
@click.option(
    "--download", is_flag=True, help="Fetch the embedding model from the model hub where it is not on this machine."
)
@pass_invocation
def command(invocation: Invocation, download: bool) -> int:
    """Make the store, export the embedding model once, check the other models, and say plainly what is missing and how to get it.

    Nothing is downloaded without --download.
    """
    settings = invocation.loaded.settings
    if download:
        refuse_download(invocation)

    def stage(text: str) -> None:
        steps.now(f"embedding model: {text}")

    jobs: tuple[tuple[str, Callable[[], list[Check]]], ...] = (
        ("the store", lambda: [_store_check(invocation)]),
        ("embedding model", lambda: [prepare_embedding(settings, stage, download=download)]),
        ("names and places", lambda: [ner_check()]),
        ("Ollama", lambda: ollama_checks(settings)),
    )
    checks: list[Check] = []
    with Steps(invocation.output, "Preparing", total=len(jobs)) as steps:
        for name, job in jobs:
            steps.now(name)
            checks += job()
            steps.done()
    ready = not any(check.status == "fail" for check in checks)

    def render(screen: Screen) -> None:
        show_checks(screen, checks)
        screen.line()
        missing = sum(check.status == "warn" for check in checks)
        if not ready:
            screen.line("Not ready: see above.", "fail")
        elif missing:
            screen.line(
                f"Ready; {counted(missing, 'optional thing')} missing.{'' if download else ' Nothing was downloaded.'}",
                "ok",
            )
        else:
            screen.line("Ready, with everything at hand.", "ok")

    invocation.output.show({"ready": ready, "steps": checks}, render)
    return int(not ready)


def _store_check(invocation: Invocation) -> Check:
    from orchestrator.wiring import open_database
    from orchestrator_core.storage.home import prepare_home

    path: Path = invocation.database_path
    new = not path.exists()
    try:
        prepare_home(invocation.home)
        database = open_database(invocation.home, invocation.loaded.settings)
        database.open()
        database.close()
    except StoreError as error:
        return Check(group="Store", name="store", status="fail", detail=str(error), fix="orchestrate doctor")
    return Check(group="Store", name="store", status="ok", detail=f"{path} {'made' if new else 'is there already'}")
