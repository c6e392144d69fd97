from __future__ import annotations

import math
from datetime import UTC, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_core.errors import UsageError
from orchestrator_dashboards.scales import bucket_name, time_ticks
from orchestrator_dashboards.windows import DAY, HOUR, Window, cover, cut, window_before, window_of

NOW = 1_768_401_420.0
LENGTH = {"raw": 0, "hour": HOUR, "day": DAY}
hours = st.floats(0.01, 24 * 800)
moments = st.floats(1e9, 4e9)


@pytest.mark.parametrize("wrong", [0, -1, math.nan, math.inf])
def test_hours_must_be_a_positive_number(wrong: float) -> None:
    with pytest.raises(UsageError, match="hours must be a positive number"):
        window_of(wrong, NOW)


@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf])
def test_now_must_be_a_moment(wrong: float) -> None:
    with pytest.raises(UsageError, match="now must be in seconds"):
        window_of(24, wrong)


def test_a_window_longer_than_time_itself_starts_with_it() -> None:
    window = window_of(1e9, NOW)
    assert window.start == 0
    assert window_before(window) is None


@given(hours, moments)
def test_a_window_holds_the_hours_asked_for_and_this_very_moment(length: float, now: float) -> None:
    window = window_of(length, now)
    assert window.start <= now < window.end
    assert length * HOUR - 1 <= window.length_s <= length * HOUR + HOUR + 1


@given(hours, moments)
def test_segments_tile_the_window_and_rollups_are_whole(length: float, now: float) -> None:
    window = window_of(length, now)
    before = window_before(window)
    assert before and before.end == window.start
    assert before.length_s == pytest.approx(window.length_s, abs=0.01 if window.length_s <= 14 * DAY else HOUR)
    for one in (window, before):
        parts = cover(one)
        assert parts[0].start == one.start and parts[-1].end == one.end
        assert all(left.end == right.start for left, right in pairwise(parts))
        for part in parts:
            if part.source != "raw":
                assert part.start % LENGTH[part.source] == 0 == part.end % LENGTH[part.source]
            else:
                assert part.end - part.start <= 2 * HOUR


@given(hours, moments, st.integers(0, 10**6), st.floats(0, 1))
def test_a_chart_has_a_readable_number_of_buckets(length: float, now: float, calls: int, place: float) -> None:
    window = window_of(length, now)
    first = window.start + place * (now - window.start)
    axis = cut(window, first, calls, UTC, raw_calls_max=20_000)
    assert 1 <= axis.buckets <= 62
    assert axis.start <= first
    assert axis.start + axis.buckets * axis.step_s >= now
    if calls > 20_000:
        assert axis.coarsest != "raw"


@given(hours, moments, st.integers(-12, 14))
def test_time_labels_are_few_different_and_in_order(length: float, now: float, offset: int) -> None:
    zone = timezone(timedelta(hours=offset))
    window = window_of(length, now)
    axis = cut(window, window.start, 1, zone, raw_calls_max=10)
    ticks = time_ticks(axis, zone)
    assert 1 <= len(ticks) <= 8
    assert [tick.at for tick in ticks] == sorted({tick.at for tick in ticks})
    assert len({tick.text for tick in ticks}) == len(ticks) or window.length_s > 6 * DAY


def test_labels_fall_on_round_local_hours() -> None:
    zone = timezone(timedelta(hours=1))
    axis = cut(window_of(24, NOW), 0, 100, zone, raw_calls_max=10)
    assert [tick.text for tick in time_ticks(axis, zone)] == ["16:00", "20:00", "00:00", "04:00", "08:00", "12:00"]
    assert bucket_name(axis, 0, zone) == "Tue\u00a015:00 to 16:00"


def test_long_charts_count_in_days_of_utc() -> None:
    zone = timezone(timedelta(hours=9))
    axis = cut(window_of(24 * 30, NOW), 0, 100, zone, raw_calls_max=10)
    assert axis.coarsest == "day"
    assert bucket_name(axis, 0, zone) == "15\u00a0Dec (UTC)"


def test_the_first_minutes_of_use_fill_the_chart() -> None:
    axis = cut(window_of(24, NOW), NOW - 40, 12, UTC, raw_calls_max=100)
    assert axis.step_s == 5
    assert axis.end - axis.start < 130


def test_cover_may_be_kept_from_days_and_from_rollups() -> None:
    window = Window(NOW - 5 * DAY, NOW)
    assert {part.source for part in cover(window)} == {"raw", "hour", "day"}
    assert {part.source for part in cover(window, "hour")} == {"raw", "hour"}
    assert [part.source for part in cover(window, "raw")] == ["raw"]
