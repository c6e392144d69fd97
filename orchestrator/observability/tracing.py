"""OpenTelemetry spans of one call, kept together as a whole trace.

Magnus uses a tracer provider of its own and never sets the global one, so the sampling of a host application does not decide what
the history holds. Where the host has set an SDK provider, its spans below an agent's join the trace. Parents are passed explicitly:
detaching a context token in another context raises.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.observability.contract import Attributes, SpanHandle
from orchestrator_core.records import Redact
from orchestrator_core.storage.trace_blob import SpanRecord

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

MAX_SPANS = 1_000
"""Spans kept per call; more are counted as dropped."""


class OtelTracing:
    """The tracer of one Orchestrator.

    Raises ImportError on construction where the OpenTelemetry SDK is absent.
    """

    def __init__(self, *, version: str, redact: Redact) -> None:
        from opentelemetry import context as otel_context
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=Resource({"service.name": "magnus"}), shutdown_on_exit=False
        )
        self.tracer = self._provider.get_tracer("magnus", version)
        self.redact = redact
        self.in_context = trace.set_span_in_context
        self.attach = otel_context.attach
        self.detach: Callable[[Any], None] = otel_context.detach
        self.current_context = otel_context.get_current
        self.error_status = trace.Status(trace.StatusCode.ERROR)
        self.kinds = trace.SpanKind
        self._global_provider = trace.get_tracer_provider
        self._guests = _GuestSpans(self)
        self._joined: object | None = None

    def start(self, name: str, attributes: Attributes, *, parent_span: SpanHandle | None) -> OtelCallTrace:
        """A new trace, or a branch of the parent call's when there is one."""
        self._join_host()
        context = parent_span.context if isinstance(parent_span, OtelSpan) else self.current_context()
        return OtelCallTrace(self, self._guests, name, attributes, context)

    def _join_host(self) -> None:
        provider = self._global_provider()
        if provider is self._joined:
            return
        self._joined = provider
        add = getattr(provider, "add_span_processor", None)
        if add is not None:
            add(self._guests)


class OtelSpan:
    """One open span of ours."""

    __slots__ = ("_call", "context", "span")

    def __init__(self, call: OtelCallTrace, span: Span, context: Context) -> None:
        self._call = call
        self.span = span
        self.context = context

    def end(self, *, error: str = "", attributes: Attributes | None = None) -> None:
        if attributes:
            self.span.set_attributes(dict(attributes))
        if error:
            self.span.set_status(self._call.tracing.error_status)
        self.span.end(end_time=self._call.now_ns())
        self._call.keep(self.span, error)

    def event(self, name: str, attributes: Attributes) -> None:
        self.span.add_event(name, dict(attributes), timestamp=self._call.now_ns())

    def enter(self) -> object:
        self._call.guests.adopt(self.span, self._call)
        return self._call.tracing.attach(self.context)

    def leave(self, token: object) -> None:
        self._call.tracing.detach(token)


class OtelCallTrace:
    """The spans of one call. Times come from one wall-clock reading plus a monotonic clock, so they never run backwards."""

    def __init__(
        self, tracing: OtelTracing, guests: _GuestSpans, name: str, attributes: Attributes, context: Context
    ) -> None:
        self.tracing = tracing
        self.guests = guests
        self._offset_ns = time.time_ns() - time.perf_counter_ns()
        self._kept: list[SpanRecord] = []
        self._lock = threading.Lock()
        self._open = True
        self._started = 0
        self.adopted: list[int] = []
        self.root = self._start(name, context, attributes)
        self.trace_id = f"{self.root.span.get_span_context().trace_id:032x}"

    def now_ns(self) -> int:
        return self._offset_ns + time.perf_counter_ns()

    def open(self, name: str, *, parent: SpanHandle | None = None, attributes: Attributes | None = None) -> OtelSpan:
        above = parent if isinstance(parent, OtelSpan) else self.root
        return self._start(name, above.context, attributes)

    def _start(self, name: str, context: Context, attributes: Attributes | None) -> OtelSpan:
        tracing = self.tracing
        self.count()
        span: Any = tracing.tracer.start_span(
            name, context, tracing.kinds.INTERNAL, attributes, start_time=self.now_ns(), record_exception=False
        )
        return OtelSpan(self, span, tracing.in_context(span, context))

    def keep(self, span: ReadableSpan, error: str = "", redact: Redact | None = None) -> None:
        """Keep an ended span. ``redact`` is given for the host's own spans; ours were redacted when they were made."""
        with self._lock:
            if self._open and len(self._kept) < MAX_SPANS:
                self._kept.append(_record_of(span, error, redact))

    def count(self) -> None:
        self._started += 1

    def finish(self) -> tuple[tuple[SpanRecord, ...], int]:
        with self._lock:
            self._open = False
            # The root ends last, so it may be behind a child that started in the same nanosecond.
            spans = tuple(sorted(self._kept, key=lambda span: (span.start_ns, -span.end_ns)))
        self.guests.release(self.adopted)
        return spans, self._started - len(spans)


class _GuestSpans:
    """A span processor on the host's provider: spans whose parent is one of ours belong to that call's trace."""

    def __init__(self, tracing: OtelTracing) -> None:
        self._tracing = tracing
        self._owners: dict[int, OtelCallTrace] = {}

    def adopt(self, span: Span, call: OtelCallTrace) -> None:
        number = span.get_span_context().span_id
        self._owners[number] = call
        call.adopted.append(number)

    def release(self, numbers: list[int]) -> None:
        for number in numbers:
            self._owners.pop(number, None)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        parent = span.parent
        call = self._owners.get(parent.span_id) if parent else None
        if call is not None:
            call.count()
            self.adopt(span, call)

    def on_end(self, span: ReadableSpan) -> None:
        context = span.get_span_context()
        call = self._owners.get(context.span_id) if context else None
        if call is not None:
            call.keep(span, redact=self._tracing.redact)

    def _on_ending(self, span: Span) -> None:
        """Part of the SDK's processor interface since 1.30; nothing to do."""

    def shutdown(self) -> None:
        self._owners.clear()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def _record_of(span: ReadableSpan, error: str, redact: Redact | None) -> SpanRecord:
    context: Any = span.get_span_context()
    attributes = dict(span.attributes or {})
    events = tuple({"name": e.name, "time_ns": e.timestamp, **dict(e.attributes or {})} for e in span.events)
    name = span.name
    status_text = error or (span.status.description or "")
    if redact is not None:
        name = redact(name)
        attributes = {key: redact(value) if isinstance(value, str) else value for key, value in attributes.items()}
        events = tuple({k: redact(v) if isinstance(v, str) else v for k, v in event.items()} for event in events)
        status_text = redact(status_text)
    return SpanRecord(
        name=name,
        span_id=f"{context.span_id:016x}",
        parent_id=f"{span.parent.span_id:016x}" if span.parent else "",
        kind=span.kind.name.lower(),
        start_ns=span.start_time or 0,
        end_ns=span.end_time or 0,
        status=span.status.status_code.name.lower(),
        status_text=status_text,
        attributes=attributes,
        events=events,
    )
