"""The page as a value: every word and number that the template shows, nothing of how it looks. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import tzinfo

from msgspec import Struct

from orchestrator_core.settings import DashboardSettings
from orchestrator_dashboards import quantities
from orchestrator_dashboards.call_rows import CallRow
from orchestrator_dashboards.charts import Bar, Point, Svg, agents_chart, calls_chart, latency_chart, scores_chart
from orchestrator_dashboards.listing import listing
from orchestrator_dashboards.memory_panel import MemoryPanel, memory_panel
from orchestrator_dashboards.problems import Problem, concerns, problems
from orchestrator_dashboards.queries import AGENTS_MAX, LIST_MAX, SCAN_MAX, Snapshot
from orchestrator_dashboards.safe_text import one_line
from orchestrator_dashboards.scales import bucket_name, time_ticks
from orchestrator_dashboards.security_panel import SecurityPanel, security_panel
from orchestrator_dashboards.tables import (
    ConcernLine,
    GroupLine,
    Moment,
    ProblemLine,
    StageLine,
    concern_line,
    group_line,
    problem_line,
    stage_lines,
)
from orchestrator_dashboards.tallies import Tally, total
from orchestrator_dashboards.tiles import Tile, tiles

PLAIN_ROWS = 25
"""Calls shown without script."""
_BARS = 5
_FEATURES_MAX = 20
_PROBLEMS_MAX = 12
_SCORE_BINS = 9


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
    security: SecurityPanel
    memory: MemoryPanel
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
    return Page(
        version=version,
        title=f"Last {quantities.span(hours)}",
        from_=_moment(snapshot.window.start, zone),
        to=_moment(now, zone),
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
        agents=tuple(
            group_line(name, tally, snapshot.last_runs.get(name), zone) for name, tally in by_agent[:AGENTS_MAX]
        ),
        agents_note=_more(len(by_agent), AGENTS_MAX, "agents"),
        features=_features(by_feature, zone),
        problems=tuple(problem_line(problem, zone) for problem in found[:_PROBLEMS_MAX]),
        problems_note=_more(len(found), _PROBLEMS_MAX, "kinds of failure"),
        concerns=tuple(concern_line(concern, zone) for concern in worries),
        stages=tuple(stage_lines(snapshot.calls)),
        security=security_panel(snapshot.security, zone),
        memory=memory_panel(snapshot.memory),
        scan_note=scan_note,
        rows=tuple(rows[:PLAIN_ROWS]),
        calls_note=f"newest {quantities.count(LIST_MAX)} of {quantities.count(whole.n)}"
        if whole.n > len(rows) == LIST_MAX
        else "",
        data=data,
        refreshed=_refreshed(settings),
    )


def _moment(at: float, zone: tzinfo | None) -> Moment:
    return Moment(quantities.moment(at, zone), quantities.utc(at))


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
    shown, rest = list(by_agent[:_BARS]), by_agent[_BARS:]
    if len(rest) == 1:
        shown.extend(rest)
    elif rest:
        shown.append((f"{quantities.count(len(rest))} others", total(tally for _, tally in rest)))
    return agents_chart(
        [Bar(name, tally.succeeded, tally.failed, tally.blocked + tally.cancelled) for name, tally in shown]
    )


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


def _features(by_feature: Sequence[tuple[str, Tally]], zone: tzinfo | None) -> tuple[GroupLine, ...]:
    if not any(name for name, _ in by_feature):
        return ()
    return tuple(group_line(name or "(no feature)", tally, None, zone) for name, tally in by_feature[:_FEATURES_MAX])


def _summary(whole: Tally, agents: int, found: Sequence[Problem]) -> str:
    parts = [f"{quantities.plural(whole.n, 'call')} by {quantities.plural(agents, 'agent')}"]
    if whole.failed:
        parts.append(f"{quantities.count(whole.failed)} failed")
    if whole.healed:
        parts.append(f"{quantities.count(whole.healed)} healed after a failure")
    if whole.blocked:
        parts.append(f"{quantities.count(whole.blocked)} blocked by security")
    if whole.cancelled:
        parts.append(f"{quantities.count(whole.cancelled)} cancelled")
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


def _more(n: int, shown: int, what: str) -> str:
    return f"first {quantities.count(shown)} of {quantities.count(n)} {what}" if n > shown else ""


def _refreshed(settings: DashboardSettings) -> str:
    if settings.auto:
        every = quantities.duration(settings.min_interval_s * 1e3).replace("min 00\u00a0s", "min")
        return f"dashboard_latest.html is refreshed while Magnus runs, at most every {every}"
    return "Refresh with: orchestrate dashboard"
