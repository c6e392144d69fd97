"""The page in a real browser: from a file, without network."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from seeded_calls import HOUR, NOW

if TYPE_CHECKING:
    from seeded_calls import SeededCalls

HOSTILE = "</script><script>alert(1)</script><img src=http://example.invalid/x onerror=alert(2)>"
WIDE = "https://example.invalid/" + "x" * 400


def overflow(page: Any) -> int:
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


def test_it_opens_from_a_file_without_a_request_or_a_complaint(
    calls: SeededCalls, write: Any, browser_page: Any
) -> None:
    calls.a_day(120)
    page = browser_page(write())
    assert page.title() == "Magnus: last 24\u00a0hours"
    assert page.locator("h1").inner_text() == "Last 24\u00a0hours"
    assert page.locator(".tile").count() == 8
    assert page.get_by_role("img", name="Calls over time by status").is_visible()
    assert page.get_by_role("img", name="Duration of calls over time").is_visible()
    # The style was applied, so its hash in the policy is right.
    assert page.evaluate("getComputedStyle(document.querySelector('.main-tiles')).display") == "grid"


def test_the_list_draws_as_much_as_is_asked_for(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    calls.add_many([{"started_at": NOW - n} for n in range(120)])
    page = browser_page(write())
    assert page.locator("tr.call").count() == 50
    page.get_by_role("button", name="Show 50 more of 70").click()
    assert page.locator("tr.call").count() == 100
    assert page.evaluate("document.activeElement.closest('tr').dataset.id") == page.locator("tr.call").nth(
        50
    ).get_attribute("data-id")
    page.get_by_role("button", name="Show 20 more of 20").click()
    assert page.locator("tr.call").count() == 120
    assert not page.locator("#more").is_visible()


def test_filters_narrow_the_list(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    calls.add_many(
        [{"agent": "screener", "request": f"spread {n}", "started_at": NOW - n} for n in range(6)]
        + [{"agent": "digest", "status": "failed", "error_type": "TimeoutError", "output": "", "started_at": NOW - 50}]
        + [{"agent": "digest", "output": "needle in the output", "started_at": NOW - 60}]
    )
    page = browser_page(write())
    rows = page.locator("tr.call")
    assert rows.count() == 8
    page.get_by_role("combobox", name="Agent").select_option("digest")
    assert rows.count() == 2
    page.get_by_role("combobox", name="Status").select_option("failed")
    assert rows.count() == 1 and "failed" in rows.inner_text()
    page.get_by_role("combobox", name="Status").select_option("")
    page.get_by_role("searchbox").fill("NEEDLE output")
    assert rows.count() == 1
    assert page.locator("#f-said").inner_text() == "1 of 8 calls"
    page.get_by_role("searchbox").fill("nothing like it")
    assert rows.count() == 0
    page.get_by_role("button", name="Clear the filters").click()
    assert rows.count() == 8


def test_a_line_opens_its_detail_and_its_waterfall(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    failed = {
        "outcome": "failed", "error_type": "TimeoutError", "error_message": "too slow", "fingerprint": "fp",
        "explanation": "Wait 2 s: of 9 like it 7 then worked.",
    }  # fmt: skip
    calls.add(
        overall=7.0, attempt_rows=[failed, {"outcome": "succeeded", "remedy": "retry after 2 s"}],
        findings=[{"category": "email", "action": "redact"}], output="All is well.",
    )  # fmt: skip
    page = browser_page(write())
    button = page.locator("tr.call .open")
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    detail = page.locator(f"#{button.get_attribute('aria-controls')}")
    said = detail.inner_text()
    for words in (
        "All is well.",
        "Wait 2 s: of 9 like it 7 then worked.",
        "retry after 2 s",
        "email",
        "7.0 of 10",
        "guard_in",
    ):
        assert words in said
    spans = detail.locator(".wf > li")
    assert spans.count() == 9
    boxes = [spans.nth(n).locator(".fill").bounding_box() for n in range(9)]
    track = spans.first.locator(".track").bounding_box()
    assert all(track["x"] <= box["x"] and box["x"] + box["width"] <= track["x"] + track["width"] + 3 for box in boxes)
    assert boxes[0]["width"] == pytest.approx(track["width"], rel=0.01), "the root spans the whole trace"
    assert boxes[3]["width"] == pytest.approx(track["width"] * 0.8, rel=0.02), "lengths are to scale"
    spans.first.locator("summary").click()
    assert "gen_ai.agent.name" in spans.first.inner_text()
    button.click()
    assert detail.count() == 0


def test_a_failed_span_has_the_colour_of_failure(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    calls.add(status="failed", error_type="E", error_message="m")
    page = browser_page(write())
    page.locator("tr.call .open").click()
    colours = [
        page.locator(".wf > li").nth(n).locator(".fill").evaluate("node => getComputedStyle(node).backgroundColor")
        for n in (0, 1)
    ]
    assert colours[0] != colours[1]
    assert "failed" in page.locator(".wf > li").first.inner_text()


def test_everything_can_be_done_from_the_keyboard(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    calls.add_many([{"started_at": NOW - n, "request": f"request {n}"} for n in range(4)])
    page = browser_page(write())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "f-text"
    page.keyboard.type("request")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("tr.detail").count() == 1
    assert page.locator("tr.is-open").get_attribute("data-id") == page.locator("tr.call").nth(1).get_attribute(
        "data-id"
    )
    page.keyboard.press("Escape")
    assert page.locator("tr.detail").count() == 0


def test_links_lead_to_calls(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    attempt = {"outcome": "failed", "error_type": "E", "fingerprint": "fp-1"}
    parent = calls.add(started_at=NOW - 300, agent="planner")
    calls.add(started_at=NOW - 200, agent="worker", parent_id=parent)
    calls.add(started_at=NOW - 100, agent="worker", status="failed", fingerprint="fp-1", attempt_rows=[attempt])
    path = write()
    page = browser_page(path)
    page.get_by_role("button", name="Show calls").click()
    assert page.locator("tr.call").count() == 1
    page.get_by_role("row", name="planner").get_by_role("button").first.click()
    assert page.locator("tr.call").count() == 1
    assert page.get_by_role("combobox", name="Agent").input_value() == "planner"
    page.evaluate(f"location.hash = {parent!r}")
    page.wait_for_selector("tr.detail")
    page.get_by_role("button", name="called worker").click()
    assert page.locator("tr.call.is-open .who").inner_text() == "worker"
    assert page.locator("tr.call").count() == 3, "the filter that hid the call is gone"


def test_a_call_can_be_linked_to(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    ids = calls.add_many([{"started_at": NOW - n} for n in range(80)])
    page = browser_page(write())
    page.goto(page.url + "#" + ids[70])
    page.reload()
    assert page.locator("tr.is-open").get_attribute("data-id") == ids[70]


def test_without_script_a_plain_list_shows(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    calls.add_many([{"started_at": NOW - n, "request": f"request {n}"} for n in range(40)])
    page = browser_page(write(), java_script_enabled=False)
    assert page.locator("tr.call").count() == 25
    assert page.get_by_text("request 24").is_visible()
    assert not page.locator(".filters").is_visible()
    assert not page.locator("#more").is_visible()
    assert page.get_by_text("The newest 25 calls.").is_visible()
    assert page.get_by_role("img", name="Calls over time by status").is_visible()


def test_hostile_text_runs_nothing(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    attempt = {"outcome": "failed", "error_type": HOSTILE, "error_message": HOSTILE, "explanation": HOSTILE}
    calls.add(
        agent=HOSTILE, feature=HOSTILE, request=HOSTILE, output=HOSTILE, status="failed", error_type=HOSTILE,
        error_message=HOSTILE, advice=HOSTILE, traceback=HOSTILE, attempt_rows=[attempt],
    )  # fmt: skip
    page = browser_page(write())
    page.on("dialog", lambda dialog: pytest.fail("a script of an agent ran"))
    page.locator("tr.call .open").click()
    assert HOSTILE in page.locator("tr.detail").inner_text()
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2


def test_dark_and_light_follow_the_reader(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    calls.a_day(20)
    path = write()
    shades = {}
    for scheme in ("light", "dark"):
        page = browser_page(path, color_scheme=scheme)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        shades[scheme] = sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))
    assert shades["dark"] < 150
    assert shades["light"] > 600


def test_nothing_is_wider_than_the_window(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    calls.a_day(60)
    attempt = {"outcome": "failed", "error_type": WIDE, "error_message": WIDE, "error_class": WIDE, "explanation": WIDE}
    calls.add(
        agent=WIDE, feature=WIDE, request=WIDE, output=WIDE, status="failed", error_type=WIDE, error_message=WIDE,
        error_class=WIDE, advice=WIDE, fingerprint=WIDE, session=WIDE, attempt_rows=[attempt, attempt],
        findings=[{"category": WIDE, "rule_id": WIDE, "message": WIDE}],
    )  # fmt: skip
    page = browser_page(write())
    page.locator("tr.call .open").first.click()
    for width in (400, 641, 981, 1_400):
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) <= 0, width
        rights = "[...document.querySelectorAll('.panel')].map((one) => one.getBoundingClientRect().right)"
        assert max(page.evaluate(rights)) <= width


def test_an_empty_page_fits_a_narrow_window(write: Any, browser_page: Any) -> None:
    page = browser_page(write(), viewport={"width": 400, "height": 800})
    assert page.get_by_role("heading", name="No calls yet").is_visible()
    assert overflow(page) <= 0


@pytest.mark.parametrize("hours", [0.3, 1.0, 24.0, 24.0 * 5, 24.0 * 30])
def test_no_label_of_a_chart_lies_over_another(calls: SeededCalls, write: Any, browser_page: Any, hours: float) -> None:
    calls.a_day(90, hours=hours, traces=False)
    page = browser_page(write(hours=hours))
    for width in (400, 641, 981, 1_280):
        page.set_viewport_size({"width": width, "height": 900})
        charts = page.evaluate(
            "[...document.querySelectorAll('figure')].map((figure) => [...figure.querySelectorAll('text, figcaption > *')]"
            ".map((one) => [one.textContent, one.getBoundingClientRect()]).filter(([, box]) => box.width)"
            ".map(([text, box]) => [text, box.left, box.top, box.right, box.bottom]))"
        )
        assert len(charts) == 4
        for labels in charts:
            assert len(labels) > 4
            for (one, left, top, right, bottom), (other, left_2, top_2, right_2, bottom_2) in combinations(labels, 2):
                apart = right <= left_2 or right_2 <= left or bottom <= top_2 + 1 or bottom_2 <= top + 1
                assert apart, f"{one!r} lies over {other!r} at {width}"
            assert all(left >= 0 and right <= width for _, left, _, right, _ in labels)


def test_a_single_call_makes_a_whole_page(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    calls.add(started_at=NOW - 3)
    page = browser_page(write())
    bars = page.locator("svg[aria-labelledby^=calls] .c-succeeded")
    assert bars.count() == 1
    assert bars.bounding_box()["width"] < 60
    assert page.locator("svg[aria-labelledby^=latency] .c-p50").count() == 1


def test_a_tip_says_what_a_bar_is(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    calls.add_many([{"started_at": NOW - 2 * HOUR}, {"started_at": NOW - 2 * HOUR + 1}])
    page = browser_page(write())
    page.locator("svg[aria-labelledby^=calls] .hit").first.hover()
    assert page.locator("#tip").inner_text().endswith(": 2 succeeded")


def test_it_prints(calls: SeededCalls, write: Any, browser_page: Any, tmp_path: Path) -> None:
    calls.a_day(40)
    page = browser_page(write(), color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".filters").is_visible()
    assert not page.locator("nav").is_visible()
    printed = tmp_path / "page.pdf"
    page.pdf(path=str(printed), format="A4")
    assert printed.read_bytes().startswith(b"%PDF")
