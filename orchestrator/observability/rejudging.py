"""A verdict that comes later: the LLM judge ran out of time during the call, and has more of it now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from orchestrator_core.records import Redacted, Verdict, Write
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.outbox import Handler, enqueue

KIND = "judge"
_TASK = "SELECT agent, request, output, output_kind, output_bytes, started_at, feature, overall FROM executions WHERE id = ?"
_VERDICT = "UPDATE executions SET judge_status = ?, judge = ?, overall = ?, passed = ?, verdict = ? WHERE id = ?"
_ROLLUP = (
    "UPDATE rollups SET score_sum = score_sum + ?, score_n = score_n + ?"
    " WHERE agent = ? AND feature = ? AND ((period = 'hour' AND bucket = ?) OR (period = 'day' AND bucket = ?))"
)

JudgeStored = Callable[[str, Redacted, Redacted, str, bool], Verdict]
"""Judges a stored call: agent, request, output, the output's kind, and whether the output was cut."""


def rejudge_later(execution_id: str, verdict: Verdict, *, now: float) -> list[Write]:
    """The row that asks for a second verdict, when the first was the rule judge standing in for the LLM."""
    return [enqueue(KIND, {"execution_id": execution_id}, now=now)] if verdict.degraded else []


def rejudge_handler(database: Database, judge: JudgeStored) -> Handler:
    """The outbox handler that replaces a degraded verdict by the LLM's."""

    def handle(payload: Mapping[str, Any]) -> bool:
        execution_id = payload["execution_id"]
        rows = database.query(_TASK, (execution_id,))
        if not rows:
            return True  # retention took the execution
        agent, request, output, kind, size, started_at, feature, old = rows[0]
        verdict = judge(agent, Redacted(request), Redacted(output), kind, size > len(output.encode()))
        if verdict.judge != "llm":
            return False
        encoded = msgspec.json.encode(verdict).decode()
        hour, day = int(started_at // 3_600) * 3_600, int(started_at // 86_400) * 86_400
        change = (verdict.overall or 0.0) - (old or 0.0)
        judged = int(verdict.overall is not None) - int(old is not None)
        database.execute(
            [
                (_VERDICT, (verdict.status, verdict.judge, verdict.overall, verdict.passed, encoded, execution_id)),
                (_ROLLUP, (change, judged, agent, feature, hour, day)),
            ]
        )
        return True

    return handle
