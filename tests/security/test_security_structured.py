"""Redaction of JSON-like values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.redaction import structured

MAIL = "jane.doe" + "@contoso.de"
VALUE = "plain" + "word"


def guard() -> SecurityGuard:
    return build_guard(SecuritySettings(), hash_key=b"k" * 32, clock=SystemClock())


def test_strings_and_keys_are_redacted_and_the_rest_is_kept() -> None:
    value: dict[Any, Any] = {"to": [MAIL, 1, 2.5, True, None], MAIL: {"deep": (MAIL,)}, 7: "x"}
    result = guard().redact_data(value)
    mail = guard().redact(MAIL)
    assert result == {"to": [mail, 1, 2.5, True, None], mail: {"deep": [mail]}, 7: "x"}
    assert value["to"][0] == MAIL


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "DB_PASSWORD",
        "token",
        "accessToken",
        "api_key",
        "X-Api-Key",
        "Authorization",
        "client-secret",
        "cookie",
    ],
)
@pytest.mark.parametrize("shape", [lambda v: v, lambda v: [v], lambda v: v.encode()])
def test_a_telling_key_makes_its_value_a_secret(key: str, shape: Any) -> None:
    result = guard().redact_data({"outer": {key: shape(VALUE)}})
    assert VALUE not in json.dumps(result)
    assert "<SECRET_" in json.dumps(result)


@pytest.mark.parametrize(
    "key", ["max_tokens", "tokens", "next_page_token", "keyboard", "secretary", "password_hint", "token_count"]
)
def test_other_keys_do_not(key: str) -> None:
    assert guard().redact_data({key: VALUE}) == {key: VALUE}


@pytest.mark.parametrize("value", ["", "<token>", "${TOKEN}", "{{ token }}", None, True, 5])
def test_placeholders_under_a_telling_key_stay(value: Any) -> None:
    assert guard().redact_data({"token": value}) == {"token": value}


def test_a_value_named_once_is_redacted_wherever_it_stands() -> None:
    result = guard().redact_data({"note": f"login failed for {VALUE}", "list": [{"password": VALUE}]})
    assert VALUE not in json.dumps(result)


def test_a_number_under_a_telling_key_is_a_secret() -> None:
    assert "471147" not in json.dumps(guard().redact_data({"password": 471147}))


def test_cycles_are_cut() -> None:
    value: dict[str, Any] = {"a": [1]}
    value["self"] = value
    value["a"].append(value["a"])
    assert guard().redact_data(value) == {"a": [1, "<cycle>"], "self": "<cycle>"}


def test_a_shared_part_is_no_cycle() -> None:
    part = ["x"]
    assert guard().redact_data([part, part]) == [["x"], ["x"]]


def test_a_thousand_levels() -> None:
    value: Any = MAIL
    for i in range(3000):
        value = {"k": value} if i % 2 else [value]
    result = guard().redact_data(value)
    while not isinstance(result, str):
        result = result["k"] if isinstance(result, dict) else result[0]
    assert result == guard().redact(MAIL)


def test_a_value_that_unfolds_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structured, "NODES_MAX", 2_000)
    value: Any = ["x"]
    for _ in range(60):
        value = [value, value]
    text = json.dumps(guard().redact_data(value))
    assert "<cut" in text
    assert len(text) < 200_000


def test_long_lists_are_cut_visibly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structured, "NODES_MAX", 100)
    result = guard().redact_data(list(range(500)))
    assert result[:3] == [0, 1, 2]
    assert result[-1] == "<cut: 401 more>"


def test_what_json_does_not_know_becomes_text() -> None:
    class Login:
        def __repr__(self) -> str:
            return f"Login({MAIL})" + "x" * 5_000

    result = guard().redact_data(
        {
            "o": Login(),
            "b": b"\xff\x00",
            "d": date(2024, 5, 1),
            "p": PurePosixPath("/a"),
            "s": {1},
            "big": 1 << 2_000,
            "nan": float("nan"),
        }
    )
    assert MAIL not in result["o"]
    assert len(result["o"]) == 1_000
    assert (result["b"], result["d"], result["p"], result["s"]) == ("<2 bytes>", "2024-05-01", "/a", [1])
    assert result["big"] == hex(1 << 2_000)


def test_broken_objects_do_not_raise() -> None:
    class NoRepr:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    class NoItems(Mapping[str, str]):
        def __getitem__(self, key: str) -> str:
            raise KeyError(key)

        def __iter__(self) -> Iterator[str]:
            raise RuntimeError("no")

        def __len__(self) -> int:
            return 1

    result = guard().redact_data([NoRepr(), NoItems(), {NoRepr(): 1}])
    assert "cannot be shown" in result[0]
    assert result[1] == {}


def test_keys_that_become_equal_are_kept_apart() -> None:
    class Same:
        def __repr__(self) -> str:
            return "same"

    assert guard().redact_data({Same(): 1, Same(): 2}) == {"same": 1, "same (2)": 2}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
        max_leaves=20,
    )
)
def test_any_value_gives_plain_data_and_a_fixed_point(value: Any) -> None:
    g = guard()
    once = g.redact_data(value)
    text = json.dumps(once)
    assert json.dumps(g.redact_data(once)) == text
