"""Failures that are the same get the same fingerprint; others do not."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.healing.fingerprint import fingerprint, mask, safe_message
from orchestrator_core.records import Redacted


def plain(text: str) -> Redacted:
    return Redacted(text)


def caught(message: str, kind: type[Exception] = ValueError) -> Exception:
    try:
        raise kind(message)
    except Exception as error:  # noqa: BLE001
        return error


def elsewhere(message: str) -> Exception:
    try:
        raise ValueError(message)
    except Exception as error:  # noqa: BLE001
        return error


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no row 17 in table", "no row 99031 in table"),
        ("cannot open /home/ada/a.txt", "cannot open /srv/data/b/c.txt"),
        ("cannot open C:\\temp\\a.txt", "cannot open D:\\x\\y.txt"),
        (f"job {uuid.UUID(int=7)} lost", f"job {uuid.UUID(int=2**127 + 9)} lost"),
        ("GET https://a.example/x?y=1 failed", "GET http://b.example:8080/z failed"),
        ("key 'colour' is missing", "key 'size' is missing"),
        ("at 0x7f3a21 died", "at 0xdeadbeef died"),
        ("took 1.25 s", "took 30 s"),
        ("object 65f0c9e2ab12cd34ef56 gone", "object 0a1b2c3d4e5f60718293 gone"),
    ],
)
def test_what_changes_from_time_to_time_is_masked(one: str, other: str) -> None:
    assert mask(one) == mask(other)
    assert fingerprint(caught(one), plain) == fingerprint(caught(other), plain)


@pytest.mark.parametrize(("one", "other"), [("table is locked", "table is missing"), ("no such user", "no such group")])
def test_other_messages_differ(one: str, other: str) -> None:
    assert fingerprint(caught(one), plain) != fingerprint(caught(other), plain)


def test_type_place_and_cause_are_part_of_it() -> None:
    assert fingerprint(caught("x"), plain) != fingerprint(caught("x", KeyError), plain)
    assert fingerprint(caught("x"), plain) != fingerprint(elsewhere("x"), plain)
    chained = caught("x")
    chained.__cause__ = OSError("disk")
    assert fingerprint(chained, plain) != fingerprint(caught("x"), plain)


def test_a_fingerprint_is_made_of_redacted_text() -> None:
    def redact(text: str) -> Redacted:
        return Redacted("gone")

    assert fingerprint(caught("secret one"), redact) == fingerprint(caught("another"), redact)


def test_an_exception_whose_text_raises_still_has_one() -> None:
    class Rude(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text for you")

    assert "RuntimeError" in safe_message(Rude())
    assert len(fingerprint(Rude(), plain)) == 16


def test_a_cyclic_cause_chain_ends() -> None:
    one, other = ValueError("a"), ValueError("b")
    one.__cause__, other.__cause__ = other, one
    assert len(fingerprint(one, plain)) == 16


@given(st.text())
def test_masking_is_total_and_leaves_no_number(message: str) -> None:
    assert not any(character in "0123456789" for character in mask(message))
