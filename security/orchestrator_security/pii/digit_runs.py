"""Where digits stand close together: found once, so that each family of numbers looks only there."""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct

_DASHES = "\u2010-\u2015\u2212"
SPACES = " \u00a0\u2007\u2009\u202f"

_SEPARATORS = {i: None for i in range(128) if not 48 <= i <= 57}


class DigitRun(Struct, frozen=True):
    """Digits with at most three separators between two of them; the next digit is farther away on both sides."""

    start: int
    end: int
    digits: int
    """How many, counted to 64 at most."""


@cache
def _run() -> re.Pattern[str]:
    return re.compile(rf"[0-9](?:[{SPACES}\t.()/\[\]{_DASHES}-]{{0,3}}+[0-9]){{5,}}+")


def find_digit_runs(text: str) -> list[DigitRun]:
    """All runs of six digits or more."""
    return [run_of(text, *m.span()) for m in _run().finditer(text)]


def run_of(text: str, start: int, end: int) -> DigitRun:
    """A part of a text as a run."""
    return DigitRun(start, end, len(only_digits(text[start:end])) if end - start < 160 else 64)


@cache
def _dotted_quad() -> re.Pattern[str]:
    # Four pairs may be a phone number.
    return re.compile(r"(?!(?:[0-9]{2}\.){3}[0-9]{2}(?![0-9]))[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")


def is_dotted_quad(text: str, run: DigitRun) -> bool:
    """Whether it reads as an IP address or a version, in range or not; logs are full of them, and they are no other number."""
    return 6 < run.end - run.start < 16 and _dotted_quad().fullmatch(text, run.start, run.end) is not None


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a number is a word of its own, not part of an identifier, a decimal or a longer number."""
    left, right = text[start - 1 : start] if start else "", text[end : end + 1]
    if right.isalnum() or right == "_":
        return False
    if right in (".", ",", "-", "/", ":") and right and text[end + 1 : end + 2].isdigit():
        return False
    if left in (".", "-", ",", "/", ":") and left and start > 1 and text[start - 2].isdigit():
        return False
    if left.isalnum() or left == "_":
        # A line break that was escaped on the way.
        return left in "nrt" and start > 1 and text[start - 2] == "\\"
    return True


def only_digits(text: str) -> str:
    """Without what stands between the digits."""
    return (
        text
        if text.isdecimal()
        else text.translate(_SEPARATORS)
        if text.isascii()
        else "".join(c for c in text if "0" <= c <= "9")
    )
