"""A row says ``deep`` only where the deep engine looked at it: not where a text was withheld or too large, or Presidio is absent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.deep_scan import building
from orchestrator.testing import temporary_orchestrator
from orchestrator_core.clock import SystemClock
from orchestrator_core.records import Redacted
from orchestrator_security.contract import ScanContext
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.pii.deep import engine
from orchestrator_security.pii.deep.deep_engine import Place
from orchestrator_security.pii.deep.scanner import DeepPiiScanner
from orchestrator_security.policy.reading import read_policy

MAIL = "jane.doe" + "@contoso.de"
LEVELS = "SELECT scan_level FROM executions UNION SELECT scan_level FROM memories"


@pytest.fixture
def absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Presidio cannot be imported."""
    package = tmp_path / "site" / "presidio_analyzer"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ModuleNotFoundError('no presidio', name='presidio_analyzer')\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    engine.shared_engine.cache_clear()
    yield
    engine.shared_engine().close()
    engine.shared_engine.cache_clear()


@pytest.mark.parametrize("installed", [True, False], ids=["broken", "not installed"])
def test_a_strict_call_without_presidio_is_not_deep(
    tmp_path: Path, absent: None, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setattr(building, "presidio_installed", lambda: installed)
    with temporary_orchestrator(tmp_path / "home", overrides={"security.preset": "strict"}) as magnus:
        magnus.register("echo", lambda request: request)
        assert magnus.execute("echo", f"write to {MAIL}", context={"to": MAIL}).status == "blocked"
        assert magnus.database.query(LEVELS) == [("pattern",)]
        assert magnus.execute("echo", f"write to {MAIL}", stages={"guard_in": False, "guard_out": False}).recorded
        assert magnus.database.query(LEVELS) == [("pattern",)]
        assert MAIL not in str(magnus.database.query("SELECT * FROM executions"))


def test_a_policy_that_waits_and_lets_pass_what_was_not_looked_at_is_not_deep(tmp_path: Path, absent: None) -> None:
    own = tmp_path / "policy.toml"
    own.write_text('wait_for_deep_scan = true\n[[rule]]\ncategory = "incomplete"\naction = "flag"\n')
    with temporary_orchestrator(tmp_path / "home", overrides={"security.policy_file": str(own)}) as magnus:
        magnus.register("echo", lambda request: request)
        assert magnus.execute("echo", "hello there").ok
        assert magnus.database.query(LEVELS) == [("pattern",)]
        ((request,),) = magnus.database.query("SELECT request FROM executions")
        assert request.startswith("<withheld: ")


class Finds:
    """An engine that looks and finds nothing."""

    def find(self, text: str) -> list[Place]:
        return []

    def entities(self) -> tuple[str, ...]:
        return ()

    def engine(self) -> str:
        return "a test's"


def test_a_verdict_says_deep_where_the_engine_looked_and_nowhere_else() -> None:
    scanner = DeepPiiScanner(Finds())
    guard = SecurityGuard(
        request_max_bytes=1_000, scanners=(scanner,), redacting=(scanner,), policy=read_policy("strict"), hash_key=b"k" * 32,
        clock=SystemClock(),
    )  # fmt: skip
    assert guard.check("some text", ScanContext()).scan_level == "deep"
    assert guard.check("a" * 2_000, ScanContext()).scan_level == "pattern", "it was too large to be looked at"
    assert guard.check_stored(Redacted("some text"), ScanContext("memory")).scan_level == "pattern"
    assert guard.unchecked("some text").scan_level == "pattern"
