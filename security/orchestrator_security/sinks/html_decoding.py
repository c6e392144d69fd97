"""A value as a browser may come to read it: percent codes, entities, escapes of scripts and UTF-7 undone.

After the decodings of the WHATWG HTML and URL standards, and the escapes of ECMAScript and CSS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_ROUNDS = 3
"""How often codes are undone: they come in each other."""


_BACKSLASHES_MIN = 4


def forms(text: str) -> Iterator[str]:
    """The value as given, then with its codes undone; at most six."""
    yield text
    form = text
    for _ in range(_ROUNDS):
        undone = _undone(form)
        if undone == form:
            break
        form = undone
        yield form
    if "/*" in form and "style" in form.lower():
        yield _comment().sub("", form)
    if form.count("\\") >= _BACKSLASHES_MIN:
        yield _escaped_letter().sub("", form)


def _undone(text: str) -> str:
    if "+A" in text or "ADw" in text:
        text = text.replace("+ADw-", "<").replace("+AD4-", ">").replace("+ACI-", '"').replace("+ACc-", "'")
        text = text.replace("ADw-", "<").replace("AD4-", ">")
    if "%" in text or "\\" in text or "&" in text:
        text = _code().sub(_decoded, text)
    if not text.isascii():
        # US-ASCII read with the eighth bit dropped, full-width letters, and line separators in a scheme.
        text = _wide().sub(lambda match: chr(ord(match[0]) - 0xFEE0), text).translate(_EIGHTH_BIT)
    return text


_EIGHTH_BIT = {0xBC: "<", 0xBE: ">", 0xA2: '"'}
_NAMED = {
    "colon": ":", "lpar": "(", "rpar": ")", "period": ".", "tab": "\t", "newline": "\n", "quot": '"', "apos": "'", "grave": "`",
    "amp": "&", "sol": "/", "bsol": "\\", "equals": "=", "semi": ";", "comma": ",", "plus": "+", "lbrack": "[", "lsqb": "[",
    "rbrack": "]", "rsqb": "]", "lbrace": "{", "lcub": "{", "rcub": "}", "num": "#", "excl": "!", "quest": "?", "nbsp": " ",
    "zerowidthspace": "", "shy": "", "diacriticalgrave": "`",
}  # fmt: skip


@cache
def _comment() -> re.Pattern[str]:
    return re.compile(r"/\*[^*]{0,60}+\*/")


@cache
def _escaped_letter() -> re.Pattern[str]:
    return re.compile(r"\\(?=[A-Za-z:(])")


@cache
def _wide() -> re.Pattern[str]:
    return re.compile(r"[\uff01-\uff5e]")


@cache
def _code() -> re.Pattern[str]:
    # Named < and > are left: a page that says "&lt;script&gt;" shows it, and no browser makes a tag of it.
    return re.compile(
        r"%u([0-9a-fA-F]{4})|%([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\u\{0{0,8}([0-9a-fA-F]{1,6})\}"
        r"|\\x([0-9a-fA-F]{2})|\\0{0,4}([2-7][0-9a-fA-F])[ ]?"
        r"|&#[xX]0{0,12}([0-9a-fA-F]{1,6});?|&#0{0,12}([0-9]{1,7});?|&([A-Za-z]{3,16});|&(quot|amp)(?![A-Za-z;=])"
    )


def _decoded(match: re.Match[str]) -> str:
    *numbers, decimal, name, bare = match.groups()
    if name or bare:
        return _NAMED.get((name or bare).lower(), match[0])
    number = int(decimal) if decimal else int(next(filter(None, numbers)), 16)
    return chr(number) if 0 < number < 0xD800 or 0xE000 <= number <= 0x10FFFF else "\ufffd"
