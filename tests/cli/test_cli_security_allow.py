"""``orchestrate security allow`` and ``security policy --explain``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MAIL = "jane.doe" + "@contoso.de"
SAFE = ("--reason", "stands in the test data", "--expires", "90d")


@pytest.fixture
def policy(project: Path) -> Path:
    """The file that the settings name; it is not there yet."""
    (project / "orchestrator.toml").write_text('[security]\npolicy_file = "policy.toml"\n')
    return project / "policy.toml"


def hash_of(orchestrate: Any, value: str) -> str:
    return str(
        orchestrate.json("security", "hash", "--set", "security.policy_file=", stdin=value.encode())["value_hash"]
    )


def test_a_finding_of_a_call_is_let_pass(orchestrate: Any, policy: Path, run_echo: Callable[..., Any]) -> None:
    policy.write_text("# looked at every quarter\n")
    call = run_echo(f"write to {MAIL}")["execution_id"]
    page = orchestrate("history", "show", call).output
    assert "n  rule " in page and "1  pii.email" in page
    done = orchestrate.json("security", "allow", f"{call[:20]}:1", *SAFE)
    assert done["path"] == str(policy)
    assert (done["allow"]["rule"], done["allow"]["value_hash"]) == ("pii.email", hash_of(orchestrate, MAIL))
    assert policy.read_text().startswith("# looked at every quarter\n\n[[allow]]\n") and MAIL not in policy.read_text()
    assert orchestrate.json("security", "check", MAIL)["action"] == "allow"
    again = orchestrate.json("security", "allow", call[:20], *SAFE, code=2)["error"]
    assert "already" in again["message"], "a call with findings of one value needs no number"


def test_a_hash_is_let_pass_by_the_rule_that_found_it_or_the_one_that_is_named(
    orchestrate: Any, policy: Path, run_echo: Callable[..., Any]
) -> None:
    hashed = hash_of(orchestrate, MAIL)
    unknown = orchestrate.json("security", "allow", hashed, *SAFE, code=2)["error"]["message"]
    assert "--rule" in unknown and not policy.exists()
    shown = orchestrate("security", "allow", hashed.upper(), *SAFE, "--rule", "secret.*", "--agent", "mail-*")
    assert f"{hashed} may pass secret.* up to and including" in shown.output
    run_echo(f"write to {MAIL}")
    assert orchestrate.json("security", "allow", hashed, *SAFE)["allow"]["rule"] == "pii.email"
    assert [entry["agent"] for entry in orchestrate.json("security", "policy")["allow"]] == ["mail-*", "*"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((MAIL, *SAFE), "neither a value_hash"),
        (("hunter2", *SAFE), "neither a value_hash"),
        (("ffff", *SAFE), "no execution has the id"),
        (("{call}:9", *SAFE), "no such finding"),
        (("{two}", *SAFE), "different values; say which"),
        (("0123456789abcdef", "--expires", "90d"), "--reason"),
        (("0123456789abcdef", "--reason", "x"), "--expires"),
        (("0123456789abcdef", "--reason", " \n", "--expires", "90d"), "empty"),
        (("0123456789abcdef", "--reason", "x" * 501, "--expires", "90d"), "500"),
        (("0123456789abcdef", "--reason", f"it is {MAIL}", "--expires", "90d"), "in other words"),
        (("0123456789abcdef", *SAFE, "--rule", MAIL), "--rule holds"),
        (("0123456789abcdef", *SAFE, "--rule", "pii.*", "--agent", f"to {MAIL}"), "--agent holds"),
        (("0123456789abcdef", "--reason", "x", "--expires", "soon"), "is no day"),
        (("0123456789abcdef", "--reason", "x", "--expires", "999999d"), "is no day"),
        (("0123456789abcdef", "--reason", "x", "--expires", "2020-01-31", "--rule", "pii.email"), "is over"),
        (("0123456789abcdef", *SAFE, "--rule", ""), "1 to 200"),
        (("0123456789abcdef", *SAFE, "--rule", "x", "--agent", "a\nb"), "1 to 200"),
    ],
)
def test_garbage_is_a_usage_error_and_writes_nothing(
    orchestrate: Any, policy: Path, run_echo: Callable[..., Any], words: tuple[str, ...], said: str
) -> None:
    policy.write_text("# ours\n")
    call = run_echo(f"write to {MAIL}")["execution_id"]
    two = run_echo(f"write to {MAIL} or john.roe@contoso.de")["execution_id"]
    named = [word.format(call=call, two=two) for word in words]
    error = orchestrate.json("security", "allow", *named, code=2)["error"]
    assert error["code"] == "usage" and said in error["message"]
    assert MAIL not in error["message"] and "hunter2" not in error["message"]
    assert policy.read_text() == "# ours\n"


def test_without_a_policy_file_it_says_how_to_name_one(orchestrate: Any) -> None:
    error = orchestrate.json("security", "allow", "0123456789abcdef", *SAFE, code=2)["error"]
    assert "policy_file" in error["message"]


def test_a_policy_that_makes_no_sense_is_named(orchestrate: Any, policy: Path) -> None:
    policy.write_text("[[rule]]\n")
    error = orchestrate.json("security", "allow", "0123456789abcdef", *SAFE, "--rule", "x", code=2)["error"]
    assert error["code"] == "settings" and "category" in error["message"] and policy.read_text() == "[[rule]]\n"


def test_a_text_is_explained_without_its_values_and_not_logged(orchestrate: Any, policy: Path) -> None:
    policy.write_text('[[rule]]\ncategory = "pii"\ntrust = "untrusted"\nseverity = "medium"\naction = "block"\n')
    text = f"mail {MAIL}"
    shown = orchestrate("security", "policy", "--explain", text).output
    assert shown.startswith("redact (policy ") and "(the preset): category pii -> redact" in shown
    assert MAIL not in shown and f"<EMAIL> ({len(MAIL)} characters)" in shown
    strict = orchestrate("security", "policy", "--explain", "-", "--trust", "untrusted", stdin=text).output
    assert f"line 1 ({policy}): category pii, trust untrusted, severity medium and graver -> block" in strict
    document = orchestrate.json("security", "policy", "--explain", text, "--agent", "writer")
    (find,) = document["found"]
    assert (document["context"]["agent"], document["action"], find["origin"]) == ("writer", "redact", "preset")
    assert orchestrate.json("security", "log")["decisions"] == []
    (entry,) = [orchestrate.json("security", "allow", find["value_hash"], *SAFE, "--rule", "pii.*")["allow"]]
    assert (
        f"pii.* lets it pass until {entry['expires']}: stands in the test data"
        in orchestrate("security", "policy", "--explain", text).output
    )


def test_nothing_found_and_nothing_named(orchestrate: Any) -> None:
    assert "Nothing was found" in orchestrate("security", "policy", "--explain", "hello").output
    assert orchestrate.json("security", "policy", "--explain", "")["found"] == []
    for words in (("--sink", "sql"), ("--agent", "x"), ("--explain", "x", "--sink", "sqll")):
        assert orchestrate.json("security", "policy", *words, code=2)["error"]["code"] == "usage"
    assert (
        "not UTF-8"
        in orchestrate.json("security", "policy", "--explain", "-", stdin=b"\xff", code=2)["error"]["message"]
    )


def test_the_table_says_where_each_line_stands(orchestrate: Any, policy: Path) -> None:
    policy.write_text('[[rule]]\ncategory = ["pii", "secret"]\naction = "block"\n')
    lines = orchestrate("security", "policy").output.splitlines()
    rows = [line.split() for line in lines[lines.index("") + 2 :]]
    assert [(row[0], row[1], row[-1]) for row in rows[:3]] == [
        ("1", "pii", "file"),
        ("2", "secret", "file"),
        ("3", "size", "preset"),
    ]
