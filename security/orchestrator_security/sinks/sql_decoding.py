"""A value as the server may come to see it: percent codes, entities and escapes undone, comments blanked.

The disguises are those of sqlmap's tamper scripts: each is undone by the web server, the framework or the database on the way.
Every form remembers where its characters came from, so that a finding points into the text as given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from msgspec import Struct

_ROUNDS = 3
"""How often percent codes are undone: they come doubled and, through proxies, tripled."""
BASE64_MIN = 16
_BASE64_MAX = 4_096


_Replacement = Callable[[re.Match[str]], str]


class _Step(Struct, frozen=True):
    """One replacement that led to a form: by at most one character for each match."""

    before: str
    pattern: re.Pattern[str]
    replacement: _Replacement

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span behind the replacement, in characters of the text before it."""
        places: list[int] = []
        at = 0
        for match in self.pattern.finditer(self.before):
            places += range(at, match.start())
            places += [match.start()] * len(self.replacement(match))
            at = match.end()
        places += range(at, len(self.before) + 1)
        last = len(places) - 1
        return (places[-1], places[-1]) if start >= last else (places[start], places[max(start + 1, min(end, last))])


class Form(Struct, frozen=True):
    """One way to read a value, and how it came about: places in the given text are asked for findings only."""

    text: str
    steps: tuple[_Step, ...] = ()
    whole: int = 0
    """The length of the given text where no place of the form has one of its own there."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of this form, in characters of the text as given."""
        if self.whole:
            return 0, self.whole
        for step in reversed(self.steps):
            start, end = step.span(start, end)
        return start, end


def forms(text: str) -> Iterator[Form]:
    """The value as given, then with its disguises undone; each form once, at most six."""
    seen: set[str] = set()
    given = Form(text)
    for form in _readings(given):
        blanked = _blank_comments(form)
        if blanked.text not in seen:
            seen.add(blanked.text)
            yield blanked


def _readings(given: Form) -> Iterator[Form]:
    yield given
    form = given
    if _coded(given.text):
        for _ in range(_ROUNDS):
            undone = _undo(form)
            if undone.text == form.text:
                break
            form = undone
        yield form
    if "+" in form.text and " " not in given.text.strip():
        yield Form(_plus().sub(" ", form.text), form.steps)
    if "\n" in form.text and ("--" in form.text or "#" in form.text):
        yield Form(_without_line_comments(form.text), form.steps)
    if form.text.count("%") >= 4:
        # ASP drops a percent sign that begins no code: %S%E%L%E%C%T.
        yield _replaced(form, _stray_percent(), _nothing)
    hidden = _from_base64(given.text)
    if hidden:
        yield Form(hidden, whole=len(given.text))


def _without_line_comments(text: str) -> str:
    """Each ``-- ...`` and ``# ...`` before the end of a line blanked; the last line is left."""
    *lines, last = text.split("\n")
    for number, line in enumerate(lines):
        starts = [at for at in (line.find("--"), line.find("#")) if at >= 0]
        if starts:
            lines[number] = line[: min(starts)] + " " * (len(line) - min(starts))
    return "\n".join((*lines, last))


def _coded(text: str) -> bool:
    return "%" in text or "\\u" in text or "\\x" in text or "&#" in text or "&" in text or not text.isascii()


@cache
def _plus() -> re.Pattern[str]:
    # A plus sign of a web form stands for a blank; between numbers it may be one.
    return re.compile(r"\+(?=[A-Za-z=|&<>!'\"#-])|(?<=[A-Za-z=|&<>)!'\"])\+")


@cache
def _code() -> re.Pattern[str]:
    return re.compile(
        r"%u([0-9a-fA-F]{4})|%([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})"
        r"|&#[xX]0{0,6}([0-9a-fA-F]{1,6});?|&#0{0,6}([0-9]{1,6});?"
        r"|&(quot|apos|lt|gt|amp|lpar|rpar|equals|nbsp);"
    )


_NAMED = {
    "quot": '"',
    "apos": "'",
    "lt": "<",
    "gt": ">",
    "amp": "&",
    "lpar": "(",
    "rpar": ")",
    "equals": "=",
    "nbsp": " ",
}
# Databases with a one-byte character set turn these into the plain ones (MSSQL's best fit, Oracle's conversion).
_BEST_FIT = {0x2BC: 0x27, 0x2032: 0x27, **{0xFEE0 + code: code for code in range(0x21, 0x7F)}}


def _decoded(match: re.Match[str]) -> str:
    unicode_code, byte, escape, short, hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED[name]
    number = int(decimal) if decimal else int(unicode_code or byte or escape or short or hexadecimal, 16)
    if 0xFF01 <= number <= 0xFF5E:
        return chr(number - 0xFEE0)
    return chr(number) if 0 < number < 0xD800 or 0xE000 <= number <= 0x10FFFF else " "


def _nothing(_match: re.Match[str]) -> str:
    return ""


@cache
def _many_bytes() -> re.Pattern[str]:
    # The full-width apostrophe in UTF-8, over-long forms of plain characters, and the byte that swallows an added backslash.
    return re.compile(r"%[eE][fF]%[bB][cC]%([89aA][0-9a-fA-F])|%[cC]([01])%([89abAB][0-9a-fA-F])|%[bB][fF](?=%27)")


def _wide_form(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16) - 0x80 + 0x20)
    if match[2]:
        return chr(int(match[2], 16) * 64 + int(match[3], 16) % 64) or " "
    return " "


@cache
def _stray_percent() -> re.Pattern[str]:
    return re.compile(r"%(?=[^0-9\s%])")


def _undo(form: Form) -> Form:
    if not form.text.isascii():
        form = Form(form.text.translate(_BEST_FIT), form.steps)
    if "%" in form.text:
        form = _replaced(form, _many_bytes(), _wide_form)
    known: dict[str, str] = {}
    return _replaced(form, _code(), lambda match: known.get(match[0]) or known.setdefault(match[0], _decoded(match)))


def _replaced(form: Form, pattern: re.Pattern[str], replacement: _Replacement) -> Form:
    """The form with all matches replaced by at most one character each."""
    text = pattern.sub(replacement, form.text)
    return form if text == form.text else Form(text, (*form.steps, _Step(form.text, pattern, replacement)))


@cache
def _comment() -> re.Pattern[str]:
    return re.compile(r"/\*(!?)((?:M!)?[0-9]{0,6})")


def _blank_comments(form: Form) -> Form:
    """Closed comments become blanks; what MySQL runs inside of ``/*! */`` stays. The length stays the same.

    A comment inside of a word (``UN/**/ION``) is left out wholly.
    """
    text = form.text
    if "/*" not in text:
        return form
    form = _replaced(form, _inner_comment(), _joint)
    text = form.text
    pieces: list[str] = []
    at = 0
    opened = 0
    for match in _comment().finditer(text):
        if match.start() < at:
            continue
        if match[1]:
            pieces += (text[at : match.start()], " " * len(match[0]))
            at = match.end()
            opened += 1
            continue
        end = text.find("*/", match.start() + 2)
        if end < 0:
            break
        pieces += (text[at : match.start()], " " * (end + 2 - match.start()))
        at = end + 2
    pieces.append(text[at:])
    blanked = "".join(pieces)
    return Form(blanked.replace("*/", "  ", opened), form.steps)


@cache
def _inner_comment() -> re.Pattern[str]:
    return re.compile(r"(?<=[A-Za-z])/\*[^*!]{0,16}+\*/(?=[A-Za-z])")


# Pieces that are no words themselves; a comment behind another word is a blank.
_PIECES = frozenset((
    "u", "un", "uni", "unio", "s", "se", "sel", "sele", "selec", "fr", "fro", "wh", "whe", "wher", "sl", "sle", "slee", "ins", "inse",
    "upd", "upda", "dele", "delet", "dr", "dro", "al", "el", "ele", "le", "ion", "nio", "ni",
))  # fmt: skip


def _joint(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 7) : match.start()].lower()
    letters = len(before) - len(before.rstrip("abcdefghijklmnopqrstuvwxyz"))
    return "" if before[len(before) - letters :] in _PIECES else " "


@cache
def _base64() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9+/_-]++={0,2}")


def _from_base64(text: str) -> str:
    stripped = text.strip()
    if not BASE64_MIN <= len(stripped) <= _BASE64_MAX or _base64().fullmatch(stripped) is None or stripped.isalpha():
        return ""
    from base64 import b64decode
    from binascii import Error

    try:
        found = b64decode(stripped + "=" * (-len(stripped) % 4), altchars=b"-_").decode("ascii")
    except (Error, ValueError):
        return ""
    return found if found.isprintable() and " " in found else ""
