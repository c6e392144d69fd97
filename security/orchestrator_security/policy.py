"""What to do about what was found: a table, read from the top, the first line that fits decides."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from orchestrator_core.records import Action, Severity
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit

SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
ACTIONS: tuple[Action, ...] = ("allow", "flag", "redact", "block")
"""From the mildest to the strictest."""
_WEIGHT = {"info": 0.02, "low": 0.1, "medium": 0.3, "high": 0.6, "critical": 0.9}


class PolicyRule(Struct, frozen=True):
    """One line of the table. ``*`` fits everything."""

    category: str
    action: Action
    direction: str = "*"
    sink: str = "*"
    trust: str = "*"
    min_severity: Severity = "info"


class Policy(Struct, frozen=True):
    """The table."""

    rules: tuple[PolicyRule, ...]

    def action(self, hit: Hit, context: ScanContext) -> Action:
        """What the first fitting line says; where none fits, the text is blocked."""
        for rule in self.rules:
            if (
                rule.category in ("*", hit.category)
                and rule.direction in ("*", context.direction)
                and rule.sink in ("*", context.sink)
                and rule.trust in ("*", context.trust)
                and SEVERITIES.index(hit.severity) >= SEVERITIES.index(rule.min_severity)
            ):
                return rule.action
        return "block"


def strictest(actions: Iterable[Action]) -> Action:
    """The strictest of several actions; ``allow`` of none."""
    return max(actions, key=ACTIONS.index, default="allow")


def risk(hits: Iterable[Hit]) -> float:
    """0 to 1: the chance that at least one hit matters, taking them as independent (noisy or)."""
    harmless = 1.0
    for hit in hits:
        harmless *= 1 - _WEIGHT[hit.severity] * hit.confidence
    return round(1 - harmless, 4)


def developer_policy(settings: SecuritySettings) -> Policy:
    """The default: developers talk about SQL, HTML and shells all day, and a request to a model is read, not executed.

    So only what is never legitimate in a request is blocked. An agent's own output is not thrown away for odd characters:
    it is flagged, and its stored form is cleaned.
    """
    return Policy(
        (
            PolicyRule("size", "block", direction="in"),
            PolicyRule("size", "redact"),
            PolicyRule("encoding", "block", direction="in"),
            PolicyRule("control", "block", direction="in"),
            PolicyRule("tags", "flag", direction="out"),
            PolicyRule("tags", "block"),
            PolicyRule("secret", "redact" if settings.redact_secrets else "flag"),
            PolicyRule("pii", "redact" if settings.redact_email else "flag"),
            PolicyRule("*", "flag"),
        )
    )
