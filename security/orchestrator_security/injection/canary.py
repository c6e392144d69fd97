"""Marks that are planted where they must not come out of: a system prompt, a memory, a record.

A canary is a random word for one run. Whoever finds it in a reply knows that what stood beside it was given out (OWASP LLM07). It is looked
for plain, and as a model writes it when it is told to hide it: in base64 at any of the three offsets, in hexadecimal, turned around, in
rot13, percent-encoded, and with signs between its letters. Two reductions of the text make that few searches: its letters and digits
alone, in lower case, and its base64 alphabet alone, in both spellings.
"""

from __future__ import annotations

import binascii
import os
import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from msgspec import Struct

from orchestrator_core.errors import UsageError
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_LENGTH = 16
_LENGTH_MIN = 12
_KEPT_CHARS = 2_048
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")


class Leak(Struct, frozen=True):
    """A canary that came out: which of those that were looked for, and in which form."""

    number: int
    form: str


def new_canary() -> str:
    """A new mark of 17 characters, such as ``kx7f2mwq-9tz4hbd3n``: 80 random bits, and nothing that catches the eye."""
    letters = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in os.urandom(_LENGTH))
    return f"{letters[:8]}-{letters[8:]}"


def find_canary(text: str, canaries: Sequence[str]) -> Leak | None:
    """The first canary that stands in the text in any form; None where there is none. Linear in the length of the text.

    Raises:
        UsageError: a canary has fewer than 12 letters and digits, so that it would be found by chance.
    """
    forms = [_forms(canary) for canary in canaries]
    if not forms or not text:
        return None
    reduced = _letters_and_digits(text)
    for number, form in enumerate(forms):
        for name, sought in form.in_letters:
            if sought in reduced:
                return Leak(number, name)
    if "%" in text:
        from urllib.parse import unquote

        decoded = _letters_and_digits(unquote(unquote(text)))
        for number, form in enumerate(forms):
            if form.plain in decoded or form.plain[::-1] in decoded:
                return Leak(number, "percent-encoded")
    alphabet = _no_base64().sub("", text)
    for number, form in enumerate(forms):
        if any(sought in alphabet for sought in form.in_base64):
            return Leak(number, "base64")
    return None


class CanaryWatch:
    """Looks for canaries in a text that comes in pieces. Holds the last 2,048 characters at most; not safe for threads.

    Raises:
        UsageError: a canary is too short.
    """

    def __init__(self, canaries: Sequence[str]) -> None:
        for canary in canaries:
            _forms(canary)
        self._canaries = tuple(canaries)
        self._kept = ""

    def feed(self, chunk: str) -> Leak | None:
        """The canary that this piece completes, or None. A chunk may cut it, or a form of it, anywhere."""
        text = self._kept + chunk
        self._kept = text[-_KEPT_CHARS:]
        return find_canary(text, self._canaries)


class CanaryScanner:
    """Reports a planted canary that came out."""

    name = "canary"

    def __init__(self, canaries: Iterable[str]) -> None:
        self._canaries = tuple(canaries)
        for canary in self._canaries:
            _forms(canary)

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return bool(self._canaries) and len(text) >= _LENGTH_MIN

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        leak = find_canary(text, self._canaries)
        if leak is None:
            return ()
        message = "a planted mark came out" if leak.form == "plain" else f"a planted mark came out ({leak.form})"
        return (
            Hit(
                "canary.leak",
                "canary",
                0,
                len(text),
                severity="critical",
                message=message,
                cwe="CWE-200",
                owasp_llm="LLM07",
            ),
        )


class _Forms(Struct, frozen=True):
    plain: str
    in_letters: tuple[tuple[str, str], ...]
    in_base64: tuple[str, ...]


@lru_cache(256)
def _forms(canary: str) -> _Forms:
    plain = _letters_and_digits(canary)
    if len(plain) < _LENGTH_MIN:
        raise UsageError(
            f"a canary of {len(plain)} letters and digits would be found by chance; give {_LENGTH_MIN} at least, or use new_canary()"
        )
    spelt = (canary, canary.lower(), canary.upper(), plain, plain.upper())
    hexadecimal = {text.encode("utf-8", "replace").hex() for text in spelt}
    return _Forms(
        plain,
        (
            ("plain", plain),
            ("reversed", plain[::-1]),
            ("rot13", plain.translate(_ROT13)),
            *(("hexadecimal", text) for text in sorted(hexadecimal)),
            *(("hexadecimal", _marked(text, mark)) for text in sorted(hexadecimal) for mark in ("x", "0x")),
        ),
        tuple(sorted({form for text in spelt for form in _base64_forms(text)})),
    )


def _marked(hexadecimal: str, mark: str) -> str:
    """As bytes are written in source, ``0x6b, 0x78``, when letters and digits alone remain."""
    return "".join(f"{mark}{hexadecimal[at : at + 2]}" for at in range(0, len(hexadecimal), 2))


def _base64_forms(text: str) -> list[str]:
    """The characters of base64 that depend on the text alone, at each of the three offsets, in both alphabets (RFC 4648)."""
    forms = []
    data = text.encode("utf-8", "replace")
    for offset in range(3):
        encoded = binascii.b2a_base64(b"\0" * offset + data, newline=False).decode()
        first = (0, 2, 3)[offset]
        last = (offset + len(data)) * 8 // 6
        forms += [encoded[first:last].replace("+", "").replace("/", "")]
    return forms


def _letters_and_digits(text: str) -> str:
    if not text.isascii():
        text = text.translate(_Simple())
    return _no_letter().sub("", text.lower())


class _Simple(dict[int, str]):
    """Full-width letters and digits by their simple form; what is not ASCII otherwise goes away in the next step."""

    def __missing__(self, code: int) -> str:
        return chr(code - 0xFEE0) if 0xFF01 <= code <= 0xFF5E else chr(code)


@cache
def _no_letter() -> re.Pattern[str]:
    return re.compile(r"[^a-z0-9]+")


@cache
def _no_base64() -> re.Pattern[str]:
    return re.compile(r"[^A-Za-z0-9]+")
