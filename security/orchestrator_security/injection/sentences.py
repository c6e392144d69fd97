"""A text as sentences: their words, and the classes of those words that have one.

Linear: a sentence ends after sixty words at the latest, and only so many words and sentences are read of a text that no flood of
short ones costs more than prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.orders import unmasking
from orchestrator_security.injection.word_classes import classes, joined

SENTENCE_WORDS_MAX = 60
SENTENCES_MAX = 4_000
_WORDS_LEAST, _LETTERS_OF_WORD = 200, 5
"""So many words are read of any text, and beyond them one for so many characters: enough for prose, not for a flood of short words."""
_SHORT_MOST, _LETTERS_OF_SENTENCE = 200, 15
"""So many sentences are read of any text, and beyond them one for so many characters, none of a single word."""
_ADDRESS = r"https?://[^\s<>()\[\]\"'|\x7f-\U0010ffff]*[^\s<>()\[\]\"'|.,;:!?\x7f-\U0010ffff]"
"""Of ASCII only: behind it a text in Chinese goes on without a gap."""
_MAILBOX = r"(?<=[a-z0-9])@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}+"
"""The domain of a mail's address, unlike the name in "@assistant"."""
_CAPITAL = r"\n(?=[ \t]{0,8}[A-Z])"


class Sentence(Struct, frozen=True):
    """One sentence: its words, and the classes of those that have one, in order."""

    words: tuple[str, ...]
    row: tuple[str, ...]


@cache
def _ends() -> re.Pattern[str]:
    # A long line that goes on with a letter is wrapped; any other line stands for itself.
    return re.compile(
        r"[.!?;:。！？|][ \t.!?;:|]*+\n*+|\n(?:(?:[ \t>*#|-]*+\n)++|(?<![^\n]{50}\n)[ \t>*#|-]*+|[ \t>*#|-]*+(?![a-z]))"
    )


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """The text as it is read: made plain, with a blank line before each line that began with a capital."""
    return unmasking.plain(compiled(_CAPITAL).sub("\n\n", text) if "\n" in text else text)


def sentences(plain_text: str) -> Iterator[Sentence]:
    """The sentences of a text that ``unmasking.plain`` made plain. The parts of an address on the web are no words of its writer."""
    text = compiled(_ADDRESS).sub(" ", plain_text) if "://" in plain_text else plain_text
    if "@" in text:
        text = compiled(_MAILBOX).sub(" ", text)
    if "'" in text:
        text = text.replace("'", "")
    if not text.isascii():
        text = joined().sub(r" \g<0> ", text)
    kind = classes().get
    number = 0
    for words in _read(text):
        for start in range(0, len(words), SENTENCE_WORDS_MAX):
            some = words[start : start + SENTENCE_WORDS_MAX]
            if len(some) < 2 and number >= _SHORT_MOST:
                continue
            yield Sentence(tuple(some), tuple(filter(None, map(kind, some))))
            number += 1


def _read(text: str) -> list[list[str]]:
    """The words of each part of a text; of a flood the first and the last ones, since an order may stand before it or behind it."""
    find = _word().findall
    parts = [words for part in _ends().split(text) if part and (words := find(part))]
    most_words = max(_WORDS_LEAST, len(text) // _LETTERS_OF_WORD)
    most_parts = min(SENTENCES_MAX, max(_SHORT_MOST, len(text) // _LETTERS_OF_SENTENCE))
    if len(parts) <= most_parts and sum(map(len, parts)) <= most_words:
        return parts
    first = _until(parts, most_parts // 2, most_words // 2)
    last = _until([words[::-1] for words in parts[::-1]], most_parts // 2, most_words // 2)
    return first + [words[::-1] for words in last[::-1]]


def _until(parts: list[list[str]], most_parts: int, most_words: int) -> list[list[str]]:
    found = []
    for words in parts[:most_parts]:
        found.append(words[:most_words])
        most_words -= len(words)
        if most_words <= 0:
            break
    return found
