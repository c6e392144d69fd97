"""The page's panel on memory: what there is in each tier, what is set aside, and what helped most."""

from __future__ import annotations

from typing import Any

from seeded_calls import NOW, SeededCalls

from orchestrator_dashboards.memory_panel import MemoryFacts, memory_panel, read_memory

DAY_S = 86_400.0


def remember(calls: SeededCalls, id: str, tier: str = "tasks", **values: Any) -> None:  # noqa: A002
    row = {
        "id": id, "namespace": "default", "tier": tier, "text": f"text of {id}", "occurred_at": NOW - 60,
        "created_at": NOW - 60, "expires_at": NOW + 7 * DAY_S, **values,
    }  # fmt: skip
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    calls.database.execute([(f"INSERT INTO memories ({names}) VALUES ({marks})", tuple(row.values()))])


def facts(calls: SeededCalls) -> MemoryFacts:
    with calls.database.reader() as connection:
        return read_memory(connection, NOW)


def test_counts_what_agents_may_be_given(calls: SeededCalls) -> None:
    remember(calls, "a")
    remember(calls, "b", expires_at=NOW + 3_600)
    remember(calls, "c", expires_at=NOW - 1)
    remember(calls, "d", expires_at=NOW - 1, pinned=1)
    remember(calls, "e", quarantined="it gives orders to its reader")
    remember(calls, "f", superseded_at=NOW - 5)
    remember(calls, "g", tier="lessons", expires_at=None)
    calls.database.execute(
        [
            ("INSERT INTO memory_vectors SELECT seq, 'm', x'00' FROM memories WHERE id IN ('a', 'g')", ()),
            ("INSERT INTO memory_aliases SELECT 'old', seq, 0 FROM memories WHERE id = 'a'", ()),
        ]
    )
    found = facts(calls)
    assert [(tier.tier, tier.live, tier.pinned, tier.with_vectors, tier.expire_soon) for tier in found.tiers] == [
        ("tasks", 3, 1, 1, 1),
        ("lessons", 1, 0, 1, 0),
    ]
    assert (found.quarantined, found.superseded, found.merged) == (1, 1, 1)


def test_what_helped_most_comes_first_and_never_what_is_set_aside(calls: SeededCalls) -> None:
    for number in range(7):
        remember(calls, f"m{number}", helped=float(number), ignored=1.0)
    remember(calls, "bad", helped=99.0, quarantined="it gives orders to its reader")
    assert [memory.id for memory in facts(calls).helped_most] == ["m6", "m5", "m4", "m3", "m2"]


def test_the_page_shows_both_and_escapes_texts(calls: SeededCalls, write: Any) -> None:
    calls.add()
    remember(calls, "mem-1", tier="knowledge", text="<script>alert(1)</script> door code", helped=3.0, ignored=1.0)
    page = write().read_text("utf-8")
    assert "knowledge · mem-1" in page
    assert "75.0%" in page and "3.0 of 4.0" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; door code" in page
    assert "<script>alert" not in page


def test_the_same_store_gives_the_same_bytes(calls: SeededCalls, write: Any) -> None:
    calls.add()
    for number in range(20):
        remember(calls, f"m{number}", helped=1.0)
    assert write().read_bytes() == write().read_bytes()


def test_a_store_without_memories_says_so(calls: SeededCalls, write: Any) -> None:
    calls.add()
    page = write().read_text("utf-8")
    assert "Nothing is remembered." in page
    assert "No answer has repeated what a memory said yet." in page
    assert memory_panel(MemoryFacts()).note == ""
