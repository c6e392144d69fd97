"""One call, in its fixed order. The line decides and says what to do next; a driver does it.

The order is a safety property: nothing is stored, traced or remembered before it went through redaction, and third parties
extend the rooms, never the order.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from orchestrator.flow.attempts import attempts
from orchestrator.flow.guarding import guard_in, guard_out, hostile
from orchestrator.flow.permission import permission
from orchestrator.flow.policy import Strictness
from orchestrator.flow.state import CONTEXT_MAX_NODES, CallState
from orchestrator.flow.steps import Keep, Move, StageCrashed, Step
from orchestrator.observability.contract import Attributes, CallRecord, names
from orchestrator_core.plain_text import PlainText, plain_text, pruned, readable_entry, storable
from orchestrator_core.records import (
    STAGES,
    ErrorInfo,
    ExecutionResult,
    Finding,
    Redacted,
    StageRecord,
    Verdict,
    Write,
)
from orchestrator_evaluation.contract import JudgeTask
from orchestrator_memory.contract import Episode, Recollection

_CONTEXT_MAX_BYTES = 65_536
_EPISODE_CHARS = 4_000
_QUERY_CHARS = 4_000


def line(state: CallState) -> Generator[Move, Any, ExecutionResult]:
    """Carry out one call; returns its result, recorded unless the record is off or failed."""
    output_facts: PlainText | None = None
    memories: list[Write] = []
    state.start_trace()
    try:
        yield from guard_in(state)
        if state.status == "succeeded":
            yield from permission(state)
        if state.status == "succeeded":
            state.memories = yield Step(
                "recall", lambda: _recall(state), Recollection, blocking=True, told=_told_recall
            )
            yield from attempts(state)
        if state.status == "succeeded":
            output_facts = yield from guard_out(state)
        if state.status == "succeeded":
            facts = output_facts
            state.verdict = yield Step(
                "judge",
                lambda: _judge(state, facts),
                lambda: Verdict(
                    status="off" if not state.switches["judge"] else "unjudged", reason="the judge is off or crashed"
                ),
                blocking=True,
            )
        # A call that ended before its agent ran has nothing to remember: what stopped it may be hostile.
        if state.attempts:
            memories = yield Step("remember", lambda: _remember(state), list, told=_told_remember)
    except StageCrashed as crash:
        state.block(
            "StageCrashed",
            f"the check {crash.stage!r} could not finish ({type(crash.error).__name__}), so the call was stopped",
        )
        broken = Finding(f"crash.{crash.stage}", "crash", action="block", scanner=crash.stage, stage=crash.stage)
        state.note_decision("crash", broken, "out" if crash.stage == "guard_out" else "in")
        yield Keep(state.decisions.keep)
    except GeneratorExit:
        raise
    except Exception as bug:  # nobody's fault but ours: the caller still gets a recorded result
        if Strictness.enabled:
            raise
        state.status, state.output = "failed", None
        message = state.safe_text(
            bug,
            before="internal error in Magnus: ",
            otherwise="the message is withheld: it could not be redacted",
        )
        state.error = ErrorInfo(type=type(bug).__name__, message=message, error_class="internal")
    except BaseException as stop:  # noqa: BLE001 - Ctrl-C or a cancelled task: keep what is known, the driver raises it again
        state.interruption = stop
        state.status = "cancelled"
        state.output = None
        state.error = ErrorInfo(type=type(stop).__name__, message="the call was cancelled before it ended")
    for name in STAGES[:-1]:
        state.stages.setdefault(name, StageRecord(name, "skipped"))
    state.note_refused_connections()
    if state.decisions.urgent:
        yield Keep(state.decisions.keep)
    state.end_trace()
    result = state.result()
    failure: str = yield Step(
        "record",
        lambda: _record(state, result, output_facts, memories),
        lambda: "the record is off" if not state.switches["record"] else state.stages["record"].error,
        blocking=True,
    )
    result.recorded = state.stages["record"].status == "ok"
    result.record_error = failure
    return result


def _recall(state: CallState) -> Recollection:
    k = state.rooms.settings.memory.recall_k
    if not k:
        return Recollection()
    memory = state.rooms.memory
    found = memory.recall(Redacted(state.request_text[:_QUERY_CHARS]), namespace=state.namespace, k=k)
    found = found.with_more(memory.lessons(namespace=state.namespace, agent=state.spec.name))
    return found.without(hostile(state, found))


def _told_recall(found: Recollection) -> Attributes:
    return {
        names.OPERATION: "search_memory",
        names.MEMORY_COUNT: len(found),
        names.MEMORY_KEYWORD_ONLY: found.keyword_only,
        names.MEMORY_PENDING: found.pending,
        **({names.MEMORY_BEST: round(found[0].score, 4)} if found else {}),
    }


def _told_remember(writes: list[Write]) -> Attributes:
    return {names.OPERATION: "create_memory", names.MEMORY_COUNT: 1 if writes else 0}


def _judge(state: CallState, facts: PlainText | None) -> Verdict:
    verdict = state.rooms.judge.judge(
        JudgeTask(
            agent=state.spec.name,
            request=state.request_text,
            output=state.output_text,
            output_kind=facts.kind if facts else "none",
            truncated=facts.truncated if facts else False,
            time_s=state.remaining_s(),
        )
    )
    if state.trace is not None and verdict.overall is not None:
        state.trace.root.event(
            names.EVALUATION_EVENT,
            {
                names.EVALUATION_NAME: "overall",
                names.EVALUATION_SCORE: verdict.overall,
                names.EVALUATION_LABEL: "pass" if verdict.passed else "fail",
            },
        )
    return verdict


def _remember(state: CallState) -> list[Write]:
    outcome = (
        _readable_output(state) if state.status == "succeeded" else Redacted(state.error.message if state.error else "")
    )
    return state.rooms.memory.remember(
        Episode(
            execution_id=state.execution_id,
            agent=state.spec.name,
            request=Redacted(state.request_text[:_EPISODE_CHARS]),
            outcome=Redacted(outcome[:_EPISODE_CHARS]),
            status=state.status,
            namespace=state.namespace,
            session=state.session,
            feature=state.feature,
            overall=state.verdict.overall,
            finished_at=state.rooms.clock.now(),
            recalled=state.memories if state.memories_read else (),
            lessons=state.rooms.healer.lessons(state.attempts) if len(state.attempts) > 1 else (),
        )
    )


def _readable_output(state: CallState) -> Redacted:
    """The output as a person would read it: the ``markdown`` or ``text`` entry of a mapping instead of its JSON."""
    text = readable_entry(state.output)
    if text is not None:
        # Redacted before it is cut: a secret cut in two is no longer recognised.
        return Redacted(storable(state.rooms.guard.redact(text[: 2 * _EPISODE_CHARS])))
    return state.output_text


def _record(state: CallState, result: ExecutionResult, output_facts: PlainText | None, memories: list[Write]) -> str:
    rooms = state.rooms
    spans, dropped = state.trace.finish() if state.trace is not None else ((), 0)
    left_out = rooms.recorder.write(
        CallRecord(
            result=result,
            request=state.request_text,
            request_bytes=state.request_bytes,
            context=_context_text(state),
            output=state.output_text,
            output_facts=output_facts,
            spans=spans,
            dropped_spans=dropped,
            risk=state.risk,
            required=[
                *state.decisions.left(),
                *rooms.limits.leaving(state.execution_id),
                *(
                    rooms.healer.learn(result.attempts, agent=state.spec.name, now=rooms.clock.now())
                    if state.attempts
                    else ()
                ),
            ],
            keyword_only=bool(state.memories) and state.memories.keyword_only,
            optional=memories,
        )
    )
    return f"recorded without its memory: {left_out}" if left_out else ""


def _context_text(state: CallState) -> Redacted:
    if not state.context:
        return Redacted("")
    redacted = state.rooms.guard.redact_data(pruned(state.context, max_nodes=CONTEXT_MAX_NODES))
    return Redacted(storable(plain_text(redacted, max_bytes=_CONTEXT_MAX_BYTES).text))
