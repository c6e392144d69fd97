"""What a text is like, apart from what it is about: long or short, a question, about oneself, with numbers or times.

Traits are compared with the kind of the question: a "when" wants words of time, a "how many" wants a number.
"""

from __future__ import annotations

import math
import re
from functools import cache

from msgspec import Struct

from orchestrator_memory.text.words import TEXT_MAX, ascii_words

TRAITS = ("length", "short", "ends_asking", "asks", "self", "you", "number", "time", "name", "attachment")
"""The columns of a text's traits, in order."""

_NUMBERS = frozenset((
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "dozen", "twice", "once",
    "couple", "several", "hundred", "thousand", "half",
))  # fmt: skip
_TIMES = frozenset((
    "yesterday", "today", "tomorrow", "tonight", "week", "weekend", "month", "year", "ago", "last", "next", "monday", "tuesday",
    "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "may", "june", "july", "august",
    "september", "october", "november", "december", "morning", "evening", "recently", "since", "summer", "winter", "spring", "fall",
    "autumn", "day", "days", "weeks", "months", "years",
))  # fmt: skip
_SELF = frozenset(
    ("i", "i'm", "i've", "i'd", "i'll", "my", "me", "mine", "we", "we're", "our", "us", "myself", "im", "ive")
)
_YOU = frozenset(("you", "your", "you're", "you've", "yours", "yourself", "ur", "u"))
_SHORT_WORDS = 6


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@cache
def _inner_capital() -> re.Pattern[str]:
    # A capital word after a small one: a name rather than the beginning of a sentence.
    return re.compile(r"(?<=[a-z,;] )[A-Z][a-z]")


def traits(text: str) -> tuple[float, ...]:
    """The ``TRAITS`` of a text; ``length`` is ln(1 + words) / 3, ``self`` and ``you`` are shares of its words."""
    text = text[:TEXT_MAX].replace("\u2019", "'")
    found = _words(text)
    distinct = set(found)
    about_self = sum(map(_SELF.__contains__, found))
    about_you = sum(map(_YOU.__contains__, found))
    number = not distinct.isdisjoint(_NUMBERS) or any(map(str.isdigit, {word[0] for word in distinct}))
    time = not distinct.isdisjoint(_TIMES)
    size = len(found)
    return (
        math.log1p(size) / 3,
        float(size < _SHORT_WORDS),
        float(text.rstrip(" .!")[-1:] == "?"),
        float("?" in text),
        about_self / (size + 3) * 5,
        about_you / (size + 3) * 5,
        float(number),
        float(time),
        float(_inner_capital().search(text) is not None),
        float("[" in text),
    )


def _words(text: str) -> list[str]:
    if not text.isascii():
        return _word().findall(text.lower())
    found = ascii_words(text, "'")
    if "'" not in text:
        return found
    return [part for word in found for part in (_word().findall(word) if "'" in word else (word,))]


class QueryKind(Struct, frozen=True):
    """What kind of answer a query asks for; 1 or 0."""

    when: float
    how_many: float
    which: float


@cache
def _kinds() -> tuple[re.Pattern[str], ...]:
    return (
        re.compile(r"\bwhen\b|\bwhat (?:date|year|month|day|time)\b|\bhow long\b|\bsince when\b"),
        re.compile(r"\bhow (?:many|much|old|long|far|often)\b|\bwhat (?:number|price|age)\b"),
        re.compile(r"\b(?:who|where|which|names?|called|title|brand|city|country|book|movie|song|band|game)\b"),
    )


def query_kind(query: str) -> QueryKind:
    """The kind of a query, by its question words."""
    lowered = query[:2_000].lower()
    return QueryKind(*(float(pattern.search(lowered) is not None) for pattern in _kinds()))
