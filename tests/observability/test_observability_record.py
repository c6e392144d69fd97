"""The record, its rollups, traces as blobs, the histogram and the outbox."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from orchestrator import Orchestrator, Verdict
from orchestrator.maintenance import upkeep_is_due
from orchestrator.testing import FakeClock, strict_stages, temporary_orchestrator
from orchestrator_core.errors import StoreDamaged
from orchestrator_core.records import Criterion
from orchestrator_core.storage.latency import bin_of, middle_ms, percentile_ms
from orchestrator_core.storage.outbox import MAX_TRIES, drain, enqueue, waiting
from orchestrator_core.storage.trace_blob import SpanRecord, pack, unpack
from orchestrator_evaluation.contract import JudgeTask


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def magnus(tmp_path: Path, clock: FakeClock) -> Iterator[Orchestrator]:
    with strict_stages(), temporary_orchestrator(tmp_path / "home", clock=clock) as orchestrator:
        yield orchestrator


def test_rollups_say_the_same_as_the_rows(magnus: Orchestrator, clock: FakeClock) -> None:
    def mixed(request: str, call) -> str:  # type: ignore[no-untyped-def]
        call.report(tokens_in=3, tokens_out=2, cost=0.00001)
        clock.advance(0.5)
        if "fail" in request:
            raise KeyError(request)
        if "heal" in request and call.attempt == 1:
            raise ConnectionResetError("gone")
        return "a fine answer to it, in a sentence or two."

    magnus.register("mixed", mixed)
    for hour in range(3):
        for request in ("please go on", "fail at it", "heal from it"):
            magnus.execute("mixed", request, "reports" if hour else None)
        clock.advance(3600)
    for period, seconds in (("hour", 3600), ("day", 86400)):
        sums = magnus.database.records(
            "SELECT bucket, agent, feature, n, succeeded, failed, healed, attempts, tokens_in, cost_microusd, score_n,"
            " ROUND(score_sum, 6) AS score_sum, ROUND(duration_ms_sum, 3) AS duration_ms_sum FROM rollups WHERE period = ?"
            " ORDER BY bucket, feature",
            (period,),
        )
        rows = magnus.database.records(
            f"SELECT CAST(started_at / {seconds} AS INTEGER) * {seconds} AS bucket, agent, feature, COUNT(*) AS n,"
            " SUM(status = 'succeeded') AS succeeded, SUM(status = 'failed') AS failed, SUM(healed) AS healed,"
            " SUM(attempts) AS attempts, SUM(tokens_in) AS tokens_in, SUM(cost_microusd) AS cost_microusd,"
            " COUNT(overall) AS score_n, ROUND(COALESCE(SUM(overall), 0), 6) AS score_sum,"
            " ROUND(SUM(duration_ms), 3) AS duration_ms_sum FROM executions GROUP BY 1, 2, 3 ORDER BY 1, 3"
        )
        assert sums == rows
        assert sum(row["n"] for row in sums) == 9
        assert magnus.database.query("SELECT SUM(n) FROM rollup_latency WHERE period = ?", (period,)) == [(9,)]


@given(st.floats(1e-3, 1e9))
def test_a_histogram_bin_is_off_by_two_percent_at_most(duration_ms: float) -> None:
    assert middle_ms(bin_of(duration_ms)) == pytest.approx(duration_ms, rel=0.0201)


def test_percentiles_of_the_histogram() -> None:
    values = [random.Random(3).lognormvariate(4, 1.5) for _ in range(5000)]
    bins: dict[int, int] = {}
    for value in values:
        bins[bin_of(value)] = bins.get(bin_of(value), 0) + 1
    values.sort()
    for q in (50, 95, 99):
        assert percentile_ms(bins, q) == pytest.approx(values[int(len(values) * q / 100) - 1], rel=0.03)
    assert percentile_ms({}, 50) is None
    assert percentile_ms({bin_of(0.0): 1}, 50) == pytest.approx(1e-3, rel=0.03)


def test_a_trace_comes_back_as_it_was() -> None:
    spans = (
        SpanRecord("root", "a" * 16, start_ns=5, end_ns=9, attributes={"x": 1, "y": "z"}),
        SpanRecord("child", "b" * 16, "a" * 16, status="error", events=({"name": "e", "time_ns": 6},)),
    )
    assert unpack(pack(spans)) == spans


@pytest.mark.parametrize("blob", [b"", b"not zlib", zlib.compress(b"[{]"), zlib.compress(b'[{"name": 3}]')])
def test_a_damaged_trace_is_a_clear_error(blob: bytes) -> None:
    with pytest.raises(StoreDamaged, match="trace"):
        unpack(blob)


def test_retention_takes_old_rows_and_keeps_rollups(magnus: Orchestrator, clock: FakeClock) -> None:
    magnus.register("echo", lambda request: request)
    magnus.execute("echo", "old")
    clock.advance(8 * 86_400)
    magnus.execute("echo", "newer")
    report = magnus.maintain()
    assert (report.traces_removed, report.executions_removed) == (1, 0)
    assert report.memories_expired == 1
    clock.advance(23 * 86_400)
    report = magnus.maintain()
    assert report.executions_removed == 1
    assert magnus.database.query("SELECT request FROM executions") == [("newer",)]
    assert magnus.database.query("SELECT COUNT(*) FROM attempts") == [(1,)]
    assert magnus.database.query("SELECT SUM(n) FROM rollups WHERE period = 'day'") == [(2,)]


def test_upkeep_is_due_once_an_hour_for_all_processes(magnus: Orchestrator, clock: FakeClock) -> None:
    magnus.open()
    assert upkeep_is_due(magnus.database, now=clock.now())
    magnus.maintain()
    assert not upkeep_is_due(magnus.database, now=clock.now() + 3_000)
    assert upkeep_is_due(magnus.database, now=clock.now() + 3_700)
    assert upkeep_is_due(magnus.database, now=clock.now() - 60), "the clock was set back"


def test_the_outbox_does_work_once_and_postpones_what_fails(magnus: Orchestrator) -> None:
    magnus.open()
    database, redact = magnus.database, magnus.security.redact
    writes = [enqueue("good", {"n": 1}, now=0.0), enqueue("bad", {}, now=0.0), enqueue("of the future", {}, now=0.0)]
    database.execute([(write.sql, write.params) for write in writes])
    seen: list[object] = []

    def good(payload: object) -> bool:
        seen.append(payload)
        return True

    def bad(payload: object) -> bool:
        raise OSError("no answer for ada" + "@" + "example.org")

    first = drain(database, {"good": good, "bad": bad}, now=0.0, redact=redact)
    assert seen == [{"n": 1}] and (first.done, first.postponed, first.given_up) == (1, 1, 0)
    ((error,),) = database.query("SELECT last_error FROM outbox WHERE kind = 'bad'")
    assert "no answer" in error and "example.org" not in error
    assert drain(database, {"good": good, "bad": bad}, now=30.0, redact=redact).postponed == 0
    given_up = sum(drain(database, {"bad": bad}, now=10.0 ** (4 + i), redact=redact).given_up for i in range(MAX_TRIES))
    assert given_up == 1 and waiting(database) == 1
    assert database.query("SELECT kind FROM outbox") == [("of the future",)]


def test_a_degraded_verdict_is_replaced_later(magnus: Orchestrator, clock: FakeClock) -> None:
    class Late:
        answers = False

        def judge(self, task: JudgeTask) -> Verdict:
            if not self.answers:
                return Verdict(
                    "judged", 5.0, False, judge="rules", degraded=True, reason="the model did not answer in time"
                )
            assert (task.request, task.output, task.output_kind) == ("the request", "the output", "text")
            return Verdict("judged", 9.0, True, (Criterion("clarity", 9.0),), judge="llm", model="tiny")

    judge = Late()
    built = magnus.open()
    built.rooms = structs.replace(built.rooms, judge=judge)
    magnus.register("fixed", lambda request: "the output")
    result = magnus.execute("fixed", "the request")
    assert result.verdict.degraded
    assert magnus.maintain().outbox_waiting == 1
    judge.answers = True
    clock.advance(3600)
    report = magnus.maintain()
    assert (report.outbox_done, report.outbox_waiting) == (1, 0)
    assert magnus.database.query("SELECT judge, overall, passed FROM executions") == [("llm", 9.0, 1)]
    assert magnus.database.query("SELECT score_sum, score_n FROM rollups") == [(9.0, 1), (9.0, 1)]
