"""Values are bound: they come back from SQLite as they went in, and change no statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.security import identifier, sql_parameters
from orchestrator_core.errors import UsageError

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.lists(st.sampled_from(["'", '"', ";", "--", "/*", "*/", "?", ":x",
                              "{name}", "{", "}", "\\", "\0", " OR 1=1", "%", "_", "`", "[", "]"]), max_size=12).map("".join),
)  # fmt: skip
VALUES = st.one_of(
    TEXTS,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=30),
    st.none(),
)


@pytest.fixture(scope="module")
def store() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE person (id INTEGER PRIMARY KEY, name, age, "order" TEXT)')
        connection.executemany(
            "INSERT INTO person VALUES (?, ?, ?, 'x')", [(1, "ada", 36), (2, "o'neil", 50), (3, "eve", 7)]
        )
        yield connection


@given(VALUES)
def test_a_value_comes_back_as_it_went_in(store: sqlite3.Connection, value: object) -> None:
    statement = sql_parameters("SELECT {value}, typeof({value}), (SELECT count(*) FROM person)", value=value)
    back, _, rows = store.execute(*statement).fetchone()
    assert back == value and type(back) is type(value) and rows == 3


@given(st.lists(TEXTS, max_size=6))
def test_a_list_finds_exactly_its_members(store: sqlite3.Connection, names: list[str]) -> None:
    everyone = ["ada", "o'neil", "eve"]
    found = [
        name
        for (name,) in store.execute(
            *sql_parameters("SELECT name FROM person WHERE name IN {names} ORDER BY id", names=names)
        )
    ]
    assert found == [name for name in everyone if name in names]
    others = store.execute(
        *sql_parameters("SELECT count(*) FROM person WHERE name NOT IN ({names})", names=names)
    ).fetchone()
    assert others == (3 - len(found),)


@given(TEXTS)
def test_the_statement_does_not_depend_on_the_value(value: str) -> None:
    assert sql_parameters("SELECT * FROM person WHERE name = {name}", name=value) == (
        "SELECT * FROM person WHERE name = ?",
        (value,),
    )


def test_values_stand_in_the_order_of_their_placeholders(store: sqlite3.Connection) -> None:
    statement = sql_parameters(
        "SELECT id FROM person WHERE age > {age} AND id IN {ids} AND age < {age} + 40", age=10, ids=(1, 2)
    )
    assert statement == ("SELECT id FROM person WHERE age > ? AND id IN (?, ?) AND age < ? + 40", (10, 1, 2, 10))
    assert store.execute(*statement).fetchall() == [(1,)]


def test_quoted_text_and_comments_stay_as_they_are(store: sqlite3.Connection) -> None:
    statement = sql_parameters(
        "SELECT '{x} it''s ?', \"order\", {{1}} -- {y} ?\n /* {z} : */ WHERE 1 = {one}".replace("{{1}}", "1"), one=1
    )
    assert statement.text == "SELECT '{x} it''s ?', \"order\", 1 -- {y} ?\n /* {z} : */ WHERE 1 = ?"
    assert sql_parameters("SELECT json({text}) -> '$.a', {{", text="{}").text == "SELECT json(?) -> '$.a', {"


def test_a_name_of_a_column_is_chosen_from_a_list_and_quoted(store: sqlite3.Connection) -> None:
    columns = ("age", "order", 'we"ird')
    by_age = sql_parameters(
        "SELECT name FROM person ORDER BY {column} LIMIT {n}", column=identifier("age", allowed=columns), n=1
    )
    assert store.execute(*by_age).fetchall() == [("eve",)]
    reserved = sql_parameters("SELECT {column} FROM person", column=identifier("order", allowed=columns))
    assert store.execute(*reserved).fetchone() == ("x",)
    assert sql_parameters("{c}", c=identifier('we"ird', allowed=columns)).text == '"we""ird"'
    assert "SELECT " + str(identifier('we"ird', allowed=columns)) == 'SELECT "we""ird"'


@pytest.mark.parametrize("name", ["name; DROP TABLE person", "Age", "", "age --"])
def test_a_name_that_is_not_on_the_list_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="not one of those allowed"):
        identifier(name, allowed=("age", "order"))


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        identifier(name, allowed=(name,))


@pytest.mark.parametrize(
    ("statement", "values", "cause"),
    [
        ("SELECT '{x}'", {"x": 1}, "inside quotes"),
        ("SELECT * FROM p WHERE a LIKE '%{x}%'", {"x": "b"}, "percent signs into the value"),
        ('SELECT "{x}"', {"x": 1}, "inside quotes"),
        ("SELECT `{x}`", {"x": 1}, "inside quotes"),
        ("SELECT [{x}]", {"x": 1}, "inside quotes"),
        ("SELECT 1 -- {x}", {"x": 1}, "comment"),
        ("SELECT 1 /* {x} */", {"x": 1}, "comment"),
        ("SELECT 'open {x}", {"x": 1}, "inside quotes"),
        ("SELECT {x}", {}, "no value was given for {x}"),
        ("SELECT 1", {"x": 1}, "no placeholder uses x"),
        ("SELECT {x!r}", {"x": 1}, "a name and nothing else"),
        ("SELECT {x:>3}", {"x": 1}, "a name and nothing else"),
        ("SELECT {x.y}", {"x": 1}, "a name and nothing else"),
        ("SELECT {}", {}, "a name and nothing else"),
        ("SELECT {0}", {}, "a name and nothing else"),
        ("SELECT ?, {x}", {"x": 1}, "name every value"),
        ("SELECT :x, {x}", {"x": 1}, "name every value"),
        ("SELECT {x", {"x": 1}, "write single braces twice"),
        ("SELECT {x}", {"x": object()}, "type object"),
        ("SELECT {x}", {"x": {"a": 1}}, "type dict"),
        ("SELECT {x}", {"x": [[1]]}, "type list"),
        ("SELECT {x}", {"x": float("nan")}, "NaN"),
        ("SELECT {x}", {"x": 2**63}, "64-bit"),
        ("SELECT {x}", {"x": "\ud800"}, "surrogate"),
        ("SELECT {x}", {"x": [0] * 40_000}, "40000 values"),
    ],
)  # fmt: skip
def test_what_would_be_unsafe_or_wrong_is_refused_with_its_cause(
    statement: str, values: dict[str, object], cause: str
) -> None:
    with pytest.raises(UsageError, match=cause.replace("{", r"\{")):
        sql_parameters(statement, **values)
