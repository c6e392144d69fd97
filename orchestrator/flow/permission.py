"""When a person is asked before an agent may go on, and what the answer does to the call.

Asked for a whole call: where the agent is registered so, where ``security.require_approval`` names the agent or a capability it declares,
and where a call that has read text from strangers calls an agent with a dangerous capability. Asked by ``call.require``: where
``security.require_approval`` names the capability, and where it is dangerous and the call is tainted.

An answer holds for the call, its retries included: the same question is not asked twice, unless text from strangers came in between.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from msgspec import structs

from orchestrator.flow.loops import on_event_loop
from orchestrator.flow.state import CallState
from orchestrator.flow.steps import Ask, Move
from orchestrator.observability.contract import SpanHandle, names
from orchestrator_core.errors import ApprovalDenied, UsageError
from orchestrator_core.plain_text import storable
from orchestrator_core.records import Finding, StageRecord, hides
from orchestrator_security.contract import Answer, Question

QUESTIONS_MAX = 20
"""More questions than this a call may not ask: who is asked without end says yes without reading."""
_MARGIN_S = 0.25
_NAME_CHARS = 100
_NAME_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/")


def permission(state: CallState) -> Generator[Move, Any, None]:
    """Before the agent runs: ask where the whole call needs a yes, and end the call as blocked where it gets none."""
    cause = _call_cause(state)
    if not cause:
        return
    began = state.rooms.clock.monotonic()
    question = _question(state, "", "", cause)
    approvals = state.rooms.approvals
    asked: dict[str, Any] = {"seconds": _seconds(state), "stop": _Stop(state)}
    with _asking(state, question, None):
        answer: Answer = yield Ask(
            partial(approvals.ask, question, **asked), partial(approvals.aask, question, **asked)
        )
    try:
        _conclude(state, question, answer)
    except ApprovalDenied as denied:
        state.block("ApprovalDenied", str(denied))
        waited_ms = (state.rooms.clock.monotonic() - began) * 1e3
        state.stages["attempts"] = StageRecord("attempts", "blocked", round(waited_ms, 3))
        return
    state.clearance.covered = frozenset(
        name for name in state.spec.capabilities if _matching(name, state.rooms.settings.security.require_approval)
    )


def require(state: CallState, span: SpanHandle | None, capability: str, reason: str) -> None:
    """``call.require``: return where the agent may go on.

    Raises:
        ApprovalDenied: nobody said yes.
        UsageError: the capability or the reason does not fit.
    """
    question = _demanded(state, capability, reason)
    if question is None:
        return
    with _asking(state, question, span):
        answer = state.rooms.approvals.ask(question, seconds=_seconds(state), stop=_Stop(state))
    _conclude(state, question, answer)


async def arequire(state: CallState, span: SpanHandle | None, capability: str, reason: str) -> None:
    """The same on an event loop, without holding it up."""
    question = _demanded(state, capability, reason)
    if question is None:
        return
    with _asking(state, question, span):
        answer = await state.rooms.approvals.aask(question, seconds=_seconds(state), stop=_Stop(state))
    _conclude(state, question, answer)


class _Stop:
    """Withdraws one question: when it is set, and when the call or one around it has ended."""

    def __init__(self, state: CallState) -> None:
        self._state = state
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set() or self._state.over

    def wait(self, timeout: float) -> bool:
        return self._event.wait(timeout) or self.is_set()


def _call_cause(state: CallState) -> str:
    settings = state.rooms.settings.security
    if state.spec.requires_approval:
        return "the agent is registered so that each call needs a yes"
    for name in (state.spec.name, *state.spec.capabilities) if settings.require_approval else ():
        if pattern := _matching(name, settings.require_approval):
            return f"security.require_approval names {pattern}"
    if state.clearance.tainted:
        for name in state.spec.capabilities:
            if _matching(name, settings.dangerous):
                return f"{name} is dangerous, and the call that made this one has read {state.clearance.read()}"
    return ""


def _demanded(state: CallState, capability: str, reason: str) -> Question | None:
    """The question to ask now; None where nothing demands it or a yes to it stands already.

    Raises:
        ApprovalDenied: a no to it stands already, the call has ended, or it has asked too often.
        UsageError: the capability or the reason does not fit.
    """
    _check(state, capability, reason)
    settings = state.rooms.settings.security
    pattern = _matching(capability, settings.require_approval)
    cause = (
        f"security.require_approval names {pattern}" if pattern and capability not in state.clearance.covered else ""
    )
    if state.clearance.tainted and _matching(capability, settings.dangerous):
        cause = f"{capability} is dangerous, and the call has read {state.clearance.read()}"
    if not cause:
        _tell(state, capability, "not needed")
        return None
    if state.over:
        raise ApprovalDenied(
            f"{capability} was not allowed: the call has ended.", capability=capability, decision="withdrawn"
        )
    with state.clearance.lock:
        known = state.clearance.answers.get((capability, reason, state.clearance.tainted))
        if known is None:
            state.clearance.questions += 1
            too_often = state.clearance.questions > QUESTIONS_MAX
    if known is not None:
        if not known.approved:
            raise _denied(state.spec.name, capability, known)
        return None
    if too_often:
        raise ApprovalDenied(
            f"{capability} was not allowed: this call has asked {QUESTIONS_MAX} times already.",
            capability=capability,
            decision="denied",
        )
    return _question(state, capability, reason, cause)


def _check(state: CallState, capability: object, reason: object) -> None:
    if (
        not isinstance(capability, str)
        or not 0 < len(capability) <= _NAME_CHARS
        or not _NAME_ALLOWED.issuperset(capability)
    ):
        raise UsageError(
            f"{capability!r:.120} is no capability's name: use 1 to {_NAME_CHARS} letters, digits and the signs - _ . : /, as in 'fs.write'"
        )
    if hides(state.rooms.guard.redact, capability):
        raise UsageError(
            "the capability's name holds a secret or personal data; give that in the reason, which is redacted"
        )
    if not isinstance(reason, str):
        raise UsageError(f"the reason for {capability!r} must be text, not {type(reason).__name__}")


def _question(state: CallState, capability: str, reason: str, cause: str) -> Question:
    now = state.rooms.clock.now()
    return Question(
        id=secrets.token_hex(5),
        agent=state.spec.name,
        capability=capability,
        cause=cause,
        reason=reason,
        request=state.request_text,
        caller=state.caller,
        session=state.session,
        execution_id=state.execution_id,
        tainted=state.clearance.tainted,
        asked_at=now,
        expires_at=now + max(0.0, _seconds(state)),
    )


def _seconds(state: CallState) -> float:
    """How long a person is waited for: the settings' time, and never beyond the deadline of the call or of one around it."""
    left_s, above = state.remaining_s(), state.parent
    while above is not None:
        left_s, above = min(left_s, above.remaining_s()), above.parent
    # A moment before the call's own end, so that the agent learns of the no instead of running out of time.
    return min(state.rooms.settings.security.approval_timeout_s, left_s - min(_MARGIN_S, left_s / 10))


@contextmanager
def _asking(state: CallState, question: Question, above: SpanHandle | None) -> Iterator[None]:
    span = state.open_span("approval", above, {names.CAPABILITY: question.capability or question.agent})
    error = ""
    try:
        with state.clearance.persons_time.passing():
            yield
    except BaseException as problem:
        error = type(problem).__name__
        raise
    finally:
        if span is not None:
            span.end(error=error)


def _conclude(state: CallState, question: Question, answer: Answer) -> None:
    with state.clearance.lock:
        state.clearance.answers[question.capability, question.reason, question.tainted] = answer
    _tell(state, question.capability or question.agent, answer.decision)
    said = Finding(
        f"approval-{answer.decision or 'denied'}", "approval", severity="low", action="allow", scanner="approvals", stage="attempts"
    )  # fmt: skip
    if answer.approved:
        state.note_decision("approval", said, "in")
        return
    denied = _denied(state.spec.name, question.capability, answer)
    refused = structs.replace(said, action="block", message=str(denied))
    state.findings.append(refused)
    state.note_decision("approval", refused, "in")
    state.decisions.keep_on_loop() if on_event_loop() else state.decisions.keep()
    raise denied


def _denied(agent: str, capability: str, answer: Answer) -> ApprovalDenied:
    what = capability or f"this call of {agent}"
    how = {
        "expired": "nobody answered in time",
        "withdrawn": "the call ended before anybody answered",
    }.get(answer.decision, f"{answer.by or 'Magnus'} said no")
    note = f" ({answer.note})" if answer.note and answer.decision not in ("expired", "withdrawn") else ""
    return ApprovalDenied(
        storable(f"{what} was not allowed: {how}{note}."), capability=capability, decision=answer.decision or "denied"
    )


def _tell(state: CallState, capability: str, decision: str) -> None:
    """Note the use of a capability in the trace."""
    if state.trace is not None and not state.ended.is_set():
        state.trace.root.event(names.CAPABILITY_EVENT, {names.CAPABILITY: capability, names.DECISION: decision})


def _matching(name: str, patterns: tuple[str, ...]) -> str:
    """The pattern that fits a name; empty where none does."""
    return next((pattern for pattern in patterns if fnmatchcase(name, pattern)), "")
