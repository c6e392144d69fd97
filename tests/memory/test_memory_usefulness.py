"""Learning from use: what an answer says of the memories its agent read."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from orchestrator_core.records import RecalledMemory, Redacted
from orchestrator_core.storage.database import Database
from orchestrator_memory.calls.usefulness import (
    STEP_MAX,
    WEIGHT_MAX,
    WEIGHT_MIN,
    Use,
    learned_from,
    next_weight,
    steps,
    uses,
)
from orchestrator_memory.contract import Episode
from orchestrator_memory.manager import MemoryManager

RIGHT = RecalledMemory(
    "right", "Pump 7 needs the gasket from Osaka, part 4417.", 0.9, views={"words": 2.0, "meaning": 0.5}
)
WRONG = RecalledMemory(
    "wrong", "Valves rust in winter when nobody paints them.", 0.8, views={"words": 0.5, "meaning": 1.0}
)


def call(**changes: Any) -> Episode:
    plain = Episode(
        execution_id="e1", agent="mechanic", request=Redacted("What does the pump need?"),
        outcome=Redacted("Order part 4417: the gasket that comes from Osaka."), status="succeeded", namespace="default",
        session="", feature="", overall=None, finished_at=0.0, recalled=(RIGHT, WRONG),
    )  # fmt: skip
    return structs.replace(plain, **changes)


def by_id(episode: Episode, own_key: str = "task:own") -> dict[str, Use]:
    return {use.memory.id: use for use in uses(episode, own_key=own_key)}


class TestEvidence:
    def test_what_the_answer_repeats_helped(self) -> None:
        found = by_id(call())
        assert found["right"].helped == 1.0
        assert found["right"].ignored == 0.0
        assert (found["wrong"].helped, found["wrong"].ignored) == (0.0, 0.5)

    def test_a_judge_scales_it_down(self) -> None:
        assert by_id(call(overall=5.5))["right"].helped == pytest.approx(0.5)
        assert by_id(call(overall=1.0))["right"].helped == 0.0
        assert by_id(call(overall=1.0))["right"].ignored == 1.0

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "failed"},
            {"status": "blocked"},
            {"recalled": ()},
            {"outcome": Redacted("")},
            {"outcome": Redacted("42")},
            {"outcome": Redacted("What does the pump need?")},
        ],
    )
    def test_no_evidence_is_no_write(self, changes: dict[str, Any]) -> None:
        assert uses(call(**changes), own_key="task:own") == ()
        assert learned_from((), "default") == []

    def test_a_short_answer_says_what_was_used_and_not_what_was_ignored(self) -> None:
        assert set(by_id(call(outcome=Redacted("Osaka.")))) == {"right"}

    def test_a_name_is_enough_and_a_common_word_is_not(self) -> None:
        memories = (structs.replace(RIGHT, text="Ask Priya about it."), structs.replace(WRONG, text="Ask about pumps."))
        answer = Redacted("You should ask Priya, who knows more than anybody about pumps.")
        assert set(by_id(call(outcome=answer, recalled=memories))) == {"right"}

    def test_words_of_the_request_are_no_evidence(self) -> None:
        request = Redacted("Is it the gasket from Osaka, part 4417, that pump 7 needs?")
        assert "right" not in by_id(call(request=request))

    def test_an_earlier_run_of_the_same_request_teaches_nothing(self) -> None:
        own = structs.replace(RIGHT, key="task:own")
        assert set(by_id(call(recalled=(own, WRONG)))) == {"wrong"}

    def test_of_an_earlier_call_only_its_outcome_counts(self) -> None:
        asked = structs.replace(
            RIGHT,
            key="task:else",
            text="mechanic was asked: gasket Osaka 4417\nsucceeded: the river froze, boats stayed ashore",
        )
        assert by_id(call(recalled=(asked,)))["right"].helped == 0.0

    def test_what_all_memories_say_tells_least(self) -> None:
        twin = structs.replace(WRONG, text="The gasket is made in Osaka; Lisbon, Porto and Faro have none.")
        assert by_id(call(recalled=(RIGHT, twin)))["right"].share > by_id(call(recalled=(RIGHT, twin)))["wrong"].share

    def test_a_shared_namespace_does_not_learn_from_other_peoples_calls(self) -> None:
        shared = structs.replace(RIGHT, namespace="shared")
        assert set(by_id(call(recalled=(shared, WRONG)))) == {"wrong"}

    @given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=100), st.floats(1, 10) | st.none())
    def test_any_text_gives_bounded_evidence(self, said: str, remembered: str, asked: str, score: float | None) -> None:
        memory = structs.replace(RIGHT, text=remembered)
        episode = call(outcome=Redacted(said), request=Redacted(asked), overall=score, recalled=(memory, WRONG))
        for use in uses(episode, own_key="task:own"):
            assert 0 <= use.helped <= 1
            assert 0 <= use.ignored <= 1
            assert 0 <= use.share <= 1


def used(views: dict[str, float], helped: float) -> Use:
    return Use(RecalledMemory("m", "text", 0.5, views=views), helped, helped, 0.5 * (1 - helped))


class TestWeights:
    def test_the_view_that_was_right_gains_and_the_other_loses(self) -> None:
        found = steps(uses(call(), own_key="task:own"))
        assert found["words"] > 0 > found["meaning"]

    def test_memories_that_helped_alike_teach_nothing(self) -> None:
        assert steps([used({"a": 3.0}, 0.6), used({"a": 1.0}, 0.5)]) == {}
        assert steps([used({"a": 3.0}, 1.0)]) == {}
        assert steps([used({}, 1.0), used({}, 0.0)]) == {}

    def test_what_stood_first_already_teaches_little(self) -> None:
        clear = steps([used({"a": 6.0}, 1.0), used({"a": 1.0}, 0.0)])["a"]
        close = steps([used({"a": 2.0}, 1.0), used({"a": 1.0}, 0.0)])["a"]
        assert 0 < clear < close

    def test_priors_take_part_and_are_not_learned(self) -> None:
        found = steps([used({"a": 1.0, "priors": 1.0}, 1.0), used({"a": 0.5, "priors": 0.0}, 0.0)])
        assert set(found) == {"a"}
        assert found["a"] < steps([used({"a": 1.0}, 1.0), used({"a": 0.5}, 0.0)])["a"]

    @given(
        st.lists(st.tuples(st.dictionaries(st.sampled_from("abc"), st.floats(-1e6, 1e6)), st.floats(0, 1)), max_size=6)
    )
    def test_a_step_is_bounded(self, memories: list[tuple[dict[str, float], float]]) -> None:
        found = steps([used(views, helped) for views, helped in memories])
        assert all(abs(step) <= STEP_MAX for step in found.values())

    @given(st.lists(st.floats(-STEP_MAX, STEP_MAX), max_size=200))
    def test_a_weight_stays_within_its_bounds(self, taken: list[float]) -> None:
        weight = 1.0
        for step in taken:
            weight = next_weight(weight, math.exp(step))
            assert WEIGHT_MIN <= weight <= WEIGHT_MAX

    @given(st.lists(st.floats(-STEP_MAX, STEP_MAX), max_size=30), st.randoms(use_true_random=False))
    def test_the_order_of_updates_hardly_matters(self, taken: list[float], order: random.Random) -> None:
        shuffled = taken.copy()
        order.shuffle(shuffled)
        one = other = 1.0
        for step, another in zip(taken, shuffled, strict=True):
            # Within the bounds: what is cut off at a bound does depend on the order.
            one, other = next_weight(one, math.exp(step / 4)), next_weight(other, math.exp(another / 4))
        assert one == pytest.approx(other, abs=0.01)

    def test_in_a_world_where_one_view_is_right_its_weight_grows(self) -> None:
        world = random.Random(7)
        weights = {"right": 1.0, "noise": 1.0}
        for _ in range(1_000):
            memories = []
            for _ in range(5):
                helps = world.random() < 0.3
                measured = {"right": world.gauss(1.0 if helps else -1.0, 0.7), "noise": world.gauss(0.0, 1.0)}
                views = {name: weights[name] * value for name, value in measured.items()}
                memories.append(used(views, 0.9 if helps else 0.05))
            for view, step in steps(memories).items():
                weights[view] = next_weight(weights[view], math.exp(step))
        assert weights["right"] > 1.3
        assert weights["noise"] < 0.8


class TestInTheStore:
    def test_evidence_adds_up_in_the_row_and_the_words_stay_found(
        self, memory: MemoryManager, database: Database
    ) -> None:
        name = memory.remember(RIGHT.text)
        found = structs.replace(RIGHT, id=name)
        for _ in range(3):
            writes = learned_from(uses(call(recalled=(found, WRONG)), own_key="task:own"), "default")
            database.execute([(write.sql, write.params) for write in writes])
        assert database.query("SELECT helped, ignored FROM memories WHERE id = ?", (name,)) == [(3.0, 0.0)]
        assert [hit.id for hit in memory.search("gasket")] == [name]
        weights = dict(database.query("SELECT view, weight FROM memory_weights WHERE namespace = 'default'"))
        assert weights["words"] > 1 > weights["meaning"]
        assert database.query("SELECT DISTINCT n FROM memory_weights") == [(3,)]

    def test_the_store_computes_what_the_docstring_says(self, database: Database) -> None:
        weight = 1.0
        for _ in range(20):
            taught = uses(call(), own_key="task:own")
            database.execute([(write.sql, write.params) for write in learned_from(taught, "default")])
            weight = next_weight(weight, math.exp(steps(taught)["words"]))
        ((stored,),) = database.query("SELECT weight FROM memory_weights WHERE view = 'words'")
        assert stored == pytest.approx(weight)

    def test_counting_does_not_index_the_text_anew(self, memory: MemoryManager, database: Database) -> None:
        memory.remember(RIGHT.text, id="m")
        before = database.query("SELECT count(*), sum(length(block)) FROM memories_fts_data")
        database.execute([("UPDATE memories SET helped = helped + 1 WHERE id = 'm'", ()) for _ in range(50)])
        assert database.query("SELECT count(*), sum(length(block)) FROM memories_fts_data") == before
        database.execute([("UPDATE memories SET text = 'Pump 8 hums.' WHERE id = 'm'", ())])
        assert memory.search("gasket") == ()
        assert [hit.id for hit in memory.search("hums")] == ["m"]
