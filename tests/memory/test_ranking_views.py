"""Views and features: the formulas hold, and odd input gives finite numbers."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_memory.index.namespace_index import Entry, NamespaceIndex
from orchestrator_memory.ranking.features import FEATURES, GROUPS, candidates
from orchestrator_memory.ranking.keyword_views import BACKGROUND, K1, B, matches, surroundings
from orchestrator_memory.ranking.meaning import Scanned, Unknown
from orchestrator_memory.ranking.model import PRIORS, by_group, score, shipped
from orchestrator_memory.ranking.sessions import sessions_of
from orchestrator_memory.text.traits import TRAITS, query_kind, traits
from orchestrator_memory.text.words import query_terms, stems, words

vocabulary = st.sampled_from(["harbour", "kettle", "violin", "ladder", "marble", "the", "and"])
texts = st.lists(st.lists(vocabulary, min_size=1, max_size=8).map(" ".join), min_size=1, max_size=12)


def index_of(said: list[str], *, session: str = "s", dimensions: int = 0) -> NamespaceIndex:
    index = NamespaceIndex(dimensions)
    index.put(
        Entry(
            i,
            text,
            "Ada" if i % 2 else "Bo",
            session,
            "knowledge",
            "",
            float(i),
            None,
            None,
            0,
            "",
            1.0,
            None,
            0.0,
            0.0,
        )
        for i, text in enumerate(said, 1)
    )
    return index


def everything(index: NamespaceIndex) -> np.ndarray:
    return np.ones(index.size, np.bool_)


@given(texts, st.lists(vocabulary, min_size=1, max_size=3, unique=True))
@settings(max_examples=150, deadline=None)
def test_bm25_is_the_published_formula(said: list[str], asked: list[str]) -> None:
    index = index_of(said)
    documents = [stems(words(text)) for text in said]
    wanted = query_terms(" ".join(asked))
    mean = sum(map(len, documents)) / len(documents)
    expected = np.zeros(len(said))
    for term in wanted:
        holding = sum(term in document for document in documents)
        idf = math.log(1 + (len(said) + BACKGROUND - holding + 0.5) / (holding + 0.5))
        for i, document in enumerate(documents):
            tf = Counter(document)[term]
            expected[i] += idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * len(document) / max(mean, 1e-9)))
    assert matches(index, wanted).alone == pytest.approx(expected, abs=1e-4)


def test_windows_hold_what_the_neighbours_say_and_stop_at_the_session() -> None:
    index = index_of(["the violin is here", "yes", "good", "marble", "far away"])
    index.put([Entry(9, "alone", "", "other", "knowledge", "", 9.0, None, None, 0, "", 1.0, None, 0.0, 0.0)])
    slots = np.arange(index.size)
    around = surroundings(index, matches(index, ("violin",)), slots, sessions_of(index, slots))
    assert (around.window1 > 0).tolist() == [True, True, False, False, False, False]
    assert (around.window2 > 0).tolist() == [True, True, True, False, False, False]
    assert around.covered.tolist() == [1, 0, 0, 0, 0, 0]
    assert around.covered_before.tolist() == [0, 1, 0, 0, 0, 0]
    assert (around.session > 0).tolist() == [True] * 5 + [False]


def test_words_that_no_text_holds_count_as_not_covered() -> None:
    index = index_of(["violin lesson", "other"])
    slots = np.array([0])
    whole = surroundings(index, matches(index, ("violin",)), slots, sessions_of(index, slots)).covered[0]
    half = surroundings(index, matches(index, ("violin", "nowhere")), slots, sessions_of(index, slots)).covered[0]
    assert whole == pytest.approx(1) and 0 < half < 0.6


def test_gone_memories_match_nothing() -> None:
    index = index_of(["violin", "violin again"])
    index.drop(1)
    assert matches(index, ("violin",)).alone.tolist()[0] == 0


@given(st.lists(st.text(max_size=60), min_size=1, max_size=8), st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_text_and_any_query_give_finite_features(said: list[str], query: str) -> None:
    index = index_of(said, dimensions=4)
    index.set_vectors([1], np.array([[1, 0, 0, 0]], np.float32))
    found = candidates(index, query, Scanned(index, np.array([0, 1, 0, 0], np.float32)), everything(index))
    assert found.features.shape == (len(found.slots), len(FEATURES))
    assert np.isfinite(found.features).all()
    scored = score(found.features, index, found.slots, with_vectors=True, learned={}, now=100.0)
    assert np.isfinite(scored.logit).all()
    assert ((scored.score > 0) & (scored.score < 1)).all()


def test_a_score_is_the_sum_of_what_gave_it() -> None:
    index = index_of(["the violin is from my aunt", "nice", "marble stairs"], dimensions=2)
    index.set_vectors([1, 2, 3], np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32))
    found = candidates(
        index, "Who gave Ada the violin?", Scanned(index, np.array([1, 0], np.float32)), everything(index)
    )
    scored = score(found.features, index, found.slots, with_vectors=True, learned={}, now=100.0)
    bias = shipped()["vectors"].bias
    assert scored.gave.sum(axis=1) + scored.priors.sum(axis=1) + bias == pytest.approx(scored.logit, abs=1e-4)
    assert sum(by_group(scored.gave[0]).values()) == pytest.approx(float(scored.gave[0].sum()), abs=1e-3)
    assert found.slots[scored.logit.argmax()] == 0


def test_learned_weights_scale_their_group_only() -> None:
    index = index_of(["violin", "marble"])
    found = candidates(index, "violin", Unknown(index), everything(index))
    plain = score(found.features, index, found.slots, with_vectors=False, learned={}, now=0.0)
    taught = score(found.features, index, found.slots, with_vectors=False, learned={"words": 2.0}, now=0.0)
    words_first = np.array([name in GROUPS["words"] for name in FEATURES])
    assert taught.gave[:, words_first] == pytest.approx(2 * plain.gave[:, words_first])
    assert taught.gave[:, ~words_first] == pytest.approx(plain.gave[:, ~words_first])


def test_priors_prefer_what_was_judged_trusted_and_useful() -> None:
    index = NamespaceIndex(0)
    index.put(
        [
            Entry(1, "violin", "", "", "tasks", "", 0.0, None, None, 0, "", 1.0, 9.0, 5.0, 0.0),
            Entry(2, "violin", "", "", "tasks", "", 0.0, None, None, 0, "", 0.2, 2.0, 0.0, 5.0),
        ]
    )
    found = candidates(index, "violin", Unknown(index), everything(index))
    scored = score(found.features, index, found.slots, with_vectors=False, learned={}, now=0.0)
    good, bad = scored.priors
    assert len(good) == len(PRIORS)
    assert good.tolist()[:3] > bad.tolist()[:3] and good[3] == bad[3]


def test_filters_decide_what_is_a_candidate() -> None:
    index = index_of(["violin one", "violin two", "violin three"])
    allowed = np.array([False, True, False])
    assert candidates(index, "violin", Unknown(index), allowed).slots.tolist() == [1]
    assert candidates(index, "violin", Unknown(index), ~everything(index)).slots.tolist() == []


def test_the_shipped_models_name_known_features() -> None:
    models = shipped()
    assert set(models) == {"vectors", "keywords"}
    for model in models.values():
        assert set(model.weight) == set(model.mean) <= set(FEATURES)
    assert not set(models["keywords"].weight) & set(GROUPS["meaning"])


def test_words_of_any_script() -> None:
    assert words("Don't PANIC, 42 times!") == ["don", "t", "panic", "42", "times"]
    assert words("東京駅") == ["東京", "京駅"]
    assert words("駅 naïve 🎻") == ["駅", "naive", "🎻"]
    assert words("שלום عالم") == ["שלום", "عالم"]
    assert stems(["the", "violins", "running"]) == ["violin", "run"]
    assert query_terms("who are you") == ("who", "are", "you")
    assert query_terms('?! " * NEAR(') == ("near",)
    assert query_terms("\u0000 ... —") == ()


def test_traits_and_kinds() -> None:
    found = dict(zip(TRAITS, traits("I saw Anna yesterday, with 2 friends?"), strict=True))
    assert (found["self"] > 0, found["time"], found["number"], found["name"], found["ends_asking"]) == (
        True,
        1,
        1,
        1,
        1,
    )
    assert dict(zip(TRAITS, traits("ok"), strict=True))["short"] == 1
    kind = query_kind("When did it start?")
    assert (kind.when, kind.how_many, kind.which) == (1, 0, 0)
    assert query_kind("How many books?").how_many == 1


@pytest.mark.parametrize("others", [40, 20_000])
def test_the_only_text_that_holds_a_word_comes_first_however_many_there_are(others: int) -> None:
    # A feature that grows with the namespace leaves the range the weights were fitted in, and turned the best match into the last.
    index = index_of(["harbour kettle violin"] * (others // 2) + ["marble ladder"] + ["kettle violin"] * (others // 2))
    slot = others // 2
    found = candidates(index, "marble", Unknown(index), everything(index))
    place = found.slots.tolist().index(slot)
    assert np.abs(found.features[place]).max() < 4
    scored = score(found.features, index, found.slots, with_vectors=False, learned={}, now=0.0)
    assert scored.logit.argmax() == place
