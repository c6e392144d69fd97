"""OpenTelemetry spans of one call, kept together as a whole trace.

Magnus uses a tracer provider of its own and never sets the global one, so the sampling of a host application does not decide what
the history holds. Where the host has set an SDK provider, its spans below an agent's join the trace. Parents are passed explicitly:
detaching a context token in another context raises.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.observability.contract import Attributes, SpanHandle
from orchestrator_core.records import Redact
from orchestrator_core.storage.trace_blob import SpanRecord

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span
    from opentelemetry.sdk.trace.id_generator import IdGenerator

MAX_SPANS = 1_000
"""Spans kept per call; more are counted as dropped."""
MAX_ATTRIBUTES = 128
"""Attributes kept per span and per event, and events kept per span: the SDK's own default."""


class OtelTracing:
    """The tracer of one Orchestrator.

    Its limits and ids are its own: environment variables and a seeded ``random`` are for the host's spans.

    Raises:
        ImportError: the OpenTelemetry SDK is absent, or switched off by ``OTEL_SDK_DISABLED``.
    """

    def __init__(self, *, version: str, redact: Redact) -> None:
        from opentelemetry import context as otel_context
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import SpanLimits, Tracer, TracerProvider
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource({"service.name": "magnus"}),
            shutdown_on_exit=False,
            id_generator=_system_ids(),
            span_limits=SpanLimits(
                max_attributes=MAX_ATTRIBUTES,
                max_events=MAX_ATTRIBUTES,
                max_links=MAX_ATTRIBUTES,
                max_span_attributes=MAX_ATTRIBUTES,
                max_event_attributes=MAX_ATTRIBUTES,
                max_link_attributes=MAX_ATTRIBUTES,
                max_attribute_length=SpanLimits.UNSET,
                max_span_attribute_length=SpanLimits.UNSET,
            ),
        )
        self.tracer = provider.get_tracer("magnus", version)
        if not isinstance(self.tracer, Tracer):
            raise ImportError("the OpenTelemetry SDK is switched off by OTEL_SDK_DISABLED")  # noqa: TRY004
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
        self._join_lock = threading.RLock()

    def start(self, name: str, attributes: Attributes, *, parent_span: SpanHandle | None) -> OtelCallTrace:
        """A new trace, or a branch of the parent call's when there is one."""
        self._join_host()
        context = parent_span.context if isinstance(parent_span, OtelSpan) else self.current_context()
        return OtelCallTrace(self, self._guests, name, attributes, context)

    def _join_host(self) -> None:
        try:
            provider = self._global_provider()
        except Exception:  # noqa: BLE001 - OTEL_PYTHON_TRACER_PROVIDER names none: there are no spans that could join
            return
        if provider is self._joined:
            return
        with self._join_lock:
            if provider is self._joined:
                return
            self._joined = provider
            add = getattr(provider, "add_span_processor", None)
            if add is not None:
                add(self._guests)


def _system_ids() -> IdGenerator:
    """Ids from the system's randomness. The SDK's own would draw from the host's ``random`` and repeat where it is seeded."""
    from opentelemetry.sdk.trace.id_generator import IdGenerator

    class SystemIds(IdGenerator):
        def generate_span_id(self) -> int:
            return int.from_bytes(os.urandom(8)) or 1

        def generate_trace_id(self) -> int:
            return int.from_bytes(os.urandom(16)) or 1

        def is_trace_id_random(self) -> bool:
            return True

    return SystemIds()


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
        self._adopted: list[int] = []
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

    def adopts(self, number: int) -> bool:
        """Note a span below which others may nest; False once the call has ended, when nobody would let go of it again."""
        with self._lock:
            if self._open:
                self._adopted.append(number)
            return self._open

    def count(self) -> None:
        self._started += 1

    def finish(self) -> tuple[tuple[SpanRecord, ...], int]:
        with self._lock:
            self._open = False
            # The root ends last, so it may be behind a child that started in the same nanosecond.
            spans = tuple(sorted(self._kept, key=lambda span: (span.start_ns, -span.end_ns)))
        self.guests.release(self._adopted)
        return spans, self._started - len(spans)


class _GuestSpans:
    """A span processor on the host's provider: spans whose parent is one of ours belong to that call's trace."""

    def __init__(self, tracing: OtelTracing) -> None:
        self._tracing = tracing
        self._owners: dict[int, OtelCallTrace] = {}

    def adopt(self, span: Span, call: OtelCallTrace) -> None:
        number = span.get_span_context().span_id
        if call.adopts(number):
            self._owners[number] = call

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


def _redacted(attributes: dict[str, Any], redact: Redact) -> dict[str, Any]:
    return {redact(key): _redacted_value(value, redact) for key, value in attributes.items()}


def _redacted_value(value: Any, redact: Redact) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return _redacted({str(key): item for key, item in value.items()}, redact)
    if isinstance(value, Sequence):
        return [_redacted_value(item, redact) for item in value]
    return value


def _record_of(span: ReadableSpan, error: str, redact: Redact | None) -> SpanRecord:
    context: Any = span.get_span_context()
    attributes = dict(span.attributes or {})
    events = tuple({"name": e.name, "time_ns": e.timestamp, **dict(e.attributes or {})} for e in span.events)
    name = span.name
    status_text = error or (span.status.description or "")
    if redact is not None:
        name = redact(name)
        attributes = _redacted(attributes, redact)
        events = tuple(_redacted(event, redact) for event in events)
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
