"""The names of memories are looked at too: what is personal in them goes, and they are still found by the names they were given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deep_words import NAME, OneName
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from orchestrator import Orchestrator
from orchestrator.deep_scan import memory_names
from orchestrator.deep_scan.building import build_deep_scan
from orchestrator.deep_scan.scanning import DeepScanning
from orchestrator.testing import FakeClock, temporary_orchestrator
from orchestrator.wiring import store_key
from orchestrator_core.storage.database import Database
from orchestrator_security.pii.deep.deep_engine import DeepScanUnfinished, Place

ScanWith = Callable[[OneName], DeepScanning]
PLACEHOLDER = re.compile(r"<PERSON_[0-9a-f]+>")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def magnus(tmp_path: Path, clock: FakeClock) -> Iterator[Orchestrator]:
    with temporary_orchestrator(tmp_path / "home", clock=clock) as orchestrator:
        orchestrator.register("echo", lambda request: f"reply to {request}")
        yield orchestrator


@pytest.fixture
def engine() -> OneName:
    return OneName()


@pytest.fixture
def scan_with(magnus: Orchestrator, clock: FakeClock) -> ScanWith:
    def scanning(engine: OneName) -> DeepScanning:
        guard = magnus.open().guard
        return build_deep_scan(
            magnus.database, magnus.settings.security, policy=guard.policy, hash_key=store_key(magnus.database),
            redact=guard.redact, clock=clock, engine=engine,
        ).scanning  # fmt: skip

    return scanning


@pytest.fixture
def scanning(scan_with: ScanWith, engine: OneName) -> DeepScanning:
    return scan_with(engine)


def names(magnus: Orchestrator) -> list[tuple[str, str, str, str]]:
    return magnus.database.query("SELECT key, author, session, scan_level FROM memories ORDER BY seq")  # type: ignore[return-value]


def test_names_are_replaced_and_still_find_their_memories(
    magnus: Orchestrator, scanning: DeepScanning, clock: FakeClock
) -> None:
    memory = magnus.memory
    memory.remember("likes green tea", author=NAME, session=f"talk with {NAME}")
    memory.remember("lives by the river", key=f"home of {NAME}")
    memory.remember("builds take an hour", author="Ci-Bot", key="build.minutes")
    scanning.run()
    first, second, third = names(magnus)
    assert (
        PLACEHOLDER.fullmatch(first[1]) and first[2] == f"talk with {first[1]}" and second[0] == f"home of {first[1]}"
    )
    assert third == ("build.minutes", "Ci-Bot", "", "deep") and {row[3] for row in names(magnus)} == {"deep"}
    assert NAME not in str(magnus.database.query("SELECT * FROM memories, memory_names"))
    assert [found.text for found in memory.search("tea", author=NAME)] == ["likes green tea"]
    assert [found.text for found in memory.search("tea", session=f"talk with {NAME}")] == ["likes green tea"]
    assert [found.text for found in memory.search("tea", author=first[1])] == ["likes green tea"]
    clock.advance(10)
    memory.remember("moved to the hills", key=f"home of {NAME}")
    assert [row[0] for row in names(magnus)].count(f"home of {first[1]}") == 2, (
        "the newer value stands under the same key"
    )
    live = magnus.database.query("SELECT text FROM memories WHERE key = ? AND superseded_at IS NULL", (second[0],))
    assert live == [("moved to the hills",)]
    assert memory.remember("likes green tea", author=NAME, session=f"talk with {NAME}")
    assert len(names(magnus)) == 4, "a near-duplicate of the renamed one merges into it"


def test_a_memory_that_another_process_told_under_the_old_key_meanwhile_supersedes(
    magnus: Orchestrator, scanning: DeepScanning, clock: FakeClock
) -> None:
    magnus.memory.remember("the old value", key=NAME)
    scanning.run()
    clock.advance(10)
    magnus.memory.remember("another value", key="another")
    magnus.database.execute([("UPDATE memories SET key = ?, scan_level = 'pattern' WHERE key = 'another'", (NAME,))])
    assert magnus.memory.knowledge(NAME) == "another value", "also before it is looked at"
    scanning.run()
    rows = magnus.database.query("SELECT text, key, superseded_at IS NULL FROM memories ORDER BY seq")
    assert rows[0][1] == rows[1][1] and PLACEHOLDER.fullmatch(rows[0][1])
    assert [(text, live) for text, _, live in rows] == [("the old value", 0), ("another value", 1)]


class Blind(OneName):
    """Finds the name anywhere but behind one word."""

    def __init__(self, blind: str) -> None:
        super().__init__()
        self._blind = blind

    def find(self, text: str) -> list[Place]:
        return [place for place in super().find(text) if not text[: place.start].endswith(self._blind)]


class Greedy(OneName):
    """Takes the word behind the name along where a value follows."""

    def find(self, text: str) -> list[Place]:
        places = super().find(text)
        words = [re.compile(r" \w+(?=: \w)").match(text, place.end) for place in places]
        return [
            structs.replace(place, end=word.end()) if word else place for place, word in zip(places, words, strict=True)
        ]


def test_a_name_that_is_found_in_one_place_is_replaced_in_all(magnus: Orchestrator, scan_with: ScanWith) -> None:
    magnus.memory.remember("lives by the river", key=NAME)
    magnus.memory.remember("likes green tea", session=NAME)
    scan_with(Blind("key: ")).run()
    (key, *_), (_, _, session, _) = names(magnus)
    assert key == session and PLACEHOLDER.fullmatch(key)
    assert magnus.memory.knowledge(NAME) == "lives by the river"


def test_a_fact_whose_key_reads_otherwise_in_its_text_is_still_told_without_it(
    magnus: Orchestrator, scan_with: ScanWith
) -> None:
    for value in ("extension 7", "extension 8"):
        magnus.memory.store_knowledge(f"{NAME} phone", value)
        assert magnus.memory.knowledge(f"{NAME} phone") == value
        scan_with(Greedy()).run()
        assert NAME not in str(magnus.database.query("SELECT * FROM memories"))
        assert magnus.memory.knowledge(f"{NAME} phone") == value


class Places(OneName):
    """Finds a place only."""

    def find(self, text: str) -> list[Place]:
        return [Place(found.start(), found.end(), "LOCATION", 0.9) for found in re.finditer("Samarkand", text)]


def test_a_name_in_which_a_later_engine_finds_more_is_still_found(magnus: Orchestrator, scan_with: ScanWith) -> None:
    name = f"{NAME} of Samarkand"
    magnus.memory.remember("likes green tea", author=name)
    scan_with(OneName()).run()
    magnus.memory.remember("lives by the river", author=name)
    scan_with(Places()).run()
    assert len({row[1] for row in names(magnus)}) == 1 and "Samarkand" not in str(names(magnus))
    assert len(magnus.memory.browse(author=name)) == 2


def test_what_keeps_its_name_is_found_by_it_after_others_were_renamed(
    magnus: Orchestrator, scanning: DeepScanning
) -> None:
    magnus.execute("echo", "hello there")
    magnus.database.execute([("UPDATE memories SET author = ? WHERE status <> ''", (NAME,))])
    magnus.memory.remember("likes green tea", author=NAME)
    scanning.run()
    magnus.memory.remember("ask before you delete", tier="lessons", author=NAME, key=NAME)
    assert [found.text for found in magnus.memory.lessons(namespace="default", agent=NAME)] == ["ask before you delete"]
    for found in (magnus.memory.browse(author=NAME), magnus.memory.search("hello tea delete", author=NAME)):
        assert len(found) == 3
    assert magnus.memory.knowledge(NAME) == "ask before you delete"
    assert magnus.memory.forget(key=NAME).memories == 1


@pytest.mark.parametrize("how", ["run", "drain"])
def test_no_stem_of_a_name_stays_in_the_search_index(magnus: Orchestrator, scanning: DeepScanning, how: str) -> None:
    for number in range(20):
        magnus.memory.remember(f"{NAME} owns house {number} in street {'abcdefghijklmnopqrst'[number]}")
    magnus.memory.store_knowledge(f"{NAME} phone", "extension 7")
    getattr(scanning, how)()
    assert {row[3] for row in names(magnus)} == {"deep"}
    blocks = b"".join(bytes(row[0]) for row in magnus.database.query("SELECT block FROM memories_fts_data"))
    assert b"zacharia" not in blocks and b"quill" not in blocks


def test_no_byte_of_a_name_stays_in_any_file(magnus: Orchestrator, scanning: DeepScanning) -> None:
    magnus.memory.remember("likes green tea", author=NAME)
    magnus.memory.remember("lives by the river", session=f"talk with {NAME}")
    magnus.memory.store_knowledge(NAME, "extension 7")

    def holding() -> list[str]:
        return [path.name for path in magnus.home.rglob("*") if path.is_file() and NAME.encode() in path.read_bytes()]

    assert holding()
    scanning.run()
    magnus.maintain()
    assert holding() == []


def test_knowledge_is_read_and_forgotten_by_the_key_it_was_given(magnus: Orchestrator, scanning: DeepScanning) -> None:
    magnus.memory.store_knowledge(f"phone of {NAME}", "extension 7")
    scanning.run()
    assert NAME not in str(magnus.database.query("SELECT * FROM memories"))
    assert magnus.memory.knowledge(f"phone of {NAME}") == "extension 7"
    magnus.memory.forget(key=f"phone of {NAME}")
    assert magnus.memory.knowledge(f"phone of {NAME}") is None


def test_of_what_a_call_left_the_session_alone_is_renamed_and_lessons_keep_all(
    magnus: Orchestrator, scanning: DeepScanning
) -> None:
    magnus.execute("echo", "hello", session=NAME)
    magnus.memory.remember("ask before you delete", tier="lessons", author=NAME)
    magnus.database.execute([("UPDATE memories SET author = ? WHERE status <> ''", (NAME,))])
    scanning.run()
    (_, author, session, _), (_, teacher, _, _) = names(magnus)
    assert (author, teacher) == (NAME, NAME) and PLACEHOLDER.fullmatch(session)
    magnus.execute("echo", "hello again", session=NAME)
    assert [row[2] for row in names(magnus)].count(session) == 2, "a later call of the session belongs to it at once"


def test_many_memories_of_one_author_are_renamed_in_parts(
    magnus: Orchestrator, scanning: DeepScanning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_names, "_BATCH", 3)
    for number in range(10):
        magnus.memory.remember(f"fact number {number} of {'abcdefghij'[number]}", author=NAME)
    scanning.run()
    authors = {row[1] for row in names(magnus)}
    assert len(authors) == 1 and NAME not in authors


def test_a_scan_that_was_killed_while_it_renamed_is_finished_by_the_next(
    magnus: Orchestrator, scanning: DeepScanning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_names, "_BATCH", 2)
    for word in ("apples", "pears", "plums", "figs", "dates"):
        magnus.memory.remember(f"there are {word}", author=NAME)
    real, opened = Database.transaction, []

    def dies(self: Database) -> object:
        opened.append(1)
        if len(opened) > 1:
            raise KeyboardInterrupt
        return real(self)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "transaction", dies)
        with pytest.raises(KeyboardInterrupt):
            scanning.run()
    assert sorted(row[1] == NAME for row in names(magnus)) == [False, False, True, True, True]
    assert {row[3] for row in names(magnus)} == {"pattern"}
    scanning.run()
    assert NAME not in {row[1] for row in names(magnus)} and {row[3] for row in names(magnus)} == {"deep"}
    assert len(magnus.memory.search("there are", k=10, author=NAME)) == 5


def test_names_that_could_not_be_looked_at_leave_the_memory_as_it_was(
    magnus: Orchestrator, scanning: DeepScanning, engine: OneName
) -> None:
    magnus.memory.remember("hello", author=NAME)
    engine.problem = DeepScanUnfinished("it took longer than 10 s")
    assert scanning.run().unfinished == 1
    assert names(magnus) == [("", NAME, "", "pattern")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=60))
def test_any_name_that_was_not_replaced_stands_for_itself(magnus: Orchestrator, name: str) -> None:
    magnus.open()
    known = memory_names.MemoryNames(magnus.database, lambda text: text).known
    assert known(name.encode("utf-8", "replace").decode()) == name.encode("utf-8", "replace").decode()
