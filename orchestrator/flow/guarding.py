"""The two checks around an agent, and the one of what is recalled for it; every decision is logged."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal

from msgspec import structs

from orchestrator.flow.admission import refusal
from orchestrator.flow.state import CallState
from orchestrator.flow.steps import Keep, Move, Step
from orchestrator_core.plain_text import PlainText, plain_text, storable
from orchestrator_core.records import Redacted
from orchestrator_memory.contract import Recollection
from orchestrator_security.contract import Kind, ScanContext, ScanVerdict

_CUT_BYTES = 8_192
"""The longest values, private keys, are half as long."""


def guard_in(state: CallState) -> Generator[Move, Any, None]:
    """Look at the request; ends the call as blocked where it may not begin."""
    guard = state.rooms.guard
    settings = state.rooms.settings.security
    facts = plain_text(state.request, max_bytes=4 * settings.request_max_bytes)
    text = storable(facts.text)
    place = _place(state, "in")
    state.request_bytes = facts.size_bytes

    def unchecked() -> ScanVerdict:
        return guard.unchecked(text)

    refused: ScanVerdict | None = None

    def check() -> ScanVerdict:
        nonlocal refused
        refused = refusal(state, unchecked)
        if refused is not None:
            return refused
        return guard.check(state.request if isinstance(state.request, str) else facts.text, place)

    scan: ScanVerdict = yield Step(
        "guard_in", check, unchecked, blocking=len(text) > 50_000 or state.rooms.limits.blocking
    )
    state.request_text = Redacted(storable(scan.text)[: settings.request_max_bytes])
    yield from _noted(state, "guard_in", scan, place, "limit" if refused is not None else "text")
    if scan.action == "block":
        _block(state, "guard_in", scan.reason or "security blocked the request")
    elif state.spec.sees == "placeholders":
        state.hide_values()


def guard_out(state: CallState) -> Generator[Move, Any, PlainText]:
    """Look at the agent's reply; ends the call as blocked where it may not leave. Returns what the reply is made of."""
    guard = state.rooms.guard
    if state.hiding is not None and state.restores:
        state.output = state.hiding.restore(state.output)
    guard.know(state.output)
    place = _place(state, "out")
    max_bytes = state.rooms.settings.call.output_max_bytes
    facts = plain_text(state.output, max_bytes=max_bytes, key=state.rooms.digest_key)
    text, cut = storable(facts.text), 0
    if facts.truncated:
        # A value that is cut in two is no longer recognised: more is scanned than is kept.
        wider = plain_text(state.output, max_bytes=max_bytes + _CUT_BYTES)
        text, cut = storable(wider.text), _CUT_BYTES if wider.truncated else 0
    scan: ScanVerdict = yield Step(
        "guard_out",
        lambda: guard.check(text, place),
        lambda: guard.unchecked(text),
        blocking=len(text) > 50_000,
    )
    kept = scan.text[: max(0, len(scan.text) - cut)] if cut else scan.text
    state.output_text = Redacted(storable(kept)[:max_bytes] if facts.truncated else storable(kept))
    yield from _noted(state, "guard_out", scan, place)
    if scan.action == "block":
        _block(state, "guard_out", scan.reason or "security blocked the agent's output")
    elif state.rooms.settings.security.redact_output:
        state.output = state.output_text if isinstance(state.output, str) else guard.redact_data(state.output)
    return facts


def hostile(state: CallState, found: Recollection) -> frozenset[str]:
    """The ids of memories that the policy keeps from the agent: what was stored may have come from anywhere."""
    if not state.switches["guard_in"]:
        return frozenset()
    place = structs.replace(_place(state, "memory"), trust="untrusted")
    kept_away = set()
    for memory in found:
        scan = state.rooms.guard.check_stored(Redacted(memory.text), place)
        state.note_scan(scan, place)
        if scan.action == "block":
            kept_away.add(memory.id)
    state.decisions.keep()  # the stage may block, so no event loop waits
    return frozenset(kept_away)


def _place(state: CallState, direction: Literal["in", "out", "memory"]) -> ScanContext:
    return ScanContext(direction, agent=state.spec.name, caller=state.caller, session=state.session)


def _noted(
    state: CallState, stage: str, scan: ScanVerdict, place: ScanContext, kind: Kind = "text"
) -> Generator[Move, Any, None]:
    """Log a decision; what is not plainly allowed is on disk before anything else is done."""
    state.note_scan(scan, place, "unchecked" if state.stages[stage].status == "off" else kind)
    if state.decisions.urgent:
        yield Keep(state.decisions.keep)


def _block(state: CallState, stage: str, reason: str) -> None:
    state.block("Blocked", storable(reason))
    state.stages[stage] = structs.replace(state.stages[stage], status="blocked")
