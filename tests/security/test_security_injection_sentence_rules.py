"""The rules for single sentences of texts of others: each is called by its words, counts once, and no flood of words calls all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_core.analysis.orders import unmasking
from orchestrator_security.injection import addressed, stray_order, wording
from orchestrator_security.injection.sentence_rules import RuleTable, SentenceRule

ALL_RULES = (*addressed.RULES, *stray_order.RULES)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.words[:30])
def test_a_rule_is_called_by_plain_words(rule: SentenceRule) -> None:
    """A word that is written as a pattern, or with a capital, would never call its rule."""
    words = [*rule.words.split("|"), *filter(None, rule.beside.split("|"))]
    assert all(unmasking.plain(word) == word and word.isalnum() for word in words)


@given(st.lists(st.sampled_from(sorted({word for rule in ALL_RULES for word in rule.words.split("|")})), max_size=200))
def test_each_name_counts_once_in_a_group_however_often_it_is_said(words: list[str]) -> None:
    pieces = list(RuleTable(ALL_RULES).pieces(wording.described(". ".join(words))))
    assert len({(piece.name, piece.group) for piece in pieces}) == len(pieces)
    assert all(piece.weight > 0 and piece.words for piece in pieces)


def test_a_flood_of_words_that_call_rules_ends_and_counts() -> None:
    calling = [word for rule in ALL_RULES for word in (*rule.words.split("|"), *rule.beside.split("|")) if word]
    flood = ". ".join(" ".join([first, second, *calling[::97]]) for first in calling[::3] for second in calling[::61])
    pieces = list(RuleTable(ALL_RULES).pieces(wording.described(flood)))
    assert "injection.stuffing" in {piece.name for piece in pieces}
    calm = "Read the text before the meeting, and bring your key. " * 20
    assert "injection.stuffing" not in {piece.name for piece in RuleTable(ALL_RULES).pieces(wording.described(calm))}
