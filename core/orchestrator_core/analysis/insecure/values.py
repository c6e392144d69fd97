"""What is known of a value at one place of a program: how far a stranger decides it, and for which purposes it was made safe."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple

PURPOSES = (
    "shell", "html", "path", "sql", "host", "scheme", "code", "regex", "line", "ldap", "xpath", "nosql", "xml", "template",
    "type", "secret", "error",
)  # fmt: skip
"""What a text may be dangerous for; the last two are facts: it holds something secret, it tells of an error."""

(SHELL, HTML, PATH, SQL, HOST, SCHEME, CODE, REGEX, LINE, LDAP, XPATH, NOSQL, XML, TEMPLATE, TYPE, SECRET, ERROR) = (
    range(len(PURPOSES))
)

FIXED, UNKNOWN, HANDED_IN, FROM_OUTSIDE = range(4)
"""The program decides it; nothing is known; a parameter of a function; a request, a command line, a keyboard."""

_FACTS = 2
ALL = tuple(range(len(PURPOSES) - _FACTS))


class Value(NamedTuple):
    """``levels`` holds one of the four levels for each purpose."""

    levels: bytes
    head: str = ""
    """The constant text it begins with, all of it where it is a constant."""
    made: str = ""
    """The dotted name of what made it, ``requests.Session()`` for instance."""
    origins: frozenset[str] = frozenset()
    """Names of variables that it was made from, and theirs."""
    test: ast.expr | None = None
    """The test whose result it is."""


def _level(level: int) -> bytes:
    return bytes([level] * len(ALL)) + bytes(_FACTS)


_FIXED, _UNKNOWN = _level(FIXED), _level(UNKNOWN)
CONSTANT = Value(_FIXED)
ANYTHING = Value(_UNKNOWN)
PARAMETER = Value(_level(HANDED_IN))
OUTSIDE = Value(_level(FROM_OUTSIDE))


def constant(text: object) -> Value:
    """The value of a literal."""
    return Value(_FIXED, text) if isinstance(text, str) else CONSTANT


def joined(values: Iterable[Value], head: str = "") -> Value:
    """A value made of several: for each purpose the worst of them."""
    levels, origins = _FIXED, frozenset[str]()
    for value in values:
        if value.levels not in (levels, _FIXED):
            levels = bytes(map(max, levels, value.levels))
        if value.origins:
            origins |= value.origins
    return Value(levels, head, "", origins)


def cleaned(value: Value, purposes: Iterable[int]) -> Value:
    """The same value, harmless for some purposes; ``~PATH`` says that it was checked for ``PATH``, but weakly: ``UNKNOWN``."""
    levels = bytearray(value.levels)
    for purpose in purposes:
        if purpose < 0:
            levels[~purpose] = min(levels[~purpose], UNKNOWN)
        else:
            levels[purpose] = FIXED
    return value._replace(levels=bytes(levels))


def weakly_checked(value: Value, purpose: int) -> bool:
    """Whether a stranger decides a value that passed a check which can be got round."""
    return value.levels[purpose] == UNKNOWN and value.levels[TYPE] >= HANDED_IN


def holding(value: Value, fact: int, level: int) -> Value:
    """The same value, known to hold a secret or an error's text."""
    levels = bytearray(value.levels)
    levels[fact] = max(levels[fact], level)
    return value._replace(levels=bytes(levels))
