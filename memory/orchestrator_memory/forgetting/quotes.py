"""Whether a text quotes what is forgotten. Asked only of what a call left that had the forgotten text before it.

A text quotes another when they share, in words of equal spelling whatever the case,

1. ``RUN`` words in a row, or all the words of a shorter text; or
2. an identifier: a word of letters and digits, or a long number; or
3. words that the call *added*, such as its answer: one of ``LONG`` letters, or two of ``SHORT``; or
4. ``OWN_WORDS`` different words of ``SHORT`` letters, those of the call's request included. The asker's words are their own: one or two
   words of a memory are how it was found, and alone no reason to delete what came of it.

Stop words count for nothing, nor does anything that a memory holds which stays and has it from elsewhere: the store then does not know
it from the forgotten text alone. The frame of what calls leave ("agent was asked: ... succeeded: ...", "What helped: ...") is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from orchestrator_memory.text.words import STOP_WORDS

RUN = 4
LONG = 6
SHORT = 4
OWN_WORDS = 3
_LONG_NUMBER = 5
_BREAK = ""
"""Stands between two parts of a text; no run goes across."""

Known = Callable[[Sequence[str]], bool]
"""Whether a memory that stays, and has them from elsewhere, holds these words in a row."""


def quotes(text: str, forgotten: Iterable[str], *, asked: str = "", known: Known) -> bool:
    """Whether ``text`` quotes any of the forgotten texts. ``asked`` is the request of the call that left it."""
    here = words(text)
    own = set(words(asked))
    vocabulary = set(here) - {_BREAK}
    runs = {tuple(here[i : i + RUN]) for i in range(len(here) - RUN + 1)}
    shared: set[str] = set()
    for other in forgotten:
        there = words(other)
        if _run_of(there, here, runs, known):
            return True
        shared |= vocabulary.intersection(there)
    telling = sorted(word for word in shared if _tells(word) and not known([word]))
    if any(_is_identifier(word) for word in telling):
        return True
    added = [word for word in telling if word not in own]
    if len(added) > 1 or any(len(word) >= LONG for word in added):
        return True
    return len(telling) >= OWN_WORDS


def words(text: str) -> list[str]:
    """The words of a text in order, with breaks; letters of scripts without spaces and picture signs one by one."""
    found: list[str] = []
    for part in _frame().split(text):
        found += _word().findall(part.casefold())
        found.append(_BREAK)
    return found


def _run_of(there: list[str], here: list[str], runs: set[tuple[str, ...]], known: Known) -> bool:
    whole = [word for word in there if word]
    if len(whole) < RUN:
        size = len(whole)
        if sum(map(len, whole)) < SHORT or all(word in STOP_WORDS for word in whole):
            return False
        return any(here[i : i + size] == whole for i in range(len(here) - size + 1)) and not known(whole)
    for i in range(len(there) - RUN + 1):
        run = tuple(there[i : i + RUN])
        if run in runs and _BREAK not in run and any(_tells(word) for word in run) and not known(run):
            return True
    return False


def _tells(word: str) -> bool:
    return bool(word) and word not in STOP_WORDS and (len(word) >= SHORT or not word.isascii())


def _is_identifier(word: str) -> bool:
    digits = sum(character.isdigit() for character in word)
    return 0 < digits < len(word) or digits >= _LONG_NUMBER


@cache
def _word() -> re.Pattern[str]:
    unspaced = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    return re.compile(rf"[{unspaced}]|[\U0001f000-\U0001faff\u2600-\u27bf]|(?:(?![{unspaced}])[^\W_])+")


@cache
def _frame() -> re.Pattern[str]:
    return re.compile(
        r"(?:^|\n)(?:[^\n:]{0,600} (?:was asked|failed)|(?:succeeded|failed|blocked|cancelled)[^\n:]{0,80}):"
        r"|\([a-z-]{1,40}\)\. What helped:[^\n]{0,300}"
    )
