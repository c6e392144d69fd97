"""When a text quotes what is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_memory.forgetting.quotes import quotes, words

SECRET = "The vault in the cellar opens with zorblaxing hunter2x at noon"
TASK = "echo was asked: {request}\nsucceeded: {answer}"


def unknown(run: Sequence[str]) -> bool:
    return False


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        ("What opens the vault?", SECRET, True),
        ("What opens the vault?", "It opens with ZORBLAXING", True),
        ("What opens the vault?", "hunter2x", True),
        ("What opens the vault?", "in the cellar opens", True),
        ("is it hunter2x", "yes", True),
        ("does the cellar vault open at noon", "yes", True),
        ("What opens the vault?", "I cannot say.", False),
        ("What opens the vault?", "The vault is closed.", False),
        ("What is at noon?", "Lunch is at 12 in the kitchen.", False),
        ("Which bridge spans the river?", "The one in the town.", False),
    ],
)
def test_what_a_call_left(asked: str, answer: str, expected: bool) -> None:
    left = TASK.format(request=asked, answer=answer)
    assert quotes(left, [SECRET], asked=asked, known=unknown) is expected


def test_what_stays_known_from_elsewhere_is_no_quote() -> None:
    left = TASK.format(request="What now?", answer="The vault in the cellar is painted, zorblaxing hunter2x")
    assert quotes(left, [SECRET], asked="What now?", known=unknown)
    assert not quotes(left, [SECRET], asked="What now?", known=lambda run: True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TASK.format(request="the printer jams", answer="ok"), TASK.format(request="the weather", answer="ok")),
        (
            "echo failed: TimeoutError: no answer (timeout). What helped: retry after 2 s.",
            "echo failed: KeyError: 'x' (bug). What helped: retry after 2 s.",
        ),
        ("a b", "nothing of it"),
        ("it is", "it is here"),
    ],
)
def test_the_frame_of_what_calls_leave_is_no_quote(one: str, other: str) -> None:
    assert not quotes(other, [one], known=unknown)


def test_a_short_text_is_quoted_by_its_whole() -> None:
    assert quotes("the answer was blue owl then", ["Blue owl"], asked="blue owl", known=unknown)
    assert not quotes("an owl that is blue", ["Blue owl"], asked="an owl that is blue", known=unknown)


@pytest.mark.parametrize("text", ["私は東京タワーを見た", "🦄🦄🦄🦄🦄", "Моя новая машина стоит"])
def test_other_scripts_are_quoted_too(text: str) -> None:
    assert quotes(f"he said {text}!", [text], known=unknown)


@given(
    st.lists(st.sampled_from(["alpha", "bravo", "charlie", "delta", "echo4", "foxtrot", "golf"]), min_size=4),
    st.text(),
    st.text(),
)
def test_a_text_that_is_repeated_whole_is_always_a_quote(chosen: list[str], before: str, after: str) -> None:
    text = " ".join(chosen)
    assert quotes(f"{before} {text} {after}", [text], asked=before, known=unknown)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert all(word == word.casefold() for word in words(text))
    assert quotes(text, [], known=unknown) is False
