"""Long texts in pieces of bounded length: a recogniser that is not ours may take quadratic time, but only of a piece.

Pieces overlap, so that what stands across the end of one lies whole in the next, with the words before it that tell what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

CHUNK = 2_000
"""Characters of one piece."""
OVERLAP = 240
"""Longer than any number, name or address that is looked for, with five words before it."""
_LOOK_BACK = 100
_RUN_MAX = 24
_WORD_MAX = 300


@cache
def _placeholders() -> re.Pattern[str]:
    # What redaction puts in the place of a value, and what it makes of a literal of that shape.
    return re.compile(r"<(?:literal )?[A-Z]{2,16}_[0-9a-f]{1,16}>")


@cache
def _noise() -> re.Pattern[str]:
    # spaCy's tokeniser is quadratic on such runs: 8,000 apostrophes take it 4.7 s.
    return re.compile(rf"(?:[^\w\s]|_){{{_RUN_MAX},}}+|\S{{{_WORD_MAX},}}+")


def chunks(text: str) -> Iterator[tuple[int, str]]:
    """Pieces of at most ``CHUNK`` characters with their offsets; each but the first begins within the one before."""
    start = 0
    while True:
        end = min(start + CHUNK, len(text))
        if end < len(text):
            space = max(text.rfind(" ", end - _LOOK_BACK, end), text.rfind("\n", end - _LOOK_BACK, end))
            end = space if space > 0 else end
        yield start, text[start:end]
        if end >= len(text):
            return
        start = end - OVERLAP


def placeholders(text: str) -> list[tuple[int, int]]:
    """Where values are redacted already."""
    return [match.span() for match in _placeholders().finditer(text)] if "<" in text else []


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with line ends in the places of ``spans``, so that nothing in them is found and offsets stay."""
    parts: list[str] = []
    done = 0
    for start, end in spans:
        parts += text[done:start], "\n" * (end - start)
        done = end
    return "".join((*parts, text[done:]))


def without_noise(text: str) -> str:
    """The text with spaces for long runs of punctuation and for words too long to be words; offsets stay."""
    return _noise().sub(lambda match: " " * len(match[0]), text)


def untouched(found: tuple[int, int], taken: Iterable[tuple[int, int]]) -> bool:
    """Whether a place overlaps none of others."""
    return all(found[1] <= start or found[0] >= end for start, end in taken)
