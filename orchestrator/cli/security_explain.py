"""``orchestrate security policy --explain``: why a text is decided about as it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from orchestrator.cli.memory_access import store
from orchestrator.cli.security_check import given
from orchestrator_security.contract import ScanContext

if TYPE_CHECKING:
    from orchestrator.cli.invocation import Invocation
    from orchestrator.cli.screen import Screen
    from orchestrator_security.policy.explaining import Explained, Explanation
    from orchestrator_security.policy.table import PolicyRule


def explained(invocation: Invocation, text: str, context: ScanContext) -> None:
    """Show what was found in a text, and which line of the table decides about it. Nothing is logged, since nothing passes.

    Raises:
        StoreError: the store, whose key names values, cannot be used.
    """
    from orchestrator_security.policy.explaining import explain

    text = given(text)
    with store(invocation) as orchestrator:
        guard = orchestrator.open().guard
        hits, incomplete = guard.found(text, context)
        answer = explain(text, hits, incomplete, context, guard.policy, value_hash=guard.value_hash, now=time.time())
        path = guard.policy.path
    document = {"context": msgspec.to_builtins(context), "path": path, **msgspec.to_builtins(answer)}
    invocation.output.show(document, lambda screen: _page(screen, answer, context, path))


def _page(screen: Screen, answer: Explanation, context: ScanContext, path: str) -> None:
    agent = f" for {context.agent}" if context.agent else ""
    screen.heading(
        f"{answer.action} (policy {answer.policy}; {context.direction} > {context.sink}, {context.trust}{agent})"
    )
    if not answer.found:
        screen.line("Nothing was found, so no line of the table speaks of it.")
    for find in answer.found:
        screen.line()
        _find(screen, find, path)
    if answer.more:
        screen.line()
        screen.line(f"And {answer.more} more.")


def _find(screen: Screen, find: Explained, path: str) -> None:
    screen.heading(f"{find.rule}: {find.action}")
    screen.pairs(
        (
            ("what", find.message),
            ("where", f"{find.start} to {find.end}" if find.end > find.start else ""),
            ("text", find.shown),
            ("value_hash", find.value_hash),
            ("kind", f"{find.category}, {find.severity}, confidence {find.confidence:g}"),
            ("decided by", _line(find, path)),
            ("exception", _exception(find)),
        )
    )


def _line(find: Explained, path: str) -> str:
    if find.cell is None:
        return "no line fits, and what no line allows is blocked"
    where = {"file": path, "settings": "security.redact_secrets", "preset": "the preset"}[find.origin]
    return f"line {find.line} ({where}): {_cell(find.cell)} -> {find.says}"


def _cell(rule: PolicyRule) -> str:
    """A line of the table without what fits everything."""
    named = (
        ("category", rule.category), ("direction", rule.direction), ("sink", rule.sink), ("trust", rule.trust),
        ("severity", "" if rule.min_severity == "info" else f"{rule.min_severity} and graver"), ("rule", rule.rule), ("agent", rule.agent),
    )  # fmt: skip
    return ", ".join(f"{name} {value}" for name, value in named if value not in ("*", "")) or "everything"


def _exception(find: Explained) -> str:
    entry = find.exception
    if entry is None:
        return ""
    what = f"{entry.rule} for agent {entry.agent}" if entry.agent != "*" else entry.rule
    if find.exception_ended:
        return f"{what} ended on {entry.expires}, so it counts again: {entry.reason}"
    return f"{what} lets it pass until {entry.expires}: {entry.reason}"
