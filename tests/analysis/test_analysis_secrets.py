"""What the ground knows of secrets, for those who decide what to make of them. Values are put together at run time."""

from __future__ import annotations

import pytest

from orchestrator_core.analysis.assigned_values import AssignedValue, find_assigned
from orchestrator_core.analysis.secret_formats import FORMATS
from orchestrator_core.analysis.secret_matches import find_address_passwords, find_formats

VALUE = "q7" + "Zk29xLmW4tRv8B"


def assigned(text: str) -> list[AssignedValue]:
    return list(find_assigned(text, lambda found: True))


@pytest.mark.parametrize(
    ("text", "name", "suffix", "separator", "quote"),
    [
        ("API_KEY=V", "api_key", "", "=", ""),
        ("my_access.key: V", "access.key", "", ":", ""),
        ("API_TOKEN_PROD = 'V'", "token", "_PROD", "=", "'"),
        ('{"passwords": "V"}', "passwords", "", ":", '"'),
        ('os.environ["SECRET"] = "V"', "secret", "", "=", '"'),
        ("token: str = `V`", "token", "", "=", "`"),
        ("my password is V, please", "password", "", "is", ""),
        ("tool --token V", "token", "", "", ""),
        ("tokenizer = V", "token", "izer", "=", ""),
        ("GET /x?token=V&page=2", "token", "", "=", ""),
    ],
)
def test_a_value_is_told_with_its_name_and_surroundings(
    text: str, name: str, suffix: str, separator: str, quote: str
) -> None:
    text = text.replace("V", VALUE)
    [found] = assigned(text)
    assert text[found.start : found.end] == found.value == VALUE
    assert (found.name, found.suffix, found.separator, found.quote) == (name, suffix, separator, quote)
    assert text[found.at :].lower().startswith(name)
    assert found.password == name.startswith("pass")


@pytest.mark.parametrize("text", ["key = V", "the token V", "tokens", "password =", 'secret = ""'])
def test_without_a_telling_name_or_a_value_there_is_none(text: str) -> None:
    assert assigned(text.replace("V", VALUE)) == []


def test_a_long_value_is_judged_by_its_beginning_and_taken_whole() -> None:
    judged: list[str] = []

    def note(found: AssignedValue) -> bool:
        judged.append(found.value)
        return True

    [found] = find_assigned(f"token = '{VALUE * 50}'", note)
    assert found.end - found.start == len(VALUE) * 50
    assert [len(value) for value in judged] == [200]


def test_a_password_in_an_address_comes_with_its_user() -> None:
    text = f"see postgres://ada:{VALUE}@@db.internal/x and https://:{VALUE}@host, not https://host:80/@x"
    told = [(text[match.start : match.end], user) for match, user in find_address_passwords(text)]
    assert told == [(VALUE + "@", "ada"), (VALUE, "")]


def test_a_named_part_of_a_format_is_the_secret() -> None:
    key = "q7Zk29xLmW4tRv8B/+" * 3
    text = f"aws_secret_access_key = {key[:40]}\nAccount" + f"Key={key}=="
    assert [(found.rule, text[found.start : found.end]) for found in find_formats(text)] == [
        ("aws-secret-key", key[:40]),
        ("azure-storage-key", f"{key}=="),
    ]


def test_each_format_has_its_own_id() -> None:
    assert len({each.id for each in FORMATS}) == len(FORMATS)
