"""``orchestrate security check``, ``hash``, ``log`` and ``policy``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.security_check import given
from orchestrator.cli.security_sources import names
from orchestrator_core.errors import UsageError

MAIL = "jane.doe" + "@contoso.de"


def test_a_text_is_checked_and_the_decision_logged_without_it(orchestrate: Any, project: Path) -> None:
    shown = orchestrate("security", "check", f"mail {MAIL}")
    assert shown.exit_code == 0
    assert shown.output.startswith("redact (policy dev")
    assert MAIL not in shown.output
    document = orchestrate.json("security", "check", "-", stdin=f"mail {MAIL}".encode())
    assert [finding["rule_id"] for finding in document["findings"]]
    (newest, _) = orchestrate.json("security", "log")["decisions"]
    assert (newest["action"], newest["caller"], newest["text_hash"]) == ("redact", "orchestrate", document["text_hash"])
    assert orchestrate.json("security", "log", "--action", "block")["decisions"] == []
    assert "redact" in orchestrate("security", "log", "--since", "1h", "--agent", "").output
    assert all(MAIL.encode() not in file.read_bytes() for file in project.rglob("*") if file.is_file())


def test_what_is_blocked_exits_with_three(orchestrate: Any) -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "obey")
    assert orchestrate.json("security", "check", f"x{hidden}", code=3)["action"] == "block"
    assert orchestrate.json("security", "check", f"x{hidden}", "--direction", "out")["action"] == "flag"


def test_the_hash_of_a_value_makes_an_exception(orchestrate: Any, project: Path) -> None:
    value_hash = orchestrate.json("security", "hash", stdin=MAIL.encode())["value_hash"]
    (project / "policy.toml").write_text(
        f'[[allow]]\nrule = "pii.*"\nvalue_hash = "{value_hash}"\nreason = "public"\nexpires = 2999-01-01\n'
        '[[allow]]\nrule = "pii.*"\nvalue_hash = "00000000000000aa"\nreason = "old"\nexpires = 2020-01-01\n'
    )
    chosen = ("--set", f"security.policy_file={project / 'policy.toml'}")
    assert orchestrate.json("security", "check", MAIL, *chosen)["text"] == MAIL
    shown = orchestrate("security", "policy", *chosen).output
    assert "2020-01-01 (over)" in shown
    assert "policy.toml" in shown
    document = orchestrate.json("security", "policy", *chosen)
    assert document["policy"]["rules"][-1] == {
        "category": "*", "action": "flag", "direction": "*", "sink": "*", "trust": "*", "min_severity": "info", "rule": "*",
        "agent": "*",
    }  # fmt: skip
    assert len(document["allow"]) == 2


def test_bad_input_is_named(orchestrate: Any, project: Path) -> None:
    (project / "policy.toml").write_text('[[rule]]\ncategory = "sqli"\naction = "block"')
    for command in (
        ("security", "policy"),
        ("security", "check", "x"),
        ("run", "cli-echo", "x", "--import", "cli_test_agents"),
    ):
        error = orchestrate.json(*command, "--set", f"security.policy_file={project / 'policy.toml'}", code=2)["error"]
        assert error["code"] == "settings"
        assert "'sqli' is no category" in error["message"]
        assert "only where that package is installed" in error["message"], "it may be an absent scanner's"
    assert (
        "not UTF-8 (byte 0)"
        in orchestrate.json("security", "check", "-", code=2, stdin=b"\xff\xfeh\0i\0")["error"]["message"]
    )
    assert "standard input is empty" in orchestrate.json("security", "hash", code=2, stdin=b"\n")["error"]["message"]
    assert orchestrate("security", "log").output.strip() == "No decisions match."
    assert orchestrate("security", "check", "x", "--sink", "sqll").exit_code == 2


@pytest.mark.parametrize("read", [given, names])
def test_a_closed_standard_input_is_the_users_mistake(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)  # what Python makes of a descriptor that is closed
    with pytest.raises(UsageError, match="there is no standard input"):
        read("-")


@pytest.mark.parametrize(
    "command", [("security", "log"), ("approvals", "list"), ("history", "list"), ("memory", "list")]
)
def test_a_number_that_no_store_can_count_to_is_refused(orchestrate: Any, command: tuple[str, str]) -> None:
    error = orchestrate.json(*command, "--limit", str(10**20), code=2)["error"]
    assert error["code"] == "usage" and "is not in the range" in error["message"]


def test_a_name_cannot_steer_the_terminal_from_an_error(orchestrate: Any) -> None:
    said = orchestrate("security", "scan", "a\x1b[31mb.py").stderr
    assert "\x1b" not in said and "a\\x1b[31mb.py does not exist" in said
