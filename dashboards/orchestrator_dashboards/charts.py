"""The page's charts as inline SVG. Pure: values in, markup out.

A chart is drawn without a ``viewBox``: lengths along x are per cent, so it fills any width and its text keeps
its size.
Colours are classes, so that the page's style (and its dark form) decides; there is no ``style`` attribute, which the
page's policy would refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from msgspec import Struct

from orchestrator_dashboards import quantities
from orchestrator_dashboards.safe_text import fit
from orchestrator_dashboards.scales import Scale, Tick, count_scale, duration_scale

HEIGHT = 196
_TOP, _BOTTOM = 10, 172  # of the plot within the height; the axis' labels stand below
_PLOT = _BOTTOM - _TOP
_WIDEST_BAR = 5.0  # per cent: one bucket alone must not become a wall
_STACK = ("succeeded", "cancelled", "blocked", "failed")  # bottom to top: what went wrong ends up where the eye is
_ROW = 34
_NAME_COLUMNS = 30
_SHORT_LABEL = 6


class Svg(str):
    """Finished markup, which templates do not escape again."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


class Point(Struct, frozen=True):
    """One bucket of the time axis."""

    name: str
    succeeded: int = 0
    failed: int = 0
    blocked: int = 0
    cancelled: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None

    @property
    def n(self) -> int:
        return self.succeeded + self.failed + self.blocked + self.cancelled


class Bar(Struct, frozen=True):
    """One agent's calls."""

    name: str
    succeeded: int
    failed: int
    other: int = 0


def calls_chart(points: Sequence[Point], ticks: Sequence[Tick]) -> Svg:
    """Calls per bucket, stacked by status. A count above 0 is always visible, however small beside the others."""
    scale = count_scale(max((point.n for point in points), default=0))
    parts = []
    slot = 100 / max(1, len(points))
    wide = min(slot * 0.74, _WIDEST_BAR)
    for index, point in enumerate(points):
        if not point.n:
            continue
        left = slot * index + (slot - wide) / 2
        bottom = float(_BOTTOM)
        for status, height in _heights(point, scale):
            bottom -= height
            parts.append(_bar(status, left, bottom, wide, height))
        said = ", ".join(f"{quantities.count(n)} {status}" for status in _STACK if (n := getattr(point, status)))
        parts.append(_target(slot * index, slot, f"{point.name}: {said}"))
    busiest = max(points, key=lambda point: point.n, default=None)
    told = (
        f"{quantities.plural(sum(point.n for point in points), 'call')} in {quantities.plural(len(points), 'bucket')}"
    )
    if busiest and busiest.n:
        told += f"; most in {busiest.name}: {quantities.count(busiest.n)}"
    return _plot("calls", "Calls over time by status", told, scale, ticks, parts)


def _heights(point: Point, scale: Scale) -> list[tuple[str, float]]:
    shown = [(status, n) for status in _STACK if (n := getattr(point, status))]
    heights = [max(2.0, scale.at(n) * _PLOT) for _, n in shown]
    # What small parts were given beyond their share comes off the largest, so that the whole bar keeps its height.
    largest = heights.index(max(heights))
    heights[largest] = max(2.0, heights[largest] - (sum(heights) - max(2.0 * len(shown), scale.at(point.n) * _PLOT)))
    return [(status, height) for (status, _), height in zip(shown, heights, strict=True)]


def latency_chart(points: Sequence[Point], ticks: Sequence[Tick]) -> Svg:
    """Median and 95th percentile of the duration per bucket. Buckets without calls are gaps; a lone one is a dot."""
    values = [ms for point in points for ms in (point.p50_ms, point.p95_ms) if ms is not None]
    scale = duration_scale(min(values, default=0.0), max(values, default=1.0))
    slot = 100 / max(1, len(points))
    band, lines, dots, targets = [], [], [], []

    def place(index: int, ms: float) -> tuple[float, float]:
        return slot * (index + 0.5), _BOTTOM - scale.at(ms) * _PLOT

    for run in _runs(points):
        low = [place(index, points[index].p50_ms or 0.0) for index in run]
        high = [place(index, points[index].p95_ms or 0.0) for index in run]
        if len(run) == 1:
            (x, y_low), (_, y_high) = low[0], high[0]
            dots.append(f'<line class="c-between" x1="{x:.2f}%" x2="{x:.2f}%" y1="{y_high:.1f}" y2="{y_low:.1f}"/>')
            dots.append(f'<circle class="c-p95" cx="{x:.2f}%" cy="{y_high:.1f}" r="3.5"/>')
            dots.append(f'<circle class="c-p50" cx="{x:.2f}%" cy="{y_low:.1f}" r="3.5"/>')
            continue
        band.append(f'<path class="c-band" d="{_path(high)}L{_path(list(reversed(low)))[1:]}Z"/>')
        lines.append(f'<path class="l-p95" d="{_path(high)}"/><path class="l-p50" d="{_path(low)}"/>')
    for index, point in enumerate(points):
        if point.p50_ms is not None and point.p95_ms is not None:
            said = f"p50 {quantities.duration(point.p50_ms)}, p95 {quantities.duration(point.p95_ms)}"
            targets.append(_target(slot * index, slot, f"{point.name}: {said}"))
    curves = "".join((*band, *lines))
    # Only the curves are stretched along x; strokes keep their width.
    box = f'width="100%" height="{HEIGHT}" viewBox="0 0 100 {HEIGHT}" preserveAspectRatio="none"'
    stretched = f'<svg x="0" y="0" {box}>{curves}</svg>'
    told = "No calls"
    if values:
        told = f"Between {quantities.duration(min(values))} and {quantities.duration(max(values))}"
    title = "Duration of calls over time: median and 95th percentile" + (" (logarithmic scale)" if scale.log else "")
    return _plot("latency", title, told, scale, ticks, [stretched if curves else "", *dots, *targets])


def _runs(points: Sequence[Point]) -> list[list[int]]:
    """Indices of neighbouring buckets that hold calls."""
    runs: list[list[int]] = []
    for index, point in enumerate(points):
        if point.p50_ms is None:
            continue
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _path(places: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.1f}" for x, y in places)


def agents_chart(bars: Sequence[Bar]) -> Svg:
    """Calls per agent as horizontal bars, the failed part last; the name stands above its bar."""
    highest = max((bar.succeeded + bar.failed + bar.other for bar in bars), default=0) or 1
    parts = []
    for index, bar in enumerate(bars):
        top, left, n = index * _ROW, 0.0, bar.succeeded + bar.failed + bar.other
        said = f"{quantities.count(n)}" + (f", {quantities.count(bar.failed)} failed" if bar.failed else "")
        name = fit(bar.name, _NAME_COLUMNS)
        parts.append(f'<g><text class="t-name" x="0" y="{top + 13}">{escape(name)}</text>')
        parts.append(f'<text class="t-value" x="100%" y="{top + 13}" text-anchor="end">{escape(said)}</text>')
        parts.append(f'<rect class="c-track" x="0" y="{top + 19}" width="100%" height="6" rx="3"/>')
        for status, amount in (("succeeded", bar.succeeded), ("blocked", bar.other), ("failed", bar.failed)):
            if amount:
                width = max(0.6, amount / highest * 100)
                left = min(left, 100 - width)
                parts.append(_bar(status, left, top + 19, width, 6, 'rx="1.5"'))
                left += width
        parts.append("</g>")
    told = "; ".join(f"{fit(bar.name, 60)} {quantities.count(bar.succeeded + bar.failed + bar.other)}" for bar in bars)
    return _svg("agents", "Calls by agent", told or "No calls", max(1, len(bars)) * _ROW, parts)


def scores_chart(counts: Sequence[int]) -> Svg:
    """How many calls scored 1 to under 2, 2 to under 3, up to 9 to 10."""
    scale = count_scale(max(counts, default=0))
    slot = 100 / max(1, len(counts))
    parts = []
    for index, n in enumerate(counts):
        if n:
            height = max(2.0, scale.at(n) * _PLOT)
            x, width = slot * index + slot * 0.08, slot * 0.84
            said = f"{_score_bin(index, len(counts))}: {quantities.plural(n, 'call')}"
            parts.append(_bar("score", x, _BOTTOM - height, width, height))
            parts.append(_target(slot * index, slot, said))
    ticks = [Tick(index / len(counts), str(index + 1)) for index in range(len(counts) + 1)]
    judged = quantities.plural(sum(counts), "judged call")
    told = "; ".join(f"{_score_bin(index, len(counts))}: {n}" for index, n in enumerate(counts) if n) or "none"
    return _plot("scores", "Scores of judged calls, 1 to 10", f"{judged}. {told}", scale, ticks, parts)


def _score_bin(index: int, bins: int) -> str:
    return f"{index + 1} to {index + 2}" if index == bins - 1 else f"{index + 1} to under {index + 2}"


def spark(values: Sequence[float]) -> Svg:
    """A line without axes, decoration beside a number that says it all; empty below two values."""
    if len(values) < 2 or not any(values):
        return Svg("")
    highest = max(values)
    places = [(index / (len(values) - 1) * 100, 23 - value / highest * 21) for index, value in enumerate(values)]
    line = _path(places)
    return Svg(
        '<svg class="spark" width="100%" height="24" viewBox="0 0 100 24" preserveAspectRatio="none"'
        f' aria-hidden="true"><path class="c-band" d="{line}L100 24L0 24Z"/><path class="l-p50" d="{line}"/></svg>'
    )


def meter(share: float, tone: str) -> Svg:
    """A share of 1 as a short bar, decoration beside its number."""
    return Svg(
        '<svg class="meter" width="56" height="4" aria-hidden="true">'
        '<rect class="c-track" width="56" height="4" rx="2"/>'
        f'<rect class="m-{escape(tone)}" width="{max(0.0, min(1.0, share)) * 56:.1f}" height="4" rx="2"/></svg>'
    )


def _bar(kind: str, left: float, top: float, width: float, height: float, more: str = "") -> str:
    place = f'x="{left:.2f}%" y="{top:.1f}" width="{width:.2f}%" height="{height:.1f}"'
    return f'<rect class="c-{kind}" {place} {more}/>'


def _target(left: float, width: float, said: str) -> str:
    """An invisible area that shows its words under the pointer."""
    return (
        f'<rect class="hit" x="{left:.2f}%" y="{_TOP}" width="{width:.2f}%" height="{_PLOT}">'
        f"<title>{escape(said)}</title></rect>"
    )


def _plot(name: str, title: str, told: str, scale: Scale, ticks: Sequence[Tick], parts: Iterable[str]) -> Svg:
    grid = []
    labels = []
    for tick in scale.ticks:
        y = _BOTTOM - tick.at * _PLOT
        grid.append(f'<line class="{"axis" if tick.at == 0 else "grid"}" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
        labels.append(f'<text x="44" y="{y + 3.5:.1f}" text-anchor="end">{escape(tick.text)}</text>')
    # Every second label goes where the plot is too narrow for all of them; long ones go earlier.
    crowded = "thin-long" if any(len(tick.text) > _SHORT_LABEL for tick in ticks) else "thin"
    for index, tick in enumerate(ticks):
        thin = f' class="{crowded}"' if index % 2 else ""
        place = f'x="{tick.at * 100:.2f}%" y="{HEIGHT - 6}" text-anchor="middle"'
        grid.append(f"<text{thin} {place}>{escape(tick.text)}</text>")
    plot = _svg(name, title, told, HEIGHT, [*grid, *parts])
    gutter = f'<svg class="gutter" width="48" height="{HEIGHT}" aria-hidden="true">{"".join(labels)}</svg>'
    return Svg(f'<div class="plot">{gutter}{plot}</div>')


def _svg(name: str, title: str, told: str, height: int, parts: Iterable[str]) -> Svg:
    return Svg(
        f'<svg class="chart" width="100%" height="{height}" role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(told)}</desc>'
        f"{''.join(parts)}</svg>"
    )
