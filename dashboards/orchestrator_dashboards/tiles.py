"""The page's key figures: value, word for how good it is, and the change against the window before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from orchestrator_dashboards import quantities
from orchestrator_dashboards.charts import Svg, spark
from orchestrator_dashboards.tallies import Tally

Tone = Literal["good", "watch", "bad", "idle"]

GOOD_FROM = 0.95
WATCH_FROM = 0.80
# Below this change a figure counts as unchanged: an arrow for noise teaches people to ignore arrows.
_STEADY_SHARE = 0.01
_STEADY_POINTS = 0.005
_STEADY_SCORE = 0.05


class Trend(Struct, frozen=True):
    """A change against the window before, in words."""

    arrow: str
    text: str
    tone: Tone


class Tile(Struct, frozen=True):
    """One key figure."""

    name: str
    value: str
    unit: str = ""
    second: str = ""
    """A second figure beside the first, as p95 beside p50."""
    second_name: str = ""
    word: str = ""
    tone: Tone = "idle"
    note: str = ""
    link: str = ""
    trend: Trend | None = None
    spark: Svg = Svg("")


def success_tone(rate: float | None) -> tuple[Tone, str]:
    """How good a success rate is, as a colour's name and as a word."""
    if rate is None:
        return "idle", "no data"
    if rate >= GOOD_FROM:
        return "good", "good"
    return ("watch", "watch") if rate >= WATCH_FROM else ("bad", "bad")


def tiles(
    now: Tally, before: Tally | None, series: Sequence[Tally], agents: int
) -> tuple[tuple[Tile, ...], tuple[Tile, ...]]:
    """The four figures that matter most, and four more."""
    earlier = before if before and before.n else None
    return (
        (_success(now, earlier), _calls(now, earlier, series, agents), _latency(now, earlier), _score(now, earlier)),
        (_tokens(now, earlier), _cost(now, earlier), _healed(now), _blocked(now)),
    )


def _success(now: Tally, before: Tally | None) -> Tile:
    rate = now.success_rate
    tone, word = success_tone(rate)
    return Tile(
        "Success rate",
        "–" if rate is None else quantities.percent(rate).removesuffix("%"),
        unit="" if rate is None else "%",
        word=word,
        tone=tone,
        note=f"{quantities.count(now.succeeded)} of {quantities.count(now.finished)} finished",
        trend=_points(rate, before.success_rate if before else None),
    )


def _calls(now: Tally, before: Tally | None, series: Sequence[Tally], agents: int) -> Tile:
    return Tile(
        "Calls",
        quantities.count(now.n),
        note=f"by {quantities.plural(agents, 'agent')}",
        trend=_share(now.n, before.n if before else None),
        spark=spark([tally.n for tally in series]),
    )


def _latency(now: Tally, before: Tally | None) -> Tile:
    p50, p95 = now.percentile_ms(50), now.percentile_ms(95)
    return Tile(
        "Latency p50",
        *_split("–" if p50 is None else quantities.duration(p50)),
        second="–" if p95 is None else quantities.duration(p95),
        second_name="p95",
        note="half were faster",
        trend=_share(p95, before.percentile_ms(95) if before else None, better="down", what="p95 "),
    )


def _score(now: Tally, before: Tally | None) -> Tile:
    mean, earlier = now.score, before.score if before else None
    trend = None
    if mean is not None and earlier is not None:
        trend = _trend(mean - earlier, f"{abs(mean - earlier):.1f}", abs(mean - earlier) < _STEADY_SCORE, "up")
    return Tile(
        "Average score",
        "–" if mean is None else quantities.score(mean),
        unit="" if mean is None else "of 10",
        note=f"{quantities.plural(now.score_n, 'call')} judged" if now.score_n else "no call was judged",
        trend=trend,
    )


def _tokens(now: Tally, before: Tally | None) -> Tile:
    used = now.tokens_in + now.tokens_out
    return Tile(
        "Tokens in",
        quantities.count(now.tokens_in),
        second=quantities.count(now.tokens_out),
        second_name="out",
        note="" if used else "no model use was reported",
        trend=_share(used, before.tokens_in + before.tokens_out if before else None) if used else None,
    )


def _cost(now: Tally, before: Tally | None) -> Tile:
    return Tile(
        "Cost",
        quantities.money(now.cost_microusd),
        note="as agents reported it" if now.cost_microusd else "local models cost nothing",
        trend=_share(now.cost_microusd, before.cost_microusd if before else None) if now.cost_microusd else None,
    )


def _healed(now: Tally) -> Tile:
    return Tile(
        "Healed",
        quantities.count(now.healed),
        note="failed first, then succeeded",
        link="#problems" if now.healed else "",
    )


def _blocked(now: Tally) -> Tile:
    return Tile(
        "Blocked", quantities.count(now.blocked), note="stopped by security", link="#security" if now.blocked else ""
    )


def _split(text: str) -> tuple[str, str]:
    """A duration's number and unit; one of two units stays whole."""
    number, _, unit = text.partition("\u00a0")
    return (text, "") if "\u00a0" in unit or " " in unit else (number, unit)


def _share(now: float | None, before: float | None, *, better: str = "", what: str = "") -> Trend | None:
    if now is None or not before:
        return None
    change = now / before - 1
    if change > 9.99:
        text = f"{now / before:,.0f} times"
    else:
        text = f"{abs(change):.0%}" if abs(change) >= 0.1 else f"{abs(change):.1%}"
    return _trend(change, what + text, abs(change) < _STEADY_SHARE, better)


def _points(now: float | None, before: float | None) -> Trend | None:
    if now is None or before is None:
        return None
    change = now - before
    return _trend(change, f"{abs(change) * 100:.1f} points", abs(change) < _STEADY_POINTS, "up")


def _trend(change: float, text: str, steady: bool, better: str) -> Trend:
    if steady:
        return Trend("→", "unchanged", "idle")
    up = change > 0
    tone: Tone = "idle" if not better else "good" if up == (better == "up") else "bad"
    return Trend("↑" if up else "↓", text, tone)
