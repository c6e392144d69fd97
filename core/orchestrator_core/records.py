"""The words of one call: what it found, did, cost and was worth.

Plain frozen values without behaviour worth a test of its own, so that rooms can speak of the same thing without knowing
each other. Durations are in milliseconds (``_ms``) or seconds (``_s``), money in integer micro-USD, times in epoch seconds.
"""

from __future__ import annotations

from typing import Any, Literal, NewType, Protocol

from msgspec import Struct, field

from orchestrator_core.errors import RunBlocked, RunCancelled, RunFailed
from orchestrator_core.plain_text import readable_entry

Redacted = NewType("Redacted", str)
"""Text that went through redaction. Only such text may be stored, traced or rendered."""


class Redact(Protocol):
    """Replaces secrets and personal data by placeholders. Total: never raises, idempotent."""

    def __call__(self, text: str) -> Redacted: ...


def hides(redact: Redact, text: str) -> bool:
    """Whether redaction finds something in a name; where a scanner cannot finish, that is no reason to refuse the name."""
    shown = redact(text)
    return shown != text and not shown.startswith("<withheld: ")


Status = Literal["succeeded", "failed", "blocked", "cancelled"]
StageStatus = Literal["ok", "off", "failed", "blocked", "skipped"]
Severity = Literal["info", "low", "medium", "high", "critical"]
Action = Literal["allow", "flag", "redact", "block"]

STAGES: tuple[str, ...] = ("guard_in", "recall", "attempts", "guard_out", "judge", "remember", "record")
"""The seven stages of a call, in their fixed order."""

SWITCHABLE: tuple[str, ...] = ("guard_in", "recall", "guard_out", "judge", "remember", "healing", "tracing", "record")
"""What a call, a feature or the settings may switch off. ``healing`` off means one attempt; ``tracing`` off means no spans."""


class Write(Struct, frozen=True):
    """One SQL statement with its parameters, prepared by a room and executed by the record's transaction."""

    sql: str
    params: tuple[Any, ...] = ()


class Finding(Struct, frozen=True):
    """Something a check found. It never holds the value itself, only a keyed hash of it."""

    rule_id: str
    category: str
    severity: Severity = "medium"
    confidence: float = 1.0
    start: int = 0
    end: int = 0
    action: Action = "flag"
    scanner: str = ""
    cwe: str = ""
    owasp_llm: str = ""
    value_hash: str = ""
    stage: str = ""
    message: str = ""


class Criterion(Struct, frozen=True):
    """One judged quality. ``score`` is 1 to 10, or None where the judge abstains."""

    name: str
    score: float | None
    confidence: float = 0.0
    source: str = ""
    evidence: str = ""


class Verdict(Struct, frozen=True):
    """How good an output was. ``unjudged`` is a value of its own: never 0, never part of an average."""

    status: Literal["judged", "unjudged", "off"] = "unjudged"
    overall: float | None = None
    """Mean of the scored criteria after caps, 1 to 10."""
    passed: bool | None = None
    criteria: tuple[Criterion, ...] = ()
    judge: Literal["llm", "rules", ""] = ""
    model: str = ""
    degraded: bool = False
    """True where the LLM judge was wanted and the rule judge stood in for it."""
    reason: str = ""
    caps: tuple[str, ...] = ()
    duration_ms: float = 0.0


class RecalledMemory(Struct, frozen=True):
    """A memory that was found for a request."""

    id: str
    text: str
    score: float
    tier: str = "tasks"
    key: str = ""
    namespace: str = "default"
    source: str = ""
    """Where it comes from: an execution id, or what the user named."""
    created_at: float = 0.0
    age_s: float = 0.0
    trust: float = 1.0
    views: dict[str, float] = field(default_factory=dict)
    """What each ranking view gave, for ``explain``."""
    status: str = ""
    """How the run ended that left this memory (``succeeded``, ``failed``, ``blocked``); empty for what no run left."""
    category: str = ""
    author: str = ""
    session: str = ""
    occurred_at: float = 0.0
    judged: float | None = None
    """The judge's score of the run that left it, 1 to 10."""
    expires_at: float | None = None
    pinned: bool = False
    quarantined: str = ""
    """Why it is set aside and not given to agents; empty for one that is not."""
    aliases: tuple[str, ...] = ()
    """The ids of near-duplicates that were merged into it."""
    metadata: dict[str, Any] = field(default_factory=dict)


class StageRecord(Struct, frozen=True):
    """What became of one stage of a call."""

    name: str
    status: StageStatus
    duration_ms: float = 0.0
    error: str = ""


class Attempt(Struct, frozen=True):
    """One run of an agent within a call, and what was decided after it."""

    n: int
    agent: str
    outcome: Literal["succeeded", "failed"]
    duration_ms: float = 0.0
    error_type: str = ""
    error_message: str = ""
    error_class: str = ""
    fingerprint: str = ""
    action: str = ""
    """What healing decided after this attempt: ``retry``, ``stop`` or nothing after a success."""
    wait_s: float = 0.0
    explanation: str = ""
    remedy: str = ""
    """What preceded this attempt (``retry after 2 s``), empty on the first."""


class Lesson(Struct, frozen=True):
    """A remedy that was tried against a failure, and what came of it."""

    fingerprint: str
    failure: Redacted
    """Type and masked message: ``TimeoutError: no answer from <url>``."""
    error_class: str
    remedy: str
    """In words, the same for the same remedy: ``retry after 2 s``."""
    worked: bool
    """False where the same failure came again."""


class ErrorInfo(Struct, frozen=True):
    """Why a call did not succeed. The message is redacted."""

    type: str
    message: str
    error_class: str = ""
    fingerprint: str = ""
    advice: str = ""
    traceback: str = ""
    retry_after_s: float = 0.0
    """Where a limit stopped the call: seconds until it is worth trying again."""


class Usage(Struct, frozen=True):
    """What agents reported of their model use."""

    tokens_in: int = 0
    tokens_out: int = 0
    model: str = ""
    cost_microusd: int = 0


class ExecutionResult(Struct, kw_only=True, weakref=True):
    """What one call did. Returned for every run, whether it succeeded, failed or was blocked."""

    execution_id: str
    trace_id: str = ""
    agent: str = ""
    feature: str = ""
    status: Status = "succeeded"
    output: Any = None
    """What the agent returned, as it returned it; None when it did not."""
    error: ErrorInfo | None = None
    verdict: Verdict = Verdict(status="off")
    attempts: tuple[Attempt, ...] = ()
    memories: tuple[RecalledMemory, ...] = ()
    findings: tuple[Finding, ...] = ()
    stages: dict[str, StageRecord] = field(default_factory=dict)
    usage: Usage = Usage()
    duration_ms: float = 0.0
    started_at: float = 0.0
    parent_id: str = ""
    namespace: str = "default"
    session: str = ""
    caller: str = ""
    commit: str = ""
    recorded: bool = False
    record_error: str = ""
    """Why the record could not be written, when ``recorded`` is False."""

    @property
    def ok(self) -> bool:
        """True when the agent succeeded and its output was let through."""
        return self.status == "succeeded"

    @property
    def text(self) -> str:
        """The output as text: strings as they are, a mapping's ``markdown`` or ``text`` entry, everything else by ``str``."""
        if self.output is None:
            return ""
        readable = readable_entry(self.output) if isinstance(self.output, dict) else None
        if readable is not None:
            return readable
        if isinstance(self.output, str):
            return self.output
        try:
            return str(self.output)
        except Exception as error:  # noqa: BLE001 - an object's own method, or a nesting too deep for one
            return f"<{type(self.output).__name__} that cannot be shown as text ({type(error).__name__})>"

    def raise_for_failure(self) -> ExecutionResult:
        """Return the result itself when it is ok.

        Raises:
            RunBlocked: security stopped the call.
            RunCancelled: the call was cancelled.
            RunFailed: the agent failed.
        """
        if self.ok:
            return self
        kind = {"blocked": RunBlocked, "cancelled": RunCancelled}.get(self.status, RunFailed)
        what = self.error.message if self.error else self.status
        if self.error and not what.startswith(f"{self.error.type}:"):
            what = f"{self.error.type}: {what}"
        what = what.rstrip(":. ")
        advice = f" {self.error.advice}" if self.error and self.error.advice else ""
        raise kind(f"agent {self.agent!r} {self.status}: {what}.{advice}", execution_id=self.execution_id)
