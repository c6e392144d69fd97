"""Scores, caps, label odds and the rubric: the arithmetic of a verdict."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_core.models.contract import TokenAlternative, TokenLogprob
from orchestrator_core.records import Criterion
from orchestrator_evaluation.label_odds import label_odds
from orchestrator_evaluation.rubric import CODE, TEXT, Rubric, rubric_for
from orchestrator_evaluation.scoring import LABELS, Cap, bounded, capped, expectation, mean_score, to_ten, verdict


def criterion(name: str, score: float | None) -> Criterion:
    return Criterion(name, score, 0.5, "test")


@pytest.mark.parametrize(("label", "score"), [(0, 1.0), (1, 3.25), (2, 5.5), (3, 7.75), (4, 10.0)])
def test_labels_span_the_scale(label: int, score: float) -> None:
    assert to_ten(label) == score


def test_the_expectation_is_renormalised_over_the_allowed_labels() -> None:
    got = expectation({"3": 0.3, "4": 0.1, " the": 0.6, "7": 0.5})
    assert got is not None
    assert got.mean == pytest.approx((3 * 0.3 + 4 * 0.1) / 0.4)
    assert got.confidence == pytest.approx(0.75)
    assert expectation({" the": 1.0}) is None
    assert expectation({}) is None


@given(st.dictionaries(st.sampled_from([*LABELS, "5", "x"]), st.floats(0, 1), max_size=7))
def test_an_expectation_lies_within_its_labels(odds: dict[str, float]) -> None:
    got = expectation(odds)
    present = [int(label) for label in LABELS if odds.get(label, 0) > 0]
    if got is None:
        assert not present
    else:
        assert min(present) - 1e-9 <= got.mean <= max(present) + 1e-9 and 0 < got.confidence <= 1


def test_the_lowest_cap_wins_and_is_shown() -> None:
    caps = (Cap("security", 4.0, "HIGH finding B602"), Cap("security", 6.0, "weak hash"))
    got = verdict([criterion("security", 9.0), criterion("clarity", 8.0)], caps, judge="rules", pass_score=6.0)
    assert got.criteria[0].score == 4.0 and "B602" in got.criteria[0].evidence
    assert got.criteria[1].score == 8.0
    assert got.overall == 6.0 and got.passed is True
    assert got.caps == ("security is capped at 4: HIGH finding B602", "security is capped at 6: weak hash")


def test_a_cap_neither_lifts_a_score_nor_fills_an_abstention() -> None:
    caps = [Cap("a", 4.0, "because"), Cap("b", 4.0, "because")]
    assert [c.score for c in capped([criterion("a", 2.0), criterion("b", None)], caps)] == [2.0, None]


def test_abstentions_stay_out_of_the_mean() -> None:
    assert mean_score([criterion("a", 8.0), criterion("b", None), criterion("c", 4.0)]) == 6.0
    assert mean_score([criterion("b", None)]) is None
    got = verdict([criterion("b", None)], (), judge="rules", pass_score=6.0)
    assert (got.status, got.overall, got.passed) == ("unjudged", None, None) and got.reason


@pytest.mark.parametrize(("pass_score", "passed"), [(6.9, True), (7.0, True), (7.1, False)])
def test_passing_is_computed_from_the_setting(pass_score: float, passed: bool) -> None:
    assert verdict([criterion("a", 7.0)], (), judge="llm", pass_score=pass_score).passed is passed


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_scores_are_bounded(score: float) -> None:
    assert 1.0 <= bounded(score) <= 10.0


@pytest.mark.parametrize("rubric", [TEXT, CODE])
def test_keys_sort_into_the_order_in_which_they_are_asked(rubric: Rubric) -> None:
    schema = rubric.schema()
    names = list(schema["properties"])
    assert names == sorted(names) == schema["required"]
    assert names[0] == "a_findings" and schema["additionalProperties"] is False
    for name in names[1:]:
        assert schema["properties"][name]["enum"] == ["0", "1", "2", "3", "4"]
        assert name in rubric.text()
    assert schema["properties"]["a_findings"]["items"]["maxLength"] <= 200
    assert all(len(set(quality.anchors)) == 5 for quality in rubric.qualities)
    assert rubric_for(rubric.kind) is rubric


def tokens(text: str, odds: dict[int, dict[str, float]], cuts: list[int]) -> tuple[TokenLogprob, ...]:
    """The text cut at places, with alternatives for the tokens that begin at some of them."""
    edges = [0, *cuts, len(text)]
    out = []
    for start, end in itertools.pairwise(edges):
        alternatives = tuple(TokenAlternative(t, math.log(p)) for t, p in odds.get(start, {}).items())
        out.append(TokenLogprob(text[start:end], -0.1, alternatives))
    return tuple(out)


ANSWER = json.dumps({"a_findings": ['says "b_x": "0"'], "b_x": "3"})
PLACE = ANSWER.index('"3"') + 1


@pytest.mark.parametrize(
    ("cuts", "odds"),
    [
        pytest.param([PLACE, PLACE + 1], {"3": 0.5, "4": 0.25, "the": 0.2}, id="a token of its own"),
        pytest.param([PLACE - 1, PLACE + 1], {'"3': 0.5, '"4': 0.25, '"t': 0.2, "4": 0.05}, id="with its left quote"),
        pytest.param([PLACE, PLACE + 2], {'3"': 0.5, '4"': 0.25, '5"': 0.2, "4": 0.05}, id="with its right quote"),
    ],
)
def test_label_odds_are_found_however_the_tokens_fall(cuts: list[int], odds: dict[str, float]) -> None:
    got = label_odds(ANSWER, tokens(ANSWER, {cuts[0]: odds}, cuts), "b_x")
    assert got == pytest.approx({"3": 0.5, "4": 0.25})


def test_without_fitting_tokens_there_are_no_odds() -> None:
    assert label_odds(ANSWER, (), "b_x") == {}
    assert label_odds(ANSWER, tokens(ANSWER + " ", {}, [3]), "b_x") == {}
    assert label_odds(ANSWER, tokens(ANSWER, {}, [PLACE]), "c_y") == {}
    alone = label_odds(ANSWER, tokens(ANSWER, {}, [PLACE, PLACE + 1]), "b_x")
    assert alone == pytest.approx({"3": math.exp(-0.1)})
