"""The pack as one scanner."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_core.errors import UsageError
from orchestrator_security.contract import ScanContext
from orchestrator_security.pii.pii_match import ENTITIES, REDACTED_BY_DEFAULT
from orchestrator_security.pii.pii_scanner import PiiScanner, find_pii
from orchestrator_security.redaction.found import Found
from orchestrator_security.redaction.placeholder import KeyedNaming
from orchestrator_security.redaction.redactor import Redactor
from orchestrator_security.redaction.vault import Vault

MIXED = "jo@firma.de called +49 30 12345678 from 185.220.101.4, card 4671 2835 0912 7744, see www.firma.de"


def test_hits_name_the_kind_and_hold_no_value() -> None:
    hits = PiiScanner().scan(MIXED, ScanContext())
    assert [(h.rule_id, h.kind) for h in hits] == [
        ("pii.email", "EMAIL"),
        ("pii.phone-number", "PHONE"),
        ("pii.ip-address", "IP"),
        ("pii.credit-card", "CARD"),
        ("pii.domain-name", ""),
    ]
    assert {(h.category, h.cwe, h.owasp_llm) for h in hits} == {("pii", "CWE-359", "LLM02")}
    assert not any("4671" in repr(h) or "firma" in repr(h) for h in hits)


def test_every_kind_has_a_placeholder_that_the_naming_accepts() -> None:
    assert all(re.fullmatch("[A-Z]{2,16}", each.word) for each in ENTITIES.values())
    assert "DOMAIN_NAME" not in REDACTED_BY_DEFAULT


def test_kinds_can_be_chosen() -> None:
    chosen = PiiScanner(entities=["EMAIL_ADDRESS", "DOMAIN_NAME"], redacted=["DOMAIN_NAME"]).scan(MIXED, ScanContext())
    assert [h.kind for h in chosen] == ["", "DOMAIN"]


def test_an_unknown_kind_is_a_mistake_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'EMAIL'.*EMAIL_ADDRESS"):
        PiiScanner(entities=["EMAIL"])
    with pytest.raises(UsageError):
        find_pii("x", ["nothing"])


def test_a_prefilter_that_refuses_means_that_nothing_would_be_found() -> None:
    for text in ("", "plain words only", "no digits, no signs!"):
        assert not PiiScanner().prefilter(text, ScanContext())
        assert find_pii(text) == []


@pytest.mark.parametrize("text", ["see www.firma.de", "at https://firma.co.uk/ now", "My site is GartenHaus.ch."])
def test_domains_are_found(text: str) -> None:
    assert [m.entity for m in find_pii(text)] == ["DOMAIN_NAME"]


@pytest.mark.parametrize("text", ["visit nowak-meble.pl today", "my site is huber.tech.", "web: sykala.ppuh.pl"])
def test_endings_of_files_count_behind_a_word_about_the_web(text: str) -> None:
    assert len(find_pii(text, ["DOMAIN_NAME"])) == 1
    assert not find_pii(text.replace("visit", "run").replace("site", "file").replace("web", "file"), ["DOMAIN_NAME"])


@pytest.mark.parametrize(
    "text", ["import os.path", "self.net = x", "README.md", "foo.com(1)", "http://localhost:80/", "www.example.com"]
)
def test_names_in_code_and_examples_are_no_domains(text: str) -> None:
    assert find_pii(text) == []


_PIECES = [
    "+49 30 1", "4671 2835 0912 7744", "1.2", "185.220.101.4", "::", "2a02:", "@", "jo@firma.de", "DE89", "536-90-4399", "phone ", "card ",
    "(", ")", "-", " ", ".", "0x", "passport ", "born on ", "12", "\\n", "\ud800", "\0", "İ", "https://", "www.", ".com", "%",
]  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.sampled_from(_PIECES)).map("".join)))
def test_any_text_gives_ordered_places_inside_it_none_within_another(text: str) -> None:
    matches = find_pii(text)
    assert all(0 <= m.start < m.end <= len(text) for m in matches)
    assert all(a.end <= b.start for a, b in pairwise(matches))
    if matches:
        assert PiiScanner().prefilter(text, ScanContext()) or len(text) < 5


@given(st.sampled_from(_PIECES), st.sampled_from(_PIECES))
def test_a_value_is_found_between_other_things(before: str, after: str) -> None:
    text = f"{before} , jo@firma.de , {after}"
    assert any(m.entity == "EMAIL_ADDRESS" and "jo@firma.de" in text[m.start : m.end] for m in find_pii(text))


def _value(digits: str) -> str:
    return f"card 4671-2835-0912-7744 of jo@firma.de, phone {digits}, ssn 536904399, dob 1985-03-12, 185.220.101.4"


@given(st.text("0123456789", min_size=10, max_size=10))
def test_redaction_is_a_fixed_point_and_leaves_no_part(digits: str) -> None:
    text = _value(digits)
    for naming in (KeyedNaming(b"k" * 32), Vault()):
        redactor = Redactor(Found([PiiScanner()]), naming)
        once = redactor.redact(text)
        assert redactor.redact(once) == once
        said = re.sub("<[^<>]*>", "", once)  # a placeholder's own digits may be any
        assert not any(
            part in said for part in ("4671", "7744", "firma", "536904399", "1985", "185.220", f" {digits},")
        )
        assert not isinstance(naming, Vault) or naming.restore(once) == text


def test_a_placeholder_gives_the_number_behind_it_no_meaning() -> None:
    assert find_pii("<PHONE_1> 4157362671 rows") == []
    assert find_pii("<PHONE_0a1b2c3d4e5f67> 4157362671 rows") == []
    assert [m.entity for m in find_pii("<phone>4157362671</phone>")] == ["PHONE_NUMBER"]
