"""One call as the history gives it back: in a line, or whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from orchestrator_core.records import Attempt, Finding, RecalledMemory, StageRecord, Verdict
from orchestrator_core.storage.trace_blob import SpanRecord


class ExecutionSummary(Struct, frozen=True):
    """A call in a line. ``request`` and ``error_message`` are cut to their beginning."""

    id: str
    started_at: float
    duration_ms: float
    agent: str
    feature: str
    status: str
    attempts: int
    healed: bool
    judge_status: str
    overall: float | None
    error_type: str
    error_message: str
    request: str
    caller: str
    session: str

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> ExecutionSummary:
        values = dict(zip(cls.__struct_fields__, row, strict=True))
        return cls(**{**values, "healed": bool(values["healed"])})


class Execution(Struct, frozen=True, kw_only=True):
    """Everything that was kept of a call. All text is redacted; sizes and hashes are those of the full output."""

    id: str
    started_at: float
    finished_at: float
    duration_ms: float
    record_ms: float
    agent: str
    feature: str
    caller: str
    session: str
    namespace: str
    code_commit: str
    parent_id: str
    trace_id: str
    status: str
    error_type: str
    error_message: str
    error_class: str
    fingerprint: str
    advice: str
    traceback: str
    request: str
    request_bytes: int
    context: str
    output: str
    output_kind: str
    output_bytes: int
    output_hash: str
    tokens_in: int
    tokens_out: int
    model: str
    cost_microusd: int
    healed: bool
    attempts: tuple[Attempt, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict
    stages: dict[str, StageRecord]
    memories: tuple[RecalledMemory, ...]
    """Texts are cut to their beginning."""
    spans: tuple[SpanRecord, ...]
    """The trace, the root first; empty when it has expired or tracing was off."""
    spans_dropped: int
    nested: tuple[str, ...]
    """Ids of the calls that this one's agent made."""
    problems: tuple[str, ...]
    """What of this record could not be read back."""


DERIVED = frozenset(
    {"healed", "attempts", "findings", "verdict", "stages", "memories", "spans", "spans_dropped", "nested", "problems"}
)
"""Fields of an ``Execution`` that are no column of their own, or kept in another form."""
