"""How well memory finds what answers a question, beside plain BM25 and plain cosine on the same texts.

The dialogues are those that the ranking's weights are fitted on, so these figures compare the three and promise nothing for other
texts; ``benchmarks/ranking/fit.py`` shows what the ranking is worth on dialogues that were held out.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from measurement import Measurement
from memory_filling import OVERRIDES, embedding_model
from ranking.dialogues import Dialogue, Question, all_dialogues

from orchestrator import Orchestrator
from orchestrator.memory import MemoryManager
from orchestrator_memory.text.words import words

_RECALL_AT = 10
_DEPTH = 20
"""A right answer below this place counts as not found."""
_RECALL_LIMIT = 0.75
_RANK_LIMIT = 0.65
"""The better of the two plain ones may reach at most this share of what memory does."""


class Worth(NamedTuple):
    """Recall at 10 and the reciprocal rank of the first right answer, of one question or the mean of several."""

    recall: float
    rank: float


def run(*, quick: bool) -> list[Measurement]:
    """Means over all questions."""
    found: dict[str, list[Worth]] = {"BM25": [], "cosine": [], "memory": []}
    with tempfile.TemporaryDirectory() as folder:
        magnus = Orchestrator(home=folder, overrides=OVERRIDES)
        for dialogue in islice(all_dialogues(), 3 if quick else None):
            asked = dialogue.questions
            for name, answers in (
                ("memory", _memory(magnus.memory, dialogue)),
                ("BM25", _bm25(dialogue)),
                ("cosine", _cosine(dialogue)),
            ):
                found[name] += [worth(question, some) for question, some in zip(asked, answers, strict=True)]
        magnus.close()
    mean = {name: Worth(*np.mean(some, axis=0).tolist()) for name, some in found.items()}
    n = len(found["memory"])
    measured = []
    for title, place, limit in (("recall@10", 0, _RECALL_LIMIT), ("MRR", 1, _RANK_LIMIT)):
        value = {name: some[place] for name, some in mean.items()}
        best = max(value["BM25"], value["cosine"])
        note = ", ".join(f"{name} {number:.3f}" for name, number in value.items())
        measured.append(
            Measurement(
                f"{title}, better plain one / memory", best / value["memory"], limit, "x", f"{note}; {n} questions"
            )
        )
    return measured


def worth(question: Question, found: Sequence[frozenset[int]]) -> Worth:
    """What an answer is worth. ``found`` holds the turns that each hit stands for, best first."""
    here = [bool(turns & question.evidence) for turns in found[:_DEPTH]]
    first = frozenset[int]().union(*found[:_RECALL_AT])
    return Worth(
        len(first & question.evidence) / len(question.evidence), 1 / (here.index(True) + 1) if any(here) else 0.0
    )


def _memory(memory: MemoryManager, dialogue: Dialogue) -> Iterable[list[frozenset[int]]]:
    memory.remember_many(
        {
            "text": turn.text, "author": turn.author, "session": turn.session, "occurred_at": turn.when,
            "namespace": dialogue.name, "id": f"{dialogue.name}.{turn.number}",
        }
        for turn in dialogue.turns
    )  # fmt: skip
    for question in dialogue.questions:
        hits = memory.search(question.text, _DEPTH, namespace=dialogue.name)
        assert not hits.keyword_only
        yield [frozenset(int(name.rpartition(".")[2]) for name in (hit.id, *hit.aliases)) for hit in hits]


def _bm25(dialogue: Dialogue) -> Iterable[list[frozenset[int]]]:
    """SQLite's full-text search with its Porter stemmer, any word of the question."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE turns USING fts5 (text, tokenize = 'porter unicode61')")
    connection.executemany(
        "INSERT INTO turns (rowid, text) VALUES (?, ?)", [(turn.number, turn.text) for turn in dialogue.turns]
    )
    for question in dialogue.questions:
        asked = " OR ".join(f'"{word}"' for word in words(question.text))
        rows = connection.execute(
            "SELECT rowid FROM turns WHERE turns MATCH ? ORDER BY rank LIMIT ?", (asked, _DEPTH)
        ).fetchall()
        yield [frozenset(row) for row in rows]
    connection.close()


def _cosine(dialogue: Dialogue) -> Iterable[list[frozenset[int]]]:
    model = embedding_model()
    turns = model.encode([turn.text for turn in dialogue.turns])
    for vector in model.encode([question.text for question in dialogue.questions]):
        best = np.argsort(-(turns @ vector))[:_DEPTH]
        yield [frozenset((dialogue.turns[place].number,)) for place in best]
