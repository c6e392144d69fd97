"""How pieces of evidence add up: each is weak, several in one text are not.

A text is brought to plain words (see ``orchestrator_core.analysis.orders``), each word that may begin a phrase is looked up, and each
phrase that stands there counts once. A group of phrases that say the same counts up to its cap, so that a long text does not become
suspicious by its length alone. Weights are set by hand, on texts written for it (``benchmarks/injection``): 0.8 is enough in a
request, 0.5 in a text of somebody else.

Linear: a phrase repeats nothing without a bound, and the places where one is tried are counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Literal

from msgspec import Struct

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.orders.recogniser import told_of

Category = Literal["prompt_injection", "jailbreak", "prompt_extraction"]

CAPS: Mapping[str, float] = {
    "free": 1.2, "hypothesis": 0.5, "output": 0.8, "new-task": 0.7, "encoding": 0.5,
    "exfiltration": 1.0, "phishing": 0.7, "authority": 0.45, "private": 1.0, "code": 0.8,
}  # fmt: skip
"""What a group of phrases may count at most; a group that is not named: 2.0."""
_CAP = 2.0
_USUAL_WORDS = 400
_PER_DOUBLING = 0.4
_TRIES_MIN = 200
_TRIES_SHARE = 16
"""A word that begins phrases is tried at up to 200 places, or at a sixteenth of all words."""


class Phrase(Struct, frozen=True):
    """One piece of evidence: the words it may begin with, and a pattern for what follows."""

    name: str
    category: Category
    group: str
    request: float
    """What it counts in a request."""
    untrusted: float
    """What it counts in a text of somebody else."""
    first: str
    rest: str
    ordered: bool = False
    """It counts only as an order: not after ``they``, ``can`` or ``never``, and not where the text goes on with ``attack`` or ``if``."""


class Piece(Struct, frozen=True):
    """Evidence that was found, with the words that are it."""

    name: str
    category: Category
    group: str
    weight: float
    words: str = ""


class Evidence(Struct, frozen=True):
    """All pieces found in one text of so many words."""

    pieces: tuple[Piece, ...] = ()
    words: int = 0

    def enough(self, threshold: float) -> bool:
        """Whether it is enough: a long text gathers weak evidence by its length alone, so there it has to be more of it."""
        if self.score < threshold:
            return False
        if any(piece.weight >= threshold for piece in self.pieces):
            return True
        longer = math.log2(max(self.words, _USUAL_WORDS) / _USUAL_WORDS)
        return self.score >= threshold * (1 + _PER_DOUBLING * longer)

    @property
    def score(self) -> float:
        """The sum of what was found, each group up to its cap."""
        return sum(self.by_group().values())

    def by_group(self) -> dict[str, float]:
        """What each group counts."""
        groups: dict[str, float] = {}
        for piece in self.pieces:
            groups[piece.group] = min(CAPS.get(piece.group, _CAP), groups.get(piece.group, 0.0) + piece.weight)
        return groups

    def without(self, groups: Collection[str]) -> Evidence:
        """The evidence of all other groups."""
        return Evidence(tuple(piece for piece in self.pieces if piece.group not in groups), self.words)

    def heaviest(self) -> Piece:
        """The weightiest piece of the category that weighs most."""
        weights: dict[str, float] = {}
        for piece in self.pieces:
            weights[piece.category] = weights.get(piece.category, 0.0) + piece.weight
        best = max(weights, key=lambda category: weights[category])
        return max((piece for piece in self.pieces if piece.category == best), key=lambda piece: piece.weight)


_Tried = tuple[Callable[[str, int], "re.Match[str] | None"], bool, Phrase, float]
"""A phrase at one of its first words: what matches it, whether that begins behind the first word, and what it counts."""


class PhraseTable:
    """Phrases by the word they begin with. A pattern is compiled when one of its first words is met."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._by_word: dict[bool, dict[str, list[tuple[Phrase, bool, float]]]] = {False: {}, True: {}}
        for phrase in phrases:
            beginnings: dict[str, bool] = {}
            for beginning in phrase.first.split("|"):
                word, _, more = beginning.partition(" ")
                beginnings[word] = beginnings.get(word, True) and not more
            for untrusted, weight in ((False, phrase.request), (True, phrase.untrusted)):
                for word, single in beginnings.items() if weight else ():
                    self._by_word[untrusted].setdefault(word, []).append((phrase, single, weight))
        self._tried: dict[bool, dict[str, list[_Tried]]] = {False: {}, True: {}}

    def pieces(self, tokens: Sequence[str], *, untrusted: bool) -> list[Piece]:
        """What stands in the words; each phrase counts once."""
        by_word = self._by_word[untrusted]
        if by_word.keys().isdisjoint(tokens):
            return []
        table = self._tried[untrusted]
        words = " ".join(tokens)
        allowed = max(_TRIES_MIN, len(tokens) // _TRIES_SHARE)
        tries: dict[str, int] = {}
        seen: set[int] = set()
        found: list[Piece] = []
        at = 0
        for token in tokens:
            behind = at + len(token)
            if token in by_word:
                count = tries.get(token, 0)
                if count < allowed:
                    tries[token] = count + 1
                    for fits, single, phrase, weight in table.get(token) or self._compiled(token, untrusted=untrusted):
                        match = fits(words, behind if single else at)
                        if match is None:
                            continue
                        if id(phrase) in seen or (phrase.ordered and told_of(words, at, match.end())):
                            continue
                        seen.add(id(phrase))
                        found.append(Piece(phrase.name, phrase.category, phrase.group, weight, words[at : match.end()]))
                elif count == allowed:
                    tries[token] = count + 1
                    found.append(Piece("stuffing", "prompt_injection", "stuffing", 0.5))
            at = behind + 1
        return found

    def _compiled(self, word: str, *, untrusted: bool) -> list[_Tried]:
        tried: list[_Tried] = [
            (compiled(phrase.rest if single else f"(?:{phrase.first}){phrase.rest}").match, single, phrase, weight)
            for phrase, single, weight in self._by_word[untrusted][word]
        ]
        self._tried[untrusted][word] = tried
        return tried


@cache
def _token() -> re.Pattern[str]:
    return re.compile(r"[a-z]+|[.!?;:][^a-z]*")


@cache
def _address(mark: str) -> re.Pattern[str]:
    # Of a mail address only what follows its sign; what stands before it are words like others.
    begin = {"://": "http", "www.": r"www\.", "@": "@(?=[a-z0-9])"}[mark]
    return re.compile(rf"{begin}[^\s<>)\"]++")


def tokens(plain_text: str) -> list[str]:
    """The words, and a full stop for whatever ends a sentence; it begins and ends with one. An address is one word, ``url``.

    ``plain_text`` is what ``unmasking.plain`` gives.
    """
    text = plain_text.replace("'", "") if "'" in plain_text else plain_text
    for mark in ("://", "www.", "@"):
        if mark in text:
            text = _address(mark).sub(" url ", text)
    return [".", *[word if word >= "a" else "." for word in _token().findall(text)], "."]
