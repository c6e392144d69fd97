"""How past calls look in a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.cli.screen import Screen

if TYPE_CHECKING:
    from orchestrator.observability.history_stats import CallSums, HistoryStats
    from orchestrator.observability.history_values import Execution, ExecutionSummary
    from orchestrator_core.storage.trace_blob import SpanRecord

_LONGEST = 2_000
_FIGURES = ("status", "ms", "tries", "score")
_TEXT = "request or error"
_ROOM_FOR_FIGURES = 110
"""On a narrower terminal the list shows only the status of these; "history show" has them all."""
_ID_DIGITS = 16
"""Twelve stand for the millisecond, four are random: enough to tell calls apart."""


def list_page(screen: Screen, rows: Sequence[ExecutionSummary], nowhere: str) -> None:
    """Calls in a table; ``nowhere`` names the store that does not exist yet."""
    if not rows:
        screen.line(_no_store(nowhere) if nowhere else "No calls match.")
        return
    if screen.width is None:
        screen.table(
            ("id", "when", "agent", *_FIGURES, _TEXT), [(r.id, local_time(r.started_at), *_cells(r)) for r in rows]
        )
        return
    # A person reads rows, so each is one line: a beginning of the id is enough for "history show", and the figures need room.
    narrow = screen.width < _ROOM_FOR_FIGURES
    figures = _FIGURES[:1] if narrow else _FIGURES
    screen.table(
        ("id", "when", "agent", *figures, _TEXT),
        [
            (row.id[:_ID_DIGITS], _short_time(row.started_at), *cells[: 1 + len(figures)], cells[-1])
            for row in rows
            for cells in [_cells(row)]
        ],
        one_line=True,
    )


def _cells(row: ExecutionSummary) -> tuple[object, ...]:
    judged = row.judge_status if row.status == "succeeded" else "-"
    return (
        row.agent, row.status, round(row.duration_ms), row.attempts, score(row.overall, judged),
        _short(_error(row.error_type, row.error_message) if row.error_type else row.request, 200),
    )  # fmt: skip


def _short_time(seconds: float) -> str:
    return local_time(seconds)[5:16]


def show_page(screen: Screen, call: Execution) -> None:
    """One call whole."""
    screen.heading(f"{call.agent}: {call.status}")
    screen.pairs(
        (
            ("id", call.id), ("when", local_time(call.started_at)), ("took", _ms(call.duration_ms)),
            ("feature", call.feature), ("caller", call.caller), ("session", call.session), ("namespace", call.namespace),
            ("commit", call.code_commit), ("model", call.model),
            ("tokens", f"{call.tokens_in} in, {call.tokens_out} out" if call.tokens_in or call.tokens_out else ""),
            ("cost", f"${call.cost_microusd / 1e6:.6f}" if call.cost_microusd else ""),
            ("score", _score_of(call)), ("judge", call.verdict.judge),
            ("judged", call.verdict.reason), ("part of", call.parent_id), ("calls within", ", ".join(call.nested)),
        )
    )  # fmt: skip
    _section(screen, "Request", call.request)
    if call.error_type:
        _section(screen, "Error", f"{_error(call.error_type, call.error_message)}\n{call.advice}".rstrip())
    _section(screen, "Output", call.output)
    if len(call.attempts) > 1 or any(attempt.outcome == "failed" for attempt in call.attempts):
        screen.line()
        screen.heading("Attempts")
        for attempt in call.attempts:
            error = f" {attempt.error_type}: {_short(attempt.error_message, 200)}" if attempt.error_type else ""
            screen.line(f"    {attempt.n}. {attempt.outcome} after {_ms(attempt.duration_ms)}.{error}")
            if attempt.explanation:
                screen.line(f"       {attempt.explanation}")
    if call.verdict.criteria:
        screen.line()
        screen.heading("Verdict")
        screen.table(
            ("criterion", "score", "source", "evidence"),
            [(c.name, c.score, c.source, _short(c.evidence, 100)) for c in call.verdict.criteria],
        )
    if call.findings:
        screen.line()
        screen.heading("Findings")
        screen.table(
            ("n", "rule", "severity", "action", "stage", "message"),
            [(n, f.rule_id, f.severity, f.action, f.stage, f.message) for n, f in enumerate(call.findings, 1)],
        )
    if call.memories:
        screen.line()
        screen.heading("Memories recalled")
        screen.table(
            ("score", "tier", "text"), [(f"{m.score:.3f}", m.tier, _short(m.text, 100)) for m in call.memories]
        )
    _trace(screen, call)
    for problem in call.problems:
        screen.line(f"Not all of it could be read: {problem}", "warn")


def _trace(screen: Screen, call: Execution) -> None:
    screen.line()
    if not call.spans:
        stages = ", ".join(f"{s.name} {s.status} {_ms(s.duration_ms)}" for s in call.stages.values())
        _section(screen, "Stages", stages)
        return
    dropped = f", {call.spans_dropped} dropped" if call.spans_dropped else ""
    screen.heading(f"Trace {call.trace_id} ({len(call.spans)} spans{dropped})")
    depths: dict[str, int] = {}
    for span in call.spans:
        depth = depths.get(span.parent_id, -1) + 1
        depths[span.span_id] = depth
        screen.line(_span_line(span, depth))


def _span_line(span: SpanRecord, depth: int) -> str:
    failed = f"  {span.status} {_short(span.status_text, 80)}".rstrip() if span.status == "error" else ""
    return f"    {'  ' * depth}{span.name}  {_ms(span.duration_ms)}{failed}"


def _no_store(place: str) -> str:
    return f"No calls yet in {place}; the first call makes the store."


def no_calls(hours: float, now: float) -> HistoryStats:
    """The sums of a store that does not exist yet."""
    from orchestrator.observability.history_stats import CallSums, HistoryStats

    nothing = CallSums(
        n=0, succeeded=0, failed=0, blocked=0, cancelled=0, healed=0, attempts=0, success_rate=None, mean_ms=None, p50_ms=None,
        p95_ms=None, tokens_in=0, tokens_out=0, cost_microusd=0, mean_score=None, scored=0,
    )  # fmt: skip
    return HistoryStats(hours=hours, since=now - hours * 3_600, total=nothing, agents={}, errors=())


def stats_page(screen: Screen, stats: HistoryStats, nowhere: str = "") -> None:
    """Sums of a time; ``nowhere`` names the store that does not exist yet."""
    if nowhere:
        screen.line(_no_store(nowhere))
        return
    screen.heading(f"The last {stats.hours:g} hours")
    if not stats.total.n:
        screen.line("No calls.")
        return
    rows = [(name, *_sums(sums)) for name, sums in stats.agents.items()]
    screen.table(
        ("agent", "calls", "ok", "failed", "blocked", "cancelled", "healed", "success", "p50 ms", "p95 ms", "score"),
        [*rows, ("all", *_sums(stats.total))],
    )
    if stats.errors:
        screen.heading("Commonest failures")
        screen.table(
            ("times", "error", "last", "message"),
            [(e.n, e.error_type, local_time(e.last_seen), _short(e.message, 80)) for e in stats.errors],
        )


def _sums(sums: CallSums) -> tuple[object, ...]:
    rate = None if sums.success_rate is None else f"{sums.success_rate:.0%}"
    return (
        sums.n,
        sums.succeeded,
        sums.failed,
        sums.blocked,
        sums.cancelled,
        sums.healed,
        rate,
        sums.p50_ms,
        sums.p95_ms,
        sums.mean_score,
    )


def score(overall: float | None, status: str) -> str:
    """A score, or the word for why there is none."""
    return f"{overall:.1f}" if overall is not None else status


def _score_of(call: Execution) -> str:
    # Only what succeeded is judged: the verdict of every other call reads "off" although nobody switched the judge off.
    return score(call.verdict.overall, call.verdict.status if call.status == "succeeded" else "")


def local_time(seconds: float) -> str:
    """Local time to the second; a time that no calendar holds as its number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g}"


def _section(screen: Screen, title: str, text: str) -> None:
    if not text:
        return
    screen.line()
    screen.heading(title)
    shown = _readable(text)
    screen.block(shown[:_LONGEST])
    if len(shown) > _LONGEST:
        screen.line(f"    … {len(shown) - _LONGEST} more characters; --json shows all of it")


def _error(kind: str, message: str) -> str:
    return message if message.startswith(f"{kind}:") else f"{kind}: {message}".rstrip(": ")


def _readable(text: str) -> str:
    """Stored JSON with a Markdown part as that part; everything else as it is."""
    if text.startswith("{"):
        try:
            markdown = json.loads(text).get("markdown")
        except (json.JSONDecodeError, RecursionError):
            return text
        if isinstance(markdown, str):
            return markdown
    return text


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.1f} ms" if milliseconds < 1_000 else f"{milliseconds / 1e3:.2f} s"
