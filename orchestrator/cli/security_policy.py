"""``orchestrate security policy``: what decides."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.screen import Screen

if TYPE_CHECKING:
    from orchestrator_security.policy.reading import PolicySource


@common_command("policy")
@pass_invocation
def command(invocation: Invocation) -> None:
    """Show the table that decides, from the top; the first line that fits counts. Fails where the policy file makes no sense."""
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
        ("category", "direction", "sink", "trust", "severity", "rule", "agent", "action"),
        [
            (
                rule.category,
                rule.direction,
                rule.sink,
                rule.trust,
                rule.min_severity,
                rule.rule,
                rule.agent,
                rule.action,
            )
            for rule in policy.rules
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
