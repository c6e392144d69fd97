"""Words that say the same, in the languages that orders to a model are met in: what one of them shows, all of them show.

A class is what a word does in such an order: the act (leave, reveal, write), its object (what was told, what is secret, the answer), who
is spoken to. The model of ``wording`` learns from a few hundred texts; by these classes it knows words that stand in none of them. In
``word_classes.json`` they are written as people write them; ``unmasking.plain`` brings both them and the text to the same letters.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from orchestrator_core.analysis.orders import unmasking

WORDS = Path(__file__).with_name("word_classes.json")


class WordClasses(Struct, frozen=True):
    """Lines of words by class. A word of two classes counts for the one that is written first."""

    words: dict[str, list[str]]
    joined: dict[str, list[str]]
    """Words of scripts that leave no gap between words, where a piece of a run is looked for."""


@cache
def _read() -> WordClasses:
    return msgspec.json.decode(WORDS.read_bytes(), type=WordClasses)


@cache
def classes() -> dict[str, str]:
    """The class of each word, in the letters of ``unmasking.plain``."""
    found: dict[str, str] = {}
    for kind, lines in [*_read().words.items(), *_read().joined.items()]:
        for word in unmasking.plain(" ".join(lines)).split():
            found.setdefault(word, kind)
    return found


@cache
def of_other_scripts() -> dict[str, str]:
    """The class of each word that is not written in Latin letters; folded, it may look as though it were."""
    lines = [line for part in (_read().words, _read().joined) for each in part.values() for line in each]
    words = {word for line in lines for word in line.split() if min(word) >= "\u0370"}
    known = classes()
    return {folded: known[folded] for word in words for folded in unmasking.plain(word).split()}


@cache
def joined() -> re.Pattern[str]:
    """Finds the pieces of runs that have no gaps between words."""
    lines = [line for lines in _read().joined.values() for line in lines]
    pieces = sorted(set(unmasking.plain(" ".join(lines)).split()), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, pieces)))
