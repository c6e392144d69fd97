"""Stores filled for the benchmarks, with a vector for every memory."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from memory_texts import alike, realistic

from orchestrator import Orchestrator
from orchestrator_core.models.embedding.choice import prepared_model
from orchestrator_core.models.embedding.contract import EmbeddingModel
from orchestrator_memory.embedding.vectors import Vectors

OVERRIDES = {"dashboards.auto": False, "evaluation.judge": "rules"}
_EMBEDDED = 2_000
"""So many vectors come from the model; the others are mixtures of two of them with noise."""
_AT_ONCE = 1_000


class Filled(NamedTuple):
    """A store and the texts in it."""

    home: Path
    texts: list[str]

    def copy(self, name: str) -> Path:
        """A copy of the store, for a benchmark that writes."""
        target = self.home.with_name(f"{self.home.name}-{name}")
        shutil.rmtree(target, ignore_errors=True)
        return Path(shutil.copytree(self.home, target))


@cache
def filled(kind: str, n: int) -> Filled:
    """A store of ``n`` memories, ``realistic`` or ``alike``, made once per run; it goes with the process."""
    items = list(islice({"realistic": realistic, "alike": alike}[kind](n), n))
    home = _folder() / f"{kind}-{n}"
    _fill(home, items)
    return Filled(home, [item["text"] for item in items])


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="magnus-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def embedding_model() -> EmbeddingModel:
    """The default model.

    Raises:
        SystemExit: it is not here.
    """
    model = prepared_model("").model
    if model is None:
        raise SystemExit("the embedding model is not here; run: orchestrate setup")
    return model


def _fill(home: Path, items: Iterable[dict[str, Any]]) -> None:
    # Embedding 100,000 texts takes minutes. A mixture of two real vectors and as much noise gives a search as much to do.
    magnus = Orchestrator(home=home, overrides={**OVERRIDES, "memory.embedding": "none"})
    magnus.memory.remember_many(items)
    rows = magnus.database.query("SELECT seq, text FROM memories ORDER BY seq")
    model, vectors = embedding_model(), Vectors(magnus.database)
    real = model.encode([text for _, text in rows[:_EMBEDDED]])
    chance = np.random.default_rng(5)
    for start in range(0, len(rows), _AT_ONCE):
        seqs = [seq for seq, _ in rows[start : start + _AT_ONCE]]
        matrix = real[start : start + _AT_ONCE]
        if len(matrix) < len(seqs):
            one, other = (real[chance.integers(0, len(real), len(seqs) - len(matrix))] for _ in range(2))
            made = one + other + 1.5 / np.sqrt(one.shape[1]) * chance.standard_normal(one.shape)
            made /= np.linalg.norm(made, axis=1, keepdims=True)
            matrix = np.concatenate((matrix, made.astype(np.float32)))
        vectors.put(model.identity, seqs, matrix)
    magnus.close()
