"""What a request to forget means, in the memory room alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_core.errors import UsageError
from orchestrator_core.storage.database import Database
from orchestrator_memory.forgetting.forget import Forgotten, Selection, forget, no_cascade
from orchestrator_memory.forgetting.selection import Matcher, split

Put = Callable[..., None]
_INSERT = (
    "INSERT INTO memories (id, namespace, tier, key, text, occurred_at, created_at, expires_at, superseded_at, quarantined)"
    " VALUES (?, ?, 'knowledge', ?, ?, 0, 0, ?, ?, ?)"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "orchestrator.db")
    yield database
    database.close()


@pytest.fixture
def put(store: Database) -> Put:
    def put(
        name: str, text: str, *, namespace: str = "default", key: str = "", expires: float | None = None,
        superseded: float | None = None, quarantined: str = "",
    ) -> None:  # fmt: skip
        store.execute([(_INSERT, (name, namespace, key, text, expires, superseded, quarantined))])

    return put


def let_go(store: Database, **wanted: str) -> Forgotten:
    return forget(store, Selection(**wanted), cascade=no_cascade, purge_index=lambda seqs: True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("printer", {"a", "b"}),
        ("PRINTERS", {"a", "b"}),
        ("printing jams", {"b"}),
        ("jams printer", {"b"}),
        ("printer cellar", set()),
        ('"printer"', {"a", "b"}),
        ("printer OR cellar", set()),
        ("NEAR(printer)", set()),
        ("print*", {"b"}),
        ("prin", set()),
        ("-printer", {"a", "b"}),
        ("text:printer", set()),
        ("printer\0", {"a", "b"}),
        ("東京", {"cjk"}),
        ("タワー", {"cjk"}),
        ("京都", set()),
        ("🦄", {"emoji"}),
        ("🦄 horn", {"emoji"}),
        ("🦄 printer", set()),
        ("мАШИНА", {"cyrillic"}),
        ("маш", set()),
        ("مرحبا", {"arabic"}),
        ("café", {"accent"}),
        ("snake", {"snake"}),
        ("snake_case", {"snake"}),
    ],
)
def test_a_query_means_what_holds_every_word_of_it(store: Database, put: Put, query: str, expected: set[str]) -> None:
    texts = {
        "a": "The printer is on floor 3",
        "b": "A printer jams when printed on",
        "cjk": "私は東京タワーを見た",
        "emoji": "a unicorn 🦄 has a horn",
        "cyrillic": "Моя машина стоит",
        "arabic": "قال مرحبا لنا",
        "accent": "the café is closed",
        "snake": "call snake_case here",
    }
    for name, text in texts.items():
        put(name, text)
    assert set(let_go(store, query=query).ids) == expected
    assert {row[0] for row in store.query("SELECT id FROM memories")} == set(texts) - expected


@pytest.mark.parametrize("query", ["", " ", '"', "*", "-", "...", "\0", "(){}[]", "\u200b", "!?"])
def test_a_query_without_words_is_refused(store: Database, put: Put, query: str) -> None:
    put("a", 'a text - with * all " of ... it (){}[]!?')
    for dry_run in (False, True):
        with pytest.raises(UsageError, match="no word to look for"):
            forget(store, Selection(query=query), cascade=no_cascade, purge_index=lambda seqs: True, dry_run=dry_run)
    assert store.query("SELECT count(*) FROM memories") == [(1,)]


def test_expired_superseded_and_quarantined_ones_go_too_and_other_namespaces_stay(store: Database, put: Put) -> None:
    put("expired", "a word", expires=1.0)
    put("superseded", "a word", key="k", superseded=1.0)
    put("now", "a word", key="k")
    put("aside", "a word", quarantined="why")
    put("elsewhere", "a word", namespace="other")
    assert set(let_go(store, query="word").ids) == {"expired", "superseded", "now", "aside"}
    assert let_go(store, query="word", namespace="other").ids == ("elsewhere",)


def test_a_key_means_all_its_versions_in_its_namespace(store: Database, put: Put) -> None:
    put("old", "a", key="k", superseded=1.0)
    put("new", "b", key="k")
    put("elsewhere", "c", key="k", namespace="other")
    put("keyless", "d")
    assert set(let_go(store, keys=("k",)).ids) == {"old", "new"}
    assert let_go(store, keys=()).ids == ()


def test_an_id_is_found_under_every_name_it_had(store: Database, put: Put) -> None:
    put("kept", "a")
    put("other", "b")
    store.execute([("INSERT INTO memory_aliases SELECT 'merged', seq, 0 FROM memories WHERE id = 'kept'", ())])
    assert let_go(store, id="merged").ids == ("kept",)
    assert store.query("SELECT count(*) FROM memory_aliases") == [(0,)]
    assert let_go(store, id="merged") == let_go(store, id="unknown") == Forgotten()


def test_more_memories_than_one_statement_takes(store: Database) -> None:
    rows = [(f"m{n}", "default", "", f"zorblaxing number {n}", None, None, "") for n in range(1_300)]
    with store.transaction() as connection:
        connection.executemany(_INSERT, rows)
    purged: list[int] = []

    def purge(seqs: Sequence[int]) -> bool:
        purged.extend(seqs)
        return True

    answer = forget(store, Selection(query="zorblax"), cascade=no_cascade, purge_index=purge)
    assert answer.memories == len(answer.ids) == len(set(purged)) == 1_300
    assert b"zorblax" not in store.path.read_bytes()


def test_a_query_of_a_megabyte_and_one_of_many_words(store: Database, put: Put) -> None:
    words = [f"w{n}" for n in range(100_000)]
    put("all", " ".join(words))
    put("half", " ".join(words[:50_000]))
    assert let_go(store, query="x" * 1_000_000).ids == ()
    assert let_go(store, query=" ".join(words)).ids == ("all",)


@given(st.text(max_size=60))
def test_any_query_is_refused_or_finds_itself(query: str) -> None:
    query = query.encode("utf-8", "replace").decode()
    words, signs = split(query)
    if not words and not signs:
        with pytest.raises(UsageError):
            Matcher(query)
        return
    with Matcher(query) as matcher:
        assert list(matcher.matching([("own", query), ("other", "")])) == ["own"]
