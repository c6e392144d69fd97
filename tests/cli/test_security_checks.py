"""What the doctor says of the policy, its exceptions, scanners of other packages and what patterns redact."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

SCANNERS = """
class Good:
    name = "good"
    categories = ("ticket",)
    def prefilter(self, text, context):
        return False
    def scan(self, text, context):
        return []
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    info = folder / "doctors_scanners-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "doctors_scanners.py").write_text(SCANNERS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: doctors-scanners\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[orchestrator.scanners]\ngood = doctors_scanners:Good\nbad = doctors_scanners:Missing\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "doctors_scanners", raising=False)


def security_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in document["checks"] if check["group"] == "Security"}


def test_a_fresh_installation_is_well(orchestrate: Any) -> None:
    found = security_of(orchestrate.json("doctor"))
    assert (found["policy"]["status"], found["policy"]["detail"]) == ("ok", "preset dev")
    patterns = found["redaction (patterns)"]
    assert patterns["status"] == "ok" and patterns["detail"].startswith("SECRET, ")
    assert {"EMAIL", "CARD", "PHONE"} < set(patterns["detail"].split(", "))


def test_a_policy_file_is_named_with_its_exceptions_and_those_that_ended(orchestrate: Any, project: Path) -> None:
    (project / "policy.toml").write_text(
        'name = "payments"\n'
        '[[allow]]\nrule = "pii.*"\nvalue_hash = "aaaaaaaaaaaaaaaa"\nreason = "old"\nexpires = 2020-01-01\n'
        '[[allow]]\nrule = "pii.*"\nvalue_hash = "bbbbbbbbbbbbbbbb"\nreason = "new"\nexpires = 2999-01-01\n'
    )
    found = security_of(orchestrate.json("doctor", "--set", "security.policy_file=policy.toml"))
    assert found["policy"]["detail"].startswith(
        f"'payments' of {project / 'policy.toml'}, before preset dev; 2 exceptions"
    )
    over = found["exceptions"]
    assert (
        over["status"] == "warn"
        and "pii.* aaaaaaaaaaaaaaaa on 2020-01-01" in over["detail"]
        and "bbbb" not in over["detail"]
    )
    assert str(project / "policy.toml") in over["fix"]


@pytest.mark.parametrize(
    ("assignment", "name", "words"),
    [
        ("security.policy_file=none.toml", "policy", "cannot be read: No such file"),
        ("security.redact_pii=EMAIL", "redaction (patterns)", "did you mean 'EMAIL_ADDRESS'?"),
    ],
)
def test_what_stops_every_call_fails(orchestrate: Any, assignment: str, name: str, words: str) -> None:
    check = security_of(orchestrate.json("doctor", "--set", assignment, code=1))[name]
    assert check["status"] == "fail" and words in check["detail"]
    assert "orchestrate config show security." in check["fix"]


@pytest.mark.usefixtures("package")
def test_scanners_of_other_packages_are_named(orchestrate: Any) -> None:
    found = security_of(orchestrate.json("doctor", "--set", "security.scanners=good,bad,absent"))
    assert found["scanner 'good'"]["detail"] == "takes part, finds ticket"
    bad = found["scanner 'bad'"]
    assert bad["status"] == "warn" and "cannot be imported: AttributeError" in bad["detail"] and bad["fix"]
    assert "no installed package offers 'absent'" in found["scanners"]["detail"]
    assert "scanner 'bad'" not in security_of(orchestrate.json("doctor", "--set", "security.scanners=go*"))


@pytest.mark.usefixtures("package")
def test_a_scanner_that_cannot_be_loaded_stops_everything_under_strict(orchestrate: Any) -> None:
    strict = ("--set", "security.preset=strict")
    bad = security_of(orchestrate.json("doctor", *strict, code=1))["scanner 'bad'"]
    assert bad["status"] == "fail" and "blocks every text" in bad["without"]
    assert orchestrate.json("security", "check", "hello", *strict, code=3)["incomplete"] == ["bad"]


def test_secrets_that_are_not_redacted_are_a_warning(orchestrate: Any) -> None:
    found = security_of(orchestrate.json("doctor", "--set", "security.redact_secrets=false"))
    assert found["redaction (patterns)"]["status"] == "warn"


def test_a_name_that_nothing_can_have_is_a_warning(orchestrate: Any, project: Path) -> None:
    (project / "orchestrator.toml").write_text(
        '[security]\ndangerous = ["fs.*", "net post", ""]\nrequire_approval = ["deploy-?"]\n'
    )
    found = security_of(orchestrate.json("doctor"))
    assert found["security.dangerous"]["status"] == "warn"
    assert (
        "'net post', ''" in found["security.dangerous"]["detail"]
        and "fs.*" not in found["security.dangerous"]["detail"]
    )
    assert "security.require_approval" not in found
