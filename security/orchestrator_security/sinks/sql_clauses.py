"""Clauses and statements that a value can go on with: told from prose by what stands behind their first words."""

from __future__ import annotations

import re
from functools import cache

_SPACE = r"[\s\x00-\x20\xa0+(]{1,20}+"
_NUMBER = r"(?:[0-9]{1,6}+|null|@@?\w+)"
_NAME = r"[`\"\[]?[a-z_][\w.$]{0,64}+[`\"\]]?"
_DIRECTION = r"(?:\s{1,9}(?:asc|desc))?"
_END = r"[\s)]{0,9}+(?:$|--|\#|/\*|;|,|having\b)"

_CLAUSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "order-by",
        (
            rf"(?:order|group){_SPACE}by{_SPACE}{_NUMBER}(?:\s{{0,9}},\s{{0,9}}(?:{_NUMBER}|{_NAME})){{0,60}}+{_DIRECTION}{_END}",
            rf"(?:order|group){_SPACE}by{_SPACE}{_NAME}(?:\s{{0,9}},\s{{0,9}}{_NAME}){{0,60}}+{_DIRECTION}[\s)]{{0,9}}+(?:--|\#|/\*|;|having\b)",
            rf"(?:order|group){_SPACE}by{_SPACE}(?:if|case|rand|sleep|elt|field|exp|updatexml|extractvalue|select)\b",
        ),
    ),
    ("having", (rf"having{_SPACE}[\w.'\"(]{{1,40}}+\s{{0,9}}(?:[=<>]|like\b|--)",)),
    (
        "where",
        (
            rf"where{_SPACE}[\w.'\"`()]{{1,60}}+\s{{0,9}}(?:[=<>]|!=|like\b|in\s{{0,9}}\(|is\s{{1,9}}(?:not\s{{1,9}})?null|rlike\b)",
            rf"where{_SPACE}exists\s{{0,9}}\(",
        ),
    ),
    (
        "limit",
        (
            rf"(?:limit|offset){_SPACE}\d{{1,9}}+(?:\s{{0,9}},\s{{0,9}}\d{{1,9}}+)?(?:{_END}|\s{{1,9}}(?:into|procedure|union|offset)\b)",
        ),
    ),
    ("into", (rf"into{_SPACE}(?:outfile|dumpfile|@)",)),
    ("procedure", (rf"procedure{_SPACE}analyse",)),
    ("from", (rf"from{_SPACE}{_NAME}{_SPACE}(?:where|order\s{{1,9}}by|group\s{{1,9}}by|union|limit)\b",)),
    ("for-update", (r"for\s{1,9}update\b",)),
    (
        "alias",
        (
            rf"as{_SPACE}[`\"\[]?\w{{1,64}}+[`\"\]]?{_SPACE}from{_SPACE}{_NAME}\s{{0,9}}(?:[=,;]|--|where\b)",
            rf"as{_SPACE}[`\"\[]?\w{{1,64}}+[`\"\]]?{_SPACE}(?:where{_SPACE}[\w.'\"`]{{1,60}}+\s{{0,9}}[=<>]|union\s{{1,9}}(?:all|select|distinct)\b)",
        ),
    ),
)

_STATEMENTS = (
    r"(?:drop|truncate|alter|create|rename)\s{1,9}(?:table|database|schema|view|user|function|procedure|index|login|role|trigger|column)\b",
    r"select\b[\s(+]{0,9}+(?:[*@\d'\"(-]|[\w.]{1,64}+\s{0,3}(?:\(|,|from\b|--|;))",
    r"(?:insert|merge|replace)\s{1,9}into\b",
    r"update\s{1,9}\w{1,64}\s{1,9}set\b",
    r"delete\s{1,9}(?:\w{1,20}\s{1,9})?from\b",
    r"exec(?:ute)?(?:\(|\s{1,9}(?:immediate\b|\w{1,40}[_.]|@|\(?n?'))",
    r"declare\s{0,9}(?:@|\w{1,64}\s{1,9}(?:int|n?varchar|char|cursor|number)\b)",
    r"shutdown\b",
    r"waitfor\b",
    r"begin\s{1,9}(?:declare|if|waitfor|dbms|transaction)\b",
    r"if[\s(]{1,9}(?:select|(?:not\s{1,9})?exists|\d{1,9}\s{0,9}[=<>]|substring|ascii|len\s?\(|system_user|@@|user_name|is_srvrolemember)",
    r"(?:commit|rollback|vacuum)\s{0,9}(?:;|--)",
    r"print\s{1,9}[@'\"]",
    r"use\s{1,9}\w{1,64}\s{0,9}(?:;|--)",
    r"call\s{1,9}[\w.]{1,64}\(",
    r"copy\s{1,9}(?:\(|\w{1,64}\s{1,9}(?:from|to)\b)",
    r"show\s{1,9}(?:tables|databases|columns|grants)\b",
    r"desc(?:ribe)?\s{1,9}\w{1,64}\s{0,9}(?:;|--)",
    r"set\s{1,9}(?:@\w{1,64}|session\s|global\s|names\b|\w{1,64}\s{0,9}:=)",
    r"attach\s{1,9}database|pragma\s{1,9}\w|load\s{1,9}data",
    r"with\s{1,9}\w{1,64}\s{1,9}as\s{0,9}\(",
    r"kill\s{1,9}\d{1,9}\s{0,9}(?:;|--|$)",
    r"do\s{1,9}(?:\$|sleep|benchmark)|sleep\s{0,3}\(",
    r"--",
)


@cache
def _clauses() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((rule, re.compile("|".join(sources), re.IGNORECASE)) for rule, sources in _CLAUSES)


@cache
def _stacked() -> re.Pattern[str]:
    return re.compile(rf";[\s\x00-\x20;+]{{0,20}}+(?:{'|'.join(_STATEMENTS)})", re.IGNORECASE)


@cache
def _ends_hidden() -> re.Pattern[str]:
    return re.compile(r"(?:--[\s+-]{0,3}|/\*|[;\s]\#)\s*+$|;\s{0,9}%00$|;\x00$")


def clause_at(text: str, start: int) -> str | None:
    """The clause that begins here (``order-by``, ``having``), or None where it is prose."""
    return next((rule for rule, pattern in _clauses() if pattern.match(text, start)), None)


def stacks_statement(text: str, at: int) -> bool:
    """Whether the semicolon here is followed by another statement."""
    return _stacked().match(text, at) is not None


def hides_rest(text: str, at: int) -> bool:
    """Whether the value ends with a comment that hides the rest of the statement; ``at`` is where the end may begin at the earliest."""
    return _ends_hidden().search(text, max(at, len(text) - 20)) is not None
