"""The test that decides: unusual words go in by every path, are forgotten, and then looked for in the raw files of the store."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from raw_files import found

from orchestrator import Orchestrator
from orchestrator.forgetting.texts import FORGOTTEN
from orchestrator.testing import FakeClock, strict_stages, temporary_orchestrator
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.forgetting.forget import Selection, forget, no_cascade

DAY_S = 86_400.0
WORD = "Zorblaxing"
DECOY = "Quenvorting"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def magnus(tmp_path: Path, clock: FakeClock) -> Iterator[Orchestrator]:
    overrides = {"memory.embedding": "none"}
    with strict_stages(), temporary_orchestrator(tmp_path / "home", clock=clock, overrides=overrides) as orchestrator:

        @orchestrator.agent("echo")
        def echo(request: Any, call: Any) -> str:
            return f"{request} and {call.memories_text()}"

        @orchestrator.agent("outer")
        def outer(request: Any, call: Any) -> str:
            return orchestrator.execute("echo", str(request)).text

        @orchestrator.agent("broken")
        def broken(request: Any, call: Any) -> str:
            raise TimeoutError(f"no answer while {request} was open")

        tries = iter((True, False))

        @orchestrator.agent("flaky")
        def flaky(request: Any, call: Any) -> str:
            if next(tries, False):
                raise TimeoutError(f"no answer while {WORD} was open")
            return "done"

        yield orchestrator


def fill(magnus: Orchestrator, clock: FakeClock, word: str) -> str:
    """Store a word by every path; returns the id of one memory that holds it."""
    memory = magnus.memory
    first = memory.remember(
        f"The vault in the cellar opens with {word} at noon",
        author=f"{word} the elder",
        key=f"{word} key",
        category=word,
        session=f"{word} session",
        metadata={"note": word, "deep": [{"er": f"{word} {word}"}], word: 1},
    )
    memory.store_knowledge("vault", f"the vault is {word} now")
    clock.advance(60)
    memory.store_knowledge("vault", {"state": f"the vault is not {word} any more", "n": 2})
    memory.remember(f"What {word} says expires at once", expires_in_s=1.0)
    memory.remember(f"The vault in the cellar opens with {word}  at noon!")
    clock.advance(10)
    magnus.execute("echo", f"What is {word}?", context={"about": word}, session=f"{word} talk")
    magnus.execute("echo", "How is the vault in the cellar opened?")
    magnus.execute("outer", f"Ask somebody else what {word} is")
    magnus.execute("broken", f"the door of {word}")
    # Its first attempt fails with the word in its message; no memory is left that would lead to it.
    assert (
        magnus.execute("flaky", "knock at the door", stages={"remember": False, "recall": False})
        .attempts[0]
        .error_message
    )
    magnus.generate_dashboard()
    return first


def add_vector(magnus: Orchestrator, memory_id: str) -> bytes:
    """A vector of bytes that are nowhere else; returns them."""
    vector = struct.pack("<384e", *(random.Random(7).uniform(-1, 1) for _ in range(384)))
    magnus.database.execute(
        [
            ("INSERT INTO memory_models VALUES ('digest', 'a model', 384, 0)", ()),
            ("INSERT INTO memory_vectors SELECT seq, 'digest', ? FROM memories WHERE id = ?", (vector, memory_id)),
        ]
    )
    return vector


def test_a_query_leaves_no_byte_in_any_file_and_everything_else_as_it_was(
    magnus: Orchestrator, clock: FakeClock, tmp_path: Path
) -> None:
    kept = magnus.memory.remember(f"A bridge of {DECOY} spans the river")
    other = magnus.execute("broken", f"{DECOY} river")
    page = magnus.generate_dashboard()
    clock.advance(1)
    vector = add_vector(magnus, fill(magnus, clock, WORD))
    before = magnus.database.query(
        "SELECT id, status, started_at, duration_ms, overall, attempts FROM executions ORDER BY id"
    )
    rollups = magnus.database.query("SELECT * FROM rollups")
    assert found(tmp_path / "home", [WORD], others=[vector])
    expected = magnus.memory.forget(query=WORD, dry_run=True)
    assert magnus.memory.get(expected.ids[0]) is not None, "a dry run deletes nothing"
    answer = magnus.memory.forget(query=WORD)
    assert answer.complete, answer.reason
    assert (answer.memories, answer.ids, answer.executions) == (expected.memories, expected.ids, expected.executions)
    assert answer.pages == expected.pages == 2  # the dated page and the latest one
    assert found(tmp_path / "home", [WORD], others=[vector, vector[:64], vector[-64:]]) == []
    assert magnus.memory.get(kept) is not None
    assert magnus.database.query("SELECT request FROM executions WHERE id = ?", (other.execution_id,)) == [
        (f"{DECOY} river",)
    ]
    assert page.exists(), "a page that shows none of it stays"
    after = magnus.database.query(
        "SELECT id, status, started_at, duration_ms, overall, attempts FROM executions ORDER BY id"
    )
    assert (after, magnus.database.query("SELECT * FROM rollups")) == (before, rollups)
    assert magnus.database.integrity() == "ok"
    left = {payload for (payload,) in magnus.database.query("SELECT payload FROM outbox")}
    assert left <= {f'{{"execution_id":"{other.execution_id}"}}'}, "work that names what is forgotten is gone"


@pytest.mark.parametrize("by", ["id", "key", "alias"])
def test_an_id_an_alias_or_a_key_takes_with_it_what_recalled_it(
    magnus: Orchestrator, clock: FakeClock, tmp_path: Path, by: str
) -> None:
    memory = magnus.memory
    kept = memory.remember(f"A bridge of {DECOY} spans the river")
    first = memory.store_knowledge("vault", f"the cellar opens with {WORD} at noon", metadata={"note": WORD})
    clock.advance(1)
    if by == "key":
        memory.store_knowledge("vault", f"the cellar opens with {WORD} at 7")
    alias = "another"
    magnus.database.execute(
        [("INSERT INTO memory_aliases SELECT ?, seq, 0 FROM memories WHERE id = ?", (alias, first))]
    )
    magnus.execute("outer", "How does the cellar open?")
    magnus.execute("echo", "Which bridge spans the river?")
    magnus.generate_dashboard()
    given_by = {"id": {"id": first}, "key": {"key": "vault"}, "alias": {"id": alias}}[by]
    answer = memory.forget(**given_by)  # type: ignore[arg-type]
    assert answer.complete, answer.reason
    assert found(tmp_path / "home", [WORD]) == []
    assert memory.get(kept) is not None
    texts = {row[0] for row in magnus.database.query("SELECT request FROM executions")}
    assert texts == {FORGOTTEN, "Which bridge spans the river?"}
    # The memory of the other call stays.
    assert [m.source for m in memory.browse(tiers="tasks")] == [
        magnus.database.query("SELECT id FROM executions WHERE request <> ?", (FORGOTTEN,))[0][0]
    ]


def test_what_a_call_left_stays_when_it_quotes_nothing(magnus: Orchestrator) -> None:
    secret = magnus.memory.remember(f"The vault in the cellar opens with {WORD} at noon")

    @magnus.agent("quiet")
    def quiet(request: Any, call: Any) -> str:
        assert call.memories
        return "I cannot say."

    result = magnus.execute("quiet", "What opens the vault?")
    answer = magnus.memory.forget(id=secret)
    assert (answer.memories, answer.executions) == (1, 1)
    assert magnus.memory.get(f"task-{result.execution_id}") is not None


def test_earlier_runs_of_the_same_request_lose_their_texts_too(magnus: Orchestrator, tmp_path: Path) -> None:
    for _ in range(3):
        result = magnus.execute("echo", f"tell me of {WORD}", stages={"recall": False})
    (left,) = magnus.memory.browse(tiers="tasks")
    answer = magnus.memory.forget(id=left.id)
    assert result.recorded and answer.executions == 3
    assert found(tmp_path / "home", [WORD]) == []


def test_queued_work_that_names_a_call_goes_and_other_work_stays(magnus: Orchestrator) -> None:
    magnus.memory.remember(f"The vault opens with {WORD}")
    result = magnus.execute("echo", "How does the vault open?")
    for payload in (f'{{"execution_id":"{result.execution_id}"}}', '{"execution_id":"' + "0" * 26 + '"}'):
        magnus.database.execute(
            [("INSERT INTO outbox (kind, payload, created_at, not_before) VALUES ('judge', ?, 0, 1e12)", (payload,))]
        )
    magnus.memory.forget(query=WORD)
    assert [row[0] for row in magnus.database.query("SELECT payload FROM outbox")] == [
        '{"execution_id":"' + "0" * 26 + '"}'
    ]


@pytest.mark.parametrize("seed", [2, 4])
def test_copies_that_sqlite_leaves_between_its_rows_go_as_well(magnus: Orchestrator, seed: int) -> None:
    """Where rows move between pages, copies stay behind that no deletion reaches. With these seeds there are some."""
    chance = random.Random(seed)
    insert = "INSERT INTO memories (id, namespace, tier, key, text, occurred_at, created_at) VALUES (?, 'default', 'session', ?, ?, 0, 0)"
    magnus.open()
    for start in range(0, 4_000, 100):
        with magnus.database.transaction() as connection:
            for n in range(start, start + 100):
                digits, name = f"{chance.getrandbits(128):032x}", f"{WORD}{n:05d}"
                text = f"{'leaves' if n % 4 == 0 else 'stays'} {'word ' * chance.choice((1, 10, 300))}"
                row = (f"{name}-{digits}" if n % 2 else digits + name, digits[:4] + name, text)
                connection.execute(insert, row)
                if n % 7 == 0:
                    connection.execute(
                        "UPDATE memories SET text = text || ' more' WHERE seq = ?", (chance.randrange(1, n + 2),)
                    )
    answer = forget(magnus.database, Selection(query="leaves"), cascade=no_cascade, purge_index=lambda seqs: True)
    assert answer.memories == 1_000 and answer.complete
    raw = magnus.database.path.read_bytes()
    left = {int(number) for number in re.findall(rf"{WORD}(\d{{5}})".encode(), raw)}
    assert left == {n for n in range(4_000) if n % 4}


def test_a_call_that_only_made_the_one_that_knew_loses_what_it_was_told(magnus: Orchestrator, tmp_path: Path) -> None:
    secret = magnus.memory.remember(f"The cellar opens with {WORD} at noon")

    @magnus.agent("asker")
    def asker(request: Any, call: Any) -> str:
        assert not call.memories
        return magnus.execute("echo", "How does the cellar open?").text

    magnus.execute("asker", "Tell me.", stages={"recall": False})
    answer = magnus.memory.forget(id=secret)
    assert answer.executions == 2
    assert found(tmp_path / "home", [WORD]) == []


def test_a_word_handed_on_from_call_to_call_is_followed_to_its_end(magnus: Orchestrator, tmp_path: Path) -> None:
    """Each call met only the memory of the one before it; no other memory has the word from elsewhere."""
    secret = magnus.memory.remember(f"The cellar opens with {WORD} at noon")
    sources, recalled = [], secret
    for n in range(4):
        result = magnus.execute("echo", f"question {n}{'abcd'[n]} on {WORD}", stages={"recall": False})
        held = f'[{{"id":"{recalled}","score":1,"text":"excerpt"}}]'
        magnus.database.execute([("UPDATE executions SET memories = ? WHERE id = ?", (held, result.execution_id))])
        recalled = f"task-{result.execution_id}"
        text = f"echo was asked: question {n}\nsucceeded: it opens with {WORD} at noon"
        magnus.database.execute([("UPDATE memories SET text = ? WHERE id = ?", (text, recalled))])
        sources.append(result.execution_id)
    answer = magnus.memory.forget(id=secret)
    assert answer.ids == (secret, *(f"task-{source}" for source in sources))
    assert found(tmp_path / "home", [WORD]) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(exclude_categories=("C",)), min_size=12, max_size=400).filter(
        lambda text: sum(character.isalnum() for character in text) > 9
    )
)
def test_any_text_that_was_stored_recalled_and_echoed_is_gone(magnus: Orchestrator, tmp_path: Path, text: str) -> None:
    memory_id = magnus.memory.remember(text)
    stored = magnus.memory.get(memory_id)
    assert stored is not None
    result = magnus.execute("echo", text)
    assume(memory_id in [memory.id for memory in result.memories])
    answer = magnus.memory.forget(id=memory_id)
    assert answer.complete, answer.reason
    raw = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert stored.text.encode() not in raw


@pytest.mark.parametrize("index", ["exact", "chroma"])
def test_vectors_of_a_real_model_go_from_every_index(tmp_path: Path, index: str) -> None:
    home = tmp_path / "home"
    with temporary_orchestrator(home, overrides={"memory.index": index}) as magnus:
        memory = magnus.memory
        ids = [memory.remember(f"The vault number {n} opens with {WORD}{n} at noon") for n in range(20)]
        assert memory.flush(120)
        memory.upkeep()
        memory.search("vault 7", 3)
        where = "SELECT v.memory, v.model, v.vector FROM memory_vectors v JOIN memories m ON m.seq = v.memory WHERE m.id = ?"
        ((seq, digest, stored),) = magnus.database.query(where, (ids[7],))
        _, rows = Vectors(magnus.database).fetch(digest, [seq])
        halves = struct.unpack(f"<{len(stored) // 2}e", stored)
        forms = (stored, struct.pack(f"<{len(halves)}f", *halves), rows.astype("<f4").tobytes())
        pieces = [form[start : start + 24] for form in forms for start in (0, len(form) // 2, len(form) - 24)]
        before = found(home, [f"{WORD}7"], others=pieces)
        assert any(line.startswith("chroma/") for line in before) is (index == "chroma")
        assert any(line.startswith("orchestrator.db") for line in before)
        answer = memory.forget(id=ids[7])
        assert answer.complete, answer.reason
        assert found(home, [f"{WORD}7"], others=pieces) == []
        assert ids[8] in [hit.id for hit in memory.search("vault 8", 20)]
        assert ids[7] not in [hit.id for hit in memory.search("vault 7", 20)]
