"""Redaction: total, idempotent, and nothing of what was found is left."""

from __future__ import annotations

import pytest
import secret_samples
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.redaction.placeholder import KeyedNaming
from orchestrator_security.redaction.redactor import KnownSecrets, merged, occurrences
from orchestrator_security.redaction.vault import Vault

KEY = b"k" * 32
SAMPLES = list(secret_samples.samples().values())
CONTEXTUAL = [pair for pair in secret_samples.contextual().values() if pair[1]]
MAIL = "jane.doe" + "@contoso.de"
PIECES = st.sampled_from(
    [*SAMPLES, *(text for text, _ in CONTEXTUAL), MAIL, "password=", "token: ", "://a:", "@", " ", "\n", '"', "'", "<EMAIL_1>", "\x00",
     "\ud800", "-----BEGIN ", "eyJ", "Bearer ", "<SECRET_0123456789abcd>", "\\"]
)  # fmt: skip


def guard(**changes: bool) -> SecurityGuard:
    return build_guard(SecuritySettings(**changes), hash_key=KEY, clock=SystemClock())


@pytest.mark.parametrize("value", [*SAMPLES, MAIL])
def test_no_value_is_left(value: str) -> None:
    redacted = guard().redact(f"it is {value} and again: {value}\n")
    assert value not in redacted
    assert redacted.startswith("it is ")
    assert redacted.endswith("\n")


@pytest.mark.parametrize(("text", "value"), CONTEXTUAL)
def test_a_value_known_by_context_is_replaced_wherever_it_stands(text: str, value: str) -> None:
    redacted = guard().redact(f"{value[:3]} {text} then {value} alone, and x{value}y")
    assert value not in redacted


def test_the_same_value_has_the_same_name_everywhere() -> None:
    one = guard().redact(f"a {MAIL}")
    two = guard().redact(f"other text, {MAIL}")
    assert one[2:] == two.split(", ")[1]
    assert one[2:].startswith("<EMAIL_")
    assert guard().redact("a max" + "@contoso.de") != one
    other_key = build_guard(SecuritySettings(), hash_key=b"z" * 32, clock=SystemClock())
    assert other_key.redact(f"a {MAIL}") != one


def test_a_literal_placeholder_is_told_apart() -> None:
    real = guard().redact(MAIL)
    forged = real[:-2] + ("0>" if real[-2] != "0" else "1>")
    assert guard().redact(real) == real
    assert guard().redact(forged) == f"<literal {forged[1:]}"
    assert guard().redact("<EMAIL_1>") == "<EMAIL_1>"


@given(st.text(max_size=300))
def test_any_text_gives_a_fixed_point_that_can_be_stored(text: str) -> None:
    g = guard()
    redacted = g.redact(text)
    assert g.redact(redacted) == redacted
    redacted.encode("utf-8")


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=12))
def test_any_mixture_of_secrets_gives_a_fixed_point_without_them(pieces: list[str]) -> None:
    g = guard()
    text = " ".join(pieces)
    redacted = g.redact(text)
    assert g.redact(redacted) == redacted
    for value in (*SAMPLES, MAIL):
        assert value not in redacted
    for part, value in CONTEXTUAL:
        if part in text:
            assert value not in redacted


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=12))
def test_glued_pieces_give_a_fixed_point(pieces: list[str]) -> None:
    g = guard()
    redacted = g.redact("".join(pieces))
    assert g.redact(redacted) == redacted


@pytest.mark.parametrize("value", [b"bytes with \xff", bytearray(b"x"), None, 12, 1.5, object(), ["list"]])
def test_anything_may_be_redacted(value: object) -> None:
    assert isinstance(guard().redact(value), str)  # type: ignore[arg-type]


def test_bytes_are_read() -> None:
    assert MAIL not in guard().redact(f"see {MAIL}".encode())  # type: ignore[arg-type]


def test_an_object_that_cannot_be_shown_is_withheld() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert guard().redact(Broken()) == "<withheld: Broken that cannot be shown (RuntimeError)>"  # type: ignore[arg-type]


def test_settings_switch_kinds_off() -> None:
    text = f"{MAIL} {SAMPLES[0]}"
    assert MAIL in guard(redact_pii=()).redact(text)
    assert SAMPLES[0] not in guard(redact_pii=()).redact(text)
    assert SAMPLES[0] in guard(redact_secrets=False).redact(text)


def test_overlapping_findings_become_one() -> None:
    assert merged([(5, 9, "EMAIL"), (0, 6, "SECRET"), (9, 12, "EMAIL"), (20, 20, "EMAIL")]) == [
        (0, 9, "SECRET"),
        (9, 12, "EMAIL"),
    ]
    redacted = guard().redact("password=" + "jane1" + "@contoso.de")
    assert redacted.count("<") == 1
    assert redacted.startswith("password=<SECRET_")


def test_many_secrets_are_found_as_well_as_few() -> None:
    values = [f"pw{i:04}zZ" for i in range(500)]
    text = "\n".join(f"password={value}" for value in values) + "\n" + " ".join(f"x{value}y" for value in values)
    redacted = guard().redact(text)
    assert not [value for value in values if value in redacted]


@given(st.text("ab", max_size=60), st.sets(st.text("ab", min_size=6, max_size=9), max_size=60))
def test_few_and_many_values_are_searched_alike(text: str, values: set[str]) -> None:
    padding = {f"zzzzzz{i}" for i in range(40)}
    covered = {i for start, end in occurrences(text, values | padding) for i in range(start, end)}
    left = "".join("." if i in covered else c for i, c in enumerate(text))
    assert not [value for value in values if value in left]


def test_within_a_scope_a_secret_is_known_without_its_context() -> None:
    g = guard()
    value = "hun" + "ter22x"
    with g.scope():
        g.redact(f"password: {value}")
        assert value not in g.redact(f"login failed for {value}")
        with g.scope():
            assert value not in g.redact(value)
    assert g.redact(f"login failed for {value}") == f"login failed for {value}"


def test_a_scope_knows_the_data_it_was_given() -> None:
    g = guard()
    with g.scope({"db": [{"password": "plainword"}], "port": 5432}, "text", None, 5):
        assert g.redact("login with plainword failed on 5432").startswith("login with <SECRET_")
        assert "5432" in g.redact("login with plainword failed on 5432")


def test_known_secrets_are_bounded_and_show_nothing() -> None:
    known = KnownSecrets(max_values=2)
    for value in ("abc", "secret-1", "secret-2", "secret-3"):
        known.add(value)
    assert list(known) == ["secret-1", "secret-2"]
    assert "secret-1" not in repr(known)


def test_hash_shows_nothing_of_the_value() -> None:
    naming = KeyedNaming(KEY)
    assert len(naming.value_hash(MAIL)) == 16
    assert naming.value_hash(MAIL) == KeyedNaming(KEY).value_hash(MAIL)
    assert naming.value_hash(MAIL)[:10] not in naming.name("EMAIL", MAIL)


class TestVault:
    def test_round_trip(self) -> None:
        vault = Vault()
        text = f"from {MAIL} to max@firma.de, cc {MAIL}"
        redacted = guard().redact_with(vault, text)
        assert redacted == "from <EMAIL_1> to <EMAIL_2>, cc <EMAIL_1>"
        assert vault.restore(redacted) == text
        assert guard().redact_with(vault, redacted) == redacted
        assert vault.restore("reply to <EMAIL_2>, not <EMAIL_9>") == "reply to max@firma.de, not <EMAIL_9>"
        assert MAIL not in repr(vault)
        assert len(vault) == 2

    def test_a_value_inside_another_is_restored(self) -> None:
        vault = Vault()
        inner = vault.name("EMAIL", MAIL)
        outer = vault.name("SECRET", f"x {inner} y")
        assert vault.restore(f"see {outer}") == f"see x {MAIL} y"

    def test_a_literal_keeps_its_meaning(self) -> None:
        vault = Vault()
        text = f"what does <EMAIL_1> mean? ask {MAIL}"
        redacted = guard().redact_with(vault, text)
        assert redacted == "what does <EMAIL_1> mean? ask <EMAIL_2>"
        assert vault.restore(redacted) == text

    @given(st.lists(PIECES.filter(lambda piece: piece.isprintable() or piece == "\n"), max_size=10))
    def test_any_text_is_restored(self, pieces: list[str]) -> None:
        vault = Vault()
        text = " ".join(pieces)
        redacted = guard().redact_with(vault, text)
        assert vault.restore(redacted) == text
        assert guard().redact_with(vault, redacted) == redacted
