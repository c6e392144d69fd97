"""Listed calls from the store's rows: what a line shows and what its detail holds, as much as a portion allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from typing import Any

import msgspec
from msgspec import Struct

from orchestrator_core.errors import StoreDamaged
from orchestrator_core.records import STAGES, Verdict
from orchestrator_core.storage.trace_blob import unpack
from orchestrator_dashboards import quantities
from orchestrator_dashboards.call_rows import AttemptLine, CallRow, CriterionLine, Item, Text, VerdictBox
from orchestrator_dashboards.safe_text import clip, one_line, visible
from orchestrator_dashboards.waterfall import Waterfall, waterfall

DONE = {"block": "blocked", "redact": "redacted", "flag": "flagged", "allow": "allowed"}
"""What was done about a finding, in a word."""


class Portion(Struct, frozen=True):
    """How much of one call is kept; texts in characters."""

    text: int
    small: int
    rows: int
    spans: int
    facts: bool


_decode_verdict = msgspec.json.Decoder(Verdict).decode
_decode_any = msgspec.json.Decoder().decode


def decoded(text: str) -> Any:
    """JSON from the store; None where it cannot be read."""
    try:
        return _decode_any(text)
    except (msgspec.MsgspecError, RecursionError):
        return None


def full_row(
    call: Mapping[str, Any],
    attempts: Sequence[Mapping[str, Any]],
    findings: Sequence[Mapping[str, Any]],
    portion: Portion,
    *,
    today: date,
    zone: tzinfo | None,
) -> CallRow:
    """A call with its detail. ``call`` holds the columns of ``executions`` and of its trace."""
    small = portion.small
    memories = _recalled(call["memories"])
    request, output, traceback = (_text(call, name, portion.text) for name in ("request", "output", "traceback"))
    return msgspec.structs.replace(
        _line(call, 160, today, zone),
        request=request,
        output=_entry_of(call, output),
        output_kind=one_line(call["output_kind"], 20),
        error=_error(call, small),
        error_class=one_line(call["error_class"], 60),
        advice=one_line(call["advice"], 3 * small),
        traceback=traceback,
        attempts=tuple(_attempt(row, call["agent"], small) for row in _telling(attempts)[-portion.rows :]),
        verdict=_verdict(call, portion),
        memories=tuple(_memories(memories, portion)),
        memories_note=_how_found(memories),
        findings=tuple(_finding(row, small) for row in findings[: portion.rows]),
        stages=tuple(_stages(call["stages"], small)),
        facts=tuple(_facts(call)),
        trace=_trace(call, portion),
    )


def short_row(call: Mapping[str, Any], *, today: date, zone: tzinfo | None) -> CallRow:
    """A call with hardly any detail, for a page that is full."""
    return msgspec.structs.replace(
        _line(call, 60, today, zone),
        request=_text(call, "request", 60),
        error=_error(call, 20),
        note="Shortened to keep this page small. The whole record: orchestrate history show",
    )


def _line(call: Mapping[str, Any], limit: int, today: date, zone: tzinfo | None) -> CallRow:
    at = call["started_at"]
    failed = call["status"] != "succeeded"
    clock = quantities.clock(at, zone, seconds=True)
    return CallRow(
        id=one_line(call["id"], 48),
        when=clock if quantities.local(at, zone).date() == today else f"{quantities.day(at, zone)} {clock}",
        utc=quantities.utc(at),
        agent=one_line(call["agent"], limit),
        feature=one_line(call["feature"], limit // 2),
        status=one_line(call["status"], 20),
        time=quantities.duration(call["duration_ms"]),
        line=one_line(call["error_message"] if failed and call["error_message"] else call["request"], limit),
        score="" if call["overall"] is None else quantities.score(call["overall"]),
        marks=("healed",) if call["healed"] else (),
        key=one_line(call["fingerprint"], 48),
        parent=one_line(call["parent_id"], 48),
    )


def _text(call: Mapping[str, Any], name: str, limit: int) -> Text | None:
    text, note = clip(call[name], limit, whole=call[f"{name}_chars"])
    return Text(text, note) if text else None


def _entry_of(call: Mapping[str, Any], output: Text | None) -> Text | None:
    """The shown output, with a note where it is one entry of the stored object."""
    if output is None or not call["output_entry"]:
        return output
    notes = [f"its {call['output_entry']} entry", "stored in part" if call["output_broken"] else "", output.note]
    return Text(output.text, " · ".join(filter(None, notes)))


def _error(call: Mapping[str, Any], limit: int) -> str:
    message, _ = clip(call["error_message"], 2 * limit)
    kind = one_line(call["error_type"], 80)
    return f"{kind}: {message}" if kind and message else kind or message


def _telling(attempts: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The attempts, where they tell more than the call itself does."""
    return attempts if len(attempts) > 1 or any(attempt["outcome"] == "failed" for attempt in attempts) else ()


def _attempt(row: Mapping[str, Any], agent: str, limit: int) -> AttemptLine:
    ok = row["outcome"] == "succeeded"
    kind, message = one_line(row["error_type"], 80), one_line(row["error_message"], limit)
    return AttemptLine(
        n=row["n"],
        ok=ok,
        time=quantities.duration(row["duration_ms"]),
        agent="" if row["agent"] == agent else one_line(row["agent"], 80),
        error="" if ok else f"{kind}: {message}" if message else kind,
        said=one_line(row["explanation"], 2 * limit),
        remedy=one_line(row["remedy"], limit),
    )


def _verdict(call: Mapping[str, Any], portion: Portion) -> VerdictBox | None:
    if call["judge_status"] == "off" or not call["verdict"]:
        return None
    try:
        verdict = _decode_verdict(call["verdict"])
    except (msgspec.MsgspecError, RecursionError):
        return VerdictBox("The stored verdict cannot be read.")
    if verdict.status == "off":
        return None
    judge = {"llm": "local model", "rules": "rule judge"}.get(verdict.judge, "")
    by = " ".join(part for part in (judge, one_line(verdict.model, 60)) if part)
    if verdict.overall is None:
        summary = "Not judged"
    else:
        passed = {True: ", passed", False: ", not passed", None: ""}[verdict.passed]
        summary = f"{quantities.score(verdict.overall)} of 10{passed}"
    notes = [*verdict.caps, verdict.reason]
    if verdict.degraded:
        notes.insert(0, "The rule judge stood in for the local model.")
    return VerdictBox(
        f"{summary} · {by}" if by else summary,
        tuple(
            CriterionLine(
                one_line(criterion.name, 60),
                "abstained" if criterion.score is None else quantities.score(criterion.score),
                0 if criterion.score is None else round(min(10.0, max(0.0, criterion.score)) * 10),
                one_line(criterion.source, 40),
                one_line(criterion.evidence, portion.small),
            )
            for criterion in verdict.criteria[: portion.rows]
        ),
        tuple(one_line(note, portion.small) for note in notes[: portion.rows] if note),
    )


def _recalled(stored: str) -> list[dict[str, Any]]:
    memories = decoded(stored)
    return [memory for memory in memories if isinstance(memory, dict)] if isinstance(memories, list) else []


def _how_found(memories: Sequence[Mapping[str, Any]]) -> str:
    if not memories:
        return ""
    without = any(memory.get("keyword_only") is True for memory in memories)
    return "score: how likely it answers" + ("; found by keyword only, without their meaning" if without else "")


def _memories(memories: Sequence[Mapping[str, Any]], portion: Portion) -> list[Item]:
    items = []
    for memory in memories[: portion.rows]:
        near, status = memory.get("score"), str(memory.get("status") or "")
        score = f"score {near:.2f}" if isinstance(near, int | float) and near > 0 else ""
        ended = one_line(status, 20) if status not in ("", "succeeded") else ""
        head = " · ".join(filter(None, (one_line(str(memory.get(name, "")), 60) for name in ("tier", "id"))))
        items.append(
            Item(
                head,
                " · ".join(filter(None, (ended, score))),
                one_line(str(memory.get("text", "")), portion.small),
                {"failed": "bad", "blocked": "watch"}.get(status, ""),
            )
        )
    return items


def _finding(row: Mapping[str, Any], limit: int) -> Item:
    done = DONE.get(row["action"], row["action"])
    tone = {"block": "bad", "redact": "good", "flag": "watch"}.get(row["action"], "")
    tail = f"{one_line(done, 20)} in {one_line(row['stage'], 30)}" if row["stage"] else one_line(done, 20)
    text = one_line(row["message"] or row["rule_id"], limit)
    return Item(f"{one_line(row['category'], 40)} · {one_line(row['severity'], 12)}", tail, text, tone)


def stages_of(text: str) -> dict[str, dict[str, Any]]:
    """The stages of a call as stored, in their fixed order; what cannot be read is left out."""
    found = decoded(text)
    if not isinstance(found, dict):
        return {}
    known = [name for name in STAGES if name in found]
    return {
        name: found[name]
        for name in (*known, *(name for name in found if name not in STAGES))
        if isinstance(found[name], dict)
    }


def _stages(text: str, small: int) -> list[Item]:
    items = []
    for name, stage in list(stages_of(text).items())[: 2 * len(STAGES)]:
        status, ms = str(stage.get("status", "")), stage.get("duration_ms", 0.0)
        tone = {"ok": "good", "failed": "bad", "blocked": "watch"}.get(status, "")
        shown = quantities.duration(ms) if isinstance(ms, int | float) and status not in ("off", "skipped") else ""
        items.append(
            Item(one_line(name, 30), shown, one_line(str(stage.get("error", "")), small), tone, one_line(status, 20))
        )
    return items


def _facts(call: Mapping[str, Any]) -> list[tuple[str, str]]:
    tokens = ""
    if call["tokens_in"] or call["tokens_out"]:
        tokens = f"{quantities.count(call['tokens_in'])} in, {quantities.count(call['tokens_out'])} out"
    facts = (
        ("Execution", call["id"]),
        ("Trace", call["trace_id"]),
        ("Caller", call["caller"]),
        ("Session", call["session"]),
        ("Namespace", "" if call["namespace"] == "default" else call["namespace"]),
        ("Commit", call["code_commit"]),
        ("Model", call["model"]),
        ("Tokens", tokens),
        ("Cost", quantities.money(call["cost_microusd"]) if call["cost_microusd"] else ""),
        ("Context", call["context"] if call["context"] != "{}" else ""),
        ("Fingerprint", call["fingerprint"]),
    )
    return [(name, one_line(value, 200)) for name, value in facts if value]


def _trace(call: Mapping[str, Any], portion: Portion) -> Waterfall | None:
    if call["blob"] is None or not portion.spans:
        return None
    try:
        spans = unpack(call["blob"])
    except StoreDamaged as error:
        return Waterfall((), note=visible(str(error)))
    return waterfall(spans, dropped=call["dropped"] or 0, lines_max=portion.spans, facts=portion.facts)
