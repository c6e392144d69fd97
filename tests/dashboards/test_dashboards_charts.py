from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dashboards.charts import (
    HEIGHT,
    Bar,
    Point,
    agents_chart,
    calls_chart,
    latency_chart,
    meter,
    scores_chart,
    spark,
)
from orchestrator_dashboards.scales import Tick, count_scale, duration_scale

HOSTILE = "</svg><script>alert(1)</script><!-- \"'&"
TICKS = (Tick(0.0, "10:00"), Tick(0.5, "11:00"))


def parsed(markup: str) -> ET.Element:
    return ET.fromstring(f"<div>{markup}</div>")


def plot(markup: str) -> ET.Element:
    found = [svg for svg in parsed(markup).iter("svg") if svg.get("role") == "img"]
    assert len(found) == 1
    return found[0]


def of_class(svg: ET.Element, name: str) -> list[ET.Element]:
    return [node for node in svg.iter() if name in node.get("class", "").split()]


def per_cent(node: ET.Element, name: str) -> float:
    return float(node.get(name, "").removesuffix("%"))


CHARTS: dict[str, Any] = {
    "calls": lambda: calls_chart([Point("ten", succeeded=3, failed=1)], TICKS),
    "latency": lambda: latency_chart(
        [Point("ten", 1, p50_ms=5, p95_ms=9), Point("eleven", 1, p50_ms=4, p95_ms=7)], TICKS
    ),
    "agents": lambda: agents_chart([Bar("one", 3, 1)]),
    "scores": lambda: scores_chart([0, 0, 1, 4, 9, 2, 0, 0, 0]),
    "no calls": lambda: calls_chart([], ()),
    "no latency": lambda: latency_chart([], ()),
    "no agents": lambda: agents_chart([]),
    "no scores": lambda: scores_chart([0] * 9),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_named_and_carries_no_style_attribute(name: str) -> None:
    markup = CHARTS[name]()
    svg = plot(markup)
    ids = {node.get("id"): "".join(node.itertext()) for node in svg if node.get("id")}
    assert [ids[part] for part in svg.get("aria-labelledby", "").split()] == list(ids.values())
    assert all(ids.values()) and len(ids) == 2
    assert "style=" not in markup and "NaN" not in markup and "inf" not in markup


@pytest.mark.parametrize(
    "markup",
    [
        calls_chart([Point(HOSTILE, succeeded=1)], [Tick(0.0, HOSTILE)]),
        latency_chart([Point(HOSTILE, 1, p50_ms=1, p95_ms=2)], [Tick(0.0, HOSTILE)]),
        agents_chart([Bar(HOSTILE, 1, 0)]),
        meter(0.5, HOSTILE),
    ],
)
def test_hostile_names_stay_text(markup: str) -> None:
    assert "<script" not in markup and "<!--" not in markup
    parsed(markup)


def test_bars_are_as_high_as_their_counts() -> None:
    svg = plot(calls_chart([Point("a", succeeded=100), Point("b", succeeded=50)], TICKS))
    full, half = (float(bar.get("height", "")) for bar in of_class(svg, "c-succeeded"))
    assert full == pytest.approx(2 * half, abs=0.2)


def test_one_failure_among_thousands_is_visible_and_the_bar_keeps_its_height() -> None:
    svg = plot(calls_chart([Point("a", succeeded=9_999, failed=1)], TICKS))
    failed, succeeded = of_class(svg, "c-failed")[0], of_class(svg, "c-succeeded")[0]
    assert float(failed.get("height", "")) >= 2
    whole = plot(calls_chart([Point("a", succeeded=10_000)], TICKS))
    together = float(failed.get("height", "")) + float(succeeded.get("height", ""))
    assert together == pytest.approx(float(of_class(whole, "c-succeeded")[0].get("height", "")), abs=0.2)
    assert float(failed.get("y", "")) < float(succeeded.get("y", ""))


@given(
    st.lists(
        st.builds(
            Point,
            name=st.just("x"),
            succeeded=st.integers(0, 10**7),
            failed=st.integers(0, 10**7),
            blocked=st.integers(0, 9),
            cancelled=st.integers(0, 9),
        ),
        max_size=60,
    )
)
def test_every_bar_stands_inside_the_plot(points: list[Point]) -> None:
    svg = plot(calls_chart(points, ()))
    for bar in (node for node in svg.iter("rect") if node.get("class", "").startswith("c-")):
        top, height = float(bar.get("y", "")), float(bar.get("height", ""))
        assert height > 0 and top > 0 and top + height <= HEIGHT
        assert 0 <= per_cent(bar, "x") <= per_cent(bar, "x") + per_cent(bar, "width") <= 100.01


def test_a_single_bucket_is_a_bar_and_not_a_wall() -> None:
    svg = plot(calls_chart([Point("a", succeeded=1)], TICKS))
    assert per_cent(of_class(svg, "c-succeeded")[0], "width") <= 5


def test_a_lone_latency_is_a_dot_and_neighbours_are_a_line() -> None:
    there, gone = Point("a", 1, p50_ms=5, p95_ms=9), Point("b")
    lone = plot(latency_chart([gone, there, gone], TICKS))
    assert len(of_class(lone, "c-p50")) == 1 and not of_class(lone, "l-p50")
    two = plot(latency_chart([there, there, gone, there, there, there], TICKS))
    assert len(of_class(two, "l-p50")) == 2, "a gap in the calls is a gap in the line"
    assert not of_class(two, "c-p50")


def test_p95_is_never_drawn_below_p50() -> None:
    svg = plot(latency_chart([Point("a", 1, p50_ms=10, p95_ms=4_000)], TICKS))
    assert float(of_class(svg, "c-p95")[0].get("cy", "")) < float(of_class(svg, "c-p50")[0].get("cy", ""))


def test_latencies_far_apart_get_a_logarithmic_scale_that_says_so() -> None:
    apart = latency_chart([Point("a", 1, p50_ms=2, p95_ms=20_000)], TICKS)
    assert "logarithmic" in apart
    assert "logarithmic" not in latency_chart([Point("a", 1, p50_ms=200, p95_ms=2_000)], TICKS)


def test_long_and_wide_agent_names_are_cut() -> None:
    for name in ("x" * 500, "代理" * 200, "agent " * 90):
        text = next(node for node in plot(agents_chart([Bar(name, 1, 0)])).iter("text"))
        assert len(text.text or "") <= 31 and (text.text or "").endswith("…")


def test_only_agents_that_failed_say_so() -> None:
    texts = [node.text for node in plot(agents_chart([Bar("a", 3, 0), Bar("b", 1, 1)])).iter("text")]
    assert texts == ["a", "3", "b", "2, 1 failed"]


def test_scores_have_a_bar_for_each_point_that_occurs() -> None:
    svg = plot(scores_chart([1, 0, 0, 0, 0, 0, 0, 0, 3]))
    assert len(of_class(svg, "c-score")) == 2
    titles = [node.text for node in svg.iter("title")][1:]
    assert titles == ["1 to under 2: 1\u00a0call", "9 to 10: 3\u00a0calls"]


@pytest.mark.parametrize("values", [[], [4], [0, 0, 0]])
def test_a_spark_needs_two_values(values: list[float]) -> None:
    assert spark(values) == ""


@given(st.floats(0, 1e12))
def test_count_ticks_are_whole_and_reach_the_highest(highest: float) -> None:
    scale = count_scale(highest)
    assert scale.high >= highest
    assert 2 <= len(scale.ticks) <= 6
    assert len({tick.text for tick in scale.ticks}) == len(scale.ticks)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.0, 3.2, ["0", "1 ms", "2 ms", "3 ms", "4 ms"]),
        (300.0, 7_800.0, ["0", "2 s", "4 s", "6 s", "8 s"]),
        (50_000.0, 170_000.0, ["0", "1 min", "2 min", "3 min"]),
        (100.0, 90_000.0, ["100 ms", "1 s", "10 s", "100 s"]),
        (2.0, 9_000_000.0, ["1 ms", "100 ms", "10 s", "1,000 s", "100,000 s"]),
    ],
)
def test_durations_on_an_axis_are_round(low: float, high: float, said: list[str]) -> None:
    assert [tick.text.replace("\u00a0", " ") for tick in duration_scale(low, high).ticks] == said


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_duration_ticks_are_few_and_different(a: float, b: float) -> None:
    scale = duration_scale(min(a, b), max(a, b))
    texts = [tick.text for tick in scale.ticks]
    assert 2 <= len(texts) <= 7 and len(set(texts)) == len(texts)
    assert all(re.fullmatch(r"0|[\d.,e+-]+\u00a0(ms|s|min|h)", text) for text in texts)
    assert 0 <= scale.at(min(a, b)) <= scale.at(max(a, b)) <= 1
