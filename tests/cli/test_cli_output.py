"""Text for people and documents for programs, whatever is in them."""

from __future__ import annotations

import io
import json
import math
import re
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.history import parse_since
from orchestrator.cli.json_document import json_document
from orchestrator.cli.run_arguments import parse_context
from orchestrator.cli.screen import Screen, counted, visible
from orchestrator_core.errors import UsageError


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def test_a_document_holds_what_json_can_and_the_rest_as_text() -> None:
    ring: list[object] = [1]
    ring.append(ring)
    deep: object = "end"
    for _ in range(100_000):
        deep = [deep]
    data = {
        "ring": ring,
        "deep": deep,
        "half": "\ud800x",
        3: {4},
        "odd": Odd(),
        "nan": math.nan,
        "set": {1},
        "bytes": b"\xff",
    }
    document = json.loads(json_document(data))
    assert document["ring"] == [1, "…"]
    assert document["half"] == "?x"
    assert document["3"] == [4]
    assert document["odd"] == "<Odd whose repr raised RuntimeError>"
    assert document["nan"] is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_plain_data_survives_the_document(data: object) -> None:
    text = json_document(data, ascii_only=True)
    assert text.isascii()
    expected = json.loads(json.dumps(data).encode("utf-8", "replace"))
    assert json.loads(text) == expected
    assert json.loads(json_document(data)) == expected


def test_structs_are_objects() -> None:
    class Point(msgspec.Struct):
        x: int
        note: str

    assert json.loads(json_document({"p": Point(1, "\ud800")})) == {"p": {"x": 1, "note": "?"}}


@given(st.text())
def test_nothing_shown_can_steer_a_terminal(text: str) -> None:
    shown = visible(text)
    assert all(char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)
    assert "\n" not in visible(text, lines=False)


def test_escapes_are_seen() -> None:
    assert visible("a\x1b[31mb\u202ec\r") == "a\\x1b[31mb\\u202ec\\r"
    assert visible("a\nb\tc", lines=False) == "a b c"


def test_columns_in_a_pipe_line_up_and_are_not_cut() -> None:
    screen = Screen(io.StringIO())
    screen.table(("name", "value"), [("漢字", "x" * 300), ("e\u0301", None), ("long name", True)])
    lines = screen.text().splitlines()
    assert lines[0] == "name       value"
    assert lines[1] == f"漢字       {'x' * 300}"
    assert lines[2] == "e\u0301          -"
    assert lines[3] == "long name  yes"


def test_empty_pairs_are_left_out() -> None:
    screen = Screen(io.StringIO())
    screen.pairs((("a", 1), ("b", ""), ("long", None), ("c", 0)))
    assert screen.text() == "a  1\nc  0\n"


def test_markup_of_strangers_is_text() -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"  # type: ignore[assignment]

        def isatty(self) -> bool:
            return True

    screen = Screen(Terminal(), width=80)
    screen.line("[red]not red[/red] \x1b[2J")
    screen.table(("x",), [("[bold]x[/bold]",)])
    assert "[red]not red[/red] \\x1b[2J" in screen.text()
    assert "[bold]x[/bold]" in screen.text()


def test_a_narrow_terminal_keeps_what_people_copy_on_one_line() -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"  # type: ignore[assignment]

        def isatty(self) -> bool:
            return True

    screen = Screen(Terminal(), width=40)
    screen.table(("id", "request"), [("0123456789abcdef0123456789", "a request of several words that is folded")])
    assert "0123456789abcdef0123456789" in screen.text()
    assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", screen.text()).splitlines())) <= 40


def test_counting() -> None:
    assert (counted(1, "issue"), counted(2, "issue"), counted(0, "memory", "memories")) == (
        "1 issue",
        "2 issues",
        "0 memories",
    )


@pytest.mark.parametrize(
    ("text", "seconds_ago"), [("30s", 30), ("5m", 300), ("1.5h", 5_400), ("7D", 604_800), (" 2w ", 1_209_600)]
)
def test_times_may_be_spans(text: str, seconds_ago: float) -> None:
    assert parse_since(text, 10_000_000.0) == 10_000_000.0 - seconds_ago


def test_times_may_be_dates() -> None:
    assert parse_since("1970-01-02T00:00:00+00:00", 0.0) == 86_400.0
    assert abs(parse_since("2026-01-31", 0.0) - 1_769_817_600) < 86_400


@given(st.text(max_size=30))
def test_any_time_is_a_time_or_a_usage_error(text: str) -> None:
    try:
        seconds = parse_since(text, 0.0)
    except UsageError:
        return
    assert math.isfinite(seconds)


@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_context_is_a_mapping_or_a_usage_error(texts: list[str]) -> None:
    try:
        context = parse_context(texts)
    except UsageError:
        return
    assert all(isinstance(key, str) for key in context)
