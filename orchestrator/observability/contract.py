"""What the line may ask of the observability room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from orchestrator.observability import names as names
from orchestrator_core.plain_text import PlainText
from orchestrator_core.records import ExecutionResult, Redacted, Write
from orchestrator_core.storage.trace_blob import SpanRecord

Attributes = Mapping[str, str | int | float | bool]


class SpanHandle(Protocol):
    """An open span."""

    def end(self, *, error: str = "", attributes: Attributes | None = None) -> None:
        """Close the span; ``error`` is a redacted text and marks it as failed."""
        ...

    def event(self, name: str, attributes: Attributes) -> None: ...

    def enter(self) -> object:
        """Make this the current span of the running context, so that the user's own instrumentation nests below it.

        Returns what ``leave`` needs.
        """
        ...

    def leave(self, token: object) -> None:
        """Undo ``enter`` in the same context."""
        ...


class CallTrace(Protocol):
    """The spans of one call, from its root down."""

    @property
    def trace_id(self) -> str: ...

    @property
    def root(self) -> SpanHandle: ...

    def open(self, name: str, *, parent: SpanHandle | None = None, attributes: Attributes | None = None) -> SpanHandle:
        """A child span; below the root when no parent is given."""
        ...

    def finish(self) -> tuple[tuple[SpanRecord, ...], int]:
        """The finished spans, the root first, and how many were dropped. Spans that end later are counted, not kept."""
        ...


class Tracing(Protocol):
    """Starts traces."""

    def start(self, name: str, attributes: Attributes, *, parent_span: SpanHandle | None) -> CallTrace:
        """A new trace, or a branch below ``parent_span``, a span of the call that this one is nested in."""
        ...


class CallRecord(Struct):
    """Everything the record's transaction writes. All text is redacted."""

    result: ExecutionResult
    request: Redacted
    request_bytes: int
    context: Redacted
    output: Redacted
    output_facts: PlainText | None
    spans: tuple[SpanRecord, ...]
    dropped_spans: int
    risk: float = 0.0
    """The highest risk that security saw in any text of the call, 0 to 1."""
    required: Sequence[Write] = ()
    """Rows of rooms that belong to the record, such as healing's evidence."""
    keyword_only: bool = False
    """Whether the recalled memories were found without vectors."""
    optional: Sequence[Write] = ()
    """Rows that may fail without failing the record, such as a memory."""


class Recorder(Protocol):
    """Writes one call in one transaction."""

    def write(self, record: CallRecord) -> str:
        """Commit the record; returns why ``optional`` was left out, empty when all of it was written.

        Raises:
            StoreError: nothing was written.
        """
        ...
