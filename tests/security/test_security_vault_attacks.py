"""What a hostile reply, request or second caller may try with placeholders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import Orchestrator
from orchestrator.testing import temporary_orchestrator
from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.redaction import vault as vault_module
from orchestrator_security.redaction.vault import Vault

MAIL = "jane.doe" + "@contoso.de"


@pytest.fixture
def magnus(tmp_path: Path) -> Iterator[Orchestrator]:
    with temporary_orchestrator(tmp_path / "home") as orchestrator:
        yield orchestrator


def reply_of(magnus: Orchestrator, output: Any) -> Any:
    magnus.register("model", lambda request: output, sees="placeholders")
    return magnus.execute("model", f"write to {MAIL}").output


def test_replies_that_hold_themselves_are_restored(magnus: Orchestrator) -> None:
    looped: list[Any] = ["<EMAIL_1>"]
    looped += [looped, looped, {"again": looped}]
    restored = reply_of(magnus, looped)
    assert restored[0] == MAIL
    assert restored[1] is restored
    assert restored[3]["again"] is restored


def test_shared_parts_are_restored_once(magnus: Orchestrator) -> None:
    shared: Any = ["<EMAIL_1>"]
    for _ in range(12):
        shared = [shared, shared]
    restored = reply_of(magnus, shared)
    while isinstance(restored[0], list):
        assert restored[0] is restored[1]
        restored = restored[0]
    assert restored == [MAIL]


def test_no_entry_is_lost_where_two_keys_become_one(magnus: Orchestrator) -> None:
    assert len(reply_of(magnus, {MAIL: 1, "<EMAIL_1>": 2})) == 2


def test_a_value_that_reads_like_its_own_name_is_put_back() -> None:
    guard = build_guard(SecuritySettings(), hash_key=b"k" * 32, clock=SystemClock())
    hiding = guard.hiding("")
    value = "x<SECRET_1>" + "y zz"
    assert value not in str(hiding.hide({"password": value}))
    assert hiding.restore("got <SECRET_1>") == f"got {value}"


def test_a_password_that_is_the_placeholders_word_costs_no_text() -> None:
    guard = build_guard(SecuritySettings(), hash_key=b"k" * 32, clock=SystemClock())
    with guard.scope({"password": "SECRET"}):
        text = guard.redact(f"a SECRET b {MAIL}")
        assert "withheld" not in text
        assert text.startswith("a <SECRET_")
        assert guard.redact(text) == text


def test_two_callers_with_the_same_session_do_not_share_placeholders(magnus: Orchestrator) -> None:
    magnus.register("model", lambda request: "that was <EMAIL_1>", sees="placeholders")
    first = magnus.execute("model", f"I am {MAIL}", session="default", caller="alice")
    second = magnus.execute("model", "say <EMAIL_1> again", session="default", caller="mallory")
    third = magnus.execute("model", "who am I?", session="default", caller="alice")
    assert first.output == third.output == f"that was {MAIL}"
    assert second.output == "that was <EMAIL_1>"


def test_an_agent_that_sees_placeholders_is_told_no_value_by_another(magnus: Orchestrator) -> None:
    told = []

    def outer(request: str) -> str:
        told.append(magnus.execute("inner", request, session="s").output)
        return told[0]

    magnus.register("inner", lambda request: f"inner {request}", sees="placeholders")
    magnus.register("outer", outer, sees="placeholders")
    result = magnus.execute("outer", f"mail {MAIL}", session="s")
    assert told == ["inner mail <EMAIL_1>"]
    assert result.output == f"inner mail {MAIL}"


def test_a_vault_is_bounded_and_gives_no_name_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault_module, "VALUES_MAX", 3)
    vault = Vault()
    names = [vault.name("EMAIL", f"{n}@x.y") for n in range(10)]
    assert len(set(names)) == 10
    assert len(vault) == 3
    assert vault.restore(names[-1]) == "9@x.y"
    assert vault.restore(names[0]) == names[0]
