"""What to do about what was found: a table, read from the top, the first line that fits decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from orchestrator_core.records import Action, Severity
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
    rule: str = "*"
    """The rule id of what was found, with ``*`` and ``?`` as in file names."""
    agent: str = "*"
    """The agent's name, with ``*`` and ``?``."""

    def fits(self, hit: Hit, context: ScanContext) -> bool:
        """Whether this line speaks of this finding in this place."""
        return (
            self.category in ("*", hit.category)
            and self.direction in ("*", context.direction)
            and self.sink in ("*", context.sink)
            and self.trust in ("*", context.trust)
            and SEVERITIES.index(hit.severity) >= SEVERITIES.index(self.min_severity)
            and (self.rule == "*" or fnmatchcase(hit.rule_id, self.rule))
            and (self.agent == "*" or fnmatchcase(context.agent, self.agent))
        )


class Policy(Struct, frozen=True):
    """The table, and what else a policy decides."""

    rules: tuple[PolicyRule, ...]
    name: str = ""
    restore_in_reply: bool = True
    """Whether an agent that sees placeholders gets the real values back in its reply to the caller."""
    wait_for_deep_scan: bool = False
    """Whether text is scanned by the deep engine before it is stored, rather than some time later."""

    def action(self, hit: Hit, context: ScanContext) -> Action:
        """What the first fitting line says; where none fits, the text is blocked."""
        line = self.line(hit, context)
        return "block" if line is None else self.rules[line].action

    def line(self, hit: Hit, context: ScanContext) -> int | None:
        """The index of the first line that fits; None where none does."""
        for number, rule in enumerate(self.rules):
            if rule.fits(hit, context):
                return number
        return None

    def before(self, rules: Sequence[PolicyRule]) -> tuple[PolicyRule, ...]:
        """The table with other lines above its own."""
        return (*rules, *self.rules)


def strictest(actions: Iterable[Action]) -> Action:
    """The strictest of several actions; ``allow`` of none."""
    return max(actions, key=ACTIONS.index, default="allow")


def risk(hits: Iterable[Hit]) -> float:
    """0 to 1: the chance that at least one hit matters, taking them as independent (noisy or)."""
    harmless = 1.0
    for hit in hits:
        harmless *= 1 - _WEIGHT[hit.severity] * hit.confidence
    return round(1 - harmless, 4)
