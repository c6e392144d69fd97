"""What stands around a number: the words that say what it is."""

from __future__ import annotations

import re
from functools import cache

_BEFORE = 48
_AFTER = 18


@cache
def _words(source: str) -> re.Pattern[str]:
    # A name in code joins its words by underscores and capitals: ``phone_number``, ``homePhone``, ``cardNo``.
    return re.compile(rf"(?<![a-z])(?:{source})(?![a-z])")


@cache
def _capital() -> re.Pattern[str]:
    return re.compile("(?<=[a-z])(?=[A-Z])")


@cache
def _placeholder() -> re.Pattern[str]:
    # ``<PHONE_1>`` says what it replaced, not what comes next.
    return re.compile(r"<?[A-Z]{2,16}_(?:[0-9a-f]{14}|[0-9]{1,9})>")


def before(text: str, start: int, reach: int = _BEFORE) -> str:
    """Up to ``reach`` characters in front, in lower case, with the words of a name in code set apart."""
    window = text[max(0, start - reach) : start]
    if ">" in window:
        window = _placeholder().sub(" ", window)
    return _capital().sub("_", window).lower()


def after(text: str, end: int, reach: int = _AFTER) -> str:
    """Up to ``reach`` characters behind, in lower case."""
    return text[end : end + reach].lower()


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[^\W\d_]+")


def beginnings(surroundings: str) -> set[str]:
    """The first three letters of each word: to look these up is faster than to search for many words."""
    return {word[:3] for word in _word().findall(surroundings)}


def says(surroundings: str, source: str) -> bool:
    """Whether one of the words, given as a pattern of alternatives in lower case, stands there."""
    return _words(source).search(surroundings) is not None
