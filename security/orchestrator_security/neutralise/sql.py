"""A statement with its values bound, never written into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import LiteralString, NamedTuple, TypeAlias

from msgspec import Struct

from orchestrator_core.errors import UsageError

SqlValue: TypeAlias = str | int | float | bytes | None
"""What SQLite can store."""

PARAMETERS_MAX = 32_766
"""SQLite's own limit, SQLITE_MAX_VARIABLE_NUMBER."""


class SqlStatement(NamedTuple):
    """A statement and its parameters: ``connection.execute(*statement)``."""

    text: str
    parameters: tuple[SqlValue, ...]


class Identifier(Struct, frozen=True):
    """The name of a table or column, made by ``identifier``; as text it is written in double quotes."""

    name: str

    def __str__(self) -> str:
        return '"' + self.name.replace('"', '""') + '"'


def identifier(name: str, *, allowed: tuple[str, ...] | list[str] | frozenset[str] | set[str]) -> Identifier:
    """The name of a table or column for ``sql_parameters``, which writes it quoted.

    A name cannot be bound, and quoting does not make a stranger's choice of column a good one, so ``allowed`` lists the names
    that may be used.

    Raises:
        UsageError: the name is not among those allowed, or is no name.
    """
    if not isinstance(name, str) or name not in allowed:
        raise UsageError(
            f"the name is not one of those allowed ({', '.join(sorted(allowed)) or 'none'}); check it first"
        )
    if not name or "\0" in name:
        raise UsageError("an identifier cannot be empty or hold a NUL character")
    return Identifier(_storable(name, "an identifier"))


# Strings, quoted names and comments are skipped as one; what is not closed runs to the end, as in SQLite.
_PIECE = (
    r"(?P<quoted>'(?:[^']|'')*+(?:'|$)|\"(?:[^\"]|\"\")*+(?:\"|$)|`(?:[^`]|``)*+(?:`|$)|\[[^\]]*+(?:\]|$)|--[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|$))"
    r"|(?P<brace>\{\{|\}\})|\{(?P<name>[^{}]*+)\}|(?P<stray>[{}?]|[:@$]\w)"
)


@cache
def _piece() -> re.Pattern[str]:
    return re.compile(_PIECE, re.DOTALL)


def sql_parameters(statement: LiteralString, /, **values: SqlValue | Identifier | object) -> SqlStatement:
    """The statement with a ``?`` for each ``{name}``, and the values in order: ``connection.execute(*sql_parameters(...))``.

    ``statement`` is the program's own text, never put together from input. A list, tuple or set becomes as many placeholders in
    parentheses, so ``id IN {ids}`` works for any number, none included. The name of a table or column goes through
    ``identifier``. ``{{`` and ``}}`` stand for braces.

    Raises:
        UsageError: a placeholder stands inside quotes or a comment, has no value or holds more than a name; a value is unused
            or of a type that SQLite cannot store; the statement has placeholders of another kind.
    """
    parameters: list[SqlValue] = []
    used: set[str] = set()
    parts: list[str] = []
    done = 0
    for match in _piece().finditer(statement):
        before = statement[done : match.start()]
        parts.append(before)
        done = match.end()
        if match["quoted"] is not None:
            _refuse_inside(match["quoted"], values)
            parts.append(match["quoted"])
        elif match["brace"] is not None:
            parts.append(match["brace"][0])
        elif match["stray"] is not None:
            raise UsageError(
                f"the statement holds {match['stray']!r} at character {match.start()}; name every value, as in {{name}}, and write"
                " single braces twice"
            )
        else:
            name = match["name"]
            if not name.isidentifier():
                raise UsageError(
                    f"a placeholder holds a name and nothing else, got {{{name}}}; give the finished value under a name"
                )
            if name not in values:
                raise UsageError(f"no value was given for {{{name}}}; pass {name}=...")
            used.add(name)
            enclosed = before.rstrip().endswith("(") and statement[done:].lstrip().startswith(")")
            parts.append("".join(_written(name, values[name], parameters, enclosed=enclosed)))
    parts.append(statement[done:])
    if unused := sorted(values.keys() - used):
        raise UsageError(f"no placeholder uses {', '.join(unused)}; write it as {{{unused[0]}}} or leave the value out")
    if len(parameters) > PARAMETERS_MAX:
        raise UsageError(
            f"{len(parameters)} values are more than SQLite takes ({PARAMETERS_MAX}); put them into a temporary table"
        )
    return SqlStatement("".join(parts), tuple(parameters))


def _refuse_inside(quoted: str, values: dict[str, object]) -> None:
    for name in values:
        if f"{{{name}}}" in quoted:
            raise UsageError(
                f"{{{name}}} stands inside quotes or a comment; a bound value needs no quotes, so take them away (for LIKE, put the"
                " percent signs into the value)"
            )


def _written(name: str, value: object, parameters: list[SqlValue], *, enclosed: bool) -> Iterator[str]:
    if isinstance(value, Identifier):
        yield str(value)
    elif isinstance(value, list | tuple | set | frozenset):
        items = [_stored(name, item) for item in value]
        parameters += items
        # An empty list is no syntax of standard SQL; a query without rows is, and IN and NOT IN both answer as expected.
        inner = ", ".join("?" * len(items)) or "SELECT NULL WHERE 1 = 0"
        yield inner if enclosed else f"({inner})"
    else:
        parameters.append(_stored(name, value))
        yield "?"


def _stored(name: str, value: object) -> SqlValue:
    if isinstance(value, str):
        return _storable(value, name)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise UsageError(f"{name} is beyond SQLite's 64-bit integers; store it as text")
        return int(value)
    if isinstance(value, float):
        if value != value:  # noqa: PLR0124 - the test for NaN that needs no import
            raise UsageError(f"{name} is NaN, which SQLite would store as NULL; pass None or a number")
        return value
    if value is None or isinstance(value, bytes):
        return value
    raise UsageError(
        f"{name} is of type {type(value).__name__}; give text, a number, bytes, None, a list of those, or identifier(...)"
    )


def _storable(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{name} holds half a surrogate pair, which SQLite cannot store; decode the text anew"
        ) from error
    # A subclass of str may bring its own idea of how it is adapted.
    return str(text)
