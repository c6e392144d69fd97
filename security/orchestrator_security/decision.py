"""From what scanners found to what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from msgspec import Struct

from orchestrator_core.records import Action, Finding
from orchestrator_security.contract import ScanContext
from orchestrator_security.policy.allow_list import AllowEntry, day_of
from orchestrator_security.policy.reading import PolicySource
from orchestrator_security.policy.table import ACTIONS, SEVERITIES, risk, strictest
from orchestrator_security.scanner import Hit

FINDINGS_MAX = 200
"""More findings than this of one text are counted, not listed; all of them are redacted."""
_KNOWN_MAX = 1_000

_VERBS = {"flag": "Flagged", "redact": "Redacted", "block": "Blocked"}


class Decision(Struct, frozen=True):
    """What the policy says about one text, before anything is replaced in it."""

    action: Action
    findings: tuple[Finding, ...]
    risk: float
    reason: str
    actions: tuple[Action, ...]
    """One for each hit, in their order."""


class Judgement:
    """Applies a policy with its allow list. ``value_hash`` is keyed with the store's own key; ``now`` gives epoch seconds."""

    def __init__(self, source: PolicySource, value_hash: Callable[[str], str], now: Callable[[], float]) -> None:
        self._source = source
        self._value_hash = value_hash
        self._now = now
        self._known: dict[tuple[str, str, str, ScanContext], Action] = {}

    def replaces(self, hit: Hit, value: str, context: ScanContext) -> bool:
        """Whether a found value is replaced by a placeholder in what is stored."""
        if self._action(hit, context) not in ("redact", "block"):
            return False
        entry = self._entry(hit, value, context)
        return entry is None or entry.expired(self._today())

    def decide(
        self,
        text: str,
        hits: Sequence[Hit],
        incomplete: Sequence[str],
        context: ScanContext,
        problems: Mapping[str, str] = MappingProxyType({}),
    ) -> Decision:
        """The decision about a text: the strictest of what the policy says about each finding.

        ``problems`` says of scanners that did not finish why, and what to do about it.
        """
        actions, notes = self._actions(text, hits, context)
        unfinished = [_unfinished(name, problems.get(name, "")) for name in incomplete]
        every = [*hits, *unfinished]
        actions += [self._source.policy.action(hit, context) for hit in unfinished]
        if not every:
            return Decision("allow", (), 0.0, "", ())
        decided = sorted(zip(actions, every, strict=True), key=lambda pair: (-ACTIONS.index(pair[0]), pair[1].start))
        findings = tuple(
            Finding(
                rule_id=hit.rule_id,
                category=hit.category,
                severity=hit.severity,
                confidence=hit.confidence,
                start=hit.start,
                end=hit.end,
                action=action,
                scanner=hit.rule_id.partition(".")[2]
                if hit.category == "incomplete"
                else hit.rule_id.partition(".")[0],
                cwe=hit.cwe,
                owasp_llm=hit.owasp_llm,
                value_hash=self._value_hash(text[hit.start : hit.end]) if hit.end > hit.start else "",
                stage=f"guard_{context.direction}" if context.direction in ("in", "out") else context.direction,
                message=hit.message + notes.get(id(hit), ""),
            )
            for action, hit in decided[:FINDINGS_MAX]
        )
        action = strictest(actions)
        reason = ""
        if action != "allow":
            grave = [hit for chosen, hit in decided if chosen == action]
            more = f", and {len(grave) - 1} more" if len(grave) > 1 else ""
            worst = max(grave, key=lambda hit: SEVERITIES.index(hit.severity))
            note = notes.get(id(worst), "")
            place = "" if worst.category == "incomplete" else f" (at character {worst.start})"
            reason = f"{_VERBS[action]}: {worst.message or worst.rule_id}{note}{place}{more}."
        return Decision(action, findings, risk(every), reason, tuple(actions[: len(hits)]))

    def _action(self, hit: Hit, context: ScanContext) -> Action:
        """What the policy says; a text may hold thousands of hits of few kinds."""
        kind = (hit.category, hit.severity, hit.rule_id, context)
        known = self._known.get(kind)
        if known is None:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            known = self._known[kind] = self._source.policy.action(hit, context)
        return known

    def _actions(self, text: str, hits: Sequence[Hit], context: ScanContext) -> tuple[list[Action], dict[int, str]]:
        # A text may hold thousands of hits of few kinds.
        known: dict[tuple[str, str, str], Action] = {}
        actions: list[Action] = []
        notes: dict[int, str] = {}
        for hit in hits:
            kind = (hit.category, hit.severity, hit.rule_id)
            if kind not in known:
                known[kind] = self._source.policy.action(hit, context)
            action = known[kind]
            if action != "allow" and self._source.allow:
                entry = self._entry(hit, text[hit.start : hit.end], context)
                if entry is not None and entry.expired(self._today()):
                    notes[id(hit)] = f" (the exception for it ended on {entry.expires})"
                elif entry is not None:
                    action = "allow"
                    notes[id(hit)] = f" (let pass until {entry.expires}: {entry.reason})"
            actions.append(action)
        return actions, notes

    def _entry(self, hit: Hit, value: str, context: ScanContext) -> AllowEntry | None:
        if not self._source.allow:
            return None
        return self._source.allow.entry(hit.rule_id, self._value_hash(value), context.agent, self._now())

    def _today(self) -> date:
        return day_of(self._now())


def _unfinished(name: str, problem: str) -> Hit:
    message = f"{name} did not finish{f': {problem}' if problem else ''}"
    return Hit(f"incomplete.{name}", "incomplete", 0, 0, severity="low", message=message)
