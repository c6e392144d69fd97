"""Redaction of stored text by a deep engine, here one that finds words of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import chosen_policy
from orchestrator_security.contract import ScanContext
from orchestrator_security.decision import Judgement
from orchestrator_security.pii.deep.chunks import placeholders, untouched
from orchestrator_security.pii.deep.deep_engine import DeepScanUnfinished, Place
from orchestrator_security.pii.deep.stored_text import DeepRedactor
from orchestrator_security.policy.table import PolicyRule
from orchestrator_security.redaction.placeholder import KeyedNaming
from orchestrator_security.scanner import Hit

NAMING = KeyedNaming(b"k" * 32)


class Words:
    """Finds ``ada`` as a person, and eight digits behind ``nhs``."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, text: str) -> list[Place]:
        self.asked.append(text)
        taken = placeholders(text)
        found = [Place(m.start(), m.end(), "PERSON", 0.9) for m in re.finditer("ada", text)]
        found += [Place(m.start(1), m.end(1), "UK_NHS", 1.0) for m in re.finditer(r"nhs\W+(\d{8})", text)]
        return sorted((p for p in found if untouched((p.start, p.end), taken)), key=lambda p: p.start)

    def entities(self) -> tuple[str, ...]:
        return ("PERSON", "UK_NHS")

    def engine(self) -> str:
        return "words"


class Endless(Words):
    """Finds something in whatever it is given."""

    def find(self, text: str) -> list[Place]:
        return [Place(0, 1, "PERSON", 1.0)]


def redactor(engine: Words | None = None, **settings: Any) -> DeepRedactor:
    policy = chosen_policy(SecuritySettings(**settings))
    judgement = Judgement(policy, NAMING.value_hash, SystemClock().now)
    return DeepRedactor(engine or Words(), NAMING, judgement.replaces)


ADA = NAMING.name("PERSON", "ada")


def test_finds_get_the_stores_own_placeholders() -> None:
    assert (
        redactor().text("ada and ada, nhs 12345678!") == f"{ADA} and {ADA}, nhs {NAMING.name('HEALTHID', '12345678')}!"
    )


def test_a_text_without_finds_is_the_same() -> None:
    value = {"a": ["b", 1, None, 2.5, {"c": True}]}
    assert redactor().text("nobody") == "nobody"
    assert redactor().data(value) is value
    assert redactor().data([]) == []


def test_the_policy_decides_what_is_replaced() -> None:
    source = chosen_policy(SecuritySettings())
    places_only = source.policy.before([PolicyRule("pii", "flag", rule="pii.person")])
    kept = structs.replace(source, policy=structs.replace(source.policy, rules=places_only))
    deep = DeepRedactor(Words(), NAMING, Judgement(kept, NAMING.value_hash, SystemClock().now).replaces)
    assert deep.text("ada, nhs 12345678") == f"ada, nhs {NAMING.name('HEALTHID', '12345678')}"
    assert redactor(preset="strict").text("ada") == ADA


def test_values_are_looked_at_behind_their_keys() -> None:
    value = {"nhs": 12345678, "count": 12345678, "who": ["ada", 7, {"note": "to ada"}], "ada": "x"}
    placeholder = NAMING.name("HEALTHID", "12345678")
    clean = redactor().data(value)
    assert clean["nhs"] == placeholder and clean["count"] == 12345678
    assert clean["who"] == [ADA, 7, {"note": f"to {ADA}"}]
    assert list(clean) == ["nhs", "count", "who", "ada"], "keys are names that something is found by"


def test_a_number_is_a_number_where_numbers_are_not_asked_for() -> None:
    value = {"nhs": 12345678}
    assert redactor().data(value, numbers=False) is value


def test_all_values_go_to_the_engine_at_once() -> None:
    engine = Words()
    redactor(engine).data({f"k{n}": f"text {n}" for n in range(500)})
    assert len(engine.asked) == 1


def test_a_deep_value_is_not_taken_for_scanned() -> None:
    value: Any = "ada"
    for _ in range(150):
        value = [value]
    with pytest.raises(DeepScanUnfinished, match="nested more than 100"):
        redactor().data(value)


def test_an_engine_that_always_finds_something_comes_to_an_end() -> None:
    for work in (redactor(Endless()).text, redactor(Endless()).data):
        with pytest.raises(DeepScanUnfinished, match="changes with every scan"):
            work("ada")


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(alphabet="ad nhs1234567<>_", max_size=40),
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("nhsad", max_size=4), inner, max_size=4)
)


@given(values)
def test_a_second_scan_changes_nothing(value: Any) -> None:
    deep = redactor()
    once = deep.data(value)
    assert deep.data(once) is once
    for kept, clean in zip(strings(value), strings(once), strict=True):
        assert "ada" not in placeholders_out(clean)
        if not isinstance(clean, str):
            assert clean == kept


def strings(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in strings(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in strings(part)]
    return [value]


def placeholders_out(value: Any) -> str:
    text = str(value)
    for start, end in reversed(placeholders(text)):
        text = text[:start] + text[end:]
    return text if value == str(value) else ""


def test_what_is_asked_of_the_policy_names_the_place_it_is_stored_in() -> None:
    asked: list[tuple[Hit, str, ScanContext]] = []

    def wanted(hit: Hit, value: str, context: ScanContext) -> bool:
        asked.append((hit, value, context))
        return False

    DeepRedactor(Words(), NAMING, wanted).text("it is ada")
    ((hit, value, context),) = asked
    assert (hit.rule_id, hit.kind, value, context.direction) == ("pii.person", "PERSON", "ada", "memory")
