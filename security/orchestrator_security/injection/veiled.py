"""Other readings of a text: decoded, turned around, shifted, spelt with gaps or with digits for letters."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from functools import cache

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.orders import unmasking

_BACKWARDS = ("snoitcurtsni", "tpmorp", "erongi", "drawrofsid", "laever", "drowssap")
_SHIFTED = ("vtaber", "vafgehpgvba", "cebzcg", "flfgrz", "erirny", "qvfertneq", "cnffjbeq")
_RUNS_MAX = 20
_ROT13 = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "nopqrstuvwxyzabcdefghijklmNOPQRSTUVWXYZABCDEFGHIJKLM"
)
_TAGS = {0xE0000 + code: chr(code) for code in range(0x20, 0x7F)}
_STAND_INS = str.maketrans("013457@$|!", "oieastasii")
_TAG = r"[\U000e0020-\U000e007e]{4}"
_HEX = r"(?<![0-9a-z])(?:[2-7][0-9a-f][ :]?){12,4096}"
_BITS = r"(?<![0-9a-z])(?:[01]{8}[ ,]?){8,2048}"
_INITIALS = ("first letter", "initial letter", "initials of", "first character of e", "acrostic")
_ESCAPES = r"\\u00[2-7][0-9a-f]|\\x[2-7][0-9a-f]|&#(?:x[2-7][0-9a-f]|[0-9]{2,3});|%[2-7][0-9a-f]"
_STAND_IN = r"[013457@$|!](?<=[a-z].)[a-z]"
_GAPPED = r"(?<![a-z])(?:[a-z][^a-z\n]{1,4}){7,400}[a-z](?![a-z])"
_MANY = 5


def unveiled(text: str, plain: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """For each veil that may lie over the text: its name, and what stands behind it. Mostly none. Linear, with bounded decoding.

    ``plain`` and ``words`` are what ``unmasking.plain`` and ``evidence.tokens`` make of the text.
    """
    for said in unmasking.decoded(text):
        yield "base64", said
    if any(stem in plain for stem in _BACKWARDS):
        yield "backwards", text[::-1]
    if any(stem in plain for stem in _SHIFTED):
        yield "rot13", text.translate(_ROT13)
    yield from _bytes_spelt_out(plain)
    if ("0" in plain and "1" in plain) and (bits := compiled(_BITS).search(plain)):
        yield "binary", "".join(chr(int(octet, 2)) for octet in re.findall("[01]{8}", bits[0]))
    if any(stem in plain for stem in _INITIALS):
        yield "initials", _parted("".join(word[0] for word in words if word != "."))
    if not text.isascii() and compiled(_TAG).search(text):
        yield "tag-characters", "".join(filter(None, map(_TAGS.get, map(ord, text))))
    if _dense(plain, len(words)):
        yield "digits-for-letters", plain.translate(_STAND_INS)
    if _spelt(words):
        runs = [run[0] for run, _ in zip(compiled(_GAPPED).finditer(plain), range(_RUNS_MAX), strict=False)]
        if runs:
            yield "spelt-letters", " . ".join(map(_closed_up, runs))


def _bytes_spelt_out(plain: str) -> Iterator[tuple[str, str]]:
    if "\\" in plain or "&#" in plain or "%" in plain:
        escapes = compiled(_ESCAPES)
        if len(_first(escapes, plain)) >= _MANY:
            yield "escapes", escapes.sub(_character, plain)
    for number, run in enumerate(compiled(_HEX).finditer(plain)):
        if number == _RUNS_MAX:
            return
        digits = run[0].replace(" ", "").replace(":", "")
        try:
            said = binascii.unhexlify(digits[: len(digits) // 2 * 2]).decode()
        except ValueError:
            continue
        if said.isprintable():
            yield "hexadecimal", said


def _first(pattern: re.Pattern[str], text: str) -> list[str]:
    return [match[0] for match, _ in zip(pattern.finditer(text), range(_MANY), strict=False)]


def _character(match: re.Match[str]) -> str:
    sign = match[0]
    if sign.startswith("&#"):
        number = sign[2:-1]
        code = int(number[1:], 16) if number.startswith("x") else int(number)
        return chr(code) if code < 0x7F else " "
    return chr(int(sign[-2:], 16))


def _dense(plain: str, words: int) -> bool:
    """Whether digits stand for letters in many words: ``1gn0r3 pr3v10us``, not ``utf8`` and ``python3``."""
    if plain.isalpha():
        return False
    stood_in = enumerate(compiled(_STAND_IN).finditer(plain), 1)
    return any(found > 2 and found * 6 > words for found, _ in stood_in)


def _spelt(words: Sequence[str]) -> bool:
    """Whether seven single letters stand in a row."""
    row = 0
    for word in words:
        if len(word) == 1:
            row += word != "."
            if row >= 7:
                return True
        else:
            row = 0
    return False


def _closed_up(run: str) -> str:
    """Letters with one sign between them, closed up; a wider gap parts words."""
    parted = compiled("[^a-z]{2,}").sub("\n", run)
    words = compiled("[^a-z\n]").sub("", parted).replace("\n", " ")
    return words if " " in words else _parted(words)


@cache
def _known() -> re.Pattern[str]:
    return re.compile(
        r"ignore|disregard|forget|override|reveal|print|show|repeat|output|all|any|your|the|my|me|of|previous|prior|above|system|"
        r"initial|secret|instructions?|prompts?|rules|guidelines|directives|message|password|you|are|now|dan|and|tell|give|what|is"
    )


def _parted(letters: str) -> str:
    """Words that run together, parted at those which orders are made of."""
    return re.sub(r" {2,}", " ", _known().sub(r" \g<0> ", letters)).strip()
