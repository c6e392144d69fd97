"""The embedded Chroma: it finds what the exact scan finds, follows the store, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from vector_stores import (
    DIMENSIONS,
    MODEL,
    VectorStore,
    clustered_vectors,
    random_vectors,
    recall,
    same_as_exact,
)

from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.settings import MemorySettings
from orchestrator_memory.index import choice
from orchestrator_memory.index.chroma.embedded import EmbeddedChroma
from orchestrator_memory.index.chroma.server import ServerChroma
from orchestrator_memory.index.contract import IndexUnavailable


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    store = VectorStore(tmp_path / "home")
    yield store
    store.database.close()


@pytest.fixture
def index(store: VectorStore) -> Iterator[EmbeddedChroma]:
    index = store.index()
    yield index
    index.close()


@pytest.mark.parametrize(("kind", "count"), [(random_vectors, 5000), (clustered_vectors, 3000)])
def test_it_finds_what_the_exact_scan_finds(
    store: VectorStore, index: EmbeddedChroma, kind: object, count: int
) -> None:
    assert callable(kind)
    store.add(kind(count))
    assert index.follow() == count
    assert recall(store, index, kind(50, seed=77)) >= 0.98
    found, cosines = index.nearest(kind(1, seed=78)[0], 10)
    assert len(found) == 10
    assert list(cosines) == sorted(cosines, reverse=True)


def test_a_search_never_waits_for_it_to_be_loaded(store: VectorStore, index: EmbeddedChroma) -> None:
    store.add(random_vectors(3))
    with pytest.raises(IndexUnavailable, match="not loaded"):
        index.nearest(random_vectors(1)[0], 1)
    script = (
        "import sys; import orchestrator_memory.index.choice, orchestrator_memory.index.chroma.embedded; "
        "print('chromadb' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_it_follows_the_store(store: VectorStore, index: EmbeddedChroma) -> None:
    first = store.add(random_vectors(300))
    index.follow()
    rows = random_vectors(4, seed=5)
    new = store.add(rows)
    assert index.nearest(rows[2], 1)[0].tolist() == [new[2]]  # seen before it is taken over
    assert index.follow() == 4
    assert index.nearest(rows[2], 1)[0].tolist() == [new[2]]
    store.delete(new[2], *first[:50])
    assert same_as_exact(store, index, rows[2])
    assert index.follow() == 51
    assert same_as_exact(store, index, rows[2])
    assert index.follow() == 0
    store.database.execute([("UPDATE memories SET text = 'other' WHERE seq = ?", (new[0],))])
    store.vectors.put(MODEL, [new[0]], rows[2:3])  # a changed text has another vector
    assert index.nearest(rows[2], 1)[0].tolist() == [new[0]]
    index.follow()
    assert index.nearest(rows[2], 1)[0].tolist() == [new[0]]
    assert index.health() == "ok"


def test_a_changed_text_takes_its_vector_out(store: VectorStore, index: EmbeddedChroma) -> None:
    rows = random_vectors(20)
    seqs = store.add(rows)
    index.follow()
    store.database.execute([("UPDATE memories SET text = 'other' WHERE seq = ?", (seqs[3],))])
    assert seqs[3] not in index.nearest(rows[3], 20)[0].tolist()
    assert index.follow() == 1
    assert index.nearest(rows[3], 20)[0].tolist() == store.exact(rows[3], 20)


def test_an_empty_namespace_and_odd_numbers_of_answers(store: VectorStore, index: EmbeddedChroma) -> None:
    query = random_vectors(1)[0]
    assert index.follow() == 0
    assert index.nearest(query, 5)[0].tolist() == []
    store.add(random_vectors(3))
    index.follow()
    assert len(index.nearest(query, 1000)[0]) == 3
    assert index.nearest(query, 0)[0].tolist() == index.nearest(query, -1)[0].tolist() == []


@pytest.mark.parametrize("query", [np.zeros(7), np.full(DIMENSIONS, np.nan), np.zeros((2, DIMENSIONS))])
def test_a_query_of_the_wrong_size_is_refused(store: VectorStore, index: EmbeddedChroma, query: np.ndarray) -> None:
    store.add(random_vectors(3))
    index.follow()
    with pytest.raises(IndexUnavailable, match="finite vector of 384"):
        index.nearest(query, 1)


def test_a_stored_vector_of_the_wrong_size_is_left_out(store: VectorStore, index: EmbeddedChroma) -> None:
    seqs = store.add(random_vectors(10))
    store.database.execute([("UPDATE memory_vectors SET vector = x'00' WHERE memory = ?", (seqs[4],))])
    assert index.follow() == 9
    assert index.health() == "ok"
    assert seqs[4] not in index.nearest(random_vectors(1)[0], 10)[0].tolist()


def test_namespaces_and_models_do_not_mix(store: VectorStore, index: EmbeddedChroma) -> None:
    rows = random_vectors(60)
    store.add(rows[:20])
    elsewhere = store.add(rows[20:40], namespace="elsewhere")
    other = store.index("elsewhere")
    index.follow()
    other.follow()
    assert set(other.nearest(rows[0], 50)[0].tolist()) == set(elsewhere)
    assert same_as_exact(store, index, rows[0], 50)
    changed = ModelIdentity("b2" * 8, "other", DIMENSIONS)
    later = store.add(rows[40:], model=changed)
    switched = store.index(model=changed)
    switched.follow()
    assert set(switched.nearest(rows[0], 50)[0].tolist()) == set(later)
    state = (store.home / "chroma" / "state.json").read_text()
    assert MODEL.digest in state  # of the other namespace
    assert state.count(MODEL.digest) == 1  # the namespace's earlier collection is gone
    for used in (other, switched):
        used.close()


def test_it_opens_again_without_being_built(store: VectorStore, index: EmbeddedChroma) -> None:
    rows = random_vectors(1500)
    store.add(rows)
    index.follow()
    index.close()
    with pytest.raises(IndexUnavailable, match="closed"):
        index.nearest(rows[0], 1)
    late = store.add(random_vectors(2, seed=9))
    again = store.index()
    assert again.follow() == len(late)
    assert same_as_exact(store, again, rows[7])
    again.close()


def test_forgetting_leaves_no_byte_of_a_vector(store: VectorStore, index: EmbeddedChroma) -> None:
    rows = random_vectors(2100)
    seqs = store.add(rows)
    index.follow()
    late = random_vectors(1, seed=3)
    seqs += store.add(late)
    index.follow()
    stored = store.vectors.fetch(MODEL.digest, [seqs[0], seqs[-1]])[1]
    traces = [row[at : at + 4].tobytes() for row in stored for at in (0, 100, 300)]
    traces += [row[at : at + 8].astype("<f2").tobytes() for row in (rows[0], late[0]) for at in (0, 100)]
    assert all(trace in store.files() for trace in traces[:6])
    assert b"a secret sentence" not in store.files()
    store.delete(seqs[0], seqs[-1])
    index.follow()
    assert any(trace in store.files() for trace in traces)  # Chroma's own deleting is not enough
    assert index.purge([seqs[0], seqs[-1]])
    assert not any(trace in store.files() for trace in traces)
    assert index.follow() == 2099
    assert not any(trace in store.files() for trace in traces)
    assert index.purge([seqs[0], seqs[-1]])  # it knows that they are gone, and keeps what it built
    assert index.follow() == 0
    assert same_as_exact(store, index, rows[1])


def test_forgetting_reaches_a_folder_that_is_not_in_use(store: VectorStore) -> None:
    settings = MemorySettings(index="exact")
    assert choice.purge_indexes(settings, store.home, store.database, [1])
    rows = random_vectors(30)
    seqs = store.add(rows)
    index = store.index()
    index.follow()
    index.close()
    trace = store.vectors.fetch(MODEL.digest, seqs[:1])[1][0, :4].tobytes()
    assert trace in store.files()
    store.delete(seqs[0])
    assert choice.purge_indexes(settings, store.home, store.database, seqs[:1])
    assert trace not in store.files()


def test_which_index_is_chosen(store: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(**changed: object) -> object:
        settings = MemorySettings(**changed)  # type: ignore[arg-type]
        return choice.vector_index(settings, store.home, store.database, "default", MODEL, store.vectors)

    store.add(random_vectors(12))
    assert chosen() is None
    assert chosen(index="exact", chroma_url="http://127.0.0.1:1") is None
    assert isinstance(chosen(index="chroma"), EmbeddedChroma)
    assert isinstance(chosen(chroma_url="http://127.0.0.1:1"), ServerChroma)
    assert isinstance(chosen(index="chroma", chroma_url="http://127.0.0.1:1"), ServerChroma)
    monkeypatch.setattr(choice, "SCANNED", 12)
    assert chosen() is None
    store.add(random_vectors(1), namespace="elsewhere")
    assert chosen() is None
    store.add(random_vectors(1))
    assert isinstance(chosen(), EmbeddedChroma)
    assert not (store.home / "chroma").exists()


def test_the_folder_is_private(store: VectorStore, index: EmbeddedChroma) -> None:
    (store.home / "chroma").mkdir(mode=0o755)
    index.follow()
    assert (store.home / "chroma").stat().st_mode & 0o077 == 0
