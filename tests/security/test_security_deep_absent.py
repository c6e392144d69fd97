"""A policy that waits for Presidio, where there is none: the call says why it was stopped, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.testing import temporary_orchestrator
from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.contract import ScanContext
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.pii.deep import engine
from orchestrator_security.pii.deep.deep_engine import DeepScanUnavailable, DeepScanUnfinished, Place
from orchestrator_security.pii.deep.scanner import DeepPiiScanner
from orchestrator_security.policy.reading import read_policy

MAIL = "jane.doe" + "@contoso.de"


class Engine:
    """Does what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def find(self, text: str) -> list[Place]:
        if self.error is not None:
            raise self.error
        return []

    def entities(self) -> tuple[str, ...]:
        return ()

    def engine(self) -> str:
        return "a test's"


def guard_with(scanner: DeepPiiScanner) -> SecurityGuard:
    return SecurityGuard(
        request_max_bytes=SecuritySettings().request_max_bytes,
        scanners=(scanner,),
        redacting=(scanner,),
        policy=read_policy("strict"),
        hash_key=b"k" * 32,
        clock=SystemClock(),
    )


def test_the_reason_names_what_is_missing_and_the_next_step_until_it_is_there() -> None:
    deep = Engine(DeepScanUnavailable("Presidio does not run: not installed"))
    guard = guard_with(DeepPiiScanner(deep))
    verdict = guard.check("some text", ScanContext())
    assert verdict.action == "block"
    assert verdict.incomplete == ("presidio",)
    assert verdict.reason.startswith(
        "Blocked: presidio did not finish: Presidio does not run: not installed. See orchestrate doctor."
    )
    assert "wait_for_deep_scan = false" in verdict.reason
    assert "character 0" not in verdict.reason
    deep.error = DeepScanUnfinished("it took longer than 10 s")
    assert (
        guard.check("some text", ScanContext()).reason == "Blocked: presidio did not finish: it took longer than 10 s."
    )
    deep.error = None
    assert guard.check("some text", ScanContext()).action == "allow"


def test_a_strict_call_without_presidio_is_stopped_and_stores_nothing_unscanned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = tmp_path / "site" / "presidio_analyzer"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ModuleNotFoundError('no presidio', name='presidio_analyzer')\n")
    monkeypatch.setenv("PYTHONPATH", str(absent.parent))
    engine.shared_engine.cache_clear()
    try:
        with temporary_orchestrator(tmp_path / "home", overrides={"security.preset": "strict"}) as magnus:
            magnus.register("echo", lambda request: request)
            result = magnus.execute("echo", f"write to {MAIL}", context={"to": MAIL})
            assert result.status == "blocked"
            assert result.error is not None
            assert "pip install presidio-analyzer" in result.error.message
            assert MAIL not in str(magnus.database.query("SELECT request, context, error_message FROM executions"))
    finally:
        engine.shared_engine().close()
        engine.shared_engine.cache_clear()
