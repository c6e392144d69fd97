"""Why a text is decided about as it is: each find with the line of the table that speaks of it, and the exception that lets it pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from orchestrator_core.records import Action, Severity
from orchestrator_security.approvals.question import one_line
from orchestrator_security.contract import ScanContext
from orchestrator_security.policy.allow_list import AllowEntry, day_of
from orchestrator_security.policy.reading import PolicySource
from orchestrator_security.policy.table import ACTIONS, PolicyRule, strictest
from orchestrator_security.scanner import Hit

SHOWN_CHARS = 60
FOUND_MAX = 200
"""More finds than this are counted, not told; all of them decide."""


class Explained(Struct, frozen=True, kw_only=True):
    """One find."""

    rule: str
    category: str
    severity: Severity
    confidence: float
    start: int
    end: int
    shown: str
    """The place as one line; a value is masked, such as ``<EMAIL>``."""
    value_hash: str
    message: str
    line: int
    """The number of the table's line that decided, from 1, as ``orchestrate security policy`` shows it; 0 where none fits."""
    origin: str
    """Where that line stands: ``settings``, ``file``, ``preset``; empty where none fits, which blocks."""
    cell: PolicyRule | None
    says: Action
    """What that line says."""
    exception: AllowEntry | None
    """The exception that speaks of the value."""
    exception_ended: bool
    action: Action
    """What is done in the end."""


class Explanation(Struct, frozen=True):
    """The finds of a text, the strictest first."""

    action: Action
    policy: str
    found: tuple[Explained, ...]
    incomplete: tuple[str, ...]
    more: int = 0
    """Finds beyond ``FOUND_MAX``, which are counted only."""


class _Reason(Struct, frozen=True):
    hit: Hit
    line: int | None
    says: Action
    exception: AllowEntry | None
    action: Action


def explain(
    text: str,
    hits: Sequence[Hit],
    incomplete: tuple[str, ...],
    context: ScanContext,
    source: PolicySource,
    *,
    value_hash: Callable[[str], str],
    now: float,
) -> Explanation:
    """The decision about a text in which scanners found ``hits``, with its reasons. ``now`` is epoch seconds."""
    unfinished = [Hit(f"incomplete.{name}", "incomplete", 0, 0, severity="low") for name in incomplete]
    reasons = [_reason(text, hit, context, source, value_hash, now) for hit in (*hits, *unfinished)]
    reasons.sort(key=lambda reason: (-ACTIONS.index(reason.action), reason.hit.start, reason.hit.end))
    known = not incomplete and all(hit.category != "size" for hit in hits)
    values = sorted((hit.start, hit.end, hit.kind) for hit in hits if hit.kind)
    return Explanation(
        strictest(reason.action for reason in reasons),
        source.policy.name,
        tuple(
            # Where a scanner did not finish, or never looked, nobody knows whether a value stands there.
            _explained(text, reason, values if known else None, source, value_hash, now)
            for reason in reasons[:FOUND_MAX]
        ),
        incomplete,
        max(0, len(reasons) - FOUND_MAX),
    )


def _reason(
    text: str, hit: Hit, context: ScanContext, source: PolicySource, value_hash: Callable[[str], str], now: float
) -> _Reason:
    line = source.policy.line(hit, context)
    says: Action = "block" if line is None else source.policy.rules[line].action
    exception = None
    # As in ``Judgement``: what is allowed needs no exception, and a scanner that did not finish can have none.
    if source.allow and says != "allow" and hit.category != "incomplete":
        exception = source.allow.entry(hit.rule_id, value_hash(text[hit.start : hit.end]), context.agent, now)
    lets_pass = exception is not None and not exception.expired(day_of(now))
    return _Reason(hit, line, says, exception, "allow" if lets_pass else says)


def _explained(
    text: str,
    reason: _Reason,
    values: Sequence[tuple[int, int, str]] | None,
    source: PolicySource,
    value_hash: Callable[[str], str],
    now: float,
) -> Explained:
    hit, line, exception = reason.hit, reason.line, reason.exception
    return Explained(
        rule=hit.rule_id,
        category=hit.category,
        severity=hit.severity,
        confidence=hit.confidence,
        start=hit.start,
        end=hit.end,
        shown=_masked(text, hit, values),
        value_hash=value_hash(text[hit.start : hit.end]) if hit.end > hit.start else "",
        message=hit.message,
        line=0 if line is None else line + 1,
        origin="" if line is None else source.origin(line),
        cell=None if line is None else source.policy.rules[line],
        says=reason.says,
        exception=exception,
        exception_ended=exception is not None and exception.expired(day_of(now)),
        action=reason.action,
    )


def _masked(text: str, hit: Hit, values: Sequence[tuple[int, int, str]] | None) -> str:
    """The place of a find, with every value that lies in it or reaches into it replaced by its kind; without ``values`` its length."""
    if hit.kind or values is None:
        return f"{f'<{hit.kind}> ' if hit.kind else ''}({hit.end - hit.start} characters)"
    parts: list[str] = []
    at = hit.start
    for start, end, kind in values:
        if end <= at or start >= hit.end:
            continue
        parts += text[at : max(at, start)], f"<{kind}>"
        at = end
    parts.append(text[at : hit.end] if at < hit.end else "")
    return one_line("".join(parts), SHOWN_CHARS)
