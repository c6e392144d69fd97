"""``orchestrate demo``: everything at work on a real project."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import asdict

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.progress import Steps
from orchestrator.cli.screen import Screen, counted
from orchestrator_core.records import SWITCHABLE
from orchestrator_core.settings import DashboardSettings, EvaluationSettings, MemorySettings, Settings

if TYPE_CHECKING:
    from orchestrator.demo.evidence import Evidence
    from orchestrator.demo.script import Scene
    from orchestrator.runtime import Orchestrator
    from orchestrator_core.records import ExecutionResult

_VECTORS_WAIT_S = 5.0
"""So long the demonstration waits for the last vectors: before it asks in other words, and before the page counts them."""
_MARKS = {"ok": "ok  ", "skip": "skip", "fail": "FAIL"}


@common_command("demo")
@click.argument("path", required=False, type=click.Path(exists=True, file_okay=False))
@click.option("--execute", is_flag=True, help="With PATH: let two of the agents run that project's code, on a copy.")
@click.option(
    "--judge",
    type=click.Choice(("rules", "auto")),
    default="rules",
    show_default=True,
    help="Who scores: rules, or a local model where one answers (slower).",
)
@pass_invocation
def command(invocation: Invocation, path: str | None, execute: bool, judge: str) -> int:
    """Run the seven workbench agents twice on PATH (default: Magnus's own source) and show what Magnus does around them.

    Agents that run code work on a small example shop. Calls go into your history under the feature "demo"; of your settings only the
    store's and the choice of models are used. Takes well under a minute.
    """
    from orchestrator.demo.cast import register_cast
    from orchestrator.demo.evidence import gather
    from orchestrator.demo.script import scenes
    from orchestrator.demo.target import choose_target
    from orchestrator.runtime import Orchestrator

    target = choose_target(path, execute=execute)
    script = scenes(target)
    began = time.monotonic()
    orchestrator = Orchestrator(_settings(invocation, judge), home=invocation.home)
    played: list[tuple[Scene, ExecutionResult]] = []
    try:
        register_cast(orchestrator)
        _play(orchestrator, script, played, invocation)
        orchestrator.memory.flush(_VECTORS_WAIT_S)
        evidence = gather(played, orchestrator.database)
        page = orchestrator.generate_dashboard()
    except KeyboardInterrupt:
        invocation.output.note(
            f"\nStopped after {len(played)} of {len(script)} calls. They are kept: orchestrate history list --feature demo"
        )
        raise
    finally:
        orchestrator.close()
    seconds = time.monotonic() - began
    kept = all(piece.kept for piece in evidence)
    data = {
        "ok": kept,
        "path": str(target.path),
        "seconds": round(seconds, 1),
        "calls": [_line(scene, result) for scene, result in played],
        "evidence": evidence,
        "namespace": played[0][1].namespace,
        "dashboard": str(page.with_name("dashboard_latest.html")),
    }
    invocation.output.show(data, lambda screen: _render(screen, data, evidence, page))
    return int(not kept)


def _settings(invocation: Invocation, judge: Any) -> Settings:
    own = invocation.loaded.settings
    evaluation = EvaluationSettings(judge=judge, model=own.evaluation.model, ollama_url=own.evaluation.ollama_url)
    return Settings(
        offline=own.offline, storage=own.storage, retention=own.retention, evaluation=evaluation,
        memory=MemorySettings(embedding=own.memory.embedding),
        dashboards=DashboardSettings(auto=False),  # the page is written at the end, once
    )  # fmt: skip


def _play(
    orchestrator: Orchestrator,
    script: Sequence[Scene],
    played: list[tuple[Scene, ExecutionResult]],
    invocation: Invocation,
) -> None:
    from orchestrator.demo.script import FEATURE, own_namespace

    namespace = own_namespace()

    with Steps(invocation.output, "Demonstration", total=len(script)) as steps:
        for scene in script:
            steps.now(f"round {scene.round}: {scene.agent} …")
            if scene.shows == "meaning":
                orchestrator.memory.flush(_VECTORS_WAIT_S)  # a call itself waits for no vector
            result = orchestrator.execute(
                scene.agent, scene.request, FEATURE, scene.context, namespace=namespace, caller="orchestrate demo",
                stages=dict.fromkeys(SWITCHABLE, True),
            )  # fmt: skip
            played.append((scene, result))
            steps.done(_sentence(scene, result))


def _sentence(scene: Scene, result: ExecutionResult) -> str:
    parts = [f"{result.status} in {result.duration_ms / 1e3:.1f} s"]
    if isinstance(result.output, dict) and "issue_count" in result.output:
        parts.append(counted(result.output["issue_count"], "issue"))
    if result.verdict.overall is not None:
        parts.append(f"score {result.verdict.overall:.1f}")
    if result.memories:
        parts.append(counted(len(result.memories), "memory", "memories"))
    if len(result.attempts) > 1:
        parts.append(counted(len(result.attempts), "attempt"))
    return f"round {scene.round}  {scene.agent:<25}{', '.join(parts)}"


def _line(scene: Scene, result: ExecutionResult) -> dict[str, Any]:
    issues = result.output.get("issue_count") if isinstance(result.output, dict) else None
    return {
        "round": scene.round,
        "agent": scene.agent,
        "shows": scene.shows,
        "execution_id": result.execution_id,
        "status": result.status,
        "duration_ms": result.duration_ms,
        "attempts": len(result.attempts),
        "issues": issues,
        "score": result.verdict.overall,
        "memories": len(result.memories),
        "error": asdict(result.error) if result.error else None,
    }


def _render(screen: Screen, data: dict[str, Any], evidence: Sequence[Evidence], page: Path) -> None:
    screen.line()
    screen.heading(f"{len(data['calls'])} calls in {data['seconds']} s. What they showed:")
    for piece in evidence:
        state = "fail" if not piece.kept else "skip" if piece.left_out else "ok"
        screen.line(f"  {_MARKS[state]}  {piece.promise}", "warn" if state == "skip" else state)
        screen.line(f"        {piece.detail}")
        if piece.execution_id:
            screen.line(f"        orchestrate history show {piece.execution_id}")
    screen.line()
    screen.heading("Look at the dashboard")
    screen.line(f"  {page.with_name('dashboard_latest.html').resolve().as_uri()}")
    screen.line(
        "  The tiles on top, the failing agent among the errors, and a row of the list opened: its trace, its attempts, its memories."
    )
    screen.line()
    screen.heading("Ask its memories, which are kept apart from yours")
    screen.line(f'  orchestrate memory explain "What does Darjeeling cost?" --namespace {data["namespace"]}')
    if shutil.which("orchestrate") is None:
        screen.line()
        screen.line(f"orchestrate is not on your path yet; it lies in {Path(sys.executable).parent}")
