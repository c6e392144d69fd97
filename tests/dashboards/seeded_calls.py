"""Made-up calls, written by the store's schema: the same seed gives the same rows."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

from orchestrator_core.storage.database import Database
from orchestrator_core.storage.latency import bin_of
from orchestrator_core.storage.trace_blob import SpanRecord, pack

NOW = 1_768_401_420.0  # Wed 14 Jan 2026, 14:37:00 UTC
# An own fixed zone rather than a named one: Windows has no zone files.
ZONE = timezone(timedelta(hours=1), "CET")
HOUR = 3_600

_AGENTS = (
    ("project-analyst", 240, 0.99),
    ("code-reviewer", 1_300, 0.97),
    ("security-auditor", 2_100, 0.98),
    ("calendar-spreads", 620, 0.93),
    ("news-digest", 5_400, 0.90),
    ("test-automator", 8_800, 0.86),
    ("documentation-specialist", 700, 0.99),
)
_REQUESTS = (
    "Find calendar spreads with theta > 0.1",
    "Review the last change of the payment module",
    "What is in this project, and what does nothing import?",
    "Summarise today's headlines about rates in five lines",
    "Run the tests and tell which are slow",
    "Which public functions have no docstring?",
    "Look for secrets and unpinned dependencies",
)
_OUTPUT = """## What was found

- 41 modules in 6 packages, no import cycle
- `requests` is imported by `shop/rates.py` but no dependency declares it
- `attrs` is declared but nothing imports it

The largest file is `shop/checkout.py` with 612 lines; it changed 48 times in 90 days."""
_FAILURES = (
    ("ConnectionRefusedError", "[Errno 111] Connection refused: 127.0.0.1:11434", "backend-down", "f3a91c07d2e84b16",
     "Start the model server, then run the call again: ollama serve"),
    ("TimeoutError", "the agent did not return within 30 s", "time-limit", "0b77e5d91fa2c34e",
     "Give it more time: timeout_s=120"),
    ("JSONDecodeError", "Expecting ',' delimiter: line 4 column 18 (char 96)", "bad-output", "9c1d2f6a7b3e5081", ""),
    ("ZeroDivisionError", "float division by zero", "code-bug", "51aa0e3c9d7f2b48",
     "This is a bug in the agent: the traceback names the line"),
)  # fmt: skip
_SCREEN = "options.screen"

STAGE_ORDER = ("guard_in", "recall", "attempts", "guard_out", "judge", "remember", "record")


class SeededCalls:
    """Writes calls into a store of its own."""

    def __init__(self, path: Path, seed: int = 7) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.database = Database(path)
        self.database.open()
        self._random = random.Random(seed)
        self._n = 0

    def add(self, **values: Any) -> str:
        """One call with everything around it.

        ``values`` replace columns of ``executions``; ``attempt_rows``, ``findings`` and ``spans`` (a list each) are
        what belongs to it.
        """
        return self.add_many([values])[0]

    def add_many(self, calls: Sequence[dict[str, Any]], *, traces: bool = True) -> list[str]:
        """Calls in one transaction, rollups included."""
        rows, attempts, findings, blobs, sums, bins = [], [], [], [], {}, {}
        for values in calls:
            own_attempts, own_findings = values.pop("attempt_rows", []), values.pop("findings", [])
            spans = values.pop("spans", None)
            row = self._row(values, own_attempts)
            rows.append(row)
            for n, attempt in enumerate(own_attempts, start=1):
                attempts.append(
                    {"execution_id": row["id"], "n": n, "agent": row["agent"], "duration_ms": 5.0, **attempt}
                )
            findings.extend({**_FINDING, "execution_id": row["id"], **finding} for finding in own_findings)
            if spans is None and traces:
                spans = self._spans(row)
            if spans:
                blobs.append(
                    {"execution_id": row["id"], "trace_id": row["trace_id"], "started_at": row["started_at"],
                     "spans": len(spans), "dropped": 0, "blob": pack(tuple(spans))}
                )  # fmt: skip
            _roll_up(row, sums, bins)
        with self.database.transaction() as connection:
            for table, found in (
                ("executions", rows),
                ("attempts", attempts),
                ("findings", findings),
                ("traces", blobs),
            ):
                for one in found:
                    names = ", ".join(one)
                    marks = ", ".join("?" * len(one))
                    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(one.values()))
            for place, values in sums.items():
                updates = ", ".join(f"{name} = {name} + excluded.{name}" for name in values)
                connection.execute(
                    f"INSERT INTO rollups (period, bucket, agent, feature, {', '.join(values)})"
                    f" VALUES (?, ?, ?, ?, {', '.join('?' * len(values))}) ON CONFLICT DO UPDATE SET {updates}",
                    (*place, *values.values()),
                )
            connection.executemany(
                "INSERT INTO rollup_latency VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
                [(*place, n) for place, n in bins.items()],
            )
        return [row["id"] for row in rows]

    def a_day(self, n: int = 1_284, *, hours: float = 24.0, now: float = NOW, traces: bool = True) -> None:
        """A window of ordinary use, and a quieter one before it."""
        calls = [self._ordinary(now - HOUR * hours * self._random.random() ** 1.15) for _ in range(n)]
        before = [self._ordinary(now - HOUR * hours * (1.0 + self._random.random())) for _ in range(n * 7 // 8)]
        self.add_many(sorted(calls + before, key=lambda call: call["started_at"]), traces=traces)

    def _row(self, values: dict[str, Any], attempts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        self._n += 1
        row: dict[str, Any] = {
            "id": f"{self._n:08x}-{self._random.getrandbits(48):012x}",
            "started_at": NOW - 60,
            "duration_ms": 120.0,
            "agent": "project-analyst",
            "status": "succeeded",
            "request": "What is in this project?",
            "output": "Plenty.",
            "output_kind": "text",
            "trace_id": f"{self._random.getrandbits(128):032x}",
            "attempts": max(1, len(attempts)),
        }
        row.update(values)
        row.setdefault("finished_at", row["started_at"] + row["duration_ms"] / 1e3)
        row.setdefault("request_bytes", len(row["request"].encode()))
        row.setdefault("output_bytes", len(row["output"].encode()))
        row.setdefault("healed", int(row["status"] == "succeeded" and len(attempts) > 1))
        if row.get("overall") is not None:
            row.setdefault("judge_status", "judged")
            row.setdefault("verdict", self._verdict(row["overall"]))
        if "stages" not in row:
            row["stages"] = self._stages(row)
        return row

    def _ordinary(self, at: float) -> dict[str, Any]:
        rng = self._random
        agent, typical_ms, reliable = rng.choices(_AGENTS, weights=(30, 22, 14, 18, 9, 6, 8))[0]
        ms = typical_ms * rng.lognormvariate(0, 0.55)
        call: dict[str, Any] = {
            "started_at": at,
            "agent": agent,
            "feature": _SCREEN if agent == "calendar-spreads" else rng.choice(("", "", "release-check")),
            "request": rng.choice(_REQUESTS),
            "output": _OUTPUT,
            "caller": "cron" if rng.random() < 0.4 else "shell",
            "code_commit": "4c1f0be",
            "duration_ms": ms,
        }
        if agent == "news-digest":
            call.update(model="qwen2.5:7b", tokens_in=rng.randint(600, 2_400), tokens_out=rng.randint(80, 420))
            call["cost_microusd"] = call["tokens_out"] // 4
        luck = rng.random()
        if luck < reliable:
            call["overall"] = round(min(9.8, max(2.0, rng.gauss(7.6, 1.1))), 2)
            if rng.random() < 0.3:
                call["memories"] = json.dumps(
                    [{"id": "m1", "score": 0.82, "tier": "tasks", "text": "Request: " + rng.choice(_REQUESTS)},
                     {"id": "m2", "score": 0.61, "tier": "knowledge", "text": "Payments move in spring."}]
                )  # fmt: skip
            if rng.random() < 0.04:
                call["findings"] = [
                    {"category": "email", "rule_id": "email-address", "action": "redact", "severity": "low"}
                ]
        elif luck > 0.996:
            call.update(status="blocked", output="", duration_ms=0.8, attempts=0, overall=None)
            call["findings"] = [
                {"category": "secrets", "rule_id": "cloud-access-key", "action": "block", "severity": "high",
                 "message": "An access key on its way to a remote target"}
            ]  # fmt: skip
        else:
            kind, message, klass, print_, advice = rng.choices(_FAILURES, weights=(5, 3, 2, 1))[0]
            failed = {
                "outcome": "failed", "duration_ms": ms / 2, "error_type": kind, "error_message": message,
                "error_class": klass, "fingerprint": print_, "action": "retry", "wait_s": 2.0,
                "explanation": f"Wait 2 s and try again: of 14 like it, {rng.randint(6, 12)} worked (odds 0.71).",
            }  # fmt: skip
            if klass != "code-bug" and rng.random() < 0.62:
                call["attempt_rows"] = [
                    failed,
                    {"outcome": "succeeded", "duration_ms": ms / 2, "remedy": "retry after 2 s"},
                ]
                call["overall"] = round(min(9.5, max(2.0, rng.gauss(7.0, 1.3))), 2)
            else:
                stop = {
                    **failed,
                    "action": "stop",
                    "explanation": "Stop: tried twice, and of 9 like it none succeeded later.",
                }
                call["attempt_rows"] = [failed, stop]
                call.update(status="failed", output="", error_type=kind, error_message=message, error_class=klass)
                call.update(
                    fingerprint=print_,
                    advice=advice,
                    traceback=f'  File "screen.py", line 41, in run\n{kind}: {message}',
                )
        return call

    def _verdict(self, overall: float) -> str:
        criteria = [
            {"name": name, "score": score, "confidence": 0.7, "source": "llm", "evidence": evidence}
            for name, score, evidence in (
                ("relevance", min(10.0, overall + 0.8), "Answers what was asked."),
                ("completeness", overall, "Names files and counts; no reason for the hot spots."),
                ("clarity", max(1.0, overall - 0.5), "Short sentences, one list."),
                ("correctness", None, "Cannot be told without tests."),
            )
        ]
        return json.dumps(
            {"status": "judged", "overall": overall, "passed": overall >= 6, "criteria": criteria, "judge": "llm",
             "model": "qwen2.5:3b", "duration_ms": 850.0}
        )  # fmt: skip

    def _stages(self, row: dict[str, Any]) -> str:
        stopped = row["status"] == "blocked"
        stages = {}
        for name in STAGE_ORDER:
            status = "ok"
            if stopped:
                status = "blocked" if name == "guard_in" else "ok" if name == "record" else "skipped"
            elif row["status"] == "failed":
                status = "failed" if name == "attempts" else "skipped" if name in ("guard_out", "judge") else "ok"
            elif name == "judge" and row.get("overall") is None:
                status = "off"
            ms = row["duration_ms"] if name == "attempts" else 40.0 if name == "judge" else 0.3 + self._random.random()
            stages[name] = {"name": name, "status": status, "duration_ms": ms, "error": ""}
        return json.dumps(stages)

    def _spans(self, row: dict[str, Any]) -> list[SpanRecord]:
        start, ms = int(row["started_at"] * 1e9), row["duration_ms"]
        spans = [
            SpanRecord(
                name=f"invoke_agent {row['agent']}", span_id="0" * 15 + "1",
                start_ns=start, end_ns=start + int(ms * 1e6),
                status="error" if row["status"] == "failed" else "ok",
                attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": row["agent"]},
            )
        ]  # fmt: skip
        at = 0.0
        for n, (name, part) in enumerate(
            (("guard_in", 0.01), ("search_memory", 0.03), ("attempts", 0.8), ("guard_out", 0.02), ("judge", 0.12)),
            start=2,
        ):
            length = ms * part
            failed = row["status"] == "failed" and name == "attempts"
            spans.append(
                SpanRecord(
                    name=name, span_id=f"{n:016x}", parent_id="0" * 15 + "1", start_ns=start + int(at * 1e6),
                    end_ns=start + int((at + length) * 1e6), status="error" if failed else "ok",
                    status_text=row.get("error_message", "") if failed else "",
                    attributes={"magnus.stage.status": "failed" if failed else "ok"},
                )
            )  # fmt: skip
            if name == "attempts":
                for child, (label, begin, share) in enumerate(
                    (("read files", 0.02, 0.3), ("chat qwen2.5:7b", 0.33, 0.6), ("format", 0.94, 0.05))
                ):
                    spans.append(
                        SpanRecord(
                            name=label, span_id=f"{100 + child:016x}", parent_id=f"{n:016x}",
                            start_ns=start + int((at + length * begin) * 1e6),
                            end_ns=start + int((at + length * (begin + share)) * 1e6),
                            status="error" if failed and child == 1 else "ok",
                            attributes={"gen_ai.request.model": "qwen2.5:7b"} if child == 1 else {},
                        )
                    )  # fmt: skip
            at += length
        return spans


_FINDING = {
    "stage": "guard_in", "rule_id": "rule", "category": "secrets", "severity": "medium", "confidence": 1.0,
    "span_start": 0, "span_end": 4, "action": "flag", "scanner": "patterns", "value_hash": "ab12", "message": "",
}  # fmt: skip


def _roll_up(row: dict[str, Any], sums: dict[Any, dict[str, Any]], bins: dict[Any, int]) -> None:
    for period, seconds in (("hour", HOUR), ("day", 86_400)):
        place = (period, int(row["started_at"] // seconds) * seconds, row["agent"], row.get("feature", ""))
        values = {
            "n": 1,
            **{status: int(row["status"] == status) for status in ("succeeded", "failed", "blocked", "cancelled")},
            "healed": row["healed"], "attempts": row["attempts"], "duration_ms_sum": row["duration_ms"],
            "tokens_in": row.get("tokens_in", 0), "tokens_out": row.get("tokens_out", 0),
            "cost_microusd": row.get("cost_microusd", 0), "score_sum": row.get("overall") or 0.0,
            "score_n": int(row.get("overall") is not None),
        }  # fmt: skip
        known = sums.setdefault(place, dict.fromkeys(values, 0))
        for name, value in values.items():
            known[name] += value
        latency = (*place, bin_of(row["duration_ms"]))
        bins[latency] = bins.get(latency, 0) + 1
