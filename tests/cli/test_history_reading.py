"""Reading the history back: one call whole, a list, and sums."""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import pytest

from orchestrator.observability.contract import CallRecord
from orchestrator.observability.history import History
from orchestrator.observability.recording import SqliteRecorder
from orchestrator_core.errors import UsageError
from orchestrator_core.records import (
    Attempt,
    Criterion,
    ErrorInfo,
    ExecutionResult,
    Finding,
    RecalledMemory,
    Redacted,
    StageRecord,
    Usage,
    Verdict,
)
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.trace_blob import SpanRecord

HOUR = 3_600.0
NOW = 1_750_000_000.0 - 1_750_000_000.0 % HOUR + 1_200.0  # twenty minutes past an hour


class FixedClock:
    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "orchestrator.db")


@pytest.fixture
def history(database: Database) -> History:
    return History(database, clock=FixedClock())


def record(database: Database, execution_id: str, *, ago_s: float = 60.0, **values: object) -> ExecutionResult:
    given = {
        "agent": "tester",
        "duration_ms": 10.0,
        "started_at": NOW - ago_s,
        "trace_id": "t" + execution_id,
        **values,
    }
    result = ExecutionResult(execution_id=execution_id, **given)  # type: ignore[arg-type]
    spans = (
        SpanRecord(name="invoke_agent tester", span_id="a" * 16, start_ns=1_000_000, end_ns=5_000_000),
        SpanRecord(name="guard_in", span_id="b" * 16, parent_id="a" * 16, start_ns=2_000_000, end_ns=3_000_000),
    )
    SqliteRecorder(database).write(
        CallRecord(
            result=result,
            request=Redacted("what is asked"),
            request_bytes=13,
            context=Redacted("{}"),
            output=Redacted(""),
            output_facts=None,
            spans=spans,
            dropped_spans=2,
        )
    )
    return result


FULL = {
    "feature": "f",
    "session": "s",
    "caller": "c",
    "namespace": "n",
    "commit": "abc",
    "status": "failed",
    "error": ErrorInfo("ValueError", "it broke", "bug", "fp1", "fix it", "Traceback"),
    "verdict": Verdict(status="judged", overall=7.5, passed=True, judge="rules", criteria=(Criterion("clarity", 7.5),)),
    "attempts": (
        Attempt(1, "tester", "failed", 3.0, "ValueError", "it broke", "bug", "fp1", "retry", 2.0, "because"),
        Attempt(
            2, "tester", "failed", 4.0, "ValueError", "it broke", "bug", "fp1", "stop", 0.0, "enough", "retry after 2 s"
        ),
    ),
    "memories": (RecalledMemory("m1", "what was", 0.5, "tasks"),),
    "findings": (
        Finding("email", "pii", "low", action="redact", scanner="patterns", stage="guard_in", value_hash="h"),
    ),
    "stages": {"guard_in": StageRecord("guard_in", "ok", 0.5)},
    "usage": Usage(10, 20, "m", 30),
    "parent_id": "p",
}


def test_a_call_comes_back_whole(database: Database, history: History) -> None:
    result = record(database, "0001aa", **FULL)
    record(database, "0002bb", parent_id="0001aa")
    found = history.get("0001aa")
    assert (found.status, found.error_type, found.error_message, found.advice) == (
        "failed",
        "ValueError",
        "it broke",
        "fix it",
    )
    assert found.attempts == result.attempts
    assert found.findings == result.findings
    assert found.verdict == result.verdict
    assert found.stages == result.stages
    assert [(m.id, m.text, m.score) for m in found.memories] == [("m1", "what was", 0.5)]
    assert [span.name for span in found.spans] == ["invoke_agent tester", "guard_in"]
    assert found.spans_dropped == 2
    assert (found.tokens_in, found.tokens_out, found.model, found.cost_microusd) == (10, 20, "m", 30)
    assert (found.request, found.request_bytes) == ("what is asked", 13)
    assert found.nested == ("0002bb",)
    assert found.problems == ()
    assert history.get("0002bb").verdict.status == "off"


def test_a_beginning_that_is_unique_is_enough(database: Database, history: History) -> None:
    record(database, "0001aa")
    record(database, "0001ab")
    record(database, "0001")
    assert history.get(" 0001ab ").id == "0001ab"
    assert history.get("0001").id == "0001", "a whole id wins over beginnings"


def test_ambiguous_ids_name_the_candidates(database: Database, history: History) -> None:
    for number in range(12):
        record(database, f"00{number:02}")
    with pytest.raises(UsageError, match=r"several executions begin with '001': .*0010 \(tester, succeeded\).*0011"):
        history.get("001")
    with pytest.raises(UsageError, match="and more"):
        history.get("00")


@pytest.mark.parametrize("text", ["%", "_", "'; --", "0001aa\0", "00*"])
def test_ids_are_no_patterns(database: Database, history: History, text: str) -> None:
    record(database, "0001aa")
    with pytest.raises(UsageError, match="no execution has the id"):
        history.get(text)


def test_unknown_ids_name_the_nearest(database: Database, history: History) -> None:
    with pytest.raises(UsageError, match="is empty"):
        history.get("x")
    record(database, "abcdef123456")
    with pytest.raises(UsageError, match=r"Nearest: abcdef123456\."):
        history.get("abcdeg")
    with pytest.raises(UsageError, match="The latest is abcdef123456"):
        history.get("zzzz")
    with pytest.raises(UsageError, match="an execution's id is needed"):
        history.get("  ")


def test_the_list_is_filtered_and_newest_first(database: Database, history: History) -> None:
    record(database, "1", ago_s=300, agent="a", feature="x")
    record(database, "2", ago_s=200, agent="b", status="failed", error=ErrorInfo("E", "m" * 500))
    record(database, "3", ago_s=100, agent="a", feature="y")

    def ids(**filters: object) -> list[str]:
        return [row.id for row in history.recent(**filters)]  # type: ignore[arg-type]

    assert ids() == ["3", "2", "1"]
    assert ids(limit=2) == ["3", "2"]
    assert ids(agent="a") == ["3", "1"]
    assert ids(agent="a", feature="x") == ["1"]
    assert ids(status="failed") == ["2"]
    assert ids(since=NOW - 250) == ["3", "2"]
    assert ids(agent="nobody") == []
    assert len(history.recent(status="failed")[0].error_message) == 200


@pytest.mark.parametrize(
    ("filters", "words"),
    [({"limit": 0}, "limit of 0"), ({"status": "done"}, "one of succeeded, failed, blocked, cancelled")],
)
def test_wrong_filters_are_told(history: History, filters: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        history.recent(**filters)  # type: ignore[arg-type]


def test_what_cannot_be_read_does_not_hide_the_rest(database: Database, history: History) -> None:
    record(database, "1", **FULL)
    database.execute(
        [
            ("UPDATE traces SET blob = ?", (zlib.compress(b"no json"),)),
            ("UPDATE executions SET stages = '{', memories = 'x', verdict = '[]'", ()),
        ]
    )
    found = history.get("1")
    assert found.error_message == "it broke"
    assert len(found.problems) == 4
    assert (found.spans, found.stages, found.memories) == ((), {}, ())
    assert found.verdict.status == "judged"


def test_an_expired_trace_is_no_problem(database: Database, history: History) -> None:
    record(database, "1")
    database.execute([("DELETE FROM traces", ())])
    assert history.get("1").spans == ()
    assert history.get("1").problems == ()


@pytest.mark.parametrize("hours", [0.1, 0.5, 1, 2, 24])
def test_sums_count_exactly_what_lies_in_the_time(database: Database, history: History, hours: float) -> None:
    ages = [1, 60, 359, 361, 1_100, 1_300, 1_799, 1_801, 3_599, 3_601, 7_199, 7_201, 86_399, 86_401]
    for number, age in enumerate(ages):
        record(database, f"{number:02}", ago_s=age, agent="ab"[number % 2])
    stats = history.stats(hours)
    within = [age for age in ages if age <= hours * HOUR]
    assert stats.total.n == len(within)
    assert sum(agent.n for agent in stats.agents.values()) == len(within)


def test_sums_tell_outcomes_scores_and_latency(database: Database, history: History) -> None:
    record(database, "1", duration_ms=100.0, verdict=Verdict(status="judged", overall=8.0), usage=Usage(1, 2, "m", 3))
    record(database, "2", ago_s=7_000, duration_ms=200.0, status="failed", error=ErrorInfo("E", "m", "c", "fp"))
    record(database, "3", ago_s=7_000, duration_ms=300.0, status="failed", error=ErrorInfo("E", "m", "c", "fp"))
    record(database, "4", duration_ms=400.0, status="blocked", agent="other", verdict=Verdict(status="unjudged"))
    stats = history.stats(24)
    total = stats.total
    assert (total.n, total.succeeded, total.failed, total.blocked) == (4, 1, 2, 1)
    assert total.success_rate == 1 / 3, "a blocked call says nothing of its agent"
    assert total.mean_ms == 250.0
    assert total.p50_ms is not None and math.isclose(total.p50_ms, 200, rel_tol=0.03)
    assert total.p95_ms is not None and math.isclose(total.p95_ms, 400, rel_tol=0.03)
    assert (total.mean_score, total.scored) == (8.0, 1), "unjudged calls are no part of the mean"
    assert (total.tokens_in, total.tokens_out, total.cost_microusd) == (1, 2, 3)
    assert list(stats.agents) == ["other", "tester"]
    assert [(e.fingerprint, e.error_type, e.n) for e in stats.errors] == [("fp", "E", 2)]


def test_an_empty_history_has_no_rates(history: History) -> None:
    total = history.stats().total
    assert (total.n, total.success_rate, total.mean_ms, total.p50_ms, total.mean_score) == (0, None, None, None, None)


@pytest.mark.parametrize("hours", [0, -1, math.inf, math.nan])
def test_odd_times_are_refused(history: History, hours: float) -> None:
    with pytest.raises(UsageError, match="above 0"):
        history.stats(hours)
