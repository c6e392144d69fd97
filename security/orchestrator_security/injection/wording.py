"""How a text is worded, by a small linear model: what no phrase was written for.

Each sentence is read twice: as its words, and as the bare row of its word classes (``word_classes``) with pairs and triples of
neighbours, so that "scrap whatever they instructed you" reads like "ignore what you were told". The weights were
fitted on texts written for it (``benchmarks/injection/fit.py``), apart for requests and for texts of others.

Linear: a fixed number of look-ups for each word; a sentence ends after sixty words at the latest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_security.injection.word_classes import classes, joined

Place = Literal["request", "told", "task"]
PLACES: tuple[Place, ...] = ("request", "told", "task")
"""An order in a request; one in a text of others; a task in such a text that has nothing to do with it."""

WEIGHTS = Path(__file__).with_name("wording.json")
SENTENCE_WORDS_MAX = 60
SENTENCES_MAX = 4_000
_WORDS_LEAST, _LETTERS_OF_WORD = 200, 5
"""So many words are read of any text, and beyond them one for so many characters: enough for prose, not for a flood of short words."""
_SHORT_MOST, _LETTERS_OF_SENTENCE, _WORD_AND_MORE = 200, 15, 3
"""So many sentences are read of any text, and beyond them one for so many characters, none of a single word."""
LONG_ROW = 10
"""A sentence with more words of a class than this is a long one."""
LENGTH: dict[Place, float] = {"request": 0.8, "told": 0.4, "task": 0.4}
"""The strongest of many sentences is strong by chance: what each doubling of their number takes away, times 1.44."""
_CAPITAL = r"\n(?=[ \t]{0,8}[A-Z])"
_OPENERS = frozenset(
    ("please", "now", "then", "also", "next", "and", "kindly", "finally", "bitte", "just", "ok", "okay", "so", "hey")
)


_SMALL_CLASSES = frozenset((
    "YOU", "ME", "WE", "THIS", "ALL", "NOT", "ONLY", "NOW", "IF", "INSTEAD", "ASLIKE", "PLEASE", "NEW", "MUST", "WH",
))  # fmt: skip


class Sentence(Struct, frozen=True):
    """One sentence: its words, and the classes of those that have one, in order."""

    words: tuple[str, ...]
    row: tuple[str, ...]


class Model(Struct, frozen=True):
    """Hundredths of log-odds, for each place: what a sentence counts before it is read, and what each feature counts."""

    bias: tuple[int, int, int]
    weights: dict[str, tuple[int, int, int]]


@cache
def model() -> Model:
    """The fitted weights, read once."""
    return msgspec.json.decode(WEIGHTS.read_bytes(), type=Model)


@cache
def _column(place: Place) -> dict[str, float]:
    number = PLACES.index(place)
    return {name: row[number] / 100 for name, row in model().weights.items() if row[number]}


@cache
def _single_words(place: Place) -> dict[str, float]:
    return {name: weight for name, weight in _column(place).items() if name not in _little()}


@cache
def _ends() -> re.Pattern[str]:
    # A long line that goes on with a letter is wrapped; any other line stands for itself.
    return re.compile(
        r"[.!?;:。！？|][ \t.!?;:|]*+\n*+|\n(?:(?:[ \t>*#|-]*+\n)++|(?<![^\n]{50}\n)[ \t>*#|-]*+|[ \t>*#|-]*+(?![a-z]))"
    )


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+")


def lines_parted(text: str) -> str:
    """The text with a blank line before each line that begins with a capital, which ``unmasking.plain`` would make small."""
    return compiled(_CAPITAL).sub("\n\n", text) if "\n" in text else text


def sentences(plain_text: str) -> Iterator[Sentence]:
    """The sentences of a text that ``unmasking.plain`` made plain."""
    text = plain_text.replace("'", "") if "'" in plain_text else plain_text
    if not text.isascii():
        text = joined().sub(r" \g<0> ", text)
    kind = classes().get
    find = _word().findall
    number = 0
    most = min(SENTENCES_MAX, max(_SHORT_MOST, len(text) // _LETTERS_OF_SENTENCE))
    left = max(_WORDS_LEAST, len(text) // _LETTERS_OF_WORD)
    for part in _ends().split(text):
        if not part or (len(part) < _WORD_AND_MORE and number >= _SHORT_MOST):
            continue
        words = find(part)[:left]
        left -= len(words)
        for start in range(0, len(words), SENTENCE_WORDS_MAX):
            some = words[start : start + SENTENCE_WORDS_MAX]
            if len(some) < 2 and number >= _SHORT_MOST:
                continue
            yield Sentence(tuple(some), tuple(filter(None, map(kind, some))))
            number += 1
            if number >= most:
                return


def features(sentence: Sentence) -> frozenset[str]:
    """What the model knows of a sentence by itself."""
    return (frozenset(sentence.words) - _little()) | _of_row(sentence.row) | {_opening(sentence.words)}


@lru_cache(maxsize=1_024)
def _of_row(row: tuple[str, ...]) -> frozenset[str]:
    """What a row of classes shows. The same short rows come again and again, in every text."""
    found = set(row) - _little()
    small = [kind in _SMALL_CLASSES for kind in row]
    for at in range(len(row) - 1):
        one, two = row[at], row[at + 1]
        if not (small[at] and small[at + 1]):
            found.add(f"{one} {two}")
        if at + 2 < len(row):
            if not (small[at] and small[at + 2]):
                found.add(f"{one} _ {row[at + 2]}")
            if not (small[at] and small[at + 1] and small[at + 2]):
                found.add(f"{one} {two} {row[at + 2]}")
    return frozenset(found)


@lru_cache(maxsize=4_096)
def _row_weight(row: tuple[str, ...], place: Place) -> float:
    column = _column(place)
    return sum(column.get(feature, 0.0) for feature in _of_row(row))


def _opening(words: Sequence[str]) -> str:
    """The word that a sentence opens with, or its class."""
    for word in words[:4]:
        if word not in _OPENERS:
            return "^" + classes().get(word, word)
    return "^"


@cache
def _little() -> frozenset[str]:
    """Words that mean nothing by themselves, and their classes: only their neighbours tell anything."""
    small = "the a an of to in on at by for from with and or but be is are was were been am do did so it its that than then there not no as"
    return _SMALL_CLASSES | frozenset(small.split()) | frozenset(w for w, k in classes().items() if k in _SMALL_CLASSES)


class Described(Struct, frozen=True):
    """A text's sentences, and how much each counts: a long one has more features by its length alone."""

    sentences: tuple[Sentence, ...]
    shares: tuple[float, ...]
    known: dict[Place, list[float]] = field(default_factory=dict)
    """The scores that were asked for."""

    def scores(self, place: Place) -> list[float]:
        """What each sentence counts, without the bias."""
        if place not in self.known:
            self.known[place] = list(self._scores(place))
        return self.known[place]

    def _scores(self, place: Place) -> Iterator[float]:
        column, singles = _column(place), _single_words(place)
        weight, known = singles.__getitem__, singles.keys()
        for sentence, share in zip(self.sentences, self.shares, strict=True):
            alone = sum(map(weight, known & set(sentence.words)))
            yield share * (alone + _row_weight(sentence.row, place) + column.get(_opening(sentence.words), 0.0))

    def log_odds(self, place: Place) -> float:
        """How much the wording speaks for an order to a model: the strongest sentence, and half and a quarter of the next ones."""
        return combined(self.scores(place), place) + _bias(place)

    def strongest(self, place: Place) -> tuple[float, int]:
        """The log-odds of the strongest sentence alone, and its number."""
        scores = self.scores(place)
        best = max(range(len(scores)), key=scores.__getitem__)
        return scores[best] + _bias(place), best


def described(plain_text: str) -> Described:
    """The sentences of a text that ``unmasking.plain`` made plain."""
    every = tuple(sentences(plain_text))
    shares = tuple(math.sqrt(LONG_ROW / max(LONG_ROW, len(sentence.row))) for sentence in every)
    return Described(every, shares)


def _bias(place: Place) -> float:
    return model().bias[PLACES.index(place)] / 100


def combined(scores: Sequence[float], place: Place) -> float:
    """One score of those of the sentences."""
    best = sorted(scores, reverse=True)[:3]
    if not best:
        return 0.0
    return (
        best[0]
        - LENGTH[place] * math.log(len(scores))
        + sum(max(0.0, score) * share for score, share in zip(best[1:], (0.5, 0.25), strict=False))
    )
