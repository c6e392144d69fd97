"""The index of a namespace: conversations stay linked, words and vectors belong to the right slots."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_memory.index.namespace_index import Entry, NamespaceIndex


def entry(seq: int, text: str = "a text", *, session: str = "", when: float = 0.0, author: str = "") -> Entry:
    return Entry(seq, text, author, session, "knowledge", "", when, None, None, 0, "", 1.0, None, 0.0, 0.0)


def conversation(index: NamespaceIndex, session: str) -> list[int]:
    """The seqs of a session by following the links from its first member."""
    members = index.sessions[index.session_code(session)]
    slots = [member[2] for member in members]
    if not slots:
        return []
    previous, following, seqs = (index.column(name) for name in ("previous", "next", "seq"))
    assert previous[slots[0]] == -1
    found, slot = [], slots[0]
    while slot >= 0:
        found.append(int(seqs[slot]))
        if following[slot] >= 0:
            assert previous[following[slot]] == slot
        slot = int(following[slot])
    return found


steps = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["", "red", "blue"]), st.integers(0, 5), st.booleans()), max_size=40
)


@given(steps)
@settings(max_examples=150, deadline=None)
def test_sessions_stay_in_the_order_of_time_through_any_changes(changes: list[tuple[int, str, int, bool]]) -> None:
    index = NamespaceIndex(0)
    truth: dict[int, tuple[str, int]] = {}
    for seq, session, when, drop in changes:
        if drop:
            index.drop(seq)
            truth.pop(seq, None)
        else:
            index.put([entry(seq, session=session, when=when)])
            truth[seq] = (session, when)
    assert len(index) == len(truth)
    for session in ("red", "blue"):
        wanted = sorted((when, seq) for seq, (name, when) in truth.items() if name == session)
        if index.session_code(session) >= 0:
            assert conversation(index, session) == [seq for _, seq in wanted]
    lonely = [seq for seq, (session, _) in truth.items() if not session]
    for seq in lonely:
        assert index.column("previous")[index.slot(seq)] == index.column("next")[index.slot(seq)] == -1


def test_columns_grow_without_losing_anything() -> None:
    index = NamespaceIndex(2)
    index.put(entry(seq, f"word{seq}") for seq in range(1, 1_001))
    index.set_vectors([5, 999], np.array([[0.6, 0.8], [1, 0]], np.float32))
    index.put([entry(2_000, "late")])
    assert len(index) == 1_001
    assert index.column("vectors")[index.slot(5)].tolist() == [np.float32(0.6), np.float32(0.8)]
    assert index.column("embedded").sum() == 2
    found = index.postings.get("word999")
    assert found is not None and found[0].tolist() == [index.slot(999)]


def test_a_new_text_takes_a_new_slot_and_loses_its_old_words_and_vector() -> None:
    index = NamespaceIndex(1)
    index.put([entry(1, "old words")])
    index.set_vectors([1], np.ones((1, 1), np.float32))
    before = index.slot(1)
    index.put([entry(1, "new phrase")])
    assert index.slot(1) != before
    assert not index.column("alive")[before]
    assert not index.column("embedded")[index.slot(1)]
    assert len(index) == 1 and index.dead == 1


def test_facts_change_in_place() -> None:
    index = NamespaceIndex(0)
    index.put([entry(1)])
    slot, version = index.slot(1), index.version
    index.update([Entry(1, "a text", "", "", "tasks", "c", 0.0, 5.0, 7.0, 0, "why", 0.25, 8.0, 2.0, 1.0)])
    assert index.slot(1) == slot and index.version > version
    facts = [index.column(name)[slot] for name in ("expires", "current", "quarantined", "trust", "judged", "helped")]
    assert facts == [5.0, False, True, 0.25, 8.0, 2.0]
    index.update([entry(77)])  # not here: nothing happens
    assert len(index) == 1


def test_a_pinned_memory_never_expires() -> None:
    index = NamespaceIndex(0)
    index.put([Entry(1, "x", "", "", "tasks", "", 0.0, 5.0, None, 1, "", 1.0, None, 0.0, 0.0)])
    assert index.column("expires")[0] == np.inf


def test_many_dead_slots_ask_for_a_rebuild() -> None:
    index = NamespaceIndex(0)
    for round_number in range(4):
        index.put(entry(seq, f"text {round_number}") for seq in range(1, 201))
    assert index.wasteful
    assert len(index) == 200


def test_vectors_of_unknown_memories_are_left_out() -> None:
    index = NamespaceIndex(1)
    index.put([entry(1)])
    index.set_vectors([9, 1], np.array([[0.0], [1.0]], np.float32))
    assert index.column("vectors")[index.slot(1)].tolist() == [1.0]


class Unwalked(list[tuple[float, int, int]]):
    """A list in which nobody may look for a member one by one."""

    def remove(self, _: object) -> None:
        raise AssertionError("the conversation is walked")

    def index(self, *_: object) -> int:
        raise AssertionError("the conversation is walked")


def test_a_long_conversation_is_not_walked_for_one_memory() -> None:
    # A clean-up of a third of a conversation of 50,000 made the next search take 15 s.
    index = NamespaceIndex(0)
    index.put([entry(seq, session="long", when=seq) for seq in range(1, 100)])
    index.sessions[0] = Unwalked(index.sessions[0])
    index.drop(50)
    index.put([entry(200, session="long", when=20.5)])
    assert conversation(index, "long") == [*range(1, 21), 200, *range(21, 50), *range(51, 100)]
