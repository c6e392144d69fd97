"""What a call teaches the next one, through the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator import Orchestrator
from orchestrator.testing import FakeClock, strict_stages, temporary_orchestrator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def magnus(tmp_path: Path, clock: FakeClock) -> Iterator[Orchestrator]:
    with strict_stages(), temporary_orchestrator(tmp_path / "home", clock=clock) as orchestrator:
        yield orchestrator


def test_a_failure_that_never_heals_is_soon_not_retried(magnus: Orchestrator, clock: FakeClock) -> None:
    def always(request: str) -> str:
        raise ConnectionResetError("peer closed")

    magnus.register("always", always)
    counts = []
    for _ in range(12):
        counts.append(len(magnus.execute("always", "x").attempts))
        clock.advance(60)
    assert counts[0] > 3 and counts.count(1) >= 7
    assert "times in a row" in magnus.execute("always", "x").attempts[0].explanation
    ((seen, total),) = magnus.database.query("SELECT COUNT(*), SUM(n) FROM fingerprints")
    assert seen == 1 and total == sum(counts) + 1


def test_the_wait_that_works_is_learned(magnus: Orchestrator, clock: FakeClock) -> None:
    """The service is back 20 s after it went away; the shorter waits of the prior lose their credit."""
    back_at = 0.0

    def recovering(request: str) -> str:
        if clock.monotonic() < back_at:
            raise RuntimeError("service unavailable")
        return "ok"

    magnus.register("recovering", recovering)
    tries, waited = [], []
    for _ in range(12):
        back_at = clock.monotonic() + 20
        before = len(clock.waits)
        result = magnus.execute("recovering", "x")
        tries.append(len(result.attempts))
        waited.append(clock.waits[before:])
        clock.advance(600)
    assert result.ok
    assert waited[-3:] == [[25.0]] * 3 and tries[-1] == 2
    assert tries[0] > 2


def test_another_failure_after_a_retry_is_no_evidence(magnus: Orchestrator) -> None:
    errors = [ConnectionResetError("gone"), KeyError("colour")]

    def changing(request: str) -> str:
        raise errors.pop(0) if errors else PermissionError("no")

    magnus.register("changing", changing)
    magnus.execute("changing", "x")
    prints = dict(magnus.database.query("SELECT error_type, fingerprint FROM fingerprints"))
    evidence = magnus.database.query(
        "SELECT COUNT(*) FROM remedies WHERE fingerprint = ?", (prints["ConnectionResetError"],)
    )
    assert evidence == [(0,)]


def test_two_processes_worth_of_evidence_adds_up(magnus: Orchestrator, tmp_path: Path, clock: FakeClock) -> None:
    def flaky(request: str, call) -> str:  # type: ignore[no-untyped-def]
        if call.attempt == 1:
            raise ConnectionResetError("gone")
        return "ok"

    with temporary_orchestrator(tmp_path / "home", clock=clock) as other:
        for one in (magnus, other):
            one.register("flaky", flaky)
            one.execute("flaky", "x")
    ((wins,),) = magnus.database.query("SELECT MAX(wins) FROM remedies")
    assert wins == pytest.approx(1.92)
