"""The lines of the page's tables: agents, features, failures, findings and stages in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from msgspec import Struct

from orchestrator_core.records import STAGES
from orchestrator_dashboards import quantities
from orchestrator_dashboards.call_details import DONE, stages_of
from orchestrator_dashboards.charts import Svg, meter
from orchestrator_dashboards.problems import Concern, Problem
from orchestrator_dashboards.safe_text import one_line
from orchestrator_dashboards.tallies import Tally
from orchestrator_dashboards.tiles import success_tone

_STAGES_MAX = 20


class Moment(Struct, frozen=True):
    """A local time to read and the same in UTC for its title."""

    text: str
    utc: str


class GroupLine(Struct, frozen=True):
    """An agent's or a feature's line."""

    name: str
    calls: str
    success: str
    tone: str
    word: str
    meter: Svg
    p50: str
    p95: str
    score: str
    tokens: str
    cost: str
    last: Moment | None = None


class ProblemLine(Struct, frozen=True):
    """Failures with one fingerprint."""

    key: str
    title: str
    kind: str
    message: str
    counts: str
    tone: str
    word: str
    agents: str
    advice: str
    explanation: str
    last: Moment


class ConcernLine(Struct, frozen=True):
    """Security findings of one category."""

    category: str
    severity: str
    tone: str
    n: str
    done: str
    rules: str
    last: Moment


class StageLine(Struct, frozen=True):
    """How one stage did in the listed calls."""

    name: str
    counts: tuple[tuple[str, str, str], ...]
    """Tone, number and word."""
    p50: str
    p95: str
    part: Svg


def _moment(at: float, zone: tzinfo | None) -> Moment:
    return Moment(f"{quantities.day(at, zone)} {quantities.clock(at, zone)}", quantities.utc(at))


def group_line(name: str, tally: Tally, last: float | None, zone: tzinfo | None) -> GroupLine:
    """An agent or a feature in words; ``last`` is when it last ran, where that is known."""
    rate = tally.success_rate
    tone, word = success_tone(rate)
    p50, p95 = tally.percentile_ms(50), tally.percentile_ms(95)
    tokens = tally.tokens_in + tally.tokens_out
    return GroupLine(
        name=one_line(name, 160) or "(none)",
        calls=quantities.count(tally.n),
        success="–" if rate is None else quantities.percent(rate),
        tone=tone,
        word=word,
        meter=meter(rate or 0.0, tone),
        p50="–" if p50 is None else quantities.duration(p50),
        p95="–" if p95 is None else quantities.duration(p95),
        score="–" if tally.score is None else quantities.score(tally.score),
        tokens=quantities.count(tokens) if tokens else "–",
        cost=quantities.money(tally.cost_microusd) if tally.cost_microusd else "–",
        last=None if last is None else _moment(last, zone),
    )


def problem_line(problem: Problem, zone: tzinfo | None) -> ProblemLine:
    """A kind of failure in words."""
    counts = quantities.plural(problem.failures, "failure")
    if problem.calls != problem.failures:
        counts += f" in {quantities.plural(problem.calls, 'call')}"
    open_, healed = problem.unresolved, problem.healed
    tone, word = ("bad", f"{quantities.count(open_)} unresolved") if open_ else ("good", "healed")
    if open_ and healed:
        counts += f", {quantities.count(healed)} healed"
    agents = ", ".join(one_line(name, 60) for name in problem.agents[:3])
    if len(problem.agents) > 3:
        agents += f" and {len(problem.agents) - 3} more"
    return ProblemLine(
        key=one_line(problem.key, 80),
        title=one_line(problem.error_type, 100) or "Failed without an error",
        kind=one_line(problem.error_class, 60),
        message=one_line(problem.message, 300),
        counts=counts,
        tone=tone,
        word=word,
        agents=agents,
        advice=one_line(problem.advice, 400),
        explanation=one_line(problem.explanation, 400),
        last=_moment(problem.last_at, zone),
    )


def concern_line(concern: Concern, zone: tzinfo | None) -> ConcernLine:
    """A category of findings in words."""
    rules = ", ".join(one_line(name, 60) for name in concern.rules[:3])
    return ConcernLine(
        category=one_line(concern.category, 60),
        severity=one_line(concern.severity, 20),
        tone={"critical": "bad", "high": "bad", "medium": "watch"}.get(concern.severity, "idle"),
        n=f"{quantities.count(concern.n)} in {quantities.plural(concern.calls, 'call')}",
        done=", ".join(
            f"{quantities.count(n)} {one_line(DONE.get(action, action), 20)}" for action, n in concern.actions
        ),
        rules=rules + (f" and {len(concern.rules) - 3} more" if len(concern.rules) > 3 else ""),
        last=_moment(concern.last_at, zone),
    )


def stage_lines(calls: Sequence[dict[str, Any]]) -> list[StageLine]:
    """How the stages of the given calls did, in the stages' fixed order."""
    counts: dict[str, dict[str, int]] = {}
    times: dict[str, list[float]] = {}
    for call in calls:
        for name, stage in stages_of(call["stages"]).items():
            status, ms = str(stage.get("status", "")), stage.get("duration_ms")
            by_status = counts.setdefault(name, {})
            by_status[status] = by_status.get(status, 0) + 1
            if isinstance(ms, int | float) and math.isfinite(ms) and status not in ("off", "skipped"):
                times.setdefault(name, []).append(float(ms))
    order = [name for name in STAGES if name in counts] + sorted(set(counts) - set(STAGES))
    spent = {name: sum(values) for name, values in times.items()}
    longest = max(spent.values(), default=0.0) or 1.0
    return [
        _stage_line(name, counts[name], sorted(times.get(name, ())), spent.get(name, 0.0) / longest)
        for name in order[:20]
    ]


def _stage_line(name: str, counts: dict[str, int], times: list[float], share: float) -> StageLine:
    tones = {"ok": "good", "failed": "bad", "blocked": "watch"}
    order = ("failed", "blocked", "ok", "skipped", "off")
    shown = sorted(counts.items(), key=lambda item: (order.index(item[0]) if item[0] in order else 9, item[0]))

    def at(q: float) -> str:
        return quantities.duration(times[max(0, math.ceil(len(times) * q) - 1)]) if times else "–"

    return StageLine(
        name=one_line(name, 40),
        counts=tuple((tones.get(status, "idle"), quantities.count(n), one_line(status, 20)) for status, n in shown),
        p50=at(0.5),
        p95=at(0.95),
        part=meter(share, "plain"),
    )
