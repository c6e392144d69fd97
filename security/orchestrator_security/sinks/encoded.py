"""What a value becomes once the layers behind a sink have decoded it.

Servers, frameworks and programs each take one layer of an encoding off, and a filter that looks at the outermost one sees
nothing. The forms here are for looking at only: positions in them are not positions in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

ROUNDS = 4
"""Layers that are taken off; double encoding is common in attacks, more than three layers is not met in the literature."""

# One unit of: percent encoding, the %u form of IIS, hexadecimal and Unicode escapes of programming languages, HTML's numbers, and
# the 0x form that some filters take off. Each begins with a character that none of its parts can be.
_UNIT = (
    r"%(?:([0-9a-f]{2})|u([0-9a-f]{4}))|\\(?:x([0-9a-f]{2})|u([0-9a-f]{4}))"
    r"|&#(?:x0{0,5}([0-9a-f]{2,4})|0{0,5}([0-9]{2,4}));?|0x([257][0-9a-f])"
)
# IIS maps these two private characters to separators; NFKC says nothing about the division and set-minus signs.
_LOOKALIKES = {0x2215: "/", 0x2044: "/", 0x29F8: "/", 0xF025: "/", 0x2216: "\\", 0x29F5: "\\", 0xEFC8: "\\"}
# An ellipsis is three dots to NFKC, and stands in honest file names.
_PLAIN = {**_LOOKALIKES, 0x2026: "\u22ef"}
# The first one becomes two characters in lower case.
_ONE_LETTER = (("\u0130", "i"), ("\u0131", "i"), ("\u017f", "s"))
# HTML's names of the signs that mean something to a sink.
_NAMED = {
    "lt": "<", "gt": ">", "quot": '"', "apos": "'", "lpar": "(", "rpar": ")", "sol": "/", "bsol": "\\", "amp": "&", "period": ".",
    "colon": ":", "semi": ";", "comma": ",", "num": "#", "dollar": "$", "percnt": "%", "ast": "*", "midast": "*", "plus": "+",
    "equals": "=", "commat": "@", "lowbar": "_", "grave": "`", "vert": "|", "verbar": "|", "verticalline": "|", "hat": "^", "excl": "!",
    "quest": "?", "lcub": "{", "lbrace": "{", "rcub": "}", "rbrace": "}", "lsqb": "[", "lbrack": "[", "rsqb": "]", "rbrack": "]",
    "tab": "\t", "newline": "\n",
}  # fmt: skip


@cache
def _unit() -> re.Pattern[str]:
    return re.compile(_UNIT, re.IGNORECASE)


@cache
def _named() -> re.Pattern[str]:
    return re.compile("&([a-zA-Z]{2,12});")


@cache
def _bytes() -> re.Pattern[str]:
    return re.compile("[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|[\xf1-\xf4][\x80-\xbf]{3}")


def lowered(text: str) -> str:
    """The text in lower case, character by character, so that places in it are places in the text.

    The long s and the dotless i are letters that upper-casing turns into plain ones.
    """
    if text.isascii():
        return text.lower()
    for letter, plain in _ONE_LETTER:
        text = text.replace(letter, plain)
    return text.lower()


def forms(text: str) -> Iterator[str]:
    """The text, then what each further layer of decoding makes of it, until nothing changes; at most ``ROUNDS`` more."""
    yield text
    for _ in range(ROUNDS):
        if "%" not in text and "&" not in text and "\\" not in text and "0x" not in text:
            return
        known: dict[str, str] = {}
        decoded = _unit().sub(lambda match: known.get(match[0]) or known.setdefault(match[0], _character(match)), text)  # noqa: B023 - called at once
        if "%" in text and not decoded.isascii():
            decoded = _bytes().sub(_joined, decoded)
        if "&" in decoded:
            decoded = _named().sub(lambda match: _NAMED.get(match[1].lower(), match[0]), decoded)
        if decoded == text:
            return
        text = decoded
        yield text


def folded(text: str) -> str:
    """The text with full-width and other compatibility characters in their plain form, and look-alikes of both slashes."""
    if text.isascii():
        return text
    import unicodedata

    return unicodedata.normalize("NFKC", text.translate(_PLAIN))


def _joined(match: re.Match[str]) -> str:
    """The character whose UTF-8 bytes were decoded one by one."""
    return match[0].encode("latin-1").decode("utf-8", "replace")


def _character(match: re.Match[str]) -> str:
    number = match[match.lastindex or 0]
    code = int(number, 10 if match.lastindex == 6 else 16)
    return _LOOKALIKES.get(code) or chr(code)
