"""Rules for one sentence of somebody else's text at a time: what it speaks of tells more than the verb in it.

A phrase (see ``evidence``) begins at one of its first words and reads on from there. A rule here looks for a thing ("the user has already
approved", "whichever model reads this") anywhere in a sentence.

Linear: a sentence has sixty words at most, a rule is tried where one of its words stands, and repeats nothing without a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_security.injection.evidence import Piece
from orchestrator_security.injection.wording import Described

_TRIES_LEAST, _WORDS_OF_TRY = 300, 2
"""So many rules are tried in any text, and one more for each two words: more than any honest text was seen to need. More is a flood."""
_STUFFED = 0.4


class SentenceRule(Struct, frozen=True):
    """A thing that a sentence may speak of, and what it counts."""

    name: str
    group: str
    words: str
    """Words of which one stands in every sentence that the pattern finds; between bars."""
    pattern: str
    weight: float
    beside: str = ""
    """Words of which one stands there as well, between bars; any, where there are none."""
    unless: str = ""
    """It does not count in a sentence in which this is found."""


class RuleTable:
    """Rules by the words that call for them. A pattern is compiled when one of its words is met."""

    def __init__(self, rules: Iterable[SentenceRule]) -> None:
        self._called: dict[str, list[tuple[SentenceRule, frozenset[str]]]] = {}
        for rule in rules:
            beside = frozenset(filter(None, rule.beside.split("|")))
            for word in rule.words.split("|"):
                self._called.setdefault(word, []).append((rule, beside))

    def pieces(self, wordings: Described) -> Iterator[Piece]:
        """What stands in the sentences; of the rules with one name and group only the weightiest counts."""
        called = self._called
        found: dict[tuple[str, str], Piece] = {}
        left = _TRIES_LEAST + sum(len(sentence.words) for sentence in wordings.sentences) // _WORDS_OF_TRY
        for sentence in wordings.sentences:
            words = called.keys() & sentence.words
            if not words:
                continue
            joined = ""
            tried: set[int] = set()
            for word in words:
                for rule, beside in called[word]:
                    if (beside and beside.isdisjoint(sentence.words)) or id(rule) in tried:
                        continue
                    tried.add(id(rule))
                    before = found.get((rule.name, rule.group))
                    if before is not None and before.weight >= rule.weight:
                        continue
                    left -= 1
                    joined = joined or " ".join(sentence.words)
                    match = compiled(rule.pattern).search(joined)
                    if match is None or (rule.unless and compiled(rule.unless).search(joined)):
                        continue
                    piece = Piece(f"injection.{rule.name}", "prompt_injection", rule.group, rule.weight, match[0])
                    found[rule.name, rule.group] = piece
            if left < 0:
                found["injection.stuffing", "stuffing"] = Piece(
                    "injection.stuffing", "prompt_injection", "stuffing", _STUFFED
                )
                break
        yield from found.values()
