"""A text as the words it is compared by: lower case, stemmed, without stop words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

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


@cache
def _plain_word() -> re.Pattern[str]:
    # What _word finds in lower-case ASCII, in half the time.
    return re.compile("[a-z0-9]+")


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]")


@cache
def _stemmer() -> Any:
    import Stemmer

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
        plain = (
            "" if "\u0300" <= letter <= "\u036f" else base[0] if base[:1].isascii() and base[:1].isalpha() else letter
        )
        self[code] = plain
        return plain


_PLAIN = _PlainLetters()


def words(text: str) -> list[str]:
    """The words of a text in lower case, in order; runs of scripts without spaces as pairs of characters."""
    text = text[:TEXT_MAX].lower()
    if text.isascii():
        return [word for word in _plain_word().findall(text) if len(word) <= _WORD_MAX]
    parts: list[str] = []
    for word in _word().findall(text.translate(_PLAIN)):
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
