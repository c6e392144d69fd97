"""What a policy redacts of another package's finds is gone from everything that is stored, not only from the text that was checked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator import Orchestrator
from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.contract import ScanContext
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.plugins.replacing import word_of
from orchestrator_security.redaction.vault import Vault
from orchestrator_security.scanner import Hit

TICKET = "T-2041-77"


class Tickets:
    name = "tickets"
    categories: tuple[str, ...] = ("ticket",)
    find = TICKET
    kind = ""

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return self.find in text

    def scan(self, text: str, context: ScanContext) -> Sequence[Any]:
        at, hits = text.find(self.find), []
        while at >= 0:
            hits.append(Hit("ticket.number", "ticket", at, at + len(self.find), kind=self.kind))
            at = text.find(self.find, at + 1)
        return hits


class Digits(Tickets):
    """Finds something in every placeholder."""

    find = "a"


class Dies(Tickets):
    def scan(self, text: str, context: ScanContext) -> Sequence[Any]:
        raise ValueError("broken")


class Nonsense(Tickets):
    def scan(self, text: str, context: ScanContext) -> Sequence[Any]:
        return ["T-2041-77", Hit("a", "ticket", None, 3)]  # type: ignore[arg-type]


def guard(folder: Path, scanner: Any, action: str = "redact") -> SecurityGuard:
    file = folder / "policy.toml"
    file.write_text(f'[[rule]]\ncategory = "ticket"\naction = "{action}"\n')
    settings = SecuritySettings(policy_file=str(file))
    return build_guard(settings, hash_key=b"k", clock=SystemClock(), extra_scanners=[scanner])


def test_what_is_redacted_is_gone_whether_or_not_the_scanner_named_its_kind(tmp_path: Path) -> None:
    for kind, word in (("", "TICKET"), ("case-no", "CASENO")):
        scanner = Tickets()
        scanner.kind = kind
        made = guard(tmp_path, scanner)
        verdict = made.check(f"see {TICKET} now", ScanContext())
        assert verdict.action == "redact"
        assert verdict.text.startswith(f"see <{word}_") and verdict.text.endswith("> now")
        assert made.redact(f"see {TICKET} now") == verdict.text
        assert made.redact_data({"a": [TICKET]}) == {"a": [made.redact(TICKET)]}
        vault = Vault()
        hidden = made.redact_with(vault, f"see {TICKET}")
        assert hidden == f"see <{word}_1>" and vault.restore(hidden) == f"see {TICKET}"


def test_what_is_flagged_or_blocked_stays_as_it_is(tmp_path: Path) -> None:
    for action in ("flag", "block"):
        made = guard(tmp_path, Tickets(), action)
        verdict = made.check(TICKET, ScanContext())
        assert (verdict.action, verdict.text) == (action, TICKET)
        assert made.redact(TICKET) == TICKET


def test_finds_in_a_placeholder_are_passed_over(tmp_path: Path) -> None:
    made = guard(tmp_path, Digits())
    once = made.redact("a cat")
    assert "withheld" not in once and "a" not in once.partition(" ")[0].strip("<>").partition("_")[0]
    assert made.redact(once) == once


@pytest.mark.parametrize("scanner", [Dies(), Nonsense()])
def test_a_text_that_could_not_be_redacted_is_withheld(tmp_path: Path, scanner: Any) -> None:
    made = guard(tmp_path, scanner)
    verdict = made.check(f"see {TICKET}", ScanContext())
    assert verdict.incomplete == ("tickets",)
    assert TICKET not in verdict.text and TICKET not in made.redact(f"see {TICKET}")
    assert made.redact("nothing of it") == "nothing of it"


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scanner above as a package that pip would install."""
    source = Path(__file__).read_text(encoding="utf-8").partition("class Digits")[0]
    (folder / "magnus_tickets.py").write_text(source)
    info = folder / "magnus_tickets-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: magnus-tickets\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[orchestrator.scanners]\ntickets = magnus_tickets:Tickets\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "magnus_tickets", raising=False)


def with_policy(folder: Path) -> Orchestrator:
    (folder / "policy.toml").write_text('[[rule]]\ncategory = "ticket"\naction = "redact"\n')
    settings = {
        "security.policy_file": str(folder / "policy.toml"),
        "dashboards.auto": False,
        "evaluation.judge": "rules",
    }
    return Orchestrator(home=folder / "home", overrides=settings)


def assert_gone(folder: Path) -> None:
    for file in (folder / "home").rglob("*"):
        assert not file.is_file() or TICKET.encode() not in file.read_bytes(), file


def test_words_of_placeholders() -> None:
    assert [word_of(name) for name in ("ticket", "my-thing 2", "x", "\u00e4\u00f6", "q" * 40)] == [
        "TICKET", "MYTHING", "VALUE", "VALUE", "Q" * 16,
    ]  # fmt: skip


def test_a_scanner_that_fails_stops_no_call_and_nothing_is_stored_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch)
    monkeypatch.setattr("magnus_tickets.Tickets.prefilter", lambda self, text, context: 1 / 0)
    magnus = with_policy(tmp_path)

    @magnus.agent("agent")
    def agent(request: str, call: Any) -> str:
        call.require("fs.write", reason="a report")
        return request

    result = magnus.execute("agent", f"see {TICKET}", session="one")
    magnus.close()
    assert result.ok and result.recorded and result.output == f"see {TICKET}"
    assert {finding.rule_id for finding in result.findings} == {"incomplete.tickets"}
    assert_gone(tmp_path)


def test_no_file_of_a_store_holds_what_is_redacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, monkeypatch)
    magnus = with_policy(tmp_path)

    def agent(request: str, call: Any) -> str:
        with call.span("look", number=TICKET):
            raise ValueError(f"no such ticket: {call.context['about']}")

    magnus.register("agent", agent)
    result = magnus.execute("agent", f"close {TICKET}", context={"about": TICKET})
    magnus.close()
    assert result.recorded and not result.ok
    assert_gone(tmp_path)
