"""A value cut into the tokens of SQL, from any place in it.

One dialect for all databases: what any of them reads as a string, a comment or a name is one. The idea of deciding on tokens is
that of Galbreath's libinjection (Black Hat USA 2012); there a table of fingerprints decides, here ``sql_reading`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

TOKENS_MAX = 96
"""So far is read from one place: an expression that breaks out shows itself long before."""


class Token(Struct, frozen=True):
    """One token; ``text`` is in lower case, and cut where it is a string.

    Kinds: ``number``, ``string``, ``open`` (a string without an end), ``name``, ``word``, ``variable``, ``operator``, ``mark``,
    ``comment`` (to the end of the value) and ``other``.
    """

    kind: str
    text: str
    start: int
    end: int


@cache
def _token() -> re.Pattern[str]:
    return re.compile(
        r"""
          (?P<blank>[\s\x00-\x20\xa0\ufeff\u200b]++)
        | (?P<comment>(?:--|\#)[^\n]*+|/\*)
        | (?P<number>0x[0-9a-f]++(?!\w)|0b[01]++(?!\w)
            | (?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:e[+-]?[0-9]*+(?![a-z_]))?(?!\w)
            | [0-9]++(?=(?:or|and|xor|union|order|having|like|limit|where|rlike|regexp)(?![a-z_]))
            | [0-9]++(?:\.[0-9]*+(?:e[+-]?[0-9]*+)?|e[+-]?[0-9]++|\\n)(?=[a-z_(]))
        | (?P<string>(?:\b[nbxeq])?'[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+'
            | "[^"\\]*+(?:(?:\\.|"")[^"\\]*+)*+"
            | \$[a-z_]{0,16}\$)
        | (?P<open>['"].*+)
        | (?P<variable>@{1,2}(?:[\w.$]++|(?=[`'"(]))|\?|:[a-z_]\w*+)
        | (?P<name>`[^`]{0,128}+`|\[[\w\ $.]{1,128}+\])
        | (?P<word>[a-z_\u0080-\uffff][\w$]*+(?:\.[a-z_][\w$]*+){0,4}(?:\.\.?[\w$]++)?)
        | (?P<operator><=>|->>|!~\*|<>|!=|!<|!>|\^=|>=|<=|==|\|\||&&|:=|::|<<|>>|->|@>|<@|~\*|!~|[=<>|&^+\-*/%~!])
        | (?P<mark>[(),;{}.])
        | (?P<other>.)
        """,
        re.IGNORECASE | re.VERBOSE | re.DOTALL,
    )


def tokens(text: str, start: int = 0, limit: int = TOKENS_MAX) -> Iterator[Token]:
    """The tokens from a place on, at most ``limit`` of them, without blanks.

    A line comment is a blank where another line follows; otherwise it ends the value.
    """
    count = 0
    at = start
    match_at = _token().match
    while count < limit:
        match = match_at(text, at)
        if match is None:
            return
        kind = match.lastgroup or "other"
        at = match.end()
        if kind == "blank" or (kind == "comment" and text.startswith("\n", at)):
            continue
        found = match[0]
        count += 1
        yield Token(
            kind, found[:64].lower() if kind in ("string", "open", "comment") else found.lower(), match.start(), at
        )
        if kind == "comment":
            return
