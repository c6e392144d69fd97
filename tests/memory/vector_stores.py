"""Stores with vectors for the tests of derived indexes; also run by their child processes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.chroma.embedded import EmbeddedChroma
from orchestrator_memory.index.contract import VectorIndex

DIMENSIONS = 384
MODEL = ModelIdentity("a1" * 8, "model", DIMENSIONS)
Floats = NDArray[np.float32]


def unit(rows: NDArray[np.floating]) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def random_vectors(count: int, seed: int = 0) -> Floats:
    return unit(np.random.default_rng(seed).standard_normal((count, DIMENSIONS)))


def clustered_vectors(count: int, seed: int = 0) -> Floats:
    """About forty topics; within one the cosine is about .75."""
    rng = np.random.default_rng(seed)
    topics = unit(np.random.default_rng(1234).standard_normal((40, DIMENSIONS)))
    return unit(topics[rng.integers(0, len(topics), count)] + 0.6 * random_vectors(count, seed + 1))


class VectorStore:
    """A store of its own with memories that have vectors."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(exist_ok=True)
        self.database = Database(home / "orchestrator.db")
        self.vectors = Vectors(self.database)

    def add(self, rows: Floats, namespace: str = "default", model: ModelIdentity = MODEL) -> list[int]:
        with self.database.transaction() as connection:
            seqs = [
                int(
                    connection.execute(
                        "INSERT INTO memories (id, namespace, tier, text, occurred_at, created_at) VALUES (?, ?, 'tasks', ?, 0, 0)",
                        (os.urandom(8).hex(), namespace, "a secret sentence"),
                    ).lastrowid
                    or 0
                )
                for _ in rows
            ]
        if len(rows):
            self.vectors.put(model, seqs, rows)
        return seqs

    def delete(self, *seqs: int) -> None:
        self.database.execute([("DELETE FROM memories WHERE seq = ?", (seq,)) for seq in seqs])

    def index(self, namespace: str = "default", model: ModelIdentity = MODEL) -> EmbeddedChroma:
        return EmbeddedChroma(self.home, self.database, namespace, model, self.vectors)

    def exact(self, query: Floats, k: int, namespace: str = "default", model: ModelIdentity = MODEL) -> list[int]:
        seqs, rows = self.vectors.load(model.digest, namespace)
        return [int(seq) for seq in seqs[np.lexsort((seqs, -(rows @ query)))[:k]]] if len(seqs) else []

    def files(self) -> bytes:
        """Every byte in the folder of the embedded index."""
        return b"".join(path.read_bytes() for path in sorted((self.home / "chroma").rglob("*")) if path.is_file())


def recall(store: VectorStore, index: VectorIndex, queries: Floats, k: int = 10) -> float:
    """The share of the exact ``k`` nearest that an index gives."""
    seqs, rows = store.vectors.load(MODEL.digest, "default")
    hits = 0
    for query in queries:
        best = set(seqs[np.argsort(-(rows @ query))[:k]].tolist())
        hits += len(best & set(index.nearest(query, k)[0].tolist()))
    return hits / (k * len(queries))


def same_as_exact(store: VectorStore, index: VectorIndex, query: Floats, k: int = 5) -> bool:
    return index.nearest(query, k)[0].tolist() == store.exact(query, k)
