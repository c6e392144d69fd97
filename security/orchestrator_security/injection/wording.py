"""How much the words of a text, all together, speak for an order to a model: for those that no phrase was written for.

A linear model reads what stands in a text: its words, pairs of neighbours, and the classes of its words (``word_classes``) with their
pairs and triples, so that "scrap whatever they instructed you" reads like "ignore what you were told". The more features, the less each
counts, so that a text is no more suspicious for being long. A request is read as a whole, since a jailbreak spreads over all of its
sentences; a text of somebody else sentence by sentence, since the order in it is one foreign sentence. The weights are a logistic
regression on texts that were written for it (``benchmarks/injection/fit.py``).

Linear: a fixed number of look-ups for each word.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field

from orchestrator_security.injection.sentences import Sentence, sentences
from orchestrator_security.injection.word_classes import classes

Place = Literal["request", "told", "task"]
PLACES: tuple[Place, ...] = ("request", "told", "task")
"""An order in a request; one in a text of others; a task in such a text that has nothing to do with it."""
Kind = Literal["jailbreak", "prompt_extraction"]
KINDS: tuple[Kind, ...] = ("jailbreak", "prompt_extraction")
"""What a hostile request is after: another role without rules, or what the model was told. What is neither is an order of another kind."""

WEIGHTS = Path(__file__).with_name("wording.json")
WINDOW_WORDS = 250
"""A longer request is read in parts of about so many words, as long as the longest texts that the weights were fitted on."""
_LEAST_FEATURES = 4
_CROWDED = 0.4
"""Each of n features counts its weight times n to the power of minus this. Of .25 to .5 it held best for turns that were left out."""
_WORDS_OF_TASK = 4
"""A task of fewer words, "create a project", stands in every manual."""
_SECOND: dict[Place, float] = {"told": 0.3, "task": -0.5}
"""What a second suspicious sentence adds of what it counts: who hides an order says more of it; tasks in a row are a lesson."""
_LENGTH: dict[Place, float] = {"told": 0.6, "task": 0.1}
"""What each doubling of the sentences takes away, times 1.44: the strongest of many is strong by chance."""
_OPENERS = frozenset(
    ("please", "now", "then", "also", "next", "and", "kindly", "finally", "bitte", "just", "ok", "okay", "so", "hey")
)
_SMALL_CLASSES = frozenset((
    "YOU", "ME", "WE", "THIS", "ALL", "NOT", "ONLY", "NOW", "IF", "INSTEAD", "ASLIKE", "PLEASE", "NEW", "MUST", "WH",
))  # fmt: skip


class Model(Struct, frozen=True):
    """Hundredths of log-odds: what a text counts before it is read, and what each feature counts."""

    bias: int
    weights: dict[str, int]


@cache
def models() -> dict[Place | Kind, Model]:
    """The fitted weights, read once."""
    return msgspec.json.decode(WEIGHTS.read_bytes(), type=dict[Place | Kind, Model])


def features(*some: Sentence) -> set[str]:
    """What the model knows of some sentences: words and classes, capitals for the latter, with their neighbours."""
    found: set[str] = set()
    for sentence in some:
        words = sentence.words
        found.update(words)
        found.add(_opening(words))
    found = found.difference(_little())
    for sentence in some:
        found.update(map(" ".join, zip(sentence.words, sentence.words[1:], strict=False)))
        found |= _of_row(sentence.row)
    return found


@lru_cache(maxsize=256)
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


def log_odds(found: AbstractSet[str], place: Place | Kind) -> float:
    """How much some features speak for an order, or for one of a kind."""
    model = models()[place]
    weights = model.weights
    total = sum(map(weights.__getitem__, weights.keys() & found))
    return (total * share_of_each(found) + model.bias) / 100


def share_of_each(found: AbstractSet[str]) -> float:
    """What each of some features counts of its weight."""
    return float(max(_LEAST_FEATURES, len(found)) ** -_CROWDED)


def windows(some: Iterable[Sentence]) -> Iterator[set[str]]:
    """The features of each part of a text that is read as a whole."""
    window: list[Sentence] = []
    words = 0
    for sentence in some:
        if words and words + len(sentence.words) > WINDOW_WORDS:
            yield features(*window)
            window, words = [], 0
        window.append(sentence)
        words += len(sentence.words)
    if window:
        yield features(*window)


class Described(Struct, frozen=True):
    """A text's sentences, and what was asked about them."""

    sentences: tuple[Sentence, ...]
    _parts: dict[bool, list[set[str]]] = field(default_factory=dict)
    _odds: dict[Place, list[float]] = field(default_factory=dict)

    def odds(self, place: Place) -> list[float]:
        """The log-odds of each part of a request, or of each sentence of a text of others."""
        if place not in self._odds:
            parts: Iterable[AbstractSet[str]] = self._read(whole=place == "request")
            if place == "task":
                some = zip(parts, self.sentences, strict=True)
                parts = (part if len(one.words) >= _WORDS_OF_TASK else frozenset() for part, one in some)
            self._odds[place] = [log_odds(part, place) for part in parts]
        return self._odds[place]

    def _read(self, *, whole: bool) -> list[set[str]]:
        """The features of each part of a request, or of each sentence, read once for all that is asked of them."""
        if whole not in self._parts:
            self._parts[whole] = list(windows(self.sentences) if whole else map(features, self.sentences))
        return self._parts[whole]

    def log_odds(self, place: Place) -> float:
        """How much the wording speaks for an order to a model; for a text without a word, that of no features."""
        odds = sorted(self.odds(place), reverse=True)[:2]
        if not odds:
            return log_odds(frozenset(), place)
        if place == "request":
            return odds[0]
        return odds[0] + _SECOND[place] * max([0.0, *odds[1:]]) - _LENGTH[place] * math.log(len(self.odds(place)))

    def kind(self) -> Kind | None:
        """What a hostile request is after, by the part of it that is most hostile."""
        if not self.sentences:
            return None
        odds = self.odds("request")
        part = self._read(whole=True)[odds.index(max(odds))]
        best, kind = max((log_odds(part, kind), kind) for kind in KINDS)
        return kind if best > 0 else None

    def strongest(self, place: Place) -> tuple[float, int]:
        """The log-odds of the strongest part alone, and its number."""
        odds = self.odds(place)
        best = max(range(len(odds)), key=odds.__getitem__)
        return odds[best], best


def described(plain_text: str) -> Described:
    """The sentences of a text that ``unmasking.plain`` made plain."""
    return Described(tuple(sentences(plain_text)))
