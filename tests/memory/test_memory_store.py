"""Where a memory goes, how it is read again, and what odd rows do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator_core.errors import StoreFull, UsageError
from orchestrator_core.records import RecalledMemory
from orchestrator_core.storage.database import Database
from orchestrator_memory.rows.filters import Filters
from orchestrator_memory.rows.placing import SOURCES_MAX
from orchestrator_memory.rows.row import ALIASES_SHOWN, MemoryRow
from orchestrator_memory.rows.store import MemoryStore

DAY_S = 86_400.0
TEXT = "the nightly build runs on the small machine in the office"
ALL = Filters(namespaces=("default",))


@pytest.fixture
def store(database: Database) -> MemoryStore:
    return MemoryStore(database)


def row(memory_id: str, text: str = TEXT, **changes: Any) -> MemoryRow:
    values: dict[str, Any] = {"namespace": "default", "tier": "knowledge", "created_at": 100.0, **changes}
    return MemoryRow(**{"occurred_at": values["created_at"], **values, "id": memory_id, "text": text})


def get(store: MemoryStore, memory_id: str) -> RecalledMemory:
    found = store.by_id(memory_id, 1_000.0)
    assert found is not None
    return found


def ids(found: tuple[RecalledMemory, ...]) -> list[str]:
    return [memory.id for memory in found]


def test_a_row_comes_back_whole(store: MemoryStore) -> None:
    stored = store.put(
        row(
            "a", category="office", author="anna", session="s1", source="exec-1", trust=0.5, score=7.0, status="failed", occurred_at=50.0,
            expires_at=900.0, pinned=1, metadata='{"floor": 3}',
        )
    )  # fmt: skip
    assert (stored.id, stored.seq, stored.merged_into) == ("a", store.seq_of("a"), "")
    found = get(store, "a")
    assert found == RecalledMemory(
        id="a", text=TEXT, score=0.0, tier="knowledge", source="exec-1", created_at=100.0, age_s=950.0, trust=0.5, status="failed",
        category="office", author="anna", session="s1", occurred_at=50.0, judged=7.0, expires_at=900.0, pinned=True, metadata={"floor": 3},
    )  # fmt: skip
    assert store.rows([stored.seq, 99, stored.seq], 1_000.0) == {stored.seq: found}


# Overwriting


def test_the_same_id_overwrites_within_its_namespace(store: MemoryStore) -> None:
    one = store.put(row("a"))
    two = store.put(row("a", "something else", created_at=200.0))
    assert one.seq == two.seq
    assert get(store, "a").text == "something else"
    with pytest.raises(UsageError, match="taken in another namespace"):
        store.put(row("a", namespace="other"))
    assert get(store, "a").namespace == "default"


def test_an_alias_of_another_namespace_is_taken_as_well(store: MemoryStore) -> None:
    store.put(row("a"))
    store.put(row("b"))
    with pytest.raises(UsageError, match="'b' is taken in another namespace"):
        store.put(row("b", namespace="other"))
    assert get(store, "b").id == "a"


def test_an_alias_that_is_stored_again_becomes_a_memory_of_its_own(store: MemoryStore) -> None:
    store.put(row("a"))
    store.put(row("b"))
    assert get(store, "b").id == "a"
    stored = store.put(row("b", "the printer needs new paper"))
    assert stored.merged_into == ""
    assert (get(store, "b").text, get(store, "a").aliases) == ("the printer needs new paper", ())


def test_an_alias_that_is_stored_again_with_its_text_merges_again(store: MemoryStore) -> None:
    store.put(row("a"))
    assert [store.put(row("b")).merged_into for _ in range(3)] == ["a"] * 3
    assert get(store, "a").aliases == ("b",)


def test_what_was_merged_into_a_text_outlives_its_overwriting(store: MemoryStore) -> None:
    store.put(row("a"))
    store.put(row("b", created_at=101.0))
    store.put(row("c", created_at=102.0))
    store.put(row("a", "a new text for the first id"))
    assert get(store, "a").text == "a new text for the first id"
    assert {get(store, name).text for name in ("b", "c")} == {TEXT}
    assert (get(store, "b").id, get(store, "c").id, get(store, "b").aliases) == ("b", "b", ("c",))


def test_an_overwritten_memory_takes_part_in_merging_with_its_new_text(store: MemoryStore) -> None:
    store.put(row("a", "something else about the printer"))
    store.put(row("a"))
    assert store.put(row("b")).merged_into == "a"
    assert store.put(row("c", "something else about the printer")).merged_into == ""


# Keys


def test_a_newer_value_supersedes_and_the_older_is_read_as_of(store: MemoryStore) -> None:
    for number in range(3):
        store.put(row(f"v{number}", f"value {number}", key="k", created_at=100.0 + number))
    standing = store.by_key("default", ("k",), now=200.0)
    assert standing is not None
    assert standing.text == "value 2"
    seen = [store.by_key("default", ("k",), now=200.0, as_of=time) for time in (99.0, 100.5, 101.5, 102.5)]
    assert [memory and memory.text for memory in seen] == [None, "value 0", "value 1", "value 2"]
    assert ids(store.browse(ALL, now=200.0)) == ["v2"]
    assert store.stats(200.0).superseded == 2


def test_a_clock_that_goes_back_keeps_one_value(store: MemoryStore) -> None:
    store.put(row("new", "value 1", key="k", created_at=500.0))
    store.put(row("late", "value 2", key="k", created_at=100.0))
    standing = store.by_key("default", ("k",), now=600.0)
    assert standing is not None
    assert standing.id == "late"
    assert store.stats(600.0).live == 1


def test_the_same_value_again_only_refreshes(store: MemoryStore) -> None:
    store.put(row("one", "value", key="k", source="s1", trust=0.9, expires_at=150.0, score=5.0))
    again = store.put(row("two", "value", key="k", source="s2", trust=0.4, expires_at=300.0, created_at=200.0))
    assert (again.id, again.merged_into) == ("two", "one")
    found = get(store, "two")
    assert (found.id, found.created_at, found.expires_at, found.trust, found.judged) == ("one", 100.0, 300.0, 0.4, 5.0)
    assert found.metadata["sources"] == ["s1", "s2"]
    assert store.stats(250.0).total == 1


def test_an_id_that_takes_over_a_key_supersedes_what_stands_there(store: MemoryStore) -> None:
    store.put(row("a", "a text without a key"))
    store.put(row("b", "value", key="k"))
    stored = store.put(row("a", "value", key="k", created_at=200.0))
    assert (stored.id, stored.merged_into, get(store, "a").text) == ("a", "", "value")
    standing = store.by_key("default", ("k",), now=300.0)
    assert standing is not None
    assert standing.id == "a"
    assert store.stats(300.0).superseded == 1


def test_overwriting_a_value_that_has_other_ids_makes_it_an_older_version(store: MemoryStore) -> None:
    store.put(row("a", "value", key="k"))
    store.put(row("b", "value", key="k", created_at=101.0))
    store.put(row("a", "new value", key="k", created_at=200.0))
    standing, before = (store.by_key("default", ("k",), now=300.0, as_of=time) for time in (None, 150.0))
    assert standing is not None and before is not None
    assert (standing.id, standing.text, before.id, before.text) == ("a", "new value", "b", "value")


STEPS = st.tuples(
    st.sampled_from(("a", "b", "c")),
    st.sampled_from(("one text of five words", "One text of five words!", "another text", "third")),
    st.sampled_from(("", "", "k", "l")),
    st.sampled_from(("", "", "set aside")),
    st.integers(0, 3),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=14))
def test_whatever_is_stored_in_whatever_order_is_found(
    store: MemoryStore, database: Database, steps: list[Any]
) -> None:
    database.execute([("DELETE FROM memories", ())])
    said: dict[str, str] = {}
    for number, (name, text, key, quarantined, back) in enumerate(steps):
        stored = store.put(row(name, text, key=key, quarantined=quarantined, created_at=100.0 + number - 5 * back))
        said[name] = text
        assert store.seq_of(stored.id) == stored.seq
        if number % 4 == 3:
            store.release(name)
    for name, text in said.items():
        assert get(store, name).text.lower().rstrip("!") == text.lower().rstrip("!")
    assert database.query("SELECT alias FROM memory_aliases WHERE alias IN (SELECT id FROM memories)") == []
    several = "SELECT 1 FROM memories WHERE key <> '' AND superseded_at IS NULL AND quarantined = '' GROUP BY key HAVING count(*) > 1"
    assert database.query(several) == []


def test_keyed_memories_do_not_merge(store: MemoryStore) -> None:
    store.put(row("a", key="one"))
    store.put(row("b", key="two"))
    store.put(row("c"))
    assert store.stats(200.0).live == 3


# Merging


def test_a_near_duplicate_merges_and_every_id_finds_it(store: MemoryStore) -> None:
    store.put(row("a", created_at=100.0, expires_at=150.0, trust=0.8, source="s1", metadata='{"x": 1, "y": 1}'))
    stored = store.put(
        row("b", TEXT.upper().capitalize() + ".", created_at=120.0, expires_at=140.0, trust=0.6, score=8.0, source="s2",
            metadata='{"y": 2}')
    )  # fmt: skip
    assert stored.merged_into == "a"
    assert stored.seq == store.seq_of("a") == store.seq_of("b")
    found = get(store, "b")
    assert found == get(store, "a")
    assert (found.id, found.text, found.created_at, found.occurred_at) == ("a", TEXT, 120.0, 120.0)
    assert (found.expires_at, found.trust, found.judged) == (150.0, 0.6, 8.0)
    assert found.metadata == {"x": 1, "y": 2, "sources": ["s1", "s2"]}
    assert found.aliases == ("b",)
    stats = store.stats(130.0)
    assert (stats.total, stats.live, stats.merged) == (1, 1, 1)


def test_merging_never_shortens_a_life(store: MemoryStore) -> None:
    store.put(row("a", expires_at=150.0))
    store.put(row("b", expires_at=None))
    store.put(row("c", expires_at=120.0))
    assert get(store, "c").expires_at is None


@pytest.mark.parametrize(
    "other", [{"namespace": "n"}, {"tier": "lessons"}, {"category": "c"}, {"author": "a"}, {"session": "s"}, {"status": "failed"}]
)  # fmt: skip
def test_only_what_belongs_together_merges(store: MemoryStore, other: dict[str, Any]) -> None:
    store.put(row("a"))
    assert store.put(row("b", **other)).merged_into == ""
    assert store.put(row("c", **other)).merged_into == "b"


def test_what_happened_on_another_day_is_another_memory(store: MemoryStore) -> None:
    store.put(row("a", occurred_at=100.0 - 3 * DAY_S))
    assert store.put(row("b", occurred_at=100.0)).merged_into == ""
    assert store.put(row("c", occurred_at=100.0 - 3 * DAY_S + 60)).merged_into == "a"


def test_what_is_said_again_without_a_time_merges_however_late(store: MemoryStore) -> None:
    store.put(row("a"))
    assert store.put(row("b", created_at=100.0 + 30 * DAY_S)).merged_into == "a"


def test_a_memory_of_a_conversation_keeps_its_place_in_it(store: MemoryStore) -> None:
    store.put(row("a", session="s", occurred_at=100.0))
    store.put(row("b", session="s", occurred_at=150.0, created_at=150.0))
    assert (get(store, "a").occurred_at, get(store, "a").created_at) == (100.0, 150.0)


def test_nothing_merges_into_what_has_expired(store: MemoryStore) -> None:
    store.put(row("a", expires_at=110.0))
    assert store.put(row("b", created_at=120.0)).merged_into == ""
    assert store.put(row("c", created_at=120.0)).merged_into == "b"


def test_a_pinned_text_does_not_vanish_into_another(store: MemoryStore) -> None:
    store.put(row("a"))
    assert store.put(row("b", f"{TEXT}!", pinned=1)).merged_into == ""
    assert store.put(row("c", TEXT, pinned=1)).merged_into == "a"
    assert get(store, "a").pinned


def test_merges_of_merges_lead_to_one_row(store: MemoryStore) -> None:
    for number in range(150):
        assert store.put(row(f"m{number}", TEXT + "!" * (number % 3), created_at=100.0 + number)).id == f"m{number}"
    assert {get(store, f"m{number}").id for number in range(150)} == {"m0"}
    assert len(get(store, "m0").aliases) == ALIASES_SHOWN
    assert store.stats(300.0).merged == 149
    assert store.pin("m77", True)
    assert get(store, "m0").pinned


def test_an_id_that_nobody_knows_leaves_no_alias(store: MemoryStore) -> None:
    store.put(row("a"))
    stored = store.put(row("made-up", id_given=False))
    assert (stored.id, stored.merged_into) == ("a", "a")
    assert store.seq_of("made-up") is None


def test_sources_are_bounded(store: MemoryStore) -> None:
    for number in range(SOURCES_MAX + 10):
        store.put(row(f"m{number}", source=f"s{number}", trust=1.0 - number / 100))
    found = get(store, "m3")
    assert len(found.metadata["sources"]) == SOURCES_MAX
    assert found.metadata["sources"][-1] == f"s{SOURCES_MAX + 9}"
    assert found.trust == pytest.approx(1.0 - (SOURCES_MAX + 9) / 100)


def test_metadata_too_large_to_join_keeps_both(store: MemoryStore) -> None:
    store.put(row("a", metadata=json.dumps({"one": "x" * 60_000})))
    assert store.put(row("b", metadata=json.dumps({"two": "x" * 60_000}))).merged_into == ""


def test_a_deleted_memory_takes_its_ids_along(store: MemoryStore, database: Database) -> None:
    store.put(row("a"))
    store.put(row("b"))
    database.execute([("DELETE FROM memories WHERE id = 'a'", ())])
    assert store.seq_of("b") is None
    assert store.put(row("b")).merged_into == ""


# Several at once


def test_many_rows_go_in_together_in_their_order(store: MemoryStore) -> None:
    rows = [
        row("a"),
        row("b"),
        row("c", "another text"),
        row("a", "the first again"),
        row("d", "v1", key="k"),
        row("e", "v2", key="k"),
    ]
    stored = store.put_many(rows)
    assert [one.id for one in stored] == ["a", "b", "c", "a", "d", "e"]
    assert [one.merged_into for one in stored] == ["", "a", "", "", "", ""]
    assert get(store, "a").text == "the first again"
    assert get(store, "b").text == TEXT
    assert sorted(ids(store.browse(ALL, now=101.0))) == ["a", "b", "c", "e"]


def test_rows_before_a_wrong_one_are_kept_and_it_is_counted(store: MemoryStore) -> None:
    store.put(row("taken", namespace="other"))
    with pytest.raises(UsageError, match=r"memory number 12: the memory id 'taken'"):
        store.put_many([row("a"), row("taken"), row("z", "never stored")], first=11)
    assert store.seq_of("a") is not None
    assert store.seq_of("z") is None


# Reading


def test_browsing_filters_and_pages(store: MemoryStore) -> None:
    store.put_many(
        [row(f"m{n}", f"text number {n}", created_at=100.0 + n, tier="tasks" if n % 2 else "session", category=f"c{n % 3}")
         for n in range(20)]
    )  # fmt: skip
    assert ids(store.browse(ALL, limit=3, now=200.0)) == ["m19", "m18", "m17"]
    assert ids(store.browse(ALL, limit=2, offset=3, now=200.0)) == ["m16", "m15"]
    tasks = Filters(namespaces=("default", "none"), tiers=("tasks",), category="c1", since=105.0, until=115.0)
    assert ids(store.browse(tasks, now=200.0)) == ["m13", "m7"]
    assert store.browse(Filters(namespaces=("none",)), now=200.0) == ()
    assert store.browse(ALL, limit=10**30, offset=10**30, now=200.0) == ()
    assert len(store.browse(ALL, limit=10**30, offset=-5, now=200.0)) == 20
    assert store.browse(ALL, limit=-1, now=200.0) == ()


def test_rows_takes_any_number(store: MemoryStore) -> None:
    stored = store.put_many([row(f"m{n}", f"text number {n}") for n in range(1_200)])
    found = store.rows([one.seq for one in stored], 101.0)
    assert [found[one.seq].id for one in stored] == [one.id for one in stored]
    assert store.rows([], 101.0) == {}


# Odd rows


@pytest.mark.parametrize(
    "damage", ["", "{", "[1]", "null", "7", '"x"', "\udcff".encode("utf-8", "surrogateescape"), None]
)
def test_damaged_metadata_reads_as_none(store: MemoryStore, database: Database, damage: str | bytes | None) -> None:
    store.put(row("a", metadata='{"x": 1}'))
    if damage is None:
        with pytest.raises(Exception, match="NOT NULL"):
            database.execute([("UPDATE memories SET metadata = ?", (damage,))])
        return
    database.execute([("UPDATE memories SET metadata = ?", (damage,))])
    assert get(store, "a").metadata == {}
    assert store.put(row("b", metadata='{"y": 2}')).merged_into == "a"
    assert get(store, "a").metadata == {"y": 2}


STORABLE = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | STORABLE,
    lambda inner: st.lists(inner) | st.dictionaries(STORABLE, inner),
    max_leaves=10,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_metadata_of_every_kind_survives_a_merge(store: MemoryStore, value: Any) -> None:
    store.put(row("a", metadata='{"kept": true}'))
    store.put(row("b", metadata=json.dumps({"value": value})))
    assert get(store, "b").metadata["value"] == value
    assert get(store, "b").metadata["kept"] is True


@pytest.mark.parametrize(
    "text", ["a\0b", "\0", "\u202egnp.exe", "x" * 1_000_000, "word " * 200_000, "?", "👍", "\ufffd"]
)
def test_odd_texts_are_kept_as_they_are(store: MemoryStore, text: str) -> None:
    store.put(row("a", text))
    assert get(store, "a").text == text
    store.put(row("b", text))
    assert get(store, "b").text == text


def test_a_full_disk_keeps_what_was_stored(store: MemoryStore, database: Database) -> None:
    store.put(row("before"))
    ((pages,),) = database.query("PRAGMA page_count")
    with database.transaction() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    big = "".join(f"word{n} " for n in range(20_000))
    with pytest.raises(StoreFull, match="Free some space"):
        store.put(row("big", big))
    with pytest.raises(StoreFull):
        store.put_many([row("small", "another text"), row("big", big)])
    assert database.query("SELECT id FROM memories") == [("before",)]
    assert database.integrity() == "ok"
    with database.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    store.put(row("big", big))
    assert store.seq_of("big") is not None


def test_damaged_rows_of_the_side_tables_harm_nothing(store: MemoryStore, database: Database) -> None:
    store.put(row("a"))
    with database.transaction() as connection:
        connection.execute("INSERT INTO memory_vectors VALUES (1, 'm', x'00')")
        connection.execute("INSERT INTO memory_vectors VALUES (99, 'm', x'')")
        connection.execute("INSERT INTO memory_aliases VALUES ('lost', 99, 1.0)")
        connection.execute("INSERT INTO memory_prints SELECT print + 1, 99 FROM memory_prints")
    assert store.seq_of("lost") is None or store.by_id("lost", 1.0) is None
    assert store.put(row("lost", "a text of its own")).merged_into == ""
    assert get(store, "lost").text == "a text of its own"
    assert store.stats(101.0).with_vectors == 1


def test_ids_stay_unique_across_rows_and_aliases(store: MemoryStore, database: Database) -> None:
    store.put_many([row(f"m{n % 7}", TEXT if n % 3 else f"text {n}") for n in range(60)])
    assert database.query("SELECT alias FROM memory_aliases WHERE alias IN (SELECT id FROM memories)") == []
    assert all(store.by_id(f"m{n}", 101.0) is not None for n in range(7))
    assert database.query("SELECT count(*) FROM memory_prints WHERE memory NOT IN (SELECT seq FROM memories)") == [(0,)]
