"""Any text becomes a query that FTS5 accepts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_memory.fts_query import TERMS_MAX, any_of, query_terms


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='porter unicode61')")
    connection.execute(
        "INSERT INTO t VALUES ('calendar spreads with theta'), ('東京 タワー'), ('get_user_name 4711'), ('naïve café')"
    )
    yield connection
    connection.close()


def found(index: sqlite3.Connection, text: str) -> list[int]:
    terms = query_terms(text)
    return [row[0] for row in index.execute("SELECT rowid FROM t WHERE t MATCH ?", (any_of(terms),))] if terms else []


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Find calendar spreads", [1]),
        ("calendars", [1]),
        ("CALENDAR", [1]),
        ("東", [2]),
        ("東京", [2]),
        ("get_user_name", [3]),
        ("4711", [3]),
        ("cafe", [4]),
        ('"calendar', [1]),
        ("NEAR(calendar", [1]),
        ("calendar*", [1]),
        ("-calendar", [1]),
        ("text:calendar", [1]),
        ("calendar AND NOT", [1]),
        ("{calendar} ^theta +1", [1]),
        ("calendar\x00theta", [1]),
        ("\ud800calendar\udfff", [1]),
        ("the", []),
        ("", []),
        ("   \n\t", []),
        ("?!*\"'()-:^", []),
        ("\U0001f600\U0001f680", []),
        ("\x00", []),
        ("___", []),
        ("x" * 1_000_000, []),
        ("calendar " + "\u0301" * 10, [1]),
    ],
)
def test_what_is_found(index: sqlite3.Connection, text: str, rows: list[int]) -> None:
    assert found(index, text) == rows


def test_a_megabyte_of_words_is_bounded() -> None:
    text = " ".join(f"word{i}" for i in range(150_000)) + " calendar"
    assert len(query_terms(text)) == TERMS_MAX


def test_the_beginning_and_the_end_of_a_long_text_are_read() -> None:
    terms = query_terms("firstidentifier99 " + "filler " * 100_000 + "lastidentifier99")
    assert {'"firstidentifier99"', '"lastidentifier99"'} <= set(terms)


def test_stop_words_go_unless_there_is_nothing_else() -> None:
    assert query_terms("what is the theta of it") == ('"theta"',)
    assert set(query_terms("to be or not")) == {'"to"', '"be"', '"or"', '"not"'}


def test_the_most_telling_come_first() -> None:
    terms = query_terms("please show stuff for module ERR42 in parser.py, the parser fails")
    assert terms[0] in ('"err42"', '"parser"')
    assert len(terms) == len(set(terms))


@given(st.text())
def test_no_text_is_refused(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='porter unicode61')")
    connection.execute("INSERT INTO t VALUES ('a')")
    terms = query_terms(text)
    assert len(terms) <= TERMS_MAX
    if terms:
        connection.execute("SELECT rowid, bm25(t) FROM t WHERE t MATCH ?", (any_of(terms),)).fetchall()
    connection.close()


@given(st.text(alphabet="abc\"'*()-:^{}+ NEARORANDNOT\x00\ud800東٣é", max_size=80))
def test_no_query_syntax_is_read(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='porter unicode61')")
    terms = query_terms(text)
    if terms:
        connection.execute("SELECT rowid FROM t WHERE t MATCH ?", (any_of(terms),)).fetchall()
    connection.close()
