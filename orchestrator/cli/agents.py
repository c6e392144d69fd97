"""``orchestrate agents``: which agents there are."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import common_options, pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.screen import Screen

if TYPE_CHECKING:
    from orchestrator.agents.contract import AgentSpec


@click.group("agents")
@common_options
def command() -> None:
    """Show which agents there are: Magnus's own, yours, and those of installed packages."""


@common_command("list")
@pass_invocation
def list_agents(invocation: Invocation) -> None:
    """List all agents with what they do and where they come from."""
    with invocation.orchestrator() as orchestrator:
        orchestrator.load_agents()
        specs = orchestrator.registry.specs()
        broken = [name for name in orchestrator.registry.names() if name not in {spec.name for spec in specs}]

    def render(screen: Screen) -> None:
        screen.table(("agent", "from", "what it does"), [(s.name, s.source, s.description) for s in specs])
        for name in broken:
            screen.line(f"{name} cannot be loaded; see: orchestrate agents show {name}", "warn")

    invocation.output.show({"agents": [_facts(spec) for spec in specs], "broken": broken}, render)


@common_command("show")
@click.argument("name")
@pass_invocation
def show_agent(invocation: Invocation, name: str) -> None:
    """Show everything about the agent NAME."""
    with invocation.orchestrator() as orchestrator:
        orchestrator.load_agents()
        facts = _facts(orchestrator.registry.get(name))

    def render(screen: Screen) -> None:
        screen.heading(facts["name"])
        screen.line(facts["description"])
        screen.line()
        screen.pairs(
            (key.replace("_", " "), value) for key, value in facts.items() if key not in ("name", "description", "doc")
        )
        if facts["doc"]:
            screen.line()
            screen.line(facts["doc"])

    invocation.output.show(facts, render)


def _facts(spec: AgentSpec) -> dict[str, Any]:
    module = getattr(spec.run, "__module__", "")
    return {
        "name": spec.name,
        "description": spec.description,
        "source": spec.source,
        "capabilities": list(spec.capabilities),
        "version": spec.version,
        "function": f"{module}:{getattr(spec.run, '__qualname__', repr(spec.run))}",
        "takes": {"request": "request", "context": "request, context", "call": "request, call"}[spec.takes],
        "async": spec.is_async,
        "timeout_s": spec.timeout_s,
        "idempotent": spec.idempotent,
        "metadata": spec.metadata,
        "doc": inspect.getdoc(spec.run) or "",
    }


command.add_command(list_agents)
command.add_command(show_agent)
