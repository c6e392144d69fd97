"""The written file: what it says, what it may do, and what hostile text cannot make of it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from seeded_calls import HOUR, NOW, ZONE

import orchestrator_dashboards
from orchestrator_core.errors import UsageError
from orchestrator_core.settings import DashboardSettings
from orchestrator_core.storage.trace_blob import SpanRecord
from orchestrator_dashboards.listing import listing
from orchestrator_dashboards.pages import page
from orchestrator_dashboards.problems import concerns, problems
from orchestrator_dashboards.queries import LIST_MAX, read
from orchestrator_dashboards.tallies import total
from orchestrator_dashboards.waterfall import waterfall
from orchestrator_dashboards.writer import build_dashboards

if TYPE_CHECKING:
    from seeded_calls import SeededCalls

HOSTILE = "</script><script>alert(1)</script><!-- \"'& <img src=x onerror=alert(2)> \u202e\x00 {{ 7*7 }}"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def data_of(path: Path) -> list[dict[str, Any]]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text_of(path), re.DOTALL)
    assert found
    rows: list[dict[str, Any]] = json.loads(found[1])
    return rows


def words_of(path: Path) -> str:
    """The page's text as a person reads it, without style, script and data."""
    bare = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", text_of(path), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", bare)).replace("\u00a0", " ").split())


def fail(**more: Any) -> dict[str, Any]:
    attempt = {
        "outcome": "failed", "error_type": "TimeoutError", "error_message": "too slow", "error_class": "time-limit",
        "fingerprint": "fp-slow", "explanation": "Stop: of 3 like it none worked.",
    }  # fmt: skip
    return {
        "status": "failed", "output": "", "error_type": "TimeoutError", "error_message": "too slow",
        "error_class": "time-limit", "fingerprint": "fp-slow", "advice": "Give it more time.", "attempt_rows": [attempt],
        **more,
    }  # fmt: skip


def test_the_same_store_and_moment_give_the_same_bytes(calls: SeededCalls, tmp_path: Path, write: Any) -> None:
    calls.a_day(60)
    again = build_dashboards(
        calls.database, tmp_path / "elsewhere", DashboardSettings(), version="0.1.0", zone=ZONE
    ).write(hours=24, now=NOW)
    assert write().read_bytes() == again.read_bytes()


def test_reading_changes_nothing_in_the_store(calls: SeededCalls, write: Any) -> None:
    calls.a_day(20)
    calls.database.maintenance()
    before = calls.database.path.read_bytes()
    write()
    calls.database.maintenance()
    assert calls.database.path.read_bytes() == before


def test_the_policy_allows_exactly_the_inline_style_and_script(calls: SeededCalls, write: Any) -> None:
    calls.a_day(5)
    text = text_of(write())
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert found
    policy = html.unescape(found[1])
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        inline = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(inline) == 1
        digest = base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy


def test_the_page_names_no_address_and_uses_no_inline_handlers(calls: SeededCalls, write: Any) -> None:
    calls.a_day(30)
    text = text_of(write())
    markup = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.DOTALL)
    assert not re.search(r"https?://|//[a-z]|@import|url\(|<link|<img|<iframe|\ssrc=", markup.replace("// ", ""))
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", markup)
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', markup))


def test_hostile_text_stays_text_everywhere(calls: SeededCalls, write: Any) -> None:
    failure = {"outcome": "failed", "error_type": HOSTILE, "error_message": HOSTILE, "error_class": HOSTILE}
    calls.add(
        agent=HOSTILE, feature=HOSTILE, caller=HOSTILE, session=HOSTILE, namespace=HOSTILE, code_commit=HOSTILE,
        status="failed", error_type=HOSTILE, error_message=HOSTILE, error_class=HOSTILE, fingerprint=HOSTILE,
        advice=HOSTILE, traceback=HOSTILE, request=HOSTILE, context=HOSTILE, output=HOSTILE, output_kind=HOSTILE,
        model=HOSTILE, judge_status="judged",
        verdict=json.dumps({
            "status": "judged", "overall": 5.0, "reason": HOSTILE, "model": HOSTILE, "caps": [HOSTILE],
            "criteria": [{"name": HOSTILE, "score": 3, "source": HOSTILE, "evidence": HOSTILE}],
        }),
        memories=json.dumps([{"id": HOSTILE, "score": HOSTILE, "tier": HOSTILE, "text": HOSTILE}]),
        stages=json.dumps({HOSTILE: {"name": HOSTILE, "status": HOSTILE, "duration_ms": HOSTILE, "error": HOSTILE}}),
        attempt_rows=[{**failure, "explanation": HOSTILE, "fingerprint": HOSTILE}, {**failure, "remedy": HOSTILE}],
        findings=[{"category": HOSTILE, "rule_id": HOSTILE, "severity": HOSTILE, "action": HOSTILE, "message": HOSTILE,
                   "stage": HOSTILE}],
        spans=[SpanRecord(name=HOSTILE, span_id=HOSTILE, status="error", status_text=HOSTILE,
                          attributes={HOSTILE: HOSTILE}, events=({"name": HOSTILE, "attributes": {HOSTILE: HOSTILE}},))],
    )  # fmt: skip
    calls.add(status=HOSTILE)
    path = write()
    text = text_of(path)
    assert text.count("<script") == 2 == text.count("</script")
    assert "<img" not in text and "alert(1)</script>" not in text
    assert "\u202e" not in text and "\x00" not in text
    assert not re.search(r"<!--", text)
    assert "{{ 7*7 }}" in text, "what looks like a template is text as well"
    assert any("‹U+202E›␀" in json.dumps(row, ensure_ascii=False) for row in data_of(path))


def test_an_empty_store_says_what_to_do(write: Any) -> None:
    path = write()
    words = words_of(path)
    assert "No calls yet" in words
    assert "orchestrate demo" in words and "execute_agent(" in words
    assert '<script type="application/json"' not in text_of(path)


def test_a_window_without_calls_says_where_they_are(calls: SeededCalls, write: Any) -> None:
    calls.add(started_at=NOW - 30 * HOUR)
    words = words_of(write())
    assert "No calls in the last 24 hours" in words
    asked = re.search(r"orchestrate dashboard --hours (\d+)", words)
    assert asked
    assert "Success rate" in words_of(write(hours=int(asked[1])))


def test_the_figures_count_what_happened(calls: SeededCalls, write: Any) -> None:
    retried = [fail()["attempt_rows"][0], {"outcome": "succeeded"}]
    calls.add_many(
        [{"overall": 8.0, "tokens_in": 1_000, "tokens_out": 234, "cost_microusd": 7_300} for _ in range(7)]
        + [{"attempt_rows": list(retried)}, fail(), {"status": "blocked"}, {"status": "cancelled"}]
    )
    words = words_of(write())
    assert "Success rate watch 88.9 %" in words.replace("88.9%", "88.9 %")
    assert "8 of 9 finished" in words
    assert "Calls 11 " in words
    assert "Average score 8.0 of 10 7 calls judged" in words
    assert "Tokens in 7,000 out 1,638" in words
    assert "Cost $0.0511" in words
    assert "Healed 1 " in words and "Blocked 1 " in words


@pytest.mark.parametrize(
    ("failed", "word"), [(0, "good"), (1, "good"), (2, "watch"), (4, "watch"), (5, "bad"), (20, "bad")]
)
def test_the_success_rate_has_a_word_for_its_colour(calls: SeededCalls, write: Any, failed: int, word: str) -> None:
    calls.add_many([{} for _ in range(20 - failed)] + [fail() for _ in range(failed)])
    assert f'Success rate <span class="word {word}">{word}</span>' in text_of(write())


def test_only_blocked_calls_make_no_success_rate(calls: SeededCalls, write: Any) -> None:
    calls.add(status="blocked")
    assert "Success rate no data –" in words_of(write())


@pytest.mark.parametrize("hours", [2.0, 24.0, 24.0 * 12, 24.0 * 20])
def test_percentiles_are_right_within_two_per_cent(calls: SeededCalls, hours: float) -> None:
    durations = [3.0 * 1.017**n for n in range(400)]
    calls.add_many(
        [{"started_at": NOW - hours * HOUR * (n % 97) / 97, "duration_ms": ms} for n, ms in enumerate(durations)],
        traces=False,
    )
    snapshot = read(calls.database, hours=hours, now=NOW, zone=ZONE)
    whole = total(snapshot.groups.values())
    for q in (50, 95, 99):
        exact = durations[round(400 * q / 100) - 1]
        assert whole.percentile_ms(q) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("hours", [0.5, 3.0, 24.0, 24.0 * 4, 24.0 * 20, 24.0 * 100])
def test_rollups_and_calls_agree_to_the_call(calls: SeededCalls, hours: float) -> None:
    calls.a_day(150, hours=hours, traces=False)
    snapshot = read(calls.database, hours=hours, now=NOW, zone=ZONE)
    length, start = snapshot.window.length_s, snapshot.window.start
    counted = calls.database.query(
        "SELECT COUNT(*), SUM(status = 'failed'), SUM(healed), SUM(tokens_in), SUM(overall) FROM executions"
        " WHERE started_at >= ? AND started_at <= ?",
        (start, NOW),
    )[0]
    whole = total(snapshot.groups.values())
    assert (whole.n, whole.failed, whole.healed, whole.tokens_in) == counted[:4]
    assert whole.score_sum == pytest.approx(counted[4])
    assert snapshot.before
    assert snapshot.before.n == pytest.approx(
        calls.database.query(
            "SELECT COUNT(*) FROM executions WHERE started_at >= ? AND started_at < ?", (start - length, start)
        )[0][0],
        abs=2 if length > 14 * 24 * HOUR else 0,
    )
    drawn = total(snapshot.series)
    assert drawn.n >= whole.n * 0.98 and sum(drawn.latency.values()) == drawn.n
    if length <= 14 * 24 * HOUR:
        assert drawn.n == whole.n


def test_history_that_is_gone_still_counts(calls: SeededCalls, write: Any) -> None:
    calls.a_day(80, hours=24 * 40, traces=False)
    path = write(hours=24 * 40)
    before = words_of(path)
    calls.database.execute([("DELETE FROM executions WHERE started_at < ?", (NOW - 86_400 * 20,))])
    after = words_of(write(hours=24 * 40, now=NOW))
    figure = re.compile(r"Success rate .*? finished")
    found = figure.search(before)
    assert found and found[0] in after


def test_trends_compare_with_the_window_before(calls: SeededCalls, write: Any) -> None:
    calls.add_many([{"started_at": NOW - 30 * HOUR, "duration_ms": 100.0} for _ in range(10)])
    calls.add_many([{"started_at": NOW - 2 * HOUR, "duration_ms": 300.0} for _ in range(15)])
    text = text_of(write())
    assert '<span class="unseen">up</span> 50%' in text, "half as many calls again"
    assert re.search(r'trend bad">.*?up</span> p95 20\d%', text), "three times as slow is bad"
    assert "arrows compare with the 24 hours before" in words_of(write())


def test_failures_are_grouped_by_fingerprint() -> None:
    def one(call: str, at: float, status: str, fingerprint: str = "a", **more: str) -> Any:
        from orchestrator_dashboards.queries import Failure

        values = {"error_type": "E", "error_class": "c", "message": "m", "explanation": "", "advice": "", **more}
        return Failure(call, at, status, "agent", fingerprint, **values)

    found = problems(
        [
            one("1", 1, "failed", advice="old"),
            one("2", 2, "succeeded", explanation="waited"),
            one("3", 3, "failed", message="newest"),
            one("3", 3, "failed", message="newest"),
            one("4", 4, "failed", "", error_type="X"),
            one("5", 5, "failed", "", error_type="X"),
            one("6", 6, "failed", "", error_type="Y"),
        ]
    )
    first = found[1]
    assert [problem.error_type for problem in found] == ["X", "E", "Y"]
    assert (first.failures, first.calls, first.healed, first.unresolved) == (4, 3, 1, 2)
    assert (first.message, first.explanation, first.advice) == ("newest", "waited", "old")


def test_a_failure_shows_its_class_advice_and_what_healing_said(calls: SeededCalls, write: Any) -> None:
    calls.add_many([fail(), fail(), {"status": "failed", "error_type": "Crash", "error_message": "in a scanner"}])
    words = words_of(write())
    assert "TimeoutError time-limit too slow Healing Stop: of 3 like it none worked. Advice Give it more time." in words
    assert "2 unresolved 2 failures" in words
    assert "Crash in a scanner" in words, "a call that failed outside its attempts counts as well"
    assert "Most often unresolved: TimeoutError in project-analyst, 2 times." in words


def test_findings_are_grouped_by_category_the_worst_first(calls: SeededCalls, write: Any) -> None:
    mail = {"category": "email", "severity": "low", "action": "redact"}
    key = {"category": "secrets", "severity": "high", "action": "block", "rule_id": "cloud-key"}
    calls.add(findings=[mail, mail, {**key, "severity": "medium", "action": "flag"}])
    calls.add(findings=[mail, key])
    snapshot = read(calls.database, hours=24, now=NOW, zone=None)
    found = concerns(snapshot.findings)
    assert [(c.category, c.severity, c.n, c.calls) for c in found] == [
        ("secrets", "high", 2, 2),
        ("email", "low", 3, 2),
    ]
    assert "secrets cloud-key high 2 in 2 calls 1 blocked, 1 flagged" in words_of(write())


def test_only_the_newest_calls_are_listed_and_the_page_says_so(calls: SeededCalls, write: Any) -> None:
    calls.add_many([{"started_at": NOW - n, "request": f"request {n}"} for n in range(LIST_MAX + 20)], traces=False)
    path = write()
    rows = data_of(path)
    assert [row["line"] for row in rows] == [f"request {n}" for n in range(LIST_MAX)]
    assert "Calls newest 500 of 520" in words_of(path)
    assert text_of(path).count('<tr class="call"') == 25


def test_a_listed_call_carries_all_of_its_detail(calls: SeededCalls, write: Any) -> None:
    calls.add(
        overall=7.5, memories=json.dumps([
            {"id": "m", "score": 0.5, "tier": "tasks", "text": "earlier", "status": "failed", "keyword_only": True},
            {"id": "lesson-1", "score": 0.0, "tier": "lessons", "text": "noted down"}, "no memory",
        ]),
        attempt_rows=[fail()["attempt_rows"][0], {"outcome": "succeeded", "remedy": "retry after 2 s"}],
        findings=[{"category": "email", "action": "redact"}], tokens_in=1_200, model="qwen2.5:7b", session="s-1",
    )  # fmt: skip
    row = data_of(write())[0]
    assert row["request"] == {"text": "What is in this project?"}
    assert row["attempts"][0]["said"] == "Stop: of 3 like it none worked."
    assert row["attempts"][1]["remedy"] == "retry after 2 s"
    assert row["verdict"]["summary"] == "7.5 of 10, passed · local model qwen2.5:3b"
    assert [criterion["score"] for criterion in row["verdict"]["criteria"]] == ["8.3", "7.5", "7.0", "abstained"]
    assert row["memories"] == [
        {"head": "tasks · m", "tail": "failed · score 0.50", "text": "earlier", "tone": "bad"},
        {"head": "lessons · lesson-1", "text": "noted down"},
    ]
    assert row["memories_note"] == "score: how likely it answers; found by keyword only, without their meaning"
    assert row["findings"][0]["tail"] == "redacted in guard_in"
    assert [stage["head"] for stage in row["stages"]][:3] == ["guard_in", "recall", "attempts"]
    assert ["Tokens", "1,200 in, 0 out"] in row["facts"]
    assert [line["depth"] for line in row["trace"]["lines"] if "depth" in line] == [1, 1, 1, 2, 2, 2, 1, 1]


def test_a_page_of_huge_calls_stays_small(calls: SeededCalls, write: Any) -> None:
    long = "<" * 20_000
    spans = [SpanRecord(name="step <" * 30, span_id=str(n), attributes={"k": "<" * 500}) for n in range(400)]
    calls.add_many(
        [
            fail(
                started_at=NOW - n, agent=long, feature=long, request=long, output=long, traceback=long, error_message=long,
                fingerprint=long, advice=long, caller=long, spans=spans[: 400 if n < 30 else 1],
            )
            for n in range(LIST_MAX)
        ]
    )  # fmt: skip
    path = write()
    assert path.stat().st_size <= 3_000_000
    rows = data_of(path)
    assert len(rows) == LIST_MAX
    assert rows[0]["request"]["note"] == "first 6,000 of 20,000 characters"
    assert rows[0]["trace"]["note"] == "first 200 of 400 spans"
    assert "orchestrate history show" in rows[-1]["note"]


def test_a_megabyte_of_output_is_cut_with_a_note(calls: SeededCalls, write: Any) -> None:
    calls.add(output="é" * 1_048_576)
    output = data_of(write())[0]["output"]
    assert len(output["text"]) == 6_000
    assert output["note"] == "first 6,000 of 1,048,576 characters"


@pytest.mark.parametrize(
    ("column", "value"),
    [("verdict", "{not json"), ("stages", "[]"), ("stages", '{"guard_in": 3}'), ("memories", "{}"), ("memories", "[1, null]"),
     ("verdict", '{"status": 5}'), ("stages", '{"recall": {"duration_ms": "x"}}')],
)  # fmt: skip
def test_a_damaged_column_costs_only_itself(calls: SeededCalls, write: Any, column: str, value: str) -> None:
    calls.add(**{"overall": 5.0, column: value})
    row = data_of(write())[0]
    assert row["request"]["text"] == "What is in this project?"
    if column == "verdict":
        assert row["verdict"] == {"summary": "The stored verdict cannot be read."}


def test_a_damaged_trace_costs_only_itself(calls: SeededCalls, write: Any) -> None:
    calls.add()
    calls.database.execute([("UPDATE traces SET blob = ?", (b"broken",))])
    row = data_of(write())[0]
    assert "cannot be read" in row["trace"]["note"]
    assert row["output"]["text"] == "Plenty."


def test_spans_nest_whatever_their_ids_claim() -> None:
    def span(span_id: str, parent: str, start: int, end: int, **more: Any) -> SpanRecord:
        return SpanRecord(name=span_id, span_id=span_id, parent_id=parent, start_ns=start, end_ns=end, **more)

    drawn = waterfall(
        (
            span("root", "unknown", 0, 100),
            span("late", "root", 60, 100, status="error"),
            span("early", "root", 10, 50),
            span("below", "early", 20, 30),
            span("self", "self", 90, 95),
            span("loop-a", "loop-b", 91, 92),
            span("loop-b", "loop-a", 93, 94),
            span("backwards", "root", 99, 70),
        )
    )
    assert [(line.name, line.depth) for line in drawn.lines] == [
        ("root", 0), ("early", 1), ("below", 2), ("late", 1), ("backwards", 1), ("self", 0), ("loop-a", 0), ("loop-b", 1),
    ]  # fmt: skip
    late = next(line for line in drawn.lines if line.name == "late")
    assert (late.left, late.width, late.error) == (6_000, 4_000, True)
    assert all(0 <= line.left <= line.left + line.width <= 10_000 for line in drawn.lines)
    assert waterfall((), dropped=3).note == "3 more were not kept"


def test_calls_of_calls_know_their_parent(calls: SeededCalls, write: Any) -> None:
    parent = calls.add(started_at=NOW - 10)
    calls.add(started_at=NOW - 5, parent_id=parent, agent="child")
    child, other = data_of(write())
    assert (child["parent"], other["id"]) == (parent, parent)


def test_every_figure_of_a_call_at_this_very_moment_counts(calls: SeededCalls, write: Any) -> None:
    calls.add(started_at=NOW)
    assert "1 call by 1 agent, none failed." in words_of(write())
    calls.add(started_at=NOW + 5)
    assert "1 call by 1 agent, none failed." in words_of(write()), "the clock went back: what is to come is not shown"


def test_many_agents_are_cut_to_the_busiest(calls: SeededCalls, write: Any) -> None:
    calls.add_many(
        [{"agent": f"agent-{n:03}"} for n in range(70)] + [{"agent": "busy"}, {"agent": "busy"}], traces=False
    )
    text = text_of(write())
    assert text.count('<th scope="row" class="name"><bdi data-agent=') == 50
    assert text.index('data-agent="busy"') < text.index('data-agent="agent-000"')
    assert "first 50 of 71 agents" in words_of(write())


def test_hours_that_are_none_are_the_callers_mistake(calls: SeededCalls, write: Any) -> None:
    with pytest.raises(UsageError):
        write(hours=0)


def test_the_listing_never_passes_its_bound(calls: SeededCalls) -> None:
    calls.a_day(200)
    snapshot = read(calls.database, hours=24, now=NOW, zone=None)
    for bound in (1_000_000, 800_000):
        rows, data = listing(snapshot, now=NOW, zone=None, max_bytes=bound)
        assert len(data) <= bound + 2
        assert len(json.loads(data)) == len(rows) == 200


def test_a_page_says_when_it_is_refreshed(calls: SeededCalls) -> None:
    calls.add()
    snapshot = read(calls.database, hours=24, now=NOW, zone=None)
    for settings, said in (
        (DashboardSettings(), "while Magnus runs, at most every 1 min"),
        (DashboardSettings(auto=False), "Refresh with: orchestrate dashboard"),
    ):
        made = page(snapshot, hours=24, now=NOW, zone=None, version="0", settings=settings)
        assert said in made.refreshed.replace("\u00a0", " ")


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_has_the_contrast_that_wcag_asks_of_level_aa(theme: int) -> None:
    css = (Path(orchestrator_dashboards.__file__).parent / "templates" / "dashboard.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[theme]
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for name in ("text", "soft", "accent", "good", "watch", "bad"):
        for ground in ("bg", "surface", "sunken"):
            assert _contrast(colour[name], colour[ground]) >= 4.5, (name, ground)
    for name in ("good", "watch", "bad", "idle"):
        assert _contrast(colour[name], colour[f"{name}-bg"]) >= 4.5, name
    for name in ("c-succeeded", "c-failed", "c-blocked", "c-cancelled", "c-p95"):
        assert _contrast(colour[name], colour["surface"]) >= 3, name
