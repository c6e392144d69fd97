"""The table of vectors: what is put is read, what is damaged is made again, models are never mixed."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator_core.errors import ModelBadOutput
from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors

ONE = ModelIdentity(digest="1" * 16, name="one", dimensions=8)
TWO = ModelIdentity(digest="2" * 16, name="two", dimensions=4)


def add(database: Database, n: int, *, namespace: str = "default") -> list[int]:
    """Store texts as rows, without anything that embeds them."""
    with database.transaction() as connection:
        return [
            int(
                connection.execute(
                    "INSERT INTO memories (id, namespace, tier, text, occurred_at, created_at) "
                    "VALUES (lower(hex(randomblob(8))), ?, 'knowledge', ?, 0, 1000)",
                    (namespace, f"text {place}"),
                ).lastrowid
                or 0
            )
            for place in range(n)
        ]


def unit(n: int, size: int = 8) -> np.ndarray:
    rows = np.random.default_rng(n).normal(size=(n, size)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_what_is_put_is_read_as_unit_rows(database: Database) -> None:
    vectors, rows = Vectors(database), unit(700)
    seqs = add(database, 700)
    other = add(database, 2, namespace="other")
    assert vectors.put(ONE, seqs, rows) == 700
    assert vectors.put(ONE, other, rows[:2]) == 2
    found, read = vectors.load(ONE.digest, "default")
    assert found.tolist() == seqs and found.dtype == np.int64 and read.dtype == np.float32
    assert np.allclose(read, rows, atol=1e-3) and np.allclose(np.linalg.norm(read, axis=1), 1, atol=1e-6)
    assert vectors.load(ONE.digest, "default", after=seqs[-3])[0].tolist() == seqs[-2:]
    assert vectors.fetch(ONE.digest, [*seqs[600:], 10**9])[0].tolist() == seqs[600:]
    for empty in (
        vectors.load(ONE.digest, "nowhere"),
        vectors.load(TWO.digest, "default"),
        vectors.fetch(ONE.digest, []),
    ):
        assert len(empty[0]) == len(empty[1]) == 0


@pytest.mark.parametrize(
    "matrix",
    [unit(2, 4), unit(3), np.full((2, 8), np.nan), np.full((2, 8), np.inf), np.full((2, 8), 9.0), np.zeros(8)],
    ids=["size", "number", "nan", "infinite", "long", "flat"],
)
def test_vectors_that_cannot_be_are_refused_whole(database: Database, matrix: np.ndarray) -> None:
    vectors, seqs = Vectors(database), add(database, 2)
    with pytest.raises(ModelBadOutput, match="'one' gave"):
        vectors.put(ONE, seqs, matrix)
    assert database.query("SELECT count(*) FROM memory_vectors") == [(0,)]
    assert database.query("SELECT count(*) FROM memory_models") == [(0,)]


def test_memories_that_are_gone_or_changed_get_no_old_vector(database: Database) -> None:
    vectors, seqs = Vectors(database), add(database, 3)
    found = vectors.pending(ONE.digest, limit=10)
    assert found == [(seq, f"text {place}") for place, seq in reversed(list(enumerate(seqs)))]
    database.execute([("DELETE FROM memories WHERE seq = ?", (seqs[0],))])
    database.execute([("UPDATE memories SET text = 'new' WHERE seq = ?", (seqs[1],))])
    assert vectors.put(ONE, [seq for seq, _ in found], unit(3), texts=[text for _, text in found]) == 1
    assert vectors.pending(ONE.digest, limit=10) == [(seqs[1], "new")]
    assert vectors.put(ONE, [seqs[2]], unit(1)) == 0  # it has one


@pytest.mark.parametrize("blob", [b"", b"\0" * 15, b"\xff" * 16, "text of 8 chars.", None], ids=str)
def test_a_damaged_vector_is_deleted_and_pending_again(database: Database, blob: object) -> None:
    vectors, seqs = Vectors(database), add(database, 3)
    vectors.put(ONE, seqs, unit(3))
    value = b"\0\x7c" * 8 if blob is None else blob  # infinity, eight times
    database.execute([("UPDATE memory_vectors SET vector = ? WHERE memory = ?", (value, seqs[1]))])
    assert vectors.load(ONE.digest, "default")[0].tolist() == [seqs[0], seqs[2]]
    assert [seq for seq, _ in vectors.pending(ONE.digest, limit=9)] == [seqs[1]]
    assert vectors.fetch(ONE.digest, seqs)[0].tolist() == [seqs[0], seqs[2]]


def test_what_is_pending_can_be_narrowed(database: Database) -> None:
    vectors, seqs = Vectors(database), add(database, 5)
    add(database, 2, namespace="other")
    database.execute([("UPDATE memories SET superseded_at = 5 WHERE seq = ?", (seqs[4],))])
    database.execute([("UPDATE memories SET created_at = 2000 WHERE seq = ?", (seqs[3],))])
    vectors.put(ONE, seqs[:1], unit(1))

    def numbers(**narrowed: object) -> list[int]:
        return [seq for seq, _ in vectors.pending(ONE.digest, **{"limit": 99, **narrowed})]  # type: ignore[arg-type]

    assert numbers(seqs=seqs) == [seqs[3], seqs[2], seqs[1]]
    assert numbers(seqs=seqs, limit=2) == [seqs[3], seqs[2]]
    assert numbers(before=seqs[3]) == [seqs[2], seqs[1]]
    assert seqs[3] not in numbers(stored_before=1500.0) and seqs[2] in numbers(stored_before=1500.0)
    assert vectors.count_pending(ONE.digest, ["default"]) == 3
    assert vectors.count_pending(ONE.digest, ["default", "other"]) == vectors.count_pending(ONE.digest) == 5
    assert vectors.count_pending(ONE.digest, []) == 0


def leave(database: Database, model: ModelIdentity, at: float) -> None:
    database.execute([("UPDATE meta SET value = ? WHERE key = ?", (repr(at), f"embedding_used:{model.digest}"))])


def test_the_vectors_of_unused_models_are_discarded_in_small_transactions(database: Database) -> None:
    vectors, seqs = Vectors(database), add(database, 4500)
    vectors.put(ONE, seqs, unit(4500))
    leave(database, ONE, 1000.0)
    assert vectors.unused(ONE.digest) == []
    vectors.put(TWO, seqs, unit(4500, 4))
    assert vectors.load(TWO.digest, "default")[1].shape == (4500, 4)
    assert vectors.unused(TWO.digest) == [ONE.digest]
    assert vectors.discard_unused(TWO.digest) == 4500
    assert database.query("SELECT DISTINCT model FROM memory_vectors") == [(TWO.digest,)]
    assert database.query("SELECT model FROM memory_models") == [(TWO.digest,)]
    assert database.query("SELECT count(*) FROM meta WHERE key LIKE 'embedding_used:%'") == [(1,)]


def test_two_models_that_are_both_in_use_keep_their_vectors(database: Database) -> None:
    vectors, seqs = Vectors(database), add(database, 5)
    vectors.put(ONE, seqs, unit(5))
    vectors.put(TWO, seqs, unit(5, 4))
    assert vectors.discard_unused(ONE.digest) == vectors.discard_unused(TWO.digest) == 0
    for long_ago in (1000.0, 9e12):  # the other one after the clock was set back
        leave(database, ONE, long_ago)
        assert vectors.unused(TWO.digest) == [ONE.digest]
        vectors.note_use(ONE)
        assert vectors.unused(TWO.digest) == []
    database.execute([("DELETE FROM meta WHERE key LIKE 'embedding_used:%'", ())])
    assert vectors.unused(TWO.digest) == []  # nothing was noted yet: the first use counts


def test_the_first_vectors_are_not_taken_for_damaged_ones(database: Database) -> None:
    vectors, seqs = Vectors(database), add(database, 5)
    vectors.put(ONE, seqs, unit(5))
    # A reader looks up the model before the first vectors are committed, and reads vectors after.
    database.execute([("DELETE FROM memory_models", ())])
    assert len(vectors.load(ONE.digest, "default")[0]) == 0
    assert database.query("SELECT count(*) FROM memory_vectors") == [(5,)]
