"""Redaction and restoring of text that arrives in pieces give what they would give of the whole text."""

from __future__ import annotations

import secret_samples
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.redaction.pieces import PieceRedactor, PieceRestorer
from orchestrator_security.redaction.vault import Vault

GUARD = build_guard(SecuritySettings(), hash_key=b"k" * 32, clock=SystemClock())
MAIL = "jane.doe" + "@contoso.de"
SECRETS = sorted(secret_samples.samples().values())

filler = st.text(alphabet="abc xyz,.\n", max_size=400)
values = st.sampled_from([MAIL, *SECRETS])


def cut(text: str, places: list[int]) -> list[str]:
    at = sorted({place % (len(text) + 1) for place in places})
    return [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]


@given(st.lists(st.tuples(filler, values), min_size=1, max_size=4), st.lists(st.integers(0, 10_000), max_size=40))
@settings(max_examples=80, deadline=None)
def test_no_value_passes_however_the_text_is_cut(said: list[tuple[str, str]], places: list[int]) -> None:
    text = "".join(f"{before} {value} " for before, value in said)
    pieces = PieceRedactor(GUARD.redact)
    shown = "".join(pieces.feed(piece) for piece in cut(text, places)) + pieces.finish()
    for _, value in said:
        assert value not in shown
    assert GUARD.redact(shown) == shown
    assert pieces.finish() == ""


@given(st.lists(st.tuples(filler, values), max_size=4), st.lists(st.integers(0, 10_000), max_size=40))
@settings(max_examples=80, deadline=None)
def test_what_was_hidden_is_restored_however_the_text_is_cut(said: list[tuple[str, str]], places: list[int]) -> None:
    text = "".join(f"{before} {value} " for before, value in said)
    vault = Vault()
    hidden = GUARD.redact_with(vault, text)
    pieces = PieceRestorer(vault)
    assert "".join(pieces.feed(piece) for piece in cut(hidden, places)) + pieces.finish() == text


@given(filler, st.lists(st.integers(0, 10_000), max_size=40))
@settings(max_examples=40, deadline=None)
def test_a_value_that_a_word_gave_away_is_known_without_it_later(between: str, places: list[int]) -> None:
    value = "Tr0ub4dor&" + "3x9kQ"
    text = f"the password: {value} is set.\n{between} {'and so on ' * 80} {between}\n{value} again"
    pieces = PieceRedactor(GUARD.redact)
    shown = "".join(pieces.feed(piece) for piece in cut(text, places)) + pieces.finish()
    assert shown == GUARD.redact(text)


def test_text_flows_before_the_end() -> None:
    pieces = PieceRedactor(GUARD.redact)
    shown = [pieces.feed(f"word {i} ") for i in range(500)]
    assert sum(map(len, shown)) > 3_000
    restorer = PieceRestorer(Vault())
    assert [restorer.feed(piece) for piece in ("a <", "b> c", " <EMA")] == ["a ", "<b> c", " "]
    assert restorer.finish() == "<EMA"


def test_what_has_no_blank_does_not_pile_up() -> None:
    pieces = PieceRedactor(GUARD.redact)
    shown = sum(len(pieces.feed("x" * 1_000)) for _ in range(20))
    assert 15_000 < shown < 20_000
    pieces = PieceRedactor(GUARD.redact)
    key = "-----BEGIN RSA PRIV" + "ATE KEY-----\n" + "QUJD" * 100_000
    assert all("QUJDQUJD" not in pieces.feed(key[at : at + 1_000]) for at in range(0, 20_000, 1_000))
