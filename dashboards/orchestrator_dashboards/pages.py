"""The page as a value: every word and number that the template shows, nothing of how it looks. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from msgspec import Struct

from orchestrator_core.records import STAGES
from orchestrator_core.settings import DashboardSettings
from orchestrator_dashboards import quantities
from orchestrator_dashboards.call_rows import CallRow, stages_of
from orchestrator_dashboards.charts import Bar, Point, Svg, agents_chart, calls_chart, latency_chart, meter, scores_chart
from orchestrator_dashboards.listing import listing
from orchestrator_dashboards.problems import Concern, Problem, concerns, problems
from orchestrator_dashboards.queries import AGENTS_MAX, LIST_MAX, SCAN_MAX, Snapshot
from orchestrator_dashboards.safe_text import one_line
from orchestrator_dashboards.scales import bucket_name, time_ticks
from orchestrator_dashboards.tallies import Tally, total
from orchestrator_dashboards.tiles import Tile, success_tone, tiles

PLAIN_ROWS = 25
"""Calls shown without script."""
_BARS = 5
_FEATURES_MAX = 20
_PROBLEMS_MAX = 12
_SCORE_BINS = 9
_DONE = {"block": "blocked", "redact": "redacted", "flag": "flagged", "allow": "allowed"}


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


class Empty(Struct, frozen=True):
    """What to say where there is nothing to show."""

    title: str
    text: str
    first_use: bool


class Page(Struct, frozen=True):
    """Everything on the page."""

    version: str
    title: str
    from_: Moment
    to: Moment
    zone: str
    compared: str
    empty: Empty | None
    summary: str
    main_tiles: tuple[Tile, ...]
    more_tiles: tuple[Tile, ...]
    calls_chart: Svg
    latency_chart: Svg
    agents_chart: Svg
    scores_chart: Svg
    chart_note: str
    agents: tuple[GroupLine, ...]
    agents_note: str
    features: tuple[GroupLine, ...]
    problems: tuple[ProblemLine, ...]
    problems_note: str
    concerns: tuple[ConcernLine, ...]
    stages: tuple[StageLine, ...]
    scan_note: str
    rows: tuple[CallRow, ...]
    calls_note: str
    data: bytes
    refreshed: str


def page(
    snapshot: Snapshot, *, hours: float, now: float, zone: tzinfo | None, version: str, settings: DashboardSettings
) -> Page:
    """The page of a snapshot."""
    whole = total(snapshot.groups.values())
    by_agent, by_feature = _by(snapshot, 0), _by(snapshot, 1)
    main, more = tiles(whole, snapshot.before, snapshot.series, len(by_agent))
    axis = snapshot.cut
    points = _points(snapshot, zone)
    ticks = time_ticks(axis, zone) if axis else ()
    found, worries = problems(snapshot.failures), concerns(snapshot.findings)
    rows, data = listing(snapshot, now=now, zone=zone)
    scan_note = "" if snapshot.scanned_all else f"in the newest {quantities.count(SCAN_MAX)} calls"
    at = _moments(zone)
    return Page(
        version=version,
        title=f"Last {quantities.span(hours)}",
        from_=at(snapshot.window.start),
        to=at(now),
        zone=quantities.zone_name(now, zone),
        compared=f"the {quantities.span(hours)} before" if snapshot.before and snapshot.before.n else "",
        empty=_empty(snapshot, hours, zone) if not whole.n else None,
        summary=_summary(whole, len(by_agent), found),
        main_tiles=main,
        more_tiles=more,
        calls_chart=calls_chart(points, ticks),
        latency_chart=latency_chart(points, ticks),
        agents_chart=_agents_chart(by_agent),
        scores_chart=scores_chart(_score_counts(snapshot.scores)) if snapshot.scores else Svg(""),
        chart_note=_chart_note(snapshot, zone),
        agents=tuple(_group(name, tally, snapshot.last_runs.get(name), zone) for name, tally in by_agent[:AGENTS_MAX]),
        agents_note=_more(len(by_agent), AGENTS_MAX, "agents"),
        features=_features(by_feature, zone),
        problems=tuple(_problem(problem, zone) for problem in found[:_PROBLEMS_MAX]),
        problems_note=_more(len(found), _PROBLEMS_MAX, "kinds of failure"),
        concerns=tuple(_concern(concern, zone) for concern in worries),
        stages=tuple(_stages(snapshot.calls)),
        scan_note=scan_note,
        rows=tuple(rows[:PLAIN_ROWS]),
        calls_note=_more(whole.n, LIST_MAX, "calls", newest=True) if len(rows) == LIST_MAX else "",
        data=data,
        refreshed=_refreshed(settings),
    )


def _moments(zone: tzinfo | None) -> Any:
    return lambda at: Moment(quantities.moment(at, zone), quantities.utc(at))


def _short_moment(at: float, zone: tzinfo | None) -> Moment:
    return Moment(f"{quantities.day(at, zone)} {quantities.clock(at, zone)}", quantities.utc(at))


def _by(snapshot: Snapshot, index: int) -> list[tuple[str, Tally]]:
    groups: dict[str, Tally] = {}
    for key, tally in snapshot.groups.items():
        groups.setdefault(key[index], Tally()).add(tally)
    return sorted(groups.items(), key=lambda item: (-item[1].n, item[0]))


def _points(snapshot: Snapshot, zone: tzinfo | None) -> list[Point]:
    axis = snapshot.cut
    if axis is None:
        return []
    return [
        Point(
            bucket_name(axis, index, zone),
            tally.succeeded,
            tally.failed,
            tally.blocked,
            tally.cancelled,
            tally.percentile_ms(50),
            tally.percentile_ms(95),
        )
        for index, tally in enumerate(snapshot.series)
    ]


def _agents_chart(by_agent: Sequence[tuple[str, Tally]]) -> Svg:
    bars = [Bar(name, tally.succeeded, tally.failed, tally.blocked + tally.cancelled) for name, tally in by_agent[:_BARS]]
    rest = by_agent[_BARS:]
    if len(rest) == 1:
        bars.append(Bar(rest[0][0], rest[0][1].succeeded, rest[0][1].failed, rest[0][1].blocked + rest[0][1].cancelled))
    elif rest:
        others = total(tally for _, tally in rest)
        bars.append(Bar(f"{len(rest)} others", others.succeeded, others.failed, others.blocked + others.cancelled))
    return agents_chart(bars)


def _score_counts(scores: Sequence[float]) -> list[int]:
    counts = [0] * _SCORE_BINS
    for score in scores:
        if math.isfinite(score):
            counts[min(_SCORE_BINS - 1, max(0, math.floor(score) - 1))] += 1
    return counts


def _chart_note(snapshot: Snapshot, zone: tzinfo | None) -> str:
    axis = snapshot.cut
    if axis is None or axis.start <= snapshot.window.start + axis.step_s:
        return ""
    return f"since the first call, {quantities.weekday_clock(axis.start, zone)}"


def _group(name: str, tally: Tally, last: float | None, zone: tzinfo | None) -> GroupLine:
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
        last=None if last is None else _short_moment(last, zone),
    )


def _features(by_feature: Sequence[tuple[str, Tally]], zone: tzinfo | None) -> tuple[GroupLine, ...]:
    if not any(name for name, _ in by_feature):
        return ()
    return tuple(_group(name or "(no feature)", tally, None, zone) for name, tally in by_feature[:_FEATURES_MAX])


def _problem(problem: Problem, zone: tzinfo | None) -> ProblemLine:
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
        last=_short_moment(problem.last_at, zone),
    )


def _concern(concern: Concern, zone: tzinfo | None) -> ConcernLine:
    rules = ", ".join(one_line(name, 60) for name in concern.rules[:3])
    return ConcernLine(
        category=one_line(concern.category, 60),
        severity=one_line(concern.severity, 20),
        tone={"critical": "bad", "high": "bad", "medium": "watch"}.get(concern.severity, "idle"),
        n=f"{quantities.count(concern.n)} in {quantities.plural(concern.calls, 'call')}",
        done=", ".join(f"{quantities.count(n)} {one_line(_DONE.get(action, action), 20)}" for action, n in concern.actions),
        rules=rules + (f" and {len(concern.rules) - 3} more" if len(concern.rules) > 3 else ""),
        last=_short_moment(concern.last_at, zone),
    )


def _stages(calls: Sequence[dict[str, Any]]) -> list[StageLine]:
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
    return [_stage(name, counts[name], sorted(times.get(name, ())), spent.get(name, 0.0) / longest) for name in order[:20]]


def _stage(name: str, counts: dict[str, int], times: list[float], share: float) -> StageLine:
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


def _summary(whole: Tally, agents: int, found: Sequence[Problem]) -> str:
    parts = [f"{quantities.plural(whole.n, 'call')} by {quantities.plural(agents, 'agent')}"]
    if whole.failed:
        parts.append(f"{quantities.count(whole.failed)} failed")
    if whole.healed:
        parts.append(f"{quantities.count(whole.healed)} healed after a failure")
    if whole.blocked:
        parts.append(f"{quantities.count(whole.blocked)} blocked by security")
    if len(parts) == 1:
        parts.append("none failed")
    text = ", ".join(parts) + "."
    worst = next((problem for problem in found if problem.unresolved), None)
    if worst:
        what = one_line(worst.error_type, 60) or "a failure without an error"
        times = "once" if worst.unresolved == 1 else f"{quantities.count(worst.unresolved)} times"
        text += f" Most often unresolved: {what} in {one_line(worst.agents[0], 60)}, {times}."
    return text


def _empty(snapshot: Snapshot, hours: float, zone: tzinfo | None) -> Empty:
    if snapshot.last_ever is None:
        return Empty("No calls yet", "Run your first agent, then come back to this page.", first_use=True)
    last = quantities.moment(snapshot.last_ever, zone)
    since = max(1, math.ceil((snapshot.window.end - snapshot.last_ever) / 3_600) + 1)
    return Empty(
        f"No calls in the last {quantities.span(hours)}",
        f"The newest call was on {last}. To see it: orchestrate dashboard --hours {since}",
        first_use=False,
    )


def _more(n: int, shown: int, what: str, *, newest: bool = False) -> str:
    if n <= shown:
        return ""
    return f"{'Newest' if newest else 'First'} {quantities.count(shown)} of {quantities.count(n)} {what}"


def _refreshed(settings: DashboardSettings) -> str:
    if settings.auto:
        every = quantities.duration(settings.min_interval_s * 1e3).replace("min 00\u00a0s", "min")
        return f"dashboard_latest.html is refreshed while Magnus runs, at most every {every}"
    return "Refresh with: orchestrate dashboard"
