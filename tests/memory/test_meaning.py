"""A scan and a derived index lead to the same ranking; where vectors are missing nobody wins or loses by it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from orchestrator_memory.index.namespace_index import Entry, NamespaceIndex
from orchestrator_memory.ranking.features import candidates
from orchestrator_memory.ranking.meaning import Proposed, Scanned, Unknown
from orchestrator_memory.ranking.model import score

N, DIMENSIONS = 1_500, 24


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    rows = np.random.default_rng(7).standard_normal((N, DIMENSIONS)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


@pytest.fixture
def index(vectors: NDArray[np.float32]) -> NamespaceIndex:
    index = NamespaceIndex(DIMENSIONS)
    index.put(
        Entry(
            i + 1,
            f"note {i % 97} of {i % 13}",
            "Ada",
            f"s{i // 15}",
            "knowledge",
            "",
            float(i),
            None,
            None,
            0,
            "",
            1.0,
            None,
            0,
            0,
        )
        for i in range(N)
    )
    index.set_vectors(range(1, N + 1), vectors)
    return index


def best(
    index: NamespaceIndex, meaning: Scanned | Proposed, k: int = 10, *, allowed: NDArray[np.bool_] | None = None
) -> list[int]:
    found = candidates(
        index, "note 42", meaning, np.ones(index.size, np.bool_) if allowed is None else allowed, max(50, k)
    )
    scored = score(found.features, index, found.slots, with_vectors=True, learned={}, now=0.0)
    return index.column("seq")[found.slots[np.argsort(-scored.logit, kind="stable")[:k]]].tolist()


def test_a_derived_index_ranks_as_the_scan_does(index: NamespaceIndex, vectors: NDArray[np.float32]) -> None:
    queries = vectors[::50] + 0.3 * vectors[1::50]
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    scanned = [best(index, Scanned(index, query)) for query in queries]
    index.hold_vectors(False)
    assert index.column("vectors").shape == (N, 0)
    agreed = 0
    for query, wanted in zip(queries, scanned, strict=True):
        cosine = vectors @ query
        nearest = np.argsort(-cosine)[:200]
        meaning = Proposed(
            index,
            query,
            (nearest + 1, cosine[nearest]),
            index.sample,
            lambda seqs: (np.array(seqs), vectors[np.array(seqs) - 1]),
        )
        agreed += len(set(wanted) & set(best(index, meaning)))
    assert agreed / (10 * len(queries)) >= 0.98


def test_a_derived_index_finds_what_a_filter_leaves(index: NamespaceIndex, vectors: NDArray[np.float32]) -> None:
    allowed = np.zeros(index.size, np.bool_)
    allowed[::10] = True
    agreed, queries = 0, vectors[1::50]  # none of what the index proposes may pass the filter
    scanned = [best(index, Scanned(index, query), allowed=allowed) for query in queries]
    index.hold_vectors(False)
    for query, wanted in zip(queries, scanned, strict=True):
        cosine = vectors @ query
        nearest = np.argsort(-np.where(allowed, -1, cosine))[:200]
        meaning = Proposed(
            index, query, (nearest + 1, cosine[nearest]), index.sample,
            lambda seqs: (np.array(seqs), vectors[np.array(seqs) - 1]),
        )  # fmt: skip
        agreed += len(set(wanted) & set(best(index, meaning, allowed=allowed)))
    assert agreed / (10 * len(queries)) >= 0.95  # the rest of their conversations is known from the sample alone


def test_letting_go_and_taking_up_again_gives_the_same_numbers(
    index: NamespaceIndex, vectors: NDArray[np.float32]
) -> None:
    before = Scanned(index, vectors[0]).deviation
    index.hold_vectors(False)
    index.put([Entry(N + 1, "late", "", "", "knowledge", "", 0.0, None, None, 0, "", 1.0, None, 0, 0)])
    index.drop(N + 1)
    index.hold_vectors(True)
    index.set_vectors(range(1, N + 1), vectors)
    assert Scanned(index, vectors[0]).deviation[:N] == pytest.approx(before, abs=1e-5)


def test_a_memory_without_a_vector_stands_at_the_mean(index: NamespaceIndex, vectors: NDArray[np.float32]) -> None:
    index.put([Entry(N + 1, "late", "", "", "knowledge", "", 0.0, None, None, 0, "", 1.0, None, 0, 0)])
    meaning = Scanned(index, vectors[3])
    slot = index.slot(N + 1)
    assert meaning.deviation[slot] == 0
    cosines = vectors @ vectors[3]
    mean = float(cosines.mean())
    assert mean - 1e-6 <= meaning.cosine[slot] <= mean + 0.01  # fifty texts of the usual mean are counted in


def test_what_answers_stands_out_among_few_memories_as_among_many() -> None:
    near, far = [0.6, 0.8], [1.0, 0.0]
    alone, many = NamespaceIndex(2), NamespaceIndex(2)
    for index, n in ((alone, 1), (many, 400)):
        index.put(
            Entry(i, "x", "", "", "knowledge", "", 0.0, None, None, 0, "", 1.0, None, 0, 0) for i in range(1, n + 1)
        )
        index.set_vectors(range(1, n + 1), np.array([near] + [far] * (n - 1), np.float32))
    query = np.array([0.0, 1.0], np.float32)
    assert Scanned(alone, query).deviation[0] > 1
    assert Scanned(many, query).deviation[0] > 1


def test_without_vectors_nothing_is_said_of_meaning(index: NamespaceIndex) -> None:
    meaning = Unknown(index)
    meaning.settle(np.array([0, 1]))
    assert not meaning.cosine.any() and not meaning.deviation.any()


def test_an_empty_namespace_has_no_numbers() -> None:
    empty = NamespaceIndex(DIMENSIONS)
    query = np.ones(DIMENSIONS, np.float32)
    assert Scanned(empty, query).cosine.shape == (0,)
    empty.hold_vectors(False)
    none = (np.zeros(0, np.int64), np.zeros(0, np.float32))
    assert Proposed(empty, query, none, empty.sample, lambda _: none).cosine.shape == (0,)
