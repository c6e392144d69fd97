"""Agents that exist to be watched: one stumbles, one always falls, one is told secrets, one knows only what others found out."""

from __future__ import annotations

from typing import Any

from orchestrator.agents.contract import Call
from orchestrator.runtime import Orchestrator
from orchestrator_core.errors import RetryLater

STUMBLER = "demo-price-service"
FALLER = "demo-broken-reader"
LISTENER = "demo-note-taker"
ADVISER = "demo-adviser"

_READY_AT_ATTEMPT = 2
_RETRY_AFTER_S = 0.2


def price_service(_request: str, call: Call) -> str:
    """Stands for a service that is overloaded at first and asks to be called again shortly."""
    with call.span("ask for prices", attempt=call.attempt):
        if call.attempt < _READY_AT_ATTEMPT:
            raise RetryLater("the price service is warming up", retry_after_s=_RETRY_AFTER_S)
    return f"The prices are there, on attempt {call.attempt}: green tea 4.50, black tea 3.90."


def broken_reader(_request: str) -> str:
    """Stands for an agent with a bug that no retry mends."""
    rows: list[dict[str, str]] = [{"name": "green tea"}]
    return rows[0]["price"]


def note_taker(request: str) -> str:
    """Confirms what it was told, without repeating it."""
    return f"Noted {len(request.split())} words. The note says whom to ask and which key to use."


def adviser(_request: str, call: Call) -> str:
    """Knows nothing by itself: it passes on the last line of the memory that fits best."""
    best = next(iter(call.memories), None)
    if best is None:
        return "Nothing that was found out so far fits the question."
    return f"{best.author or 'Somebody'} found out: {best.text.splitlines()[-1].removeprefix('succeeded: ')}"


def register_cast(orchestrator: Orchestrator) -> None:
    """Make the four agents known to one Orchestrator."""
    described: tuple[tuple[str, Any, str], ...] = (
        (STUMBLER, price_service, "Fails once and then succeeds: shows healing."),
        (FALLER, broken_reader, "Always fails: shows the history of failures."),
        (LISTENER, note_taker, "Is told a secret: shows redaction."),
        (ADVISER, adviser, "Answers from what other agents found out: shows memory."),
    )
    for name, function, description in described:
        orchestrator.register(name, function, description=description, source="demo", replace=True)
