"""``orchestrate run``: one call of one agent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.progress import told_wait
from orchestrator.cli.run_arguments import parse_context, parse_stages, read_request
from orchestrator.cli.screen import counted, visible
from orchestrator_core.errors import MagnusError

if TYPE_CHECKING:
    from orchestrator_core.records import ExecutionResult


@common_command("run")
@click.argument("agent")
@click.argument("request_text", metavar="REQUEST")
@click.option(
    "--context",
    "-c",
    multiple=True,
    metavar="KEY=VALUE|JSON",
    help="Data for the agent: a JSON object, or one key with a JSON value or text. May be repeated.",
)
@click.option("--path", type=click.Path(exists=True, file_okay=False), help="Short for --context path=DIR.")
@click.option("--execute", is_flag=True, help="Allow the agent to run the project's code: --context execute=true.")
@click.option("--feature", metavar="NAME", help="The feature of yours that this call serves.")
@click.option("--session", metavar="NAME", default="", help="Groups calls that belong together.")
@click.option("--namespace", metavar="NAME", help="Whose memories are recalled and kept.")
@click.option("--timeout", "timeout_s", type=float, metavar="SECONDS", help="Time limit of one attempt; 0 for none.")
@click.option(
    "--deadline", "deadline_s", type=float, metavar="SECONDS", help="Time limit with all retries; 0 for none."
)
@click.option("--once", is_flag=True, help="Never run the agent a second time by itself.")
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="NAME=on|off",
    help="Switch a stage for this call, as in judge=off. May be repeated.",
)
@pass_invocation
def command(
    invocation: Invocation,
    agent: str,
    request_text: str,
    context: tuple[str, ...],
    path: str | None,
    execute: bool,
    feature: str | None,
    session: str,
    namespace: str | None,
    timeout_s: float | None,
    deadline_s: float | None,
    once: bool,
    stages: tuple[str, ...],
) -> int:
    """Run AGENT on REQUEST.

    REQUEST is a text; - reads standard input and @FILE a file (@@ stands for a text that begins with @). The agent's answer goes to
    standard output, what happened to standard error.
    """
    data = parse_context(context)
    if path is not None:
        data["path"] = path
    if execute:
        data["execute"] = True
    switches = parse_stages(stages)
    request = read_request(request_text, sys.stdin)
    with invocation.orchestrator(sleep=told_wait(invocation.output), on_approval="terminal") as orchestrator:
        result = orchestrator.execute(
            agent, request, feature, data, timeout_s=timeout_s, deadline_s=deadline_s, idempotent=False if once else None,
            session=session, namespace=namespace, caller="orchestrate run", stages=switches,
        )  # fmt: skip
    return _report(invocation, result)


def _report(invocation: Invocation, result: ExecutionResult) -> int:
    failure = _failure(result)
    if invocation.output.as_json:
        invocation.output.show(_document(result, failure), lambda _: None)
    else:
        if result.output is not None:
            invocation.output.answer(result.text)
        if failure is not None:
            invocation.output.error(failure.code, str(failure))
        invocation.output.note(visible(_summary(result), lines=False))
    return 0 if failure is None else failure.exit_code


def _failure(result: ExecutionResult) -> MagnusError | None:
    try:
        result.raise_for_failure()
    except MagnusError as error:
        return error
    return None


def _document(result: ExecutionResult, failure: MagnusError | None) -> dict[str, Any]:
    import msgspec

    document = {"ok": result.ok, **msgspec.structs.asdict(result)}
    if failure is not None:
        cause = msgspec.structs.asdict(result.error) if result.error else {}
        document["error"] = {**cause, "code": failure.code, "message": str(failure)}
    return document


def _summary(result: ExecutionResult) -> str:
    parts = [f"{result.status} in {result.duration_ms / 1e3:.2f} s"]
    if len(result.attempts) > 1:
        parts.append(counted(len(result.attempts), "attempt"))
    if result.verdict.overall is not None:
        judge = f"{result.verdict.judge}, in the model's place" if result.verdict.degraded else result.verdict.judge
        parts.append(f"score {result.verdict.overall:.1f} of 10 ({judge})")
    elif result.verdict.status == "unjudged":
        parts.append(f"unjudged ({result.verdict.reason or 'no reason given'})")
    if result.memories:
        parts.append(f"{counted(len(result.memories), 'memory', 'memories')} recalled")
    if result.findings:
        parts.append(counted(len(result.findings), "finding"))
    if result.recorded:
        parts.append(f"orchestrate history show {result.execution_id}")
    else:
        parts.append(f"not recorded{': ' + result.record_error if result.record_error else ''}")
    return " · ".join(parts) if _can_dot() else " | ".join(parts)


def _can_dot() -> bool:
    return (getattr(sys.stderr, "encoding", None) or "").lower().startswith("utf")
