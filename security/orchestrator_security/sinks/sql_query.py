"""Whether ``select`` and what follows is a query or a sentence: lists of columns have a grammar, and prose has articles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from orchestrator_security.sinks.sql_found import Phrase
from orchestrator_security.sinks.sql_words import ARTICLES

_TRIES_MAX = 64
"""So many words ``select`` are looked at in one value."""


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[\s\x00-\x20+(]{0,40}+([a-z]+)[\s.]{1,4}+([a-z]+)?", re.IGNORECASE)


@cache
def _one_word() -> re.Pattern[str]:
    return re.compile(r"[\s\x00-\x20+]{1,40}+(?!null|user|version|true)[a-z]++$", re.IGNORECASE)


def goes_on_as_query(text: str, at: int) -> bool:
    """Whether what follows ``union select`` may be a list of columns: prose goes on with an article or with two plain words."""
    match = _word().match(text, at)
    if match is None:
        return not _one_word().match(text, at)
    second = (match[2] or "").lower()
    if match[1].lower() in ARTICLES:
        return False
    return not second or second in (
        "from",
        "as",
        "union",
        "where",
        "limit",
        "into",
        "order",
        "procedure",
        "x",
        "null",
        "is",
    )


@cache
def _selection() -> re.Pattern[str]:
    return re.compile(
        r"\bselect\b(?P<list>[^;<>{}]{1,400}?)(?<![\w.])from\b[\s\x00-\x20+(`\"\[']{1,20}+(?P<table>[a-z_@][\w$.@]*+)"
        r"(?P<after>[`\"\]'\s)+]{0,20}+(?:$|[;,#=]|--|/\*|where\b|order\s|group\s|limit\b|union\b|having\b|join\b|left\s|inner\s|[a-z]\w?\b)?)",
        re.IGNORECASE,
    )


@cache
def _expression() -> re.Pattern[str]:
    # A list that starts like one of SQL, without a word of English behind it.
    return re.compile(
        r"[\s\x00-\x20+(`\"\[]{0,20}+(?:all\s|distinct\s|top\s{1,9}\d{1,9}\s{0,9})?[\s(]{0,9}+(?:[*'\"@\d-]|0x|null\b|case\b|cast\b|[\w.]{1,64}+[`\"\]]?\s{0,9}+(?:[(,]|$|as\s|\+|\|\|))",
        re.IGNORECASE,
    )


@cache
def _bare() -> re.Pattern[str]:
    return re.compile(
        r"(?:^|[;'\"(=,)]|union|all|/)[\s\x00-\x20+(]{0,20}+select(?:\s|\x00|\+|\(|(?=[*@'\"-])){0,20}+(?:\*(?!\s{1,9}(?!(?:from|into|where|union|order|limit|for|as|except|intersect|in|natural|having|join|group)\b)[a-z])|@|0x|null\b|top\s{1,9}\d|(?:current|session|system)_user\b|case\s{1,9}when\b|[-\d.]{1,20}+\s{0,9}[&|+*/^%-]|[-\d.]{1,20}+\s{0,9}(?:,|;|--|#|\)|$|from|where)|'[^']{0,60}+'|[\w.$]{1,64}+\s{0,3}\()",
        re.IGNORECASE,
    )


def queries(text: str, lowered: str) -> Iterator[Phrase]:
    """The first query of its own in a value; ``lowered`` is the value in lower case."""
    found = lowered.find("select")
    if found < 0:
        return
    message = "a query of its own"
    match = _bare().search(text)
    if match is not None:
        yield Phrase("select", match.start(), match.end(), "high", message)
        return
    for _ in range(_TRIES_MAX):
        match = _selection().match(text, found)
        if match is not None and _is_query(match["list"], match["table"], match["after"]):
            yield Phrase("select", match.start(), match.end(), "high", message)
            return
        found = lowered.find("select", found + 6)
        if found < 0:
            return


def _is_query(chosen: str, table: str, after: str) -> bool:
    words = chosen.lower().replace("+", " ").split()
    if table.lower() in ARTICLES or any(
        word.strip("(),") in ARTICLES - {"or", "and", "any", "some", "all"} for word in words
    ):
        return False
    if not after.strip() and after != "" and not after.isspace():
        return False
    return _expression().match(chosen.strip()) is not None or (len(words) == 1 and bool(after.strip(" +")))
