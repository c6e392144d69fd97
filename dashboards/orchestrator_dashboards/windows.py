"""Which stretch of time a page covers, which rollups add up to it, and how finely its charts are cut. Pure."""

from __future__ import annotations

import math
from datetime import tzinfo
from typing import Literal

from msgspec import Struct

from orchestrator_core.errors import UsageError
from orchestrator_dashboards.quantities import local

HOUR = 3_600
DAY = 86_400

Source = Literal["raw", "hour", "day"]

# Up to this length a window starts and ends exactly: the history (30 days by default) then still holds both edges of
# the window before it. A longer one starts on a whole hour.
_EXACT_UP_TO = 14 * DAY
# (longest range, bucket width): between 20 and 60 buckets each.
_STEPS: tuple[tuple[float, int], ...] = (
    (120, 5), (600, 15), (1_800, 60), (HOUR, 120), (2 * HOUR, 300), (6 * HOUR, 600),
    (48 * HOUR, HOUR), (4 * DAY, 2 * HOUR), (7 * DAY, 3 * HOUR), (14 * DAY, 6 * HOUR),
    (60 * DAY, DAY), (400 * DAY, 7 * DAY), (math.inf, 30 * DAY),
)  # fmt: skip
_SHORTEST_RANGE_S = 120.0


class Window(Struct, frozen=True):
    """From ``start`` to just before ``end``, in epoch seconds."""

    start: float
    end: float

    @property
    def length_s(self) -> float:
        return self.end - self.start


class Segment(Struct, frozen=True):
    """A part of a window and where its numbers come from."""

    source: Source
    start: float
    end: float


class Cut(Struct, frozen=True):
    """How a chart's time axis is cut into buckets of ``step_s``; ``start`` is the first bucket's."""

    coarsest: Source
    start: float
    end: float
    step_s: int

    @property
    def buckets(self) -> int:
        return max(1, math.ceil((self.end - self.start) / self.step_s))


def window_of(hours: float, now: float) -> Window:
    """The last ``hours`` up to and including ``now``.

    Raises:
        UsageError: ``hours`` is not positive, or one of the numbers is not finite.
    """
    if not (math.isfinite(hours) and hours > 0):
        raise UsageError(f"hours must be a positive number, not {hours!r}. Example: hours=24")
    if not (math.isfinite(now) and now >= 0):
        raise UsageError(f"now must be in seconds since 1970, not {now!r}. Example: now=time.time()")
    start = max(0.0, now - hours * HOUR)
    if now - start > _EXACT_UP_TO:
        start = start // HOUR * HOUR
    return Window(start, math.nextafter(now, math.inf))


def window_before(window: Window) -> Window | None:
    """The window of the same length that ends where this one starts; None where the epoch begins."""
    start = window.start - window.length_s
    if window.length_s > _EXACT_UP_TO:
        start = start // HOUR * HOUR
    return Window(start, window.start) if start >= 0 else None


def cover(window: Window, coarsest: Source = "day") -> tuple[Segment, ...]:
    """Segments that tile a window: whole days and hours from rollups, the cut-off edges from the calls themselves.

    ``coarsest`` is the largest rollup that may be used; with ``raw`` none is.
    """
    first_hour = math.ceil(window.start / HOUR) * HOUR
    last_hour = math.floor(window.end / HOUR) * HOUR
    if coarsest == "raw" or first_hour >= last_hour:
        return (Segment("raw", window.start, window.end),)
    first_day = math.ceil(first_hour / DAY) * DAY
    last_day = math.floor(last_hour / DAY) * DAY
    if coarsest == "hour" or first_day >= last_day:
        inner = [Segment("hour", first_hour, last_hour)]
    else:
        inner = [
            Segment("hour", first_hour, first_day),
            Segment("day", first_day, last_day),
            Segment("hour", last_day, last_hour),
        ]
    parts = [Segment("raw", window.start, first_hour), *inner, Segment("raw", last_hour, window.end)]
    return tuple(part for part in parts if part.start < part.end)


def cut(window: Window, first_call: float, calls: int, zone: tzinfo | None, *, raw_calls_max: int) -> Cut:
    """How to cut the charts' axis.

    It starts at the first call of the window rather than at the window's edge, so that the first minutes of use fill
    the chart. Below an hour per bucket the calls themselves are read, unless there are more than ``raw_calls_max``.
    """
    start = max(window.start, min(first_call, window.end - _SHORTEST_RANGE_S))
    length = window.end - start
    step = next(step for longest, step in _STEPS if length <= longest)
    if step < HOUR and calls > raw_calls_max:
        step = HOUR
    source: Source = "raw" if step < HOUR else "hour" if step < DAY else "day"
    # Rollups lie on UTC hours and days; buckets made of whole hours can still start with the local day.
    utc_offset = local(window.end, zone).utcoffset()
    offset = round((utc_offset.total_seconds() if utc_offset else 0) / HOUR) * HOUR if source == "hour" else 0
    aligned = math.floor((start + offset) / step) * step - offset
    return Cut(source, float(aligned), window.end, step)
