"""The attempts of a call: run the agent, and after a failure let healing decide."""

from __future__ import annotations

import contextvars
import traceback
from collections.abc import Generator
from typing import Any

from orchestrator.flow.handle import CallHandle
from orchestrator.flow.policy import Strictness
from orchestrator.flow.state import CallState, current_call, current_span
from orchestrator.flow.steps import Invoke, Keep, Move, Outcome, Pause
from orchestrator.healing.contract import Decision, Diagnosis, Situation
from orchestrator.observability.contract import SpanHandle, names
from orchestrator_core.errors import ApprovalDenied, StoreError
from orchestrator_core.plain_text import storable
from orchestrator_core.records import Attempt, ErrorInfo, Redacted

_TRACEBACK_FRAMES = 12
_TRACEBACK_CHARS = 8_000
_CHAIN_MAX = 20


def attempts(state: CallState) -> Generator[Move, Any, None]:
    """Run the agent until it succeeds or healing says stop; leaves output or error in the state."""
    with state.stage("attempts") as stage_span:
        last_error = Redacted("")
        remedy = ""
        tried: dict[str, list[float]] = {}
        n = 0
        while True:
            n += 1
            began = state.rooms.clock.monotonic()
            span = state.open_span("attempt", stage_span, {names.ATTEMPT: n})
            outcome: Outcome = yield _invocation(state, n, span, last_error)
            state.note_refused_connections()
            if state.decisions.urgent:
                yield Keep(state.decisions.keep)
            duration_ms = round((state.rooms.clock.monotonic() - began) * 1e3, 3)
            if outcome.error is None:
                if span is not None:
                    span.end()
                state.attempts.append(Attempt(n, state.spec.name, "succeeded", duration_ms, remedy=remedy))
                state.output = outcome.value
                state.status, state.error = "succeeded", None
                return
            diagnosis = state.rooms.healer.diagnose(outcome.error)
            if _is_denied(outcome.error):
                decision = Decision("stop", explanation="Stopped: a person's no is not asked again.")
            else:
                decision = _decide(state, diagnosis, n, tuple(tried.get(diagnosis.fingerprint, ())))
            if span is not None:
                span.end(
                    error=diagnosis.message,
                    attributes={
                        names.ERROR_TYPE: diagnosis.error_type,
                        names.EXPLANATION: decision.explanation,
                        names.WAIT_S: decision.wait_s,
                    },
                )
            state.attempts.append(_failed(state, n, duration_ms, diagnosis, decision, remedy))
            # A person's no is a decision about the call, not a fault of the agent.
            state.status = "blocked" if _is_denied(outcome.error) else "failed"
            state.error = _error_info(state, outcome.error, diagnosis)
            if decision.action == "stop":
                return
            tried.setdefault(diagnosis.fingerprint, []).append(decision.wait_s)
            last_error = diagnosis.message
            _recall_lessons(state, diagnosis)
            remedy = f"retry after {decision.wait_s:g} s" if decision.wait_s else "retry at once"
            outcome = Outcome()  # lets go of the traceback and the frames it holds while waiting
            if decision.wait_s:
                yield Pause(decision.wait_s)


def _invocation(state: CallState, n: int, span: SpanHandle | None, last_error: Redacted) -> Invoke:
    clock = state.rooms.clock
    remaining_s = state.remaining_s()
    timeout_s = min(state.timeout_s or remaining_s, remaining_s)
    timeout_s = 0.0 if timeout_s == float("inf") else max(timeout_s, 0.001)
    ends_at = clock.monotonic() + timeout_s if timeout_s else float("inf")
    waited_s = state.clearance.persons_time.from_now()
    spec = state.spec
    arguments: tuple[Any, ...] = (state.seen_request,)
    if spec.takes == "context":
        arguments = (state.seen_request, state.seen_context)
    elif spec.takes == "call":
        arguments = (state.seen_request, CallHandle(state, n, span, ends_at, waited_s, last_error))
    context = contextvars.copy_context()
    context.run(current_call.set, state)
    context.run(current_span.set, span)
    if span is not None:
        context.run(span.enter)
    return Invoke(spec, arguments, timeout_s, context, remaining_s, waited_s)


def _is_denied(error: BaseException) -> bool:
    """Whether the agent failed because a person did not allow something, also where a task group or its own error wraps that."""
    for _ in range(_CHAIN_MAX):
        if isinstance(error, ApprovalDenied):
            return True
        if isinstance(error, BaseExceptionGroup):
            return error.subgroup(ApprovalDenied) is not None
        if error.__cause__ is None:
            return False
        error = error.__cause__
    return False


def _decide(state: CallState, diagnosis: Diagnosis, n: int, tried_s: tuple[float, ...]) -> Decision:
    if not state.switches["healing"]:
        return Decision("stop", explanation="Stopped: healing is off for this call.")
    healing = state.rooms.settings.healing
    return state.rooms.healer.decide(
        diagnosis,
        Situation(
            attempt=n,
            max_attempts=healing.max_attempts,
            remaining_s=state.remaining_s(),
            idempotent=state.idempotent,
            max_wait_s=healing.max_wait_s,
            tried_s=tried_s,
        ),
    )


def _recall_lessons(state: CallState, diagnosis: Diagnosis) -> None:
    """Give the next attempt what helped against the same failure before."""
    if not state.switches["recall"] or not state.rooms.settings.memory.recall_k:
        return
    try:
        found = state.rooms.memory.lessons(namespace=state.namespace, fingerprint=diagnosis.fingerprint)
    except Exception as error:
        if Strictness.enabled and not isinstance(error, StoreError):
            raise
        return  # the retry goes on without them, as a call goes on without its recall
    if found:
        state.memories = state.memories.with_more(found, first=True)


def _failed(
    state: CallState, n: int, duration_ms: float, diagnosis: Diagnosis, decision: Decision, remedy: str
) -> Attempt:
    return Attempt(
        n,
        state.spec.name,
        "failed",
        duration_ms,
        error_type=diagnosis.error_type,
        error_message=storable(diagnosis.message),
        error_class=diagnosis.error_class,
        fingerprint=diagnosis.fingerprint,
        action=decision.action,
        wait_s=decision.wait_s,
        explanation=storable(decision.explanation),
        remedy=remedy,
    )


def _error_info(state: CallState, error: BaseException, diagnosis: Diagnosis) -> ErrorInfo:
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-_TRACEBACK_FRAMES)
    # Redacted before it is cut to its final length: a secret cut in two is no longer recognised.
    trace = state.rooms.guard.redact("".join(lines)[-4 * _TRACEBACK_CHARS :])[-_TRACEBACK_CHARS:]
    return ErrorInfo(
        type=diagnosis.error_type,
        message=storable(diagnosis.message),
        error_class=diagnosis.error_class,
        fingerprint=diagnosis.fingerprint,
        advice=diagnosis.advice,
        traceback=storable(trace),
    )
