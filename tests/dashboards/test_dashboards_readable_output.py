"""What a page shows of an output that is an object: its text for a reader, not its JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dashboards.quantities import count
from orchestrator_dashboards.readable_output import ReadableEntry, readable_entry

if TYPE_CHECKING:
    from seeded_calls import SeededCalls

REPORT = {
    "agent": "code-reviewer",
    "summary": {"markdown": "not this"},
    "issues": ["x"] * 5_000,
    "markdown": "# Review\n\nté",
}


def output_of(path: Path) -> tuple[dict[str, Any], str]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
    assert found
    call = json.loads(found[1])[0]
    return call["output"], call["output_kind"]


@pytest.mark.parametrize(
    ("value", "entry"),
    [
        (REPORT, ReadableEntry("markdown", "# Review\n\nté")),
        ({"text": "plain", "n": 1}, ReadableEntry("text", "plain")),
        ({"text": "plain", "markdown": "# rich"}, ReadableEntry("markdown", "# rich")),
        ({"text": "plain", "markdown": ["no text"]}, ReadableEntry("text", "plain")),
        ({"markdown": " \n"}, None),
        ({"markdown": 3, "deep": {"text": "inside"}}, None),
        ({"texts": "other"}, None),
        ([{"text": "in a list"}], None),
        ("text", None),
        (None, None),
    ],
)
def test_the_text_of_an_object_is_found(value: Any, entry: ReadableEntry | None) -> None:
    assert readable_entry(json.dumps(value)) == entry


@pytest.mark.parametrize("kept", ["# Review\nsaid “so”", "# Review", ""])
def test_what_is_left_of_a_cut_object_is_found(kept: str) -> None:
    whole = json.dumps({"summary": {"text": "no, [not this}"}, "n": 1, "markdown": kept + "§ lost"}, ensure_ascii=False)
    entry = readable_entry(whole[: whole.index("§ lost")])
    assert entry == (ReadableEntry("markdown", kept, cut=True) if kept else None)


@pytest.mark.parametrize("less", range(1, 13))
def test_a_cut_in_an_escape_loses_only_the_escape(less: int) -> None:
    cut = json.dumps({"markdown": "ok \U0001f600"})[: -len('"}') - less]
    entry = readable_entry(cut)
    assert entry is not None
    assert entry.cut
    assert entry.text == "ok "


def test_a_text_before_the_cut_is_whole() -> None:
    assert readable_entry('{"text": "all of it", "rows": [1, 2') == ReadableEntry("text", "all of it")


@pytest.mark.parametrize(
    "stored", ["", "{", '{"markdown', '{"markdown"', '{"markdown": ', '[{"text": "a"}, ', "[" * 90_000]
)
def test_a_broken_object_without_a_text_has_none(stored: str) -> None:
    assert readable_entry(stored) is None


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=9), max_size=3), st.text(min_size=1), st.data())
def test_any_cut_gives_the_beginning_of_the_text_or_nothing(
    before: dict[str, str], text: str, data: st.DataObject
) -> None:
    stored = json.dumps({**before, "markdown": text})
    at = data.draw(st.integers(0, len(stored)))
    entry = readable_entry(stored[:at])
    assert entry is None or text.startswith(entry.text)
    if at == len(stored) and text.strip():
        assert entry == ReadableEntry("markdown", text)


def test_the_page_shows_the_text_and_says_so(calls: SeededCalls, write: Any) -> None:
    calls.add(output=json.dumps(REPORT), output_kind="json")
    output, kind = output_of(write())
    assert output == {"text": "# Review\n\nté", "note": "its markdown entry"}
    assert kind == "json"


def test_a_long_text_is_capped_and_counted_by_itself(calls: SeededCalls, write: Any) -> None:
    calls.add(output=json.dumps({**REPORT, "markdown": "m" * 9_123}), output_kind="json")
    output, _ = output_of(write())
    assert output["text"] == "m" * 6_000
    assert output["note"] == f"its markdown entry · first {count(6_000)} of {count(9_123)} characters"


def test_a_text_that_was_stored_in_part_says_so(calls: SeededCalls, write: Any) -> None:
    calls.add(output='{"markdown": "# Begun', output_kind="json")
    assert output_of(write())[0] == {"text": "# Begun", "note": "its markdown entry · stored in part"}


@pytest.mark.parametrize(
    ("output", "kind"), [('{"issues": ["a', "json"), ('{"n": 1}', "json"), ('{"markdown": "# A"}', "text")]
)
def test_other_outputs_are_shown_as_stored(calls: SeededCalls, write: Any, output: str, kind: str) -> None:
    calls.add(output=output, output_kind=kind)
    assert output_of(write())[0] == {"text": output}


def test_a_report_shows_as_text_in_a_browser(calls: SeededCalls, write: Any, browser_page: Any) -> None:
    markdown = "# Review\n\n<img src=x onerror=alert(1)>\n\n| a | b |"
    calls.add(output=json.dumps({**REPORT, "markdown": markdown}), output_kind="json")
    page = browser_page(write())
    page.locator("tr.call .open").click()
    section = page.locator("tr.detail section", has=page.get_by_role("heading", name="Output"))
    assert section.locator("pre").inner_text() == markdown
    assert "its markdown entry" in section.locator("h4").inner_text()
    assert page.locator("tr.detail img").count() == 0
