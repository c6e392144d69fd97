"""Memories made for the benchmarks: reproducible, of natural lengths, with a Zipf vocabulary, in conversations and outside of them.

The words follow each other as in the dialogues that were written for the ranking (a chain over pairs of words), and a part of the
longer words is exchanged for one of 20,000 made-up names and terms by Zipf's law: the vocabulary grows with the number of texts,
as it does in real ones. Half of the texts have 22 words or fewer, which are about 32 tokens.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

from ranking.dialogues import all_dialogues

CONVERSATION = 20
"""Turns in a session."""
CATEGORIES = ("work", "home", "travel", "health", "garden", "music", "school", "money")
AUTHORS = ("Brigid", "Noor", "Tomas", "Ines", "Kofi", "Mei", "Aron", "Yara", "Piet", "Salma", "Dara", "Luca")
_MEDIAN_WORDS = 22
_SPREAD = 0.55
"""Of the logarithm of the number of words."""
_RARE = 20_000
_RARE_SHARE = 0.12
_START = 1_700_000_000.0
_SYLLABLES = (
    "ba", "bel", "cor", "dan", "del", "ester", "fen", "gar", "hol", "ing", "jun", "ka", "lan", "lor", "mar", "mi", "nor", "ol", "per",
    "quin", "ran", "ros", "sel", "ta", "ter", "ton", "ul", "ver", "wick", "yor", "za", "zen",
)  # fmt: skip


def realistic(n: int, *, seed: int = 7) -> Iterator[dict[str, Any]]:
    """``n`` memories as arguments of ``remember``: two of three in conversations of 20 turns between two people, the others alone."""
    chance = random.Random(seed)
    session, people = 0, AUTHORS[:2]
    number = 0
    while number < n:
        session += 1
        people = tuple(chance.sample(AUTHORS, 2))
        alone = chance.random() < 1 / 3
        category = chance.choice(CATEGORIES)
        for turn in range(min(CONVERSATION, n - number)):
            number += 1
            item = {
                "text": _text(chance),
                "author": people[turn % 2],
                "category": category,
                "tier": "tasks" if chance.random() < 0.1 else "knowledge",
                "occurred_at": _START + 3_600 * session + 30 * turn,
            }
            yield item if alone else {**item, "session": f"session-{session}"}


def alike(n: int) -> Iterator[dict[str, Any]]:
    """``n`` memories that nearly all share their words: the worst case of word search."""
    for number in range(n):
        yield {
            "text": f"memory number {number} about topic {number % 997}: the value of setting {number % 89} was changed by the team",
            "author": AUTHORS[number % len(AUTHORS)],
            "category": CATEGORIES[number % len(CATEGORIES)],
            "session": f"session-{number // CONVERSATION}" if number % 60 < 40 else "",
            "occurred_at": _START + 30 * number,
        }


def questions(texts: list[str], n: int, *, seed: int = 11) -> list[str]:
    """``n`` distinct questions, each with some words of one text."""
    chance = random.Random(seed)
    asked: dict[str, None] = {}
    openings = (
        "What did {} say about",
        "When was it that",
        "Do you remember the",
        "Why did we talk about",
        "How many of",
    )
    while len(asked) < n:
        words = chance.choice(texts).strip("?!.").split()
        start = chance.randrange(max(1, len(words) - 6))
        opening = chance.choice(openings).format(chance.choice(AUTHORS))
        asked[f"{opening} {' '.join(words[start : start + chance.randint(3, 7)])}?"] = None
    return list(asked)


def _text(chance: random.Random) -> str:
    chain, starts = _chain()
    wanted = max(4, round(_MEDIAN_WORDS * 2.718281828 ** chance.gauss(0, _SPREAD)))
    words: list[str] = []
    word = chance.choice(starts)
    while len(words) < wanted:
        plain = word.strip(",;:")
        if len(plain) > 4 and plain.isalpha() and chance.random() < _RARE_SHARE:
            words.append(word.replace(plain, _rare(chance)))
        else:
            words.append(word)
        following = chain.get(word)
        word = chance.choice(following) if following else chance.choice(starts)
    text = " ".join(words).rstrip(",;:")
    return text if text[-1] in ".?!" else text + "."


@cache
def _chain() -> tuple[dict[str, list[str]], list[str]]:
    chain: dict[str, list[str]] = {}
    starts: list[str] = []
    for dialogue in all_dialogues():
        for turn in dialogue.turns:
            words = turn.text.split()
            starts.append(words[0])
            for word, following in pairwise(words):
                chain.setdefault(word, []).append(following)
    return chain, starts


def _rare(chance: random.Random) -> str:
    words, weights = _rare_words()
    return words[bisect(weights, chance.random() * weights[-1])]


@cache
def _rare_words() -> tuple[list[str], list[float]]:
    chance = random.Random(3)
    words: dict[str, None] = {}
    while len(words) < _RARE:
        word = "".join(chance.choices(_SYLLABLES, k=chance.choice((2, 2, 3, 3, 4))))
        words[word.capitalize() if chance.random() < 0.3 else word] = None
    return list(words), list(accumulate(1 / rank for rank in range(1, _RARE + 1)))
