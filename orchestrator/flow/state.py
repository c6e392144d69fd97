"""The journal of one call: what the line and its driver note down on the way."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

from msgspec import structs

from orchestrator.agents.contract import AgentSpec
from orchestrator.flow.clearance import Clearance
from orchestrator.flow.decision_rows import DecisionRows
from orchestrator.flow.policy import Strictness
from orchestrator.flow.rooms import Rooms
from orchestrator.observability.contract import Attributes, CallTrace, SpanHandle, names
from orchestrator_core.plain_text import pruned, storable
from orchestrator_core.records import (
    Attempt,
    ErrorInfo,
    ExecutionResult,
    Finding,
    Redacted,
    StageRecord,
    StageStatus,
    Status,
    Usage,
    Verdict,
)
from orchestrator_memory.contract import Recollection
from orchestrator_security.contract import Direction, Hiding, Kind, ScanContext, ScanVerdict

CONTEXT_MAX_NODES = 2_000
"""Entries of a context that are looked at for secrets and stored."""
_MESSAGE_CHARS = 500
"""Characters of the message of a stage's crash that are kept, and how many are redacted before the cut."""
_MESSAGE_SCANNED_CHARS = 4_000


class CallState:
    """Everything known of a running call. Owned by one line; agents touch it only through ``handle.CallHandle``."""

    def __init__(
        self,
        rooms: Rooms,
        spec: AgentSpec,
        *,
        execution_id: str,
        request: Any,
        context: Mapping[str, Any],
        feature: str,
        session: str,
        namespace: str,
        caller: str,
        owner: str = "",
        commit: str,
        switches: Mapping[str, bool],
        timeout_s: float,
        deadline_s: float,
        idempotent: bool,
        parent: CallState | None,
    ) -> None:
        self.rooms = rooms
        self.spec = spec
        self.execution_id = execution_id
        self.request = request
        self.context = context
        self.feature = feature
        self.session = session
        self.namespace = namespace
        self.caller = caller
        self.owner = owner
        """The caller where the program named one, rather than the code that made the call."""
        self.commit = commit
        self.switches = switches
        self.timeout_s = timeout_s
        self.idempotent = idempotent
        self.parent = parent
        self.started_at = rooms.clock.now()
        self.began = rooms.clock.monotonic()
        self.deadline = self.began + deadline_s if deadline_s else math.inf
        self.stages: dict[str, StageRecord] = {}
        self.findings: list[Finding] = []
        self.decisions = DecisionRows(rooms.log)
        """Rows for the log of what security decided."""
        self.risk = 0.0
        """The highest risk of any text of the call, 0 to 1."""
        self.attempts: list[Attempt] = []
        self.memories = Recollection()
        self.memories_read = False
        """Whether the agent looked at them: what it never read did not help it."""
        self.verdict = Verdict(status="off")
        self.status: Status = "succeeded"
        self.output: Any = None
        self.error: ErrorInfo | None = None
        self.interruption: BaseException | None = None
        """What stopped the line itself, such as Ctrl-C; the driver raises it again."""
        self.usage = Usage()
        self.usage_lock = threading.Lock()
        self.ended = threading.Event()
        """Set when the call is over, also for an agent that goes on in the background."""
        self.clearance: Clearance = Clearance(rooms.clock, None if parent is None else parent.clearance)
        self.trace: CallTrace | None = None
        self.request_text = Redacted("")
        self.request_bytes = 0
        self.output_text = Redacted("")
        self.hiding: Hiding | None = None
        """Where the agent sees placeholders: what they stand for."""
        self.restores = False
        """Whether they are put back in its reply."""
        self.seen_request, self.seen_context = request, context
        """The request and the context as the agent gets them."""

    def secrets(self) -> AbstractContextManager[None]:
        """A scope in which secrets of the call's data, once recognised, are redacted wherever they turn up."""
        place = ScanContext(agent=self.spec.name, caller=self.caller, session=self.session)
        return self.rooms.guard.scope(self.context, self.request, place=place)

    def start_trace(self) -> None:
        """Open the root span, below the parent call's attempt when there is one."""
        tracing = self.rooms.tracing
        if tracing is None or not self.switches["tracing"]:
            return
        attributes: dict[str, str] = {
            names.OPERATION: names.INVOKE_AGENT,
            names.AGENT_NAME: self.spec.name,
            names.EXECUTION_ID: self.execution_id,
        }
        optional = {
            names.AGENT_VERSION: self.spec.version,
            names.CONVERSATION: self.session,
            names.FEATURE: self.feature,
        }
        attributes.update((key, value) for key, value in optional.items() if value)
        parent = self.parent
        parent_span = current_span.get() if parent else None
        try:
            self.trace = tracing.start(f"{names.INVOKE_AGENT} {self.spec.name}", attributes, parent_span=parent_span)
        except Exception:
            if Strictness.enabled:
                raise
            # A host's own tracing set-up may be broken; the call goes on without a trace.

    def end_trace(self) -> None:
        """Close the root span with the call's outcome."""
        if self.trace is None:
            return
        attributes: dict[str, str | int | float | bool] = {names.STATUS: self.status}
        if self.usage.tokens_in or self.usage.tokens_out:
            attributes[names.INPUT_TOKENS] = self.usage.tokens_in
            attributes[names.OUTPUT_TOKENS] = self.usage.tokens_out
        if self.usage.model:
            attributes[names.RESPONSE_MODEL] = self.usage.model
        if self.usage.cost_microusd:
            attributes[names.COST] = self.usage.cost_microusd
        if self.error is not None:
            attributes[names.ERROR_TYPE] = self.error.type
        self.trace.root.end(error=self.error.message if self.error else "", attributes=attributes)

    def open_span(
        self, name: str, parent: SpanHandle | None = None, attributes: Attributes | None = None
    ) -> SpanHandle | None:
        return None if self.trace is None else self.trace.open(name, parent=parent, attributes=attributes)

    def note_stage(self, name: str, status: StageStatus, began: float, error: str = "") -> None:
        duration_ms = (self.rooms.clock.monotonic() - began) * 1e3
        self.stages[name] = StageRecord(name, status, round(duration_ms, 3), error)

    @contextmanager
    def stage(self, name: str) -> Iterator[SpanHandle | None]:
        """A stage that spans several moves of the line."""
        began = self.rooms.clock.monotonic()
        span = self.open_span(name)
        try:
            yield span
        except BaseException as error:
            self.note_stage(name, "failed", began, type(error).__name__)
            if span is not None:
                span.end(error=type(error).__name__)
            raise
        outcomes: dict[str, StageStatus] = {"succeeded": "ok", "blocked": "blocked"}
        self.note_stage(name, outcomes.get(self.status, "failed"), began)
        if span is not None:
            span.end(error="" if self.error is None else self.error.message)

    def remaining_s(self) -> float:
        """Seconds until the call's deadline; ``inf`` without one."""
        return self.deadline - self.rooms.clock.monotonic()

    def safe_text(self, error: Exception, *, before: str, otherwise: str) -> Redacted:
        """``before`` and a crash's message, fit to be kept; ``otherwise`` where the guard itself or the message is broken."""
        try:
            # Redacted before it is cut: a secret cut in two is no longer recognised.
            return Redacted(
                storable(self.rooms.guard.redact(f"{before}{error}"[:_MESSAGE_SCANNED_CHARS])[:_MESSAGE_CHARS])
            )
        except Exception:  # noqa: BLE001 - then nothing of it may be kept
            return Redacted(otherwise)

    def block(self, kind: str, reason: str) -> None:
        self.status = "blocked"
        self.output = None
        self.error = ErrorInfo(type=kind, message=reason, retry_after_s=self.clearance.retry_after_s)

    def hide_values(self) -> None:
        """Give the agent placeholders in place of secrets and personal data.

        A session belongs to its caller: who guesses its name must not be told by a reply what another one's placeholders stand for.
        Nor is an agent that sees placeholders told by the reply of one that it calls.
        """
        hiding, above = None, self.parent
        while above is not None and hiding is None:
            hiding, above = above.hiding, above.parent
        self.restores = hiding is None
        if hiding is None:
            session = f"{self.namespace}\0{self.owner}\0{self.session}" if self.session else ""
            hiding = self.rooms.guard.hiding(session)
        self.hiding = hiding
        self.seen_request = hiding.hide(self.request)
        if self.context:
            self.seen_context = hiding.hide(pruned(self.context, max_nodes=CONTEXT_MAX_NODES))

    def note_scan(self, scan: ScanVerdict, context: ScanContext, kind: Kind = "text") -> None:
        """Keep what security found in a text and decided about it."""
        self.findings += scan.findings
        self.risk = max(self.risk, scan.risk)
        write = self.rooms.guard.logged(scan, context, execution_id=self.execution_id, kind=kind)
        self.decisions.add(write, urgent=scan.action != "allow")

    def note_refused_connections(self) -> None:
        """Keep what the offline guard refused since this was last asked."""
        for place, finding in self.clearance.refused_connections.new():
            known = structs.replace(finding, value_hash=self.rooms.guard.value_hash(place))
            self.findings.append(known)
            self.note_decision("network", known, "out")

    def note_decision(self, kind: Kind, finding: Finding, direction: Direction) -> None:
        """Keep what was decided without a look at a text: by a person, the offline guard, or because a check broke."""
        place = ScanContext(direction, agent=self.spec.name, caller=self.caller, session=self.session)
        scan = ScanVerdict(finding.action, Redacted(""), findings=(finding,), text_hash=finding.value_hash)
        write = self.rooms.guard.logged(scan, place, execution_id=self.execution_id, kind=kind)
        self.decisions.add(write, urgent=finding.action != "allow")

    def add_usage(self, tokens_in: int, tokens_out: int, model: str, cost_microusd: int) -> None:
        with self.usage_lock:
            old = self.usage
            self.usage = Usage(
                old.tokens_in + tokens_in,
                old.tokens_out + tokens_out,
                model or old.model,
                old.cost_microusd + cost_microusd,
            )
            now = self.usage
        self.rooms.limits.report(self.execution_id, now.tokens_in + now.tokens_out, now.cost_microusd)

    @property
    def over(self) -> bool:
        """Whether the call has ended, or one that it was made in: then nobody waits for what it does."""
        return self.ended.is_set() or (self.parent is not None and self.parent.over)

    def close(self) -> None:
        """The call is over: give its place back, withdraw what it still asks, and let who made it know what it has read."""
        self.ended.set()
        recorded = "record" in self.stages and self.stages["record"].status == "ok"
        self.rooms.limits.release(self.execution_id, self.spec.name, recorded=recorded)
        self.clearance.hand_up(self.spec.name)

    def result(self) -> ExecutionResult:
        """The call as it stands now."""
        return ExecutionResult(
            execution_id=self.execution_id,
            trace_id=self.trace.trace_id if self.trace else "",
            agent=self.spec.name,
            feature=self.feature,
            status=self.status,
            output=self.output,
            error=self.error,
            verdict=self.verdict,
            attempts=tuple(self.attempts),
            memories=self.memories,
            findings=tuple(self.findings),
            stages=self.stages,
            usage=self.usage,
            duration_ms=round((self.rooms.clock.monotonic() - self.began) * 1e3, 3),
            started_at=self.started_at,
            parent_id=self.parent.execution_id if self.parent else "",
            namespace=self.namespace,
            session=self.session,
            caller=self.caller,
            commit=self.commit,
        )


current_call: ContextVar[CallState | None] = ContextVar("magnus_current_call", default=None)
"""The call whose agent runs in this context; a call made in it becomes its child."""

current_span: ContextVar[SpanHandle | None] = ContextVar("magnus_current_span", default=None)
"""The innermost open span of the running agent."""
