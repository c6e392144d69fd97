"""The order of what is found."""

from __future__ import annotations

import math
from typing import Any

import pytest

from orchestrator_core.records import RecalledMemory
from orchestrator_memory.manager import MemoryManager
from orchestrator_memory.ranking.features import GROUPS

DAY_S = 86_400.0


def ids(found: tuple[RecalledMemory, ...]) -> list[str]:
    return [memory.id for memory in found]


@pytest.fixture
def background(memory: MemoryManager) -> None:
    for i in range(20):
        memory.remember(f"an unrelated note about gardening, number {i}", id=f"noise-{i}")


@pytest.mark.usefixtures("background")
def test_more_and_rarer_words_win(memory: MemoryManager) -> None:
    memory.remember("the parser reads files", id="one")
    memory.remember("the parser fails on unicode files", id="both")
    memory.remember("a gardening parser note", id="weak")
    assert ids(memory.search("why does the parser fail on unicode?"))[:2] == ["both", "one"]


@pytest.mark.usefixtures("background")
@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"occurred_at": 0.0}, {"occurred_at": -60 * DAY_S}),
        ({"score": 9.0}, {"score": 2.0}),
        ({"trust": 1.0}, {"trust": 0.2}),
        ({"score": 9.0}, {}),
    ],
)
def test_the_priors_order_what_matches_alike(
    memory: MemoryManager, clock: Any, better: dict[str, float], worse: dict[str, float]
) -> None:
    for name, given in (("worse", worse), ("better", better)):
        arguments: dict[str, Any] = dict(given)
        if "occurred_at" in arguments:
            arguments["occurred_at"] += clock.time
        memory.remember(f"the parser fails on unicode, said {name}", id=name, **arguments)
    assert ids(memory.search("parser unicode")) == ["better", "worse"]


@pytest.mark.usefixtures("background")
def test_the_priors_are_mild(memory: MemoryManager, clock: Any) -> None:
    memory.remember(
        "the parser fails on unicode files",
        id="old but right",
        occurred_at=clock.time - 1_000 * DAY_S,
        score=1.0,
        trust=0.2,
    )
    memory.remember("the parser is written in Python and has many good tests already", id="new", score=10.0)
    assert ids(memory.search("parser fails on unicode files"))[0] == "old but right"


def test_the_score_is_a_probability_and_the_views_say_what_made_it(memory: MemoryManager) -> None:
    memory.remember("theta", score=7.0, trust=0.5)
    (found,) = memory.search("theta")
    assert 0 < found.score < 1
    assert set(found.views) == {*GROUPS, "priors"}
    (explained,) = memory.explain("theta")
    assert explained.memory == found
    assert found.score == pytest.approx(1 / (1 + math.exp(-explained.logit)), abs=1e-4)
    assert explained.priors == pytest.approx(
        {"usefulness": 0, "judge": 0.4 / 3, "trust": -0.4, "recency": 0.3}, abs=1e-3
    )


def test_recency_halves_in_a_week(memory: MemoryManager, clock: Any) -> None:
    memory.remember("theta", occurred_at=clock.time - 7 * DAY_S)
    assert memory.explain("theta")[0].priors["recency"] == pytest.approx(0.15)


@pytest.mark.usefixtures("background")
def test_near_identical_texts_come_once(memory: MemoryManager) -> None:
    memory.remember("The parser fails on unicode files, see the log of the nightly build for the details", session="1")
    memory.remember(
        "the parser fails on unicode files -- see the log of the nightly build for the details!", session="2"
    )
    assert len(memory.search("parser unicode nightly")) == 2
    assert len(memory.recall("parser unicode nightly", namespace="default", k=5)) == 1


@pytest.mark.usefixtures("background")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "build 41 of the parser took 10 seconds on the nightly machine",
            "build 42 of the parser took 10 seconds on the nightly machine",
        ),
        (
            "the nightly parser build works on the machine in the office",
            "the nightly parser build never works on the machine in the office",
        ),
        (
            "in the nightly build the parser of Anna is the slowest one of all",
            "in the nightly build the parser of Boris is the slowest one of all",
        ),
        (
            "limit the parser to 1.5 seconds in the nightly build",
            "limit the parser to 2.5 seconds in the nightly build",
        ),
    ],
)
def test_another_number_or_a_negation_is_another_memory(memory: MemoryManager, one: str, other: str) -> None:
    memory.remember(one)
    memory.remember(other)
    assert len(memory.search("parser nightly build")) == 2


def test_equal_scores_stay_in_the_order_of_storing(memory: MemoryManager) -> None:
    for name in ("b", "c", "a"):
        memory.remember(f"theta {name}{name}", id=name)
    assert ids(memory.search("theta")) == ids(memory.search("theta")) == ["b", "c", "a"]


def test_a_word_in_every_text_still_finds(memory: MemoryManager) -> None:
    for i in range(300):
        memory.remember(f"parser {i}", id=str(i))
    assert len(memory.search("parser", 4)) == 4
    assert ids(memory.search("parser 123", 1)) == ["123"]
