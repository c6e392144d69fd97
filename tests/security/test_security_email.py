"""E-mail addresses."""

from __future__ import annotations

import pytest

from orchestrator_security.pii.email import find_emails


def found(text: str) -> list[str]:
    return [text[start:end] for start, end, _ in find_emails(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jane.doe+x@contoso.de today", "jane.doe+x@contoso.de"),
        ("<jo@mail.firma.co.uk>", "jo@mail.firma.co.uk"),
        ('{"email": "a_b-c@uni-bern.ch"}', "a_b-c@uni-bern.ch"),
        ("user=max@firma.de&x=1", "max@firma.de"),
        ("mail bob@firma.de.", "bob@firma.de"),
        ("mailto:eve@firma.de?subject=x", "eve@firma.de"),
        ("müller@bücher.de", "müller@bücher.de"),
        ("联系alice@corp.com谢谢", "alice@corp.com"),
        ("next=eve%40firma.de", "eve%40firma.de"),
        ("'KeyError: o'brien@firma.ie'", "brien@firma.ie"),
        ("jo@firma.de:secret", "jo@firma.de"),
        ("someone@xn--bcher-kva.de", "someone@xn--bcher-kva.de"),
    ],
)
def test_addresses_are_found(text: str, expected: str) -> None:
    assert found(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "@pytest.mark.parametrize",
        "pip install numpy@1.26.4",
        "git@github.com:org/repo.git",
        "ssh root@server",
        "icon@2x.png and logo@large.svg",
        "y = x@w.transpose()",
        "https://user@host.example/path",
        "{name}@corp.com and %s@corp.com and $USER@corp.com",
        "a @ b.com",
        "...@corp.com",
        "x@-.de",
    ],
)
def test_what_is_no_address_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_examples_from_documentation_are_marked() -> None:
    assert [example for _, _, example in find_emails("user@example.com")] == [True]
    assert [example for _, _, example in find_emails("alice.smith@example.com")] == [False]
    assert [example for _, _, example in find_emails("user@firma.de")] == [False]


def test_many_addresses_in_one_text() -> None:
    names = [f"p{i}@firma{i}.de" for i in range(500)]
    assert found(", ".join(names)) == names
