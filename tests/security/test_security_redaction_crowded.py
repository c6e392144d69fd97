"""Texts that hold hundreds of secrets or people: nothing of them is left, whatever is joined."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.contract import ScanContext
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.redaction.crowded import joined
from orchestrator_security.redaction.found import Found
from orchestrator_security.redaction.placeholder import KeyedNaming
from orchestrator_security.redaction.redactor import KnownSecrets, Redactor
from orchestrator_security.redaction.vault import Vault
from orchestrator_security.scanner import Hit
from orchestrator_security.secrets.secret_scanner import SecretScanner


def guard() -> SecurityGuard:
    return build_guard(SecuritySettings(), hash_key=b"k" * 32, clock=SystemClock())


def hits(spans: list[tuple[int, int]], kind: str = "EMAIL") -> list[Hit]:
    return [Hit("pii.email", "pii", start, end, kind=kind) for start, end in spans]


def characters(found: list[Hit] | tuple[Hit, ...]) -> set[int]:
    return {at for hit in found for at in range(hit.start, hit.end)}


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 9)), max_size=120), st.integers(0, 9), st.integers(1, 40))
def test_joining_covers_all_that_was_found_and_never_reaches_farther_than_a_gap(
    spans: list[tuple[int, int]], gap: int, single: int
) -> None:
    found = hits([(start, start + length) for start, length in spans])
    after = list(joined(found, gap, single))
    assert characters(found) <= characters(after)
    outside = characters(after) - characters(found)
    assert all(any(at + step in characters(found) for step in range(-gap, gap + 1)) for at in outside)
    assert len(after) <= max(len(found), 0)


def test_few_hits_stay_as_they_are_and_the_gravest_names_a_joined_one() -> None:
    few = hits([(0, 2), (2, 4)])
    assert joined(few, 9, 2) is few
    [one] = joined([*few, Hit("pii.email", "pii", 5, 9, severity="high", kind="EMAIL")], 9, 1)
    assert (one.start, one.end, one.severity, one.parts) == (0, 9, "high", ((0, 2), (2, 4), (5, 9)))


def test_each_rule_keeps_a_hit_of_its_own() -> None:
    mixed = [Hit("pii.email", "pii", 0, 2, kind="EMAIL"), Hit("pii.us-ssn", "pii", 3, 5, kind="SSN"), *hits([(6, 8)])]
    assert [(hit.rule_id, hit.start, hit.end) for hit in joined(mixed, 9, 1)] == [
        ("pii.email", 0, 8),
        ("pii.us-ssn", 3, 5),
    ]


def test_a_rule_that_the_policy_allows_lets_nothing_else_pass_in_a_crowd(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[[rule]]\ncategory = "*"\nrule = "pii.email"\naction = "allow"\n')
    security = build_guard(SecuritySettings(policy_file=str(policy)), hash_key=b"k" * 32, clock=SystemClock())
    text = "".join(f"ann@firma.de kim@firma.de {100 + i}-45-6712 " for i in range(400))
    redacted = security.redact(text)
    assert "-45-67" not in redacted
    assert "-45-67" not in security.check(text, ScanContext()).text


def test_a_secret_of_a_crowd_is_replaced_where_it_stands_alone_too() -> None:
    values = [f"Kq7{'abcdefghij'[i % 10]}x!{i}Wm2pZ" for i in range(900)]
    text = "".join(f"DB_PASSWORD_{i}={value}\n" for i, value in enumerate(values))
    told = f"{text}\nThe server said: no login with {values[700]}, {values[5]} or {values[899]}.\n"
    redacted = guard().redact(told)
    assert [value for value in values if value in redacted] == []


def test_what_is_replaced_is_not_joined_with_what_stays() -> None:
    mixed = [*hits([(0, 2)]), *hits([(3, 5)], kind="")]
    assert [(hit.start, hit.end, hit.kind) for hit in joined(mixed, 9, 1)] == [(0, 2, "EMAIL"), (3, 5, "")]


@pytest.mark.parametrize(
    "unit",
    ["ann{}@firma.de ", "password=Zq7x!{}aa;", "call 212-736-{:04};", "{:03}-45-6712 ssn,", "born 1980-01-01 {} "],
)
def test_a_text_of_a_thousand_is_redacted_whole_and_once_is_enough(unit: str) -> None:
    text = "".join(unit.format(i % 900 + 100) for i in range(1_000))
    security = guard()
    once = security.redact(text)
    for i in (100, 555, 999):
        assert unit.format(i).strip(" ;,") not in once
    assert security.redact(once) == once
    vault = Vault()
    assert vault.restore(security.redact_with(vault, text)) == text


def test_phone_numbers_side_by_side_are_all_replaced() -> None:
    text = " ".join(f"(415) 736-{i:04}" for i in range(2_000, 2_080))
    redacted = guard().redact(text)
    assert "736" not in redacted and "withheld" not in redacted


@settings(max_examples=60)
@given(st.text(st.sampled_from("ab\"'\\\n é/%&+ <>_~"), min_size=6, max_size=24))
def test_every_spelling_of_a_known_secret_is_replaced(value: str) -> None:
    import json
    from urllib.parse import quote, quote_plus

    known = KnownSecrets()
    known.add(value)
    spelt = set(known)
    assert {value, json.dumps(value)[1:-1], quote(value, safe=""), quote(value), quote_plus(value)} <= spelt


_PARTS = (
    "SECRET",
    "<SECRET_",
    "_1>",
    ">",
    "<",
    "CRET_1",
    "password=",
    " ",
    "abcdef",
    "abcabc",
    "cabcab",
    "<EMAIL_1>",
    "0123456789",
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(_PARTS), max_size=25).map("".join),
    st.lists(st.lists(st.sampled_from(_PARTS), min_size=1, max_size=3).map("".join), max_size=40),
)
@example(
    "abcabc<SECRET_<EMAIL_1><SECRET_CRET_1abcabc 0123456789token: ", ["SECRET", "<SECRET_", "_1>abcabc", "><SECRET_"]
)
def test_secrets_that_read_like_placeholders_are_replaced_once_and_for_all(text: str, secrets: list[str]) -> None:
    def redacted(told: str) -> str:
        known = KnownSecrets()
        for secret in secrets:
            known.add(secret)
        return Redactor(Found([SecretScanner()]), KeyedNaming(b"k" * 32)).redact(told, known)

    once = redacted(text)
    assert redacted(once) == once
