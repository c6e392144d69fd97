"""Axes: round ticks for counts and durations, and labels along time. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, tzinfo

from msgspec import Struct

from orchestrator_dashboards import quantities
from orchestrator_dashboards.windows import DAY, Cut

_UNITS_MS: tuple[tuple[float, str], ...] = ((3_600_000.0, "h"), (60_000.0, "min"), (1_000.0, "s"), (1.0, "ms"))
_LOG_FROM = 60.0
_SHORTEST_MS = 1e-3


class Tick(Struct, frozen=True):
    """A label on an axis; ``at`` runs from 0 (start, bottom) to 1."""

    at: float
    text: str


class Scale(Struct, frozen=True):
    """Where a value stands on an axis."""

    ticks: tuple[Tick, ...]
    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float:
        """0 at the bottom to 1 at the top; values beyond the ends are at the ends."""
        if self.log:
            value = max(value, self.low)
            place = (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        else:
            place = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, place))


def _round_step(rough: float) -> float:
    """The smallest of 1, 2, 5 x 10^k that is not below."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def count_scale(highest: float, ticks: int = 4) -> Scale:
    """From 0 to a round number that is not below ``highest``, in whole steps."""
    step = max(1.0, _round_step(max(highest, 1.0) / ticks))
    steps = max(1, math.ceil(max(highest, 1.0) / step - 1e-9))
    top = step * steps
    return Scale(tuple(Tick(n / steps, quantities.count(n * step)) for n in range(steps + 1)), 0.0, top)


def duration_scale(lowest_ms: float, highest_ms: float, ticks: int = 4) -> Scale:
    """Round durations in one unit from 0; by powers of ten where the highest is over 60 times the lowest."""
    highest, lowest = max(highest_ms, _SHORTEST_MS), max(lowest_ms, _SHORTEST_MS)
    if lowest_ms > 0 and highest / lowest > _LOG_FROM:
        first, last = math.floor(math.log10(lowest)), math.ceil(math.log10(highest) - 1e-9)
        stride = max(1, math.ceil((last - first) / 5))
        last = first + math.ceil((last - first) / stride) * stride
        powers = range(first, last + 1, stride)
        marks = tuple(Tick((power - first) / (last - first), _short(10.0**power)) for power in powers)
        return Scale(marks, 10.0**first, 10.0**last, log=True)
    unit, _ = next(((size, name) for size, name in _UNITS_MS if highest >= size), _UNITS_MS[-1])
    step = _round_step(highest / unit / ticks) * unit
    steps = math.ceil(highest / step - 1e-9)
    return Scale(tuple(Tick(n / steps, _short(n * step)) for n in range(steps + 1)), 0.0, step * steps)


def _short(ms: float) -> str:
    if ms == 0:
        return "0"
    # The largest unit that needs no long fraction: 90 s is 1.5 min, but 100 s stay seconds.
    for size, name in _UNITS_MS:
        halves = ms / size * 2
        if halves > 1.99 and abs(halves - round(halves)) < 1e-6:
            return f"{ms / size:,.4g}\u00a0{name}" if ms < 1e3 * size else f"{ms / size:,.0f}\u00a0{name}"
    return f"{ms:.4g}\u00a0ms"


def time_ticks(axis: Cut, zone: tzinfo | None, most: int = 8) -> tuple[Tick, ...]:
    """At most ``most`` labels at the start of evenly spaced buckets, fine enough to tell them apart."""
    length = axis.buckets * axis.step_s
    stride = next(n for n in _strides(axis) if math.ceil(axis.buckets / n) <= most)
    return tuple(
        Tick(index / axis.buckets, bucket_start(axis, index, zone, length))
        for index in range(_first_index(axis, stride, zone), axis.buckets, stride)
    )


def _strides(axis: Cut) -> Sequence[int]:
    """Bucket counts that make round distances in seconds, minutes, hours or days."""
    round_s = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200]
    round_s += [days * DAY for days in (1, 2, 3, 4, 5, 7, 10, 14, 28, 56, 84)]
    fitting = [seconds // axis.step_s for seconds in round_s if seconds >= axis.step_s and seconds % axis.step_s == 0]
    return [*fitting, max(1, axis.buckets)]


def _first_index(axis: Cut, stride: int, zone: tzinfo | None) -> int:
    """The first bucket whose local time is a multiple of the stride: labels read 12:00, 16:00, not 13:00, 17:00."""
    distance = stride * axis.step_s
    if distance > DAY:
        return 0
    for index in range(min(stride, axis.buckets)):
        at = quantities.local(axis.start + index * axis.step_s, UTC if axis.coarsest == "day" else zone)
        if (at.hour * 3_600 + at.minute * 60 + at.second) % distance == 0:
            return index
    return 0


def bucket_start(axis: Cut, index: int, zone: tzinfo | None, length_s: float) -> str:
    """A bucket's start in the words that fit the axis' length."""
    at = axis.start + index * axis.step_s
    if axis.step_s >= DAY:
        return quantities.day(at, UTC)
    if length_s > 26 * 3_600:
        return quantities.weekday_clock(at, zone)
    return quantities.clock(at, zone, seconds=axis.step_s < 60)


def bucket_name(axis: Cut, index: int, zone: tzinfo | None) -> str:
    """A bucket's stretch of time, for its tooltip: ``Tue 14:00 to 15:00``."""
    at = axis.start + index * axis.step_s
    if axis.step_s >= DAY:
        last = at + axis.step_s - DAY
        days = quantities.day(at, UTC)
        return f"{days} (UTC)" if last <= at else f"{days} to {quantities.day(last, UTC)} (UTC)"
    seconds = axis.step_s < 60
    end = quantities.clock(at + axis.step_s, zone, seconds=seconds)
    if seconds:
        return f"{quantities.clock(at, zone, seconds=True)} to {end}"
    return f"{quantities.weekday_clock(at, zone)} to {end}"
