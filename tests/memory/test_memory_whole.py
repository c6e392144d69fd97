"""The memory room as it is used: the real model, the real store, through an Orchestrator."""

from __future__ import annotations

import importlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from orchestrator.runtime import Orchestrator
from orchestrator.testing import temporary_orchestrator
from orchestrator_core.errors import UsageError

RANKING = Path(__file__).parents[2] / "benchmarks" / "ranking"
NOTES = {
    "lease": "The contract for the flat was signed on Tuesday.",
    "piano": "Her upright piano would not fit through the stairwell.",
    "alarm": "The night alarm is silenced by holding the red button for five seconds.",
    "queue": "Failed mails are retried by the worker every ninety minutes.",
}


@pytest.fixture
def magnus(tmp_path: Path) -> Iterator[Orchestrator]:
    with temporary_orchestrator(tmp_path / "home") as orchestrator:
        yield orchestrator


@pytest.fixture
def noted(magnus: Orchestrator) -> Orchestrator:
    for name, text in NOTES.items():
        magnus.memory.remember(text, id=name)
    return magnus


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("When did they sign the rental agreement?", "lease"),
        ("Which musical instrument was too big for the stairs?", "piano"),
        ("How do I switch off the siren after midnight?", "alarm"),
        ("When does an undelivered message go out again?", "queue"),
    ],
)
def test_other_words_find_it(noted: Orchestrator, query: str, wanted: str) -> None:
    found = noted.memory.search(query, 2)
    assert not found.keyword_only and found.pending == 0 and found.reason == ""
    assert found[0].id == wanted


def test_a_search_sees_what_was_stored_just_before(noted: Orchestrator) -> None:
    noted.memory.remember("The spare key hangs behind the boiler.", id="key")
    assert noted.memory.search("Where can I get another key for the door?", 1)[0].id == "key"


def test_a_search_sees_what_a_call_left_just_before(magnus: Orchestrator) -> None:
    magnus.register("harbour", lambda request: "The ferry leaves at noon.")
    magnus.memory.search("warm up", 1)
    assert magnus.execute("harbour", "the timetable").recorded
    assert magnus.memory.search("When does the boat sail?", 1).pending == 0


def test_without_waiting_words_find_it_and_the_answer_says_what_is_pending(magnus: Orchestrator) -> None:
    for number in range(300):
        magnus.memory.remember(f"Shelf {number} holds paint of the shade {number * 7}.", id=str(number))
    found = magnus.memory.search("shelf 123", 1, wait_s=0.0)
    assert found[0].id == "123"
    assert found.pending >= 0
    assert magnus.memory.flush()
    assert magnus.memory.search("shelf 123", 1).pending == 0


def test_upkeep_embeds_what_a_killed_process_left(magnus: Orchestrator) -> None:
    database = magnus.open().memory.status()  # opens the store
    assert database.pending == 0
    with magnus.database.transaction() as connection:
        connection.execute(
            "INSERT INTO memories (id, namespace, tier, text, occurred_at, created_at) "
            "VALUES ('left', 'default', 'knowledge', 'The ferry leaves at noon.', 1, 1)"
        )
    assert magnus.memory.status().pending == 1
    assert magnus.maintain().memories_embedded == 1
    assert magnus.memory.status().pending == 0
    assert not magnus.memory.search("When does the boat sail?").keyword_only


def test_filters_hold_for_every_hit(magnus: Orchestrator) -> None:
    for number in range(60):
        magnus.memory.remember(
            f"Note {number} about the boiler in house {number % 7}.",
            id=str(number),
            namespace=("a", "b")[number % 2],
            tier=("tasks", "knowledge")[number % 3 == 0],
            category=f"c{number % 4}",
            author=("Ada", "Bo")[number % 5 == 0],
            session=f"s{number // 10}",
            occurred_at=1_000.0 + number,
        )
    search = magnus.memory.search
    assert all(int(hit.id) % 2 for hit in search("boiler", 50, namespace="b"))
    assert len(search("boiler", 100, namespace=("a", "b"))) == 60
    assert {hit.tier for hit in search("boiler", 50, namespace="a", tiers="tasks")} == {"tasks"}
    assert {hit.category for hit in search("boiler", 50, namespace="a", category="c2")} == {"c2"}
    assert {hit.author for hit in search("boiler", 50, namespace="a", author="Bo")} == {"Bo"}
    assert {hit.session for hit in search("boiler", 50, namespace="a", session="s3")} == {"s3"}
    assert {hit.id for hit in search("boiler", 50, namespace="a", since=1_010, until=1_013)} == {"10", "12"}
    assert not search("boiler", 50, namespace="a", author="nobody")


def test_shared_namespaces_are_read_and_never_written(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "home", overrides={"memory.shared": ["house"]}) as magnus:
        magnus.memory.remember("The boiler is serviced in May.", id="ours", namespace="house")
        magnus.memory.remember("The boiler is loud today.", id="mine")
        magnus.memory.remember("The boiler is someone else's.", id="other", namespace="elsewhere")
        assert {hit.id for hit in magnus.memory.search("boiler")} == {"ours", "mine"}
        assert magnus.memory.stats(namespace="house").total == 1


@pytest.mark.parametrize("k", [0, -1])
def test_no_hits_are_wanted(noted: Orchestrator, k: int) -> None:
    assert noted.memory.search("piano", k) == ()
    assert noted.memory.explain("piano", k) == ()


def test_a_huge_k_gives_what_there_is(noted: Orchestrator) -> None:
    assert len(noted.memory.search("piano", 10**9)) == len(NOTES)


@pytest.mark.parametrize(
    "query",
    [
        "", "   ", "\x00", "?!.,;:-", '"', "*", "-", "NEAR(", "piano*", '"piano', "piano AND", "(piano OR", "text:piano", "^piano",
        "\ud800piano\udfff", "🎹", "🎹 piano", "ピアノはどこ", "פסנתר", "بيانو \u202e piano", "p" * 5_000, "piano\x00stairs",
        "' OR 1=1 --", "{piano} +stairs", "NOT NOT NOT",
    ],
)  # fmt: skip
def test_any_query_is_answered(noted: Orchestrator, query: str) -> None:
    found = noted.memory.search(query)
    assert len({hit.id for hit in found}) == len(found)
    if "piano" in query:
        assert found[0].id == "piano"
    assert len(noted.memory.explain(query)) == len(found)


def test_a_megabyte_is_a_query_and_a_memory(noted: Orchestrator) -> None:
    query = "lorem " * 170_000 + "piano stairwell"
    assert "piano" in {hit.id for hit in noted.memory.search(query)}
    with pytest.raises(UsageError, match="at most 1,000,000 characters"):
        noted.memory.remember(query)
    noted.memory.remember("ipsum " * 150_000 + "harmonica", id="long")
    assert noted.memory.get("long") is not None
    assert noted.memory.search("ipsum", 1)[0].id == "long"


def test_texts_of_any_script_come_back_as_they_were(magnus: Orchestrator) -> None:
    texts = {
        "cjk": "東京駅で会いましょう",
        "rtl": "الاجتماع يوم الخميس في المكتبة",
        "emoji": "party 🎉🎊 at 8",
        "accents": "café à Orléans",
    }
    for name, text in texts.items():
        magnus.memory.remember(text, id=name)
    for name, query in {"cjk": "東京", "rtl": "المكتبة", "emoji": "🎉", "accents": "cafe orleans"}.items():
        (best, *_) = magnus.memory.search(query, 1)
        assert (best.id, best.text) == (name, texts[name])


@pytest.mark.parametrize("value", [None, True, 0, -1.5, 2**70, "text", "\x00", [1, [2, {"a": None}]], {"a": {"b": []}}])
def test_metadata_of_every_kind_comes_back(magnus: Orchestrator, value: object) -> None:
    magnus.memory.remember("with metadata", id="m", metadata={"value": value})
    found = magnus.memory.get("m")
    assert found is not None
    kept = found.metadata["value"]
    assert kept == value or json.dumps(kept) == json.dumps(value) or value == "\x00"


def test_conversations_are_ranked_as_when_the_weights_were_fitted(
    magnus: Orchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample of what they were fitted on: it guards the way from ``remember`` to the hit, not the quality of the fit."""
    monkeypatch.syspath_prepend(str(RANKING))
    dialogues = importlib.import_module("dialogues")
    rng = random.Random(5)
    total: list[float] = []
    for name in ("b1", "d1"):
        dialogue = dialogues.read(RANKING / "data" / f"{name}.txt")
        for turn in dialogue.turns:
            magnus.memory.remember(
                turn.text,
                id=f"{name}.{turn.number}",
                namespace=name,
                author=turn.author,
                session=turn.session,
                occurred_at=turn.when,
            )
        for question in rng.sample(dialogue.questions, 40):
            found = magnus.memory.search(question.text, 10, namespace=name)
            hits = {int(hit.id.removeprefix(f"{name}.")) for hit in found}
            total.append(len(hits & question.evidence) / len(question.evidence))
    assert np.mean(total) >= 0.75
