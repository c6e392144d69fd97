"""What of Presidio's finds is believed, and how long texts are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_security.pii.deep.chunks import CHUNK, OVERLAP, chunks, masked, placeholders, without_noise
from orchestrator_security.pii.deep.entities import ENTITIES, FROM_MODEL, Candidate, believed, visible_words
from orchestrator_security.pii.deep.presidio_engine import Found, settled
from orchestrator_security.pii.pii_match import ENTITIES as INLINE


def judged(text: str, value: str, entity: str, score: float = 1.0, *, supported: bool = False) -> bool:
    start = text.index(value)
    return believed(text, Candidate(entity, start, start + len(value), score, supported))


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_a_number_of_every_kind_needs_its_score(name: str) -> None:
    entity = ENTITIES[name]
    if entity.min_score:
        assert not judged("the +49301234567 number", "+49301234567", name, entity.min_score - 0.01, supported=True)


def test_kinds_have_the_words_of_the_inline_patterns() -> None:
    shared = [name for name in ENTITIES if name in INLINE]
    assert len(shared) >= 8
    assert [ENTITIES[name].word for name in shared] == [INLINE[name].word for name in shared]
    known = {each.word for each in INLINE.values()} | {"PERSON", "PLACE"}
    assert {each.word for each in ENTITIES.values()} <= known
    assert set(FROM_MODEL.values()) == {"PERSON", "LOCATION"}


def test_names_are_visible_with_a_model_only() -> None:
    assert {"PERSON", "PLACE"} & set(visible_words(with_names=False)) == set()
    assert {"PERSON", "PLACE", "EMAIL"} <= set(visible_words(with_names=True))


@pytest.mark.parametrize(
    ("text", "value", "entity", "believed_alone", "believed_with_word"),
    [
        ("patient 9434765919", "9434765919", "UK_NHS", False, True),
        ("build 943476591923", "9434765919", "UK_NHS", False, False),  # part of a longer number
        ("0.9434765919", "9434765919", "UK_NHS", False, False),  # behind a point
        ("x_9434765919", "9434765919", "UK_NHS", False, False),
        ("at 4695908848467.5 s", "4695908848467", "CREDIT_CARD", False, False),
        ("pay 4695908848467.", "4695908848467", "CREDIT_CARD", True, True),
        ("test 4242424242424242 it", "4242424242424242", "CREDIT_CARD", False, False),
        ("a user@example.com b", "user@example.com", "EMAIL_ADDRESS", False, False),
        ("a jane@mail.example.org b", "jane@mail.example.org", "EMAIL_ADDRESS", False, False),
        ("git@github.com:org/repo", "git@github.com", "EMAIL_ADDRESS", False, False),
        ("write git@github.com now", "git@github.com", "EMAIL_ADDRESS", True, True),
        ("81.23.4.5 came", "81.23.4.5", "IP_ADDRESS", True, True),
        ("10.1.2.3 came", "10.1.2.3", "IP_ADDRESS", False, False),
        ("192.0.2.7 came", "192.0.2.7", "IP_ADDRESS", False, False),
        ("version 81.23.4.5", "81.23.4.5", "IP_ADDRESS", False, False),
        ("torch==81.23.4.5", "81.23.4.5", "IP_ADDRESS", False, False),
        ("+49 30 1234567", "+49 30 1234567", "PHONE_NUMBER", True, True),
        ("at 3012345678 o", "3012345678", "PHONE_NUMBER", False, True),
        ("(415) 555-2671", "(415) 555-2671", "PHONE_NUMBER", True, True),
        ("+123 45", "+123 45", "PHONE_NUMBER", False, False),  # too short
        ("so 0441 222 33 44 x12", "0441 222 33 44 x12", "PHONE_NUMBER", True, True),
        ("isbn 0-306-40615-2", "0-306-40615-2", "PHONE_NUMBER", False, True),
        ("on 01-02-2024", "01-02-2024", "PHONE_NUMBER", False, True),
        ("x[1::2]", "1::2", "IP_ADDRESS", False, False),
        ("at 2a02:908::1 o", "2a02:908::1", "IP_ADDRESS", True, True),
    ],
)
def test_form_or_a_telling_word_proves_it(
    text: str, value: str, entity: str, believed_alone: bool, believed_with_word: bool
) -> None:
    assert judged(text, value, entity) is believed_alone
    assert judged(text, value, entity, supported=True) is believed_with_word


@pytest.mark.parametrize(
    ("text", "value", "name"),
    [
        ("I met Ada Lovelace today", "Ada Lovelace", True),
        ("I met (Ada Lovelace), then", "Ada Lovelace", True),
        ("met Jean-Luc O'Neil there", "Jean-Luc O'Neil", True),
        ("called 李明 today", "李明", True),
        ("start Docker now", "Docker", False),
        ("use DataFrame here", "DataFrame", False),
        ("import Ada.lovelace", "Ada", False),
        ("x = Paris(1)", "Paris", False),
        ("./Paris", "Paris", False),
        ("`Paris", "Paris", False),
        ("ada lovelace said", "ada lovelace", False),
        ("Line 12 of it", "Line 12", False),
        ("HTTP is down", "HTTP", False),
        ("user_Ada", "Ada", False),
    ],
)
def test_a_models_names_are_no_identifiers(text: str, value: str, name: bool) -> None:
    assert judged(text, value, "PERSON", 0.85) is name
    assert judged(text, value, "LOCATION", 0.85) is name


def test_an_unknown_kind_is_not_believed() -> None:
    assert not judged("http://x.de", "http://x.de", "URL")


@given(st.text(alphabet="ab \n1", max_size=3 * CHUNK))
def test_pieces_cover_the_text_and_overlap(text: str) -> None:
    pieces = list(chunks(text))
    assert all(text[at : at + len(piece)] == piece and len(piece) <= CHUNK for at, piece in pieces)
    assert pieces[0][0] == 0 and pieces[-1][0] + len(pieces[-1][1]) == len(text)
    for (at, piece), (following, _) in itertools.pairwise(pieces):
        assert at < following == at + len(piece) - OVERLAP


@pytest.mark.parametrize("text", ["x" * 50_000, " " * 50_000, "", "a b " * 20_000])
def test_pieces_end(text: str) -> None:
    assert len(list(chunks(text))) <= len(text) / (CHUNK - OVERLAP - 100) + 1


def test_what_is_redacted_already_is_hidden_in_place() -> None:
    text = "a <EMAIL_0123456789abcd> b <CARD_1> c <literal EMAIL_00000000000000> <b> <X_1>"
    spans = placeholders(text)
    shown = [text[a:b] for a, b in spans]
    assert shown == ["<EMAIL_0123456789abcd>", "<CARD_1>", "<literal EMAIL_00000000000000>"]
    hidden = masked(text, spans)
    assert len(hidden) == len(text) and "EMAIL" not in hidden and hidden.endswith("<b> <X_1>")


@given(st.text(max_size=500))
def test_hiding_keeps_offsets(text: str) -> None:
    assert len(without_noise(text)) == len(text) == len(masked(text, placeholders(text)))


def test_a_tokeniser_gets_no_long_runs() -> None:
    assert without_noise("'" * 8_000).strip() == ""
    assert without_noise("a.b" * 3_000).strip() == ""
    assert without_noise("Ada -- said: ok... !!") == "Ada -- said: ok... !!"


def test_the_surest_names_an_overlap_that_is_covered_whole() -> None:
    found = [
        Found(0, 10, "PHONE_NUMBER", 0.4),
        Found(2, 14, "UK_NHS", 1.0),
        Found(14, 20, "PERSON", 0.8),
        Found(15, 17, "US_SSN", 0.5),
    ]
    assert settled(found) == [Found(0, 14, "UK_NHS", 1.0), Found(14, 20, "PERSON", 0.8)]
