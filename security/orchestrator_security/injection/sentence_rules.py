"""Rules for one sentence at a time: what it speaks of tells more than the verb in it.

A phrase (see ``evidence``) begins at one of its first words and reads on from there. A rule here looks for a thing ("your system prompt",
"what stood before my message", "the key you guard") anywhere in a sentence, and counts more where the sentence also asks for something.

Linear: a sentence has sixty words at most, a rule is tried where one of its words stands, and repeats nothing without a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_security.injection.evidence import Category, Piece
from orchestrator_security.injection.word_classes import classes
from orchestrator_security.injection.wording import Described, Sentence

_ASKING = frozenset(("SHOW", "SAY", "REVEAL", "WH", "CREATE", "EXACT", "PIECE", "FORMAT"))
_ALSO_ASKING_WORDS = (
    "hand put hash sing tldr tl dr echo verbatim json yaml table let see need want know check continue finish include append post "
    "clone mirror render load save export backup act imagine does do is are did has have can could would"
)
_ALSO_ASKING = frozenset(_ALSO_ASKING_WORDS.split())
_ORDERING = frozenset(("SHOW", "SAY", "REVEAL", "CREATE"))
_OPENING_WORDS = 3
_SHORT = 7
_TRIES_LEAST, _WORDS_OF_TRY = 300, 2
"""So many rules are tried in any text, and one more for each two words: more than any honest text was seen to need. More is a flood."""
_STUFFED = 0.4
_THEIRS = 0.5


class SentenceRule(Struct, frozen=True):
    """A thing that a sentence may speak of, and what it counts in a request and in a text of somebody else."""

    name: str
    category: Category
    group: str
    words: str
    """Words of which one stands in every sentence that the pattern finds; between bars."""
    pattern: str
    request: float
    untrusted: float
    asked: float = 0.0
    """What it counts more where the sentence asks for something, in either place."""
    beside: str = ""
    """Words of which one stands there as well, between bars; any, where there are none."""
    unless: str = ""
    """It does not count in a sentence in which this is found."""


class RuleTable:
    """Rules by the words that call for them. A pattern is compiled when one of its words is met."""

    def __init__(self, rules: Iterable[SentenceRule]) -> None:
        self._called: dict[bool, dict[str, list[tuple[SentenceRule, float, frozenset[str]]]]] = {False: {}, True: {}}
        for rule in rules:
            beside = frozenset(filter(None, rule.beside.split("|")))
            for untrusted, weight in ((False, rule.request), (True, rule.untrusted)):
                for word in rule.words.split("|") if weight else ():
                    self._called[untrusted].setdefault(word, []).append((rule, weight, beside))

    def pieces(self, wordings: Described, *, untrusted: bool) -> Iterator[Piece]:
        """What stands in the sentences; of the rules with one name and group only the weightiest counts."""
        called = self._called[untrusted]
        found: dict[tuple[str, str], Piece] = {}
        left = _TRIES_LEAST + sum(len(sentence.words) for sentence in wordings.sentences) // _WORDS_OF_TRY
        for sentence in wordings.sentences:
            words = called.keys() & sentence.words
            if not words:
                continue
            joined = ""
            tried: set[int] = set()
            for word in words:
                for rule, counts, beside in called[word]:
                    if (beside and beside.isdisjoint(sentence.words)) or id(rule) in tried:
                        continue
                    tried.add(id(rule))
                    before = found.get((rule.name, rule.group))
                    if before is not None and before.weight >= counts + rule.asked:
                        continue
                    left -= 1
                    joined = joined or " ".join(sentence.words)
                    match = compiled(rule.pattern).search(joined)
                    if match is None or (rule.unless and compiled(rule.unless).search(joined)):
                        continue
                    weight = counts
                    if rule.asked and asks(sentence):
                        # What is only described, in a text that describes, asks as well by many of these words.
                        weight += rule.asked * (_THEIRS * opens_asking(sentence) if untrusted else 1)
                    if before is None or before.weight < weight:
                        piece = Piece(f"injection.{rule.name}", rule.category, rule.group, weight, match[0])
                        found[rule.name, rule.group] = piece
            if left < 0:
                found["injection.stuffing", "stuffing"] = Piece(
                    "injection.stuffing", "prompt_injection", "stuffing", _STUFFED
                )
                break
        yield from found.values()


def opens_asking(sentence: Sentence) -> bool:
    """Whether a sentence opens with a word that asks: an order, not a description."""
    known = classes()
    return any(known.get(word) in _ORDERING for word in sentence.words[:_OPENING_WORDS])


def asks(sentence: Sentence) -> bool:
    """Whether a sentence asks for something: by a word that asks, or because it is too short to say anything else."""
    return (
        len(sentence.words) <= _SHORT
        or not _ASKING.isdisjoint(sentence.row)
        or not _ALSO_ASKING.isdisjoint(sentence.words)
        or any(classes().get(word) in _ASKING for word in sentence.words[:1])
    )
