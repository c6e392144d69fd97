"""Any text as a safe FTS5 query.

Only letters and digits ever reach the query, each word as a quoted string, so no input can be read as FTS5 syntax.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

TERMS_MAX = 16
_TEXT_MAX = 20_000
_WORD_MAX = 64

# Words that say nothing about a subject. What is common in a store besides these is dropped by its count (see recall.py).
_STOP_WORDS = frozenset((
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "asked", "at", "be", "because", "been",
    "before", "being", "but", "by", "can", "could", "did", "do", "does", "doing", "don", "done", "down", "each", "few", "for", "from",
    "had", "has", "have", "having", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "isn", "it", "its",
    "just", "ll", "me", "might", "more", "most", "must", "my", "no", "nor", "not", "now", "of", "off", "on", "once", "only", "or",
    "other", "our", "out", "over", "own", "please", "re", "s", "same", "shall", "she", "should", "so", "some", "such", "t", "than",
    "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "until", "up",
    "us", "ve", "very", "was", "wasn", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "why", "will", "with",
    "would", "you", "your", "yours",
))  # fmt: skip


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+")


@cache
def _unspaced() -> re.Pattern[str]:
    # Scripts without spaces: FTS5's tokenizer keeps a whole run as one token, so a run is asked for by its beginning.
    return re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def query_terms(text: str) -> tuple[str, ...]:
    """FTS5 strings for the words of a text, the most telling first, at most ``TERMS_MAX``; empty when it has no words.

    Of a very long text the beginning and the end are read. Telling are, in this order of weight: words said repeatedly, digits
    inside a word, capitals, length; stop words are dropped unless there is nothing else.
    """
    if len(text) > _TEXT_MAX:
        text = f"{text[: _TEXT_MAX // 2]} {text[-_TEXT_MAX // 2 :]}"
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for word in _word().findall(text):
        if len(word) <= _WORD_MAX:
            folded = word.lower()
            counts[folded] += 1
            first.setdefault(folded, word)
    chosen = [
        word for word in counts if word not in _STOP_WORDS and (len(word) > 1 or word.isdigit() or not word.isascii())
    ]
    ranked = sorted(chosen or counts, key=lambda word: -_telling(word, first[word], counts[word]))
    return tuple(_quoted(word) for word in ranked[:TERMS_MAX])


def any_of(terms: tuple[str, ...]) -> str:
    """The query that matches texts with at least one of the terms."""
    return " OR ".join(terms)


def _telling(folded: str, written: str, count: int) -> float:
    digits = any(c.isdigit() for c in folded)
    capital = written != folded
    return min(len(folded), 12) + 4 * digits + 2 * capital + 3 * min(count - 1, 3)


def _quoted(word: str) -> str:
    return f'"{word}" *' if _unspaced().search(word) else f'"{word}"'
