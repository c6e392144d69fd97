"""A trace as the lines of a waterfall: nested, in order, with offsets and lengths. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from orchestrator_core.storage.trace_blob import SpanRecord
from orchestrator_dashboards.quantities import duration
from orchestrator_dashboards.safe_text import one_line

_NAME_MAX = 120
_VALUE_MAX = 160
_FACTS_MAX = 12
_DEPTH_MAX = 12


class Line(Struct, frozen=True, omit_defaults=True):
    """One span. ``left`` and ``width`` are parts of 10,000 of the trace's length."""

    name: str
    time: str
    left: int = 0
    width: int = 0
    depth: int = 0
    error: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    """Attributes, events and the status text, as name and value."""


class Waterfall(Struct, frozen=True, omit_defaults=True):
    """A trace, the root first."""

    lines: tuple[Line, ...]
    total: str = ""
    note: str = ""


def waterfall(
    spans: tuple[SpanRecord, ...], *, dropped: int = 0, lines_max: int = 200, facts: bool = True
) -> Waterfall:
    """Order spans below their parents by start time.

    Spans whose parent is not among them stand at the top, whatever the ids say: two spans that claim to be each other's
    parent are shown too, once.
    """
    if not spans:
        return Waterfall((), note=_note(0, 0, dropped))
    began = min(span.start_ns for span in spans)
    length = max(1, max(span.end_ns for span in spans) - began)
    ordered = _in_order(spans)
    lines = tuple(_line(span, depth, began, length, facts=facts) for span, depth in ordered[:lines_max])
    return Waterfall(lines, duration(length / 1e6), _note(len(lines), len(spans), dropped))


def _note(shown: int, kept: int, dropped: int) -> str:
    parts = []
    if shown < kept:
        parts.append(f"first {shown:,} of {kept:,} spans")
    if dropped:
        parts.append(f"{dropped:,} more were not kept")
    return "; ".join(parts)


def _in_order(spans: tuple[SpanRecord, ...]) -> list[tuple[SpanRecord, int]]:
    known = {span.span_id for span in spans}
    children: dict[str, list[int]] = {}
    for index, span in enumerate(spans):
        parent = span.parent_id if span.parent_id in known and span.parent_id != span.span_id else ""
        children.setdefault(parent, []).append(index)

    def by_start(index: int) -> tuple[int, int]:
        return spans[index].start_ns, index

    ordered: list[tuple[SpanRecord, int]] = []
    seen: set[int] = set()
    # Roots first; then whatever a cycle of parents kept from being reached.
    for start in (*sorted(children.get("", ()), key=by_start), *sorted(range(len(spans)), key=by_start)):
        stack = [(start, 0)]
        while stack:
            index, depth = stack.pop()
            if index in seen:
                continue
            seen.add(index)
            ordered.append((spans[index], depth))
            below = sorted(children.get(spans[index].span_id, ()), key=by_start, reverse=True)
            stack.extend((child, depth + 1) for child in below)
    return ordered


def _line(span: SpanRecord, depth: int, began: int, length: int, *, facts: bool) -> Line:
    left = round((span.start_ns - began) / length * 10_000)
    width = round(max(0, span.end_ns - span.start_ns) / length * 10_000)
    return Line(
        name=one_line(span.name, _NAME_MAX) or "(unnamed)",
        time=duration(max(0.0, span.duration_ms)),
        left=min(left, 10_000),
        width=min(width, 10_000 - min(left, 10_000)),
        depth=min(depth, _DEPTH_MAX),
        error=span.status == "error",
        facts=tuple(_facts(span))[:_FACTS_MAX] if facts else (),
    )


def _facts(span: SpanRecord) -> Iterable[tuple[str, str]]:
    if span.status_text:
        yield "status", one_line(span.status_text, _VALUE_MAX)
    for key, value in span.attributes.items():
        yield one_line(str(key), _VALUE_MAX), _value(value)
    for event in span.events:
        attributes = event.get("attributes")
        said = (
            ", ".join(f"{key}={_value(value)}" for key, value in attributes.items())
            if isinstance(attributes, dict)
            else ""
        )
        yield f"event {one_line(str(event.get('name', '')), _VALUE_MAX)}", one_line(said, 2 * _VALUE_MAX)


def _value(value: Any) -> str:
    return one_line(str(value), _VALUE_MAX)
