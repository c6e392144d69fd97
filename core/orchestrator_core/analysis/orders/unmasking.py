"""Making disguised words readable, for the search for stored instructions.

A text is brought to plain lower-case words of ``a`` to ``z`` with one blank between them and a full stop between sentences: accents,
invisible characters, look-alike letters of other alphabets, width and style variants, line breaks, hyphenation and simple tags are gone.
Where digits and signs stand in for letters, and where letters are spelt with gaps, there are further readings. Runs of base64 are decoded.

Every step is a fixed number of passes over the text, so it takes linear time.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

_PART = 16_384
_SWELL = 3
"""One character may stand for eighteen."""
_ENCODED_MAX = 200
_ENCODED_CHARS = 8_192

_LOOK_ALIKES = {
    "а": "a", "в": "b", "е": "e", "ё": "e", "к": "k", "м": "m", "н": "h", "о": "o", "р": "p", "с": "c", "т": "t", "у": "y", "х": "x",
    "і": "i", "ї": "i", "ј": "j", "ѕ": "s", "һ": "h", "ԁ": "d", "ԛ": "q", "ԝ": "w", "ӏ": "l", "г": "r", "п": "n", "ԍ": "g",
    "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "σ": "o", "τ": "t", "υ": "u", "χ": "x",
    "γ": "y", "ω": "w", "ı": "i", "ɩ": "i", "ɑ": "a", "ɡ": "g", "ⅼ": "l", "ʏ": "y", "ʀ": "r", "ɴ": "n", "ɪ": "i", "ʟ": "l", "ꜱ": "s",
    "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ꜰ": "f", "ɢ": "g", "ʜ": "h", "ᴊ": "j", "ᴋ": "k", "ᴍ": "m", "ᴏ": "o", "ᴘ": "p",
    "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴢ": "z", "օ": "o", "ո": "n", "ս": "u", "ց": "g", "հ": "h", "ø": "o", "ł": "l", "đ": "d",
    "ß": "ss", "æ": "ae", "œ": "oe", "’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-", "…": ".", "。": ".",
}  # fmt: skip
_STAND_INS = {
    "0": "o",
    "1": "i",
    "3": "e",
    "4": "a",
    "5": "s",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "|": "i",
    "!": "i",
}


def plain(text: str) -> str:
    """The text in lower case, in letters of the Latin alphabet as far as they look like them; control characters are gone."""
    if _control().search(text):
        text = _control().sub("", text)
    if not text.isascii():
        parts = (text[start : start + _PART] for start in range(0, len(text), _PART))
        # Lower case first: a look-alike may be a capital.
        text = "".join(_unmarked(part) for part in parts).lower().translate(_folded())
    return text.lower()


def _unmarked(part: str) -> str:
    """The simplest form of each character, its marks apart; as it is, where that would swell the text."""
    simple = unicodedata.normalize("NFKD", part)
    return simple if len(simple) <= _SWELL * len(part) else part


def letters(plain_text: str) -> str:
    """Only the letters, stand-ins read as letters: what a cheap look finds any disguise in."""
    return plain_text.translate(_letters_only())


def readings(plain_text: str) -> Iterator[str]:
    """The words, in each way that they can be read. Each begins and ends with a full stop and a blank."""
    text = _hyphenated().sub("", plain_text).replace("'", "") if "'" in plain_text or "-" in plain_text else plain_text
    text = _tag().sub("", text) if "<" in text else text
    yield _worded(text)
    if _stand_in().search(text):
        yield _worded(text.translate(_stand_ins())).replace(" aii ", " all ")


def joined(plain_text: str) -> str:
    """What is spelt with a gap after each letter, and what has no gap between words; their words run together. Mostly empty."""
    spelt = [_no_letter().sub("", run) for run in _gapped().findall(plain_text)]
    return " ".join(spelt + _unbroken().findall(plain_text))


def decoded(text: str) -> Iterator[str]:
    """What runs of base64 in the text say, where it is text."""
    for number, found in enumerate(_encoded().finditer(text)):
        if number == _ENCODED_MAX:
            return
        run = found.group()[:_ENCODED_CHARS].rstrip("=").replace("-", "+").replace("_", "/")
        try:
            said = base64.b64decode(run + "=" * (-len(run) % 4)).decode()
        except (binascii.Error, ValueError):
            continue
        if " " in said and said.isprintable():
            yield said


def _worded(text: str) -> str:
    return f". {_full_stop().sub(' . ', _gap().sub(' ', text))} . "


class _Folding(dict[int, "str | None"]):
    """Look-alikes by their letter, marks and invisible characters away; everything else as it is."""

    def __missing__(self, code: int) -> str | None:
        category = unicodedata.category(chr(code))
        self[code] = result = None if category in ("Mn", "Me", "Cf") else chr(code)
        return result


@cache
def _folded() -> _Folding:
    return _Folding({ord(sign): letter for sign, letter in _LOOK_ALIKES.items()})


class _Letters(dict[int, "str | None"]):
    def __missing__(self, code: int) -> None:
        return None


@cache
def _letters_only() -> _Letters:
    kept: dict[int, str | None] = {code: chr(code) for code in range(ord("a"), ord("z") + 1)}
    return _Letters(kept | {ord(sign): letter for sign, letter in _STAND_INS.items()})


@cache
def _stand_ins() -> dict[int, str]:
    return {ord(sign): letter for sign, letter in _STAND_INS.items()}


@cache
def _stand_in() -> re.Pattern[str]:
    return re.compile(r"[a-z][013457@$|!][a-z]|\b[013457@$|!][a-z]{2}")


@cache
def _control() -> re.Pattern[str]:
    # Not those that part lines and words.
    return re.compile(r"[\x00-\x08\x0e-\x1b\x7f]+")


@cache
def _gap() -> re.Pattern[str]:
    return re.compile(r"[^a-z.!?;:]+")


@cache
def _full_stop() -> re.Pattern[str]:
    return re.compile(r" ?[.!?;:][ .!?;:]*")


@cache
def _hyphenated() -> re.Pattern[str]:
    return re.compile(r"-[ \t]{0,8}\r?\n[ \t]{0,8}(?=[a-z])")


@cache
def _tag() -> re.Pattern[str]:
    return re.compile(r"</?[a-z][a-z0-9]{0,10}>")


@cache
def _gapped() -> re.Pattern[str]:
    # Letters one by one: i g n o r e, i-g-n-o-r-e.
    return re.compile(r"(?<![a-z])(?:[a-z][^a-z]{1,3}){7,}[a-z](?![a-z])")


@cache
def _no_letter() -> re.Pattern[str]:
    return re.compile(r"[^a-z]+")


@cache
def _unbroken() -> re.Pattern[str]:
    return re.compile(r"[a-z]{18,}")


@cache
def _encoded() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
