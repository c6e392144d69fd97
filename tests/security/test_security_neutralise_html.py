"""Escaped text is text to two parsers, in an element and in a quoted attribute."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.security import escape_html
from orchestrator_core.errors import UsageError

SIGNS = [
    "<",
    ">",
    "&",
    '"',
    "'",
    "/",
    "=",
    " ",
    "\n",
    "\r",
    "\t",
    "\0",
    "\x0b",
    "`",
    ";",
    "#",
    "script",
    "onload",
    "&lt",
    "-->",
    "]]>",
    "x",
    "é",
    "\ud800",
    "\ufffe",
    "\x85",
]
TEXTS = st.one_of(st.text(st.characters(), max_size=60), st.lists(st.sampled_from(SIGNS), max_size=20).map("".join))


class Reader(HTMLParser):
    """Notes every event that is not text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[object] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.events.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.events.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.events.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.events.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.events.append("instruction")

    def unknown_decl(self, data: str) -> None:
        self.events.append("declaration")


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def kept(text: str) -> str:
    """What must come back: the text, with the characters that HTML forbids replaced."""

    def forbidden(code: int) -> bool:
        return (
            (code < 0x20 and code not in (9, 10, 13)) or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000
            or 0xFDD0 <= code < 0xFDF0 or code & 0xFFFE == 0xFFFE
        )  # fmt: skip

    return "".join("\ufffd" if forbidden(ord(character)) else character for character in text)


@given(TEXTS)
def test_it_is_only_text_in_an_element(text: str) -> None:
    reader = read(f"<p>{escape_html(text)}</p>")
    assert reader.events == [("p", []), "/p"]
    assert reader.text == kept(text)


@given(TEXTS, st.sampled_from("\"'"))
def test_it_is_only_the_value_of_a_quoted_attribute(text: str, quote: str) -> None:
    reader = read(f"<p title={quote}{escape_html(text)}{quote} id={quote}z{quote}>x</p>")
    assert reader.events == [("p", [("title", kept(text)), ("id", "z")]), "/p"]
    assert reader.text == "x"


@given(TEXTS)
def test_a_second_parser_agrees(text: str) -> None:
    escaped = escape_html(text)
    tree = ET.fromstring(f"<p><a>{escaped}</a></p>")
    assert [child.tag for child in tree.iter()] == ["p", "a"] and (tree[0].text or "") == kept(text)
    # A line break or tab in an attribute is a blank to XML, so the value is compared without them.
    blank = str.maketrans("\n\t", "  ")
    attribute = ET.fromstring(f'<p title="{escaped}"/>')
    assert {name: value.translate(blank) for name, value in attribute.attrib.items()} == {
        "title": kept(text).translate(blank)
    }


@given(TEXTS)
def test_nothing_is_left_that_could_open_anything(text: str) -> None:
    escaped = escape_html(text)
    assert not set(escaped) & set("<>\"'\r\0")
    escaped.encode()


def test_the_reader_would_see_an_escape_that_is_missing() -> None:
    assert read("<p><img src=x></p>").events != [("p", []), "/p"]
    assert read('<p title="" onload="x" id="z">x</p>').events[0] != ("p", [("title", ""), ("id", "z")])


@pytest.mark.parametrize("value", [b"x", None, 5])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="takes text"):
        escape_html(value)  # type: ignore[arg-type]
