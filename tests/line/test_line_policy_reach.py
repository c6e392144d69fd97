"""A policy's lines and exceptions hold for everything that is stored of a call, not for its request and reply alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator import Orchestrator
from orchestrator.testing import temporary_orchestrator

PERSON = "planted.person" + "@contoso.de"
PASSWORD = "correct horse battery " + "staple"
TOKEN = "gh" + "p_" + "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX"
OTHER = TOKEN[:-3] + "zzz"


def failing(request: str, context: dict[str, Any]) -> str:
    raise ValueError(f"no mail to {PERSON}")


def stored(magnus: Orchestrator) -> str:
    rows = magnus.database.query(
        "SELECT request, context, output, error_message, traceback FROM executions ORDER BY id"
    )
    return str(rows[-1])


def test_a_line_for_one_agent_holds_for_its_context_and_its_errors(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        '[[rule]]\ncategory = "pii"\nagent = "billing"\naction = "redact"\n\n[[rule]]\ncategory = "pii"\naction = "allow"\n'
    )
    with temporary_orchestrator(tmp_path / "home", overrides={"security.policy_file": str(policy)}) as magnus:
        for name in ("billing", "other"):
            magnus.register(name, failing, idempotent=False)
        magnus.execute("billing", "hello", context={"to": PERSON})
        assert PERSON not in stored(magnus)
        magnus.execute("other", "hello", context={"to": PERSON})
        assert stored(magnus).count(PERSON) >= 3


def test_a_policy_that_allows_secrets_allows_those_known_by_their_names(tmp_path: Path) -> None:
    for number, overrides in enumerate(({"security.redact_secrets": False}, {"security.redact_secrets": True})):
        with temporary_orchestrator(tmp_path / str(number), overrides=overrides) as magnus:
            magnus.register("echo", lambda request: request)
            magnus.execute("echo", {"password": PASSWORD, "list": [PASSWORD]}, context={"password": PASSWORD})
            assert stored(magnus).count(PASSWORD) == (0 if overrides["security.redact_secrets"] else 5)


def test_an_exception_for_one_agent_lets_this_value_pass_there_and_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with temporary_orchestrator(home) as magnus:
        magnus.open()
        hashes = [magnus.security.value_hash(value) for value in (TOKEN, PASSWORD)]
    policy = tmp_path / "policy.toml"
    policy.write_text(
        "".join(
            f'[[allow]]\nrule = "secret.*"\nvalue_hash = "{value_hash}"\nreason = "test data"\nexpires = 2999-01-01\nagent = "echo"\n'
            for value_hash in hashes
        )
    )
    with temporary_orchestrator(home, overrides={"security.policy_file": str(policy)}) as magnus:
        for name in ("echo", "other"):
            magnus.register(name, lambda request: request)
        magnus.execute("echo", f"{TOKEN} and {OTHER}", context={"password": PASSWORD, "token": OTHER})
        assert TOKEN in stored(magnus)
        assert PASSWORD in stored(magnus)
        assert OTHER not in stored(magnus)
        magnus.execute("other", f"{TOKEN} and {OTHER}", context={"password": PASSWORD})
        assert not any(value in stored(magnus) for value in (TOKEN, PASSWORD, OTHER))
