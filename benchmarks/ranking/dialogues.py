"""The dialogues that the ranking is fitted on, written for it, as indexes and questions.

A file: ``# Name | Name``, sessions ``## n | date time``, turns ``session.turn Name: text``, and after a line ``?`` the questions
``kind | turns that answer it | question``.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orchestrator_memory.index.namespace_index import Entry, NamespaceIndex
from orchestrator_memory.text.words import stems, words

FOLDER = Path(__file__).with_name("data")
_TURN = re.compile(r"(\d+)\.(\d+) ([^:]+): (.+)")
Encode = Callable[[list[str]], NDArray[np.float32]]


class Question(NamedTuple):
    kind: str
    text: str
    evidence: frozenset[int]
    """Numbers of the turns that answer it."""


class Turn(NamedTuple):
    number: int
    author: str
    session: str
    text: str
    when: float


class Dialogue(NamedTuple):
    name: str
    turns: list[Turn]
    questions: list[Question]


def read(path: Path) -> Dialogue:
    """One dialogue of a file."""
    turns: list[Turn] = []
    questions: list[Question] = []
    number_of: dict[str, int] = {}
    start = 0.0
    for line in filter(None, map(str.strip, path.read_text(encoding="utf-8").splitlines())):
        if line.startswith("## "):
            start = (
                datetime.strptime(line.partition(" | ")[2].strip(), "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()
            )
        elif turn := _TURN.fullmatch(line):
            session, place, author, text = turn.groups()
            number_of[f"{session}.{place}"] = len(turns) + 1
            turns.append(Turn(len(turns) + 1, author, session, text, start + int(place)))
        elif line.count(" | ") >= 2:
            kind, evidence, text = (part.strip() for part in line.split("|", 2))
            questions.append(Question(kind, text, frozenset(number_of[e.strip()] for e in evidence.split(","))))
    return Dialogue(path.stem, turns, questions)


def keyword_questions(dialogue: Dialogue, n: int = 24) -> list[Question]:
    """What people type who remember a word: one to three telling words of a turn, at least one of them said nowhere else."""
    held = Counter(stem for turn in dialogue.turns for stem in set(stems(words(turn.text))))
    rng = random.Random(dialogue.name)
    questions: list[Question] = []
    for turn in rng.sample(dialogue.turns, len(dialogue.turns)):
        said = list(dict.fromkeys(word for word in words(turn.text) if stems([word]) and len(word) > 3))
        rare = [word for word in said if held[stems([word])[0]] == 1]
        if rare and len(questions) < n:
            others = [word for word in said if word != rare[0]]
            query = [rare[0], *rng.sample(others, min(len(questions) % 3, len(others)))]
            rng.shuffle(query)
            questions.append(Question("keyword", " ".join(query), frozenset([turn.number])))
    return questions


def all_dialogues(folder: Path = FOLDER) -> Iterator[Dialogue]:
    """Every dialogue of a folder, by name."""
    for path in sorted(folder.glob("*.txt")):
        yield read(path)


def indexed(dialogue: Dialogue, encode: Encode) -> NamespaceIndex:
    """A dialogue as memory holds it."""
    index = NamespaceIndex(384)
    index.put(
        Entry(t.number, t.text, t.author, t.session, "knowledge", "", t.when, None, None, 0, "", 1.0, None, 0.0, 0.0)
        for t in dialogue.turns
    )
    index.set_vectors([t.number for t in dialogue.turns], encode([t.text for t in dialogue.turns]))
    return index
