"""Orders in scripts that the phrases cannot be written in: Chinese, Japanese, Korean, Cyrillic, Arabic, Devanagari.

Word order differs too much between these languages for a pattern of words; so a sentence counts by the classes that meet in it
(``word_classes``), whichever comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from orchestrator_security.injection.evidence import Category, Piece
from orchestrator_security.injection.sentences import Sentence
from orchestrator_security.injection.word_classes import of_other_scripts
from orchestrator_security.injection.wording import Described

_TOLD = frozenset(("TOLD", "RULES", "SYSTEM"))
_ASKED = frozenset(("SHOW", "SAY", "REVEAL"))
_OF_WHOM = frozenset(("PAST", "ALL", "YOU"))
_BOUNDLESS = frozenset(("FREE", "ETHICS", "REFUSE"))
_MANY = 2


def in_other_scripts(wordings: Described) -> Iterator[Piece]:
    """What stands in sentences of such scripts; each kind once."""
    seen: set[str] = set()
    for sentence in wordings.sentences:
        for name, category, weight in _found(_kinds(sentence)):
            if name not in seen:
                seen.add(name)
                yield Piece(f"injection.{name}", category, "other-script", weight)


def _kinds(sentence: Sentence) -> frozenset[str]:
    if not sentence.row:
        return frozenset()
    known = of_other_scripts()
    return frozenset(known[word] for word in sentence.words if word in known)


def _found(kinds: AbstractSet[str]) -> Iterator[tuple[str, Category, float]]:
    if not kinds:
        return
    told = bool(kinds & _TOLD)
    if "LEAVE" in kinds and told and kinds & _OF_WHOM:
        yield "ignore-instructions", "prompt_injection", 0.8
    if kinds & _ASKED and ((told and "YOU" in kinds) or kinds >= {"SYSTEM", "TOLD"}):
        yield "own-instructions", "prompt_extraction", 0.8
    if "SECRET" in kinds and kinds & _ASKED and kinds & {"LEAVE", "NOT"}:
        yield "secret", "prompt_extraction", 0.5
    if len(kinds & _BOUNDLESS) >= _MANY and kinds & {"NOT", "ROLE", "NOW"} and kinds & {"YOU", "ROLE", "BEING"}:
        yield "no-limits", "jailbreak", 0.8
    if "USER" in kinds and kinds & {"LEAVE", "NOT"} and kinds & {"SAY", "SHOW"}:
        yield "hide-from-user", "prompt_injection", 0.4
