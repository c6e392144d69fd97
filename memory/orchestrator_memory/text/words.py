"""A text as the words it is compared by: lower case, stemmed, without stop words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from orchestrator_core.errors import MissingDependency

TEXT_MAX = 50_000
"""Of a longer text the beginning is compared."""
_STEMS_MAX = 200_000
_WORD_MAX = 64
"""What is longer is no word."""
_QUERY_MAX = 20_000

STOP_WORDS = frozenset((
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before",
    "being", "but", "by", "can", "could", "d", "did", "do", "does", "doing", "don", "done", "down", "each", "few", "for", "from", "had",
    "has", "have", "having", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "ll",
    "m", "me", "might", "more", "most", "must", "my", "no", "nor", "not", "now", "of", "off", "on", "once", "only", "or", "other", "our",
    "out", "over", "own", "please", "re", "s", "same", "shall", "she", "should", "so", "some", "such", "t", "than", "that", "the",
    "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "until", "up", "us", "ve",
    "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "why", "will", "with", "would", "you", "your",
    "yours", "didn", "doesn", "isn", "wasn", "couldn", "wouldn", "aren", "haven", "hasn", "hadn", "weren",
))  # fmt: skip

# Scripts without spaces, a picture sign, or a run of letters and digits.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"


@cache
def _word() -> re.Pattern[str]:
    return re.compile(rf"[{_UNSPACED}]+|[\U0001f000-\U0001faff\u2600-\u27bf]|(?:(?![{_UNSPACED}])[^\W_])+")


def ascii_words(text: str, inside: str = "") -> list[str]:
    """The runs of letters, digits and the characters of ``inside`` in an ASCII text, in lower case; seven times as fast as a pattern."""
    return text.encode().translate(_lowered(inside)).decode().split()


@cache
def _lowered(inside: str) -> bytes:
    return bytes(code if chr(code).isalnum() or chr(code) in inside else 32 for code in range(128)).lower() + bytes(128)


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]")


@cache
def _stemmer() -> Any:
    try:
        import Stemmer
    except ImportError as error:
        raise MissingDependency("pystemmer", "searching memories", str(error)) from error
    return Stemmer.Stemmer("english")


class _Stems(dict[str, str]):
    """The stem of each word that was met; empty for a stop word."""

    def __missing__(self, word: str) -> str:
        stem = "" if word in STOP_WORDS else str(_stemmer().stemWord(word)) if word.isascii() else word
        self[word] = stem
        return stem


_STEMS = _Stems()


class _PlainLetters(dict[int, str]):
    """Latin letters without their accents, made as they are met; other scripts stay as they are."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        base = unicodedata.normalize("NFKD", letter)
        # A mark on its own belongs to the letter before it, which has lost its accents.
        if "\u0300" <= letter <= "\u036f":
            plain = ""
        elif "\u2010" <= letter <= "\u2027":  # dashes, quotation marks, dots
            plain = " "
        else:
            plain = base[0] if base[:1].isascii() and base[:1].isalpha() else letter
        self[code] = plain
        return plain


_PLAIN = _PlainLetters()


def words(text: str) -> list[str]:
    """The words of a text in lower case, in order; runs of scripts without spaces as pairs of characters."""
    text = text[:TEXT_MAX]
    if not text.isascii():
        text = text.lower().translate(_PLAIN)
    if text.isascii():
        return [word for word in ascii_words(text) if len(word) <= _WORD_MAX]
    parts: list[str] = []
    for word in _word().findall(text):
        if len(word) > _WORD_MAX:
            continue
        if _unspaced().match(word) and len(word) > 1:
            parts += [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            parts.append(word)
    return parts


def stems(found: Iterable[str]) -> list[str]:
    """Words without stop words, each by its stem (Snowball's English stemmer, Porter 2001)."""
    if len(_STEMS) > _STEMS_MAX:
        _STEMS.clear()
    return [stem for word in found if (stem := _STEMS[word])]


def query_terms(text: str) -> tuple[str, ...]:
    """The distinct stems of a query, in order; its stop words where it has nothing else. Of a long one both ends are read."""
    if len(text) > _QUERY_MAX:
        text = f"{text[: _QUERY_MAX // 2]} {text[-_QUERY_MAX // 2 :]}"
    found = words(text)
    return tuple(dict.fromkeys(stems(found) or found))
