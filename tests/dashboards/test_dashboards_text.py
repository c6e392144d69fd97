from __future__ import annotations

import json
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dashboards import quantities
from orchestrator_dashboards.listing import inert
from orchestrator_dashboards.safe_text import clip, fit, one_line, visible

anything = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("a\x1b[31mred", "a␛[31mred"),
        ("user\u202etxt.exe", "user‹U+202E›txt.exe"),
        ("zero\u200bwidth", "zero‹U+200B›width"),
        ("tag\U000e0041", "tag‹U+E0041›"),
        ("half \ud800", "half ‹U+D800›"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("windows\r\nline", "windows\nline"),
        ("عربي 中文 é", "عربي 中文 é"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
    ],
)
def test_odd_characters_show_and_ordinary_ones_stay(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(anything)
def test_what_is_shown_can_be_written_and_is_stable(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert visible(shown) == shown


@given(anything, st.integers(2, 60))
def test_one_line_is_one_and_short(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line


def test_a_megabyte_is_cut_with_a_note() -> None:
    text, note = clip("x" * 1_048_576, 6_000)
    assert len(text) == 6_000
    assert note == "first 6,000 of 1,048,576 characters"
    assert clip("short", 6_000) == ("short", "")
    assert clip("cut before", 6_000, whole=50_000)[1] == "first 10 of 50,000 characters"


def test_wide_characters_count_twice() -> None:
    assert fit("abcdef", 6) == "abcdef"
    assert fit("代理代理", 6) == "代理…"


@given(anything)
def test_inert_json_means_the_same_and_holds_no_markup(text: str) -> None:
    data = inert(json.dumps([text]).encode())
    assert json.loads(data) == [text]
    assert not set(b"<>&") & set(data)


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0.0, "0.00 ms"), (0.42, "0.42 ms"), (0.999, "1.0 ms"), (9.96, "10 ms"), (420.4, "420 ms"), (999.6, "1.00 s"),
        (9_996, "10.0 s"), (59_960, "1 min 00 s"), (125_000, "2 min 05 s"), (3_599_700, "1 h 00 min"), (3_900_000, "1 h 05 min"),
        (400 * 3_600_000, "400 h 00 min"),
    ],
)  # fmt: skip
def test_durations_change_unit_without_a_gap(ms: float, said: str) -> None:
    assert quantities.duration(ms).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("share", "said"), [(1, "100%"), (0, "0%"), (0.99999, "99.9%"), (0.00001, "0.1%"), (0.9637, "96.4%")]
)
def test_rounding_never_hides_a_failure(share: float, said: str) -> None:
    assert quantities.percent(share) == said


@pytest.mark.parametrize(
    ("microusd", "said"), [(0, "$0.00"), (73, "$0.000073"), (7_300, "$0.0073"), (1_234_567_890, "$1,234.57")]
)
def test_money_keeps_its_digits(microusd: int, said: str) -> None:
    assert quantities.money(microusd) == said


@pytest.mark.parametrize(
    ("hours", "said"),
    [(24, "24 hours"), (1, "1 hour"), (168, "7 days"), (0.5, "30 minutes"), (1.5, "1.5 hours"), (0.001, "1 minute")],
)
def test_windows_have_names(hours: float, said: str) -> None:
    assert quantities.span(hours).replace("\u00a0", " ") == said


def test_moments_are_local_and_their_titles_are_not() -> None:
    zone = timezone(timedelta(hours=-5), "EST")
    assert quantities.moment(1_768_401_420, zone).replace("\u00a0", " ") == "Wed 14 Jan 2026, 09:37"
    assert quantities.utc(1_768_401_420) == "2026-01-14 14:37:00 UTC"
    assert quantities.zone_name(1_768_401_420, zone) == "EST (UTC-05:00)"
    assert quantities.zone_name(1_768_401_420, UTC) == "UTC"


@pytest.mark.parametrize("odd", [-1e18, 1e18, float("nan"), float("inf")])
def test_moments_outside_the_calendar_still_show(odd: float) -> None:
    assert quantities.moment(odd, timezone(timedelta(hours=14)))
