"""``orchestrate security policy``: what decides."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.screen import Screen
from orchestrator_core.errors import UsageError
from orchestrator_security.contract import Direction, ScanContext, Sink, Trust

if TYPE_CHECKING:
    from orchestrator_security.policy.reading import PolicySource


@common_command("policy")
@click.option("--explain", "text", metavar="TEXT", help='Say what decides about this text; "-" reads standard input.')
@click.option("--sink", type=click.Choice(get_args(Sink)), help="Where it is bound for, instead of model.")
@click.option("--trust", type=click.Choice(get_args(Trust)), help="Who wrote it, instead of user.")
@click.option("--direction", type=click.Choice(get_args(Direction)), help="Where it comes from, instead of in.")
@click.option("--agent", metavar="NAME", help="The agent it would go to.")
@pass_invocation
def command(invocation: Invocation, /, text: str | None, **place: str | None) -> None:
    """Show the table that decides, from the top; the first line that fits counts. Fails where the policy file makes no sense.

    With --explain: what is found in a text, which line of the table decides about each find, and which exception lets it pass. Values
    are masked, and nothing is logged.
    """
    chosen = {name: value for name, value in place.items() if value is not None}
    if text is not None:
        from orchestrator.cli.security_explain import explained

        explained(invocation, text, ScanContext(**chosen))  # type: ignore[arg-type]
        return
    if chosen:
        raise UsageError(f"--{min(chosen)} says of a text where it is bound for; name the text with --explain TEXT.")
    from orchestrator_security.building import chosen_policy
    from orchestrator_security.plugins.installed import installed_scanners

    settings = invocation.loaded.settings.security
    plugins = installed_scanners(settings.scanners)
    source = chosen_policy(settings, [category for plugin in plugins for category in plugin.categories])
    document: dict[str, Any] = {
        "policy": msgspec.to_builtins(source.policy),
        "path": source.path,
        "allow": [msgspec.to_builtins(entry) for entry in source.allow.entries],
        "scanners": [{"name": plugin.name, "problem": plugin.problem} for plugin in plugins],
    }
    invocation.output.show(document, lambda screen: _page(screen, source, document["scanners"]))


def _page(screen: Screen, source: PolicySource, scanners: list[dict[str, str]]) -> None:
    policy = source.policy
    screen.heading(f"Policy {policy.name}{f' from {source.path}' if source.path else ''}")
    screen.pairs((
        ("real values in replies", "put back" if policy.restore_in_reply else "kept in"),
        ("deep scan", "before text is stored" if policy.wait_for_deep_scan else "later"),
    ))  # fmt: skip
    screen.line()
    screen.table(
        ("line", "category", "direction", "sink", "trust", "severity", "rule", "agent", "action", "from"),
        [
            (
                number + 1,
                rule.category,
                rule.direction,
                rule.sink,
                rule.trust,
                rule.min_severity,
                rule.rule,
                rule.agent,
                rule.action,
                source.origin(number),
            )
            for number, rule in enumerate(policy.rules)
        ],
    )
    if source.allow:
        screen.line()
        screen.heading("Exceptions")
        over = source.allow.expired(time.time())
        screen.table(
            ("rule", "value_hash", "until", "reason"),
            [
                (e.rule, e.value_hash, f"{e.expires}{' (over)' if e in over else ''}", e.reason)
                for e in source.allow.entries
            ],
        )
    for scanner in scanners:
        state = f"does not work: {scanner['problem']}" if scanner["problem"] else "takes part"
        screen.line(f"Scanner {scanner['name']} {state}", "warn" if scanner["problem"] else "")
