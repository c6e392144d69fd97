"""The canaries of one call: an agent plants them in its instructions, and its reply is searched for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from msgspec import structs

from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit

PLANTED_MAX = 32
"""So many are watched in one call and those within it; further ones are the first again."""

_planted: ContextVar[list[str] | None] = ContextVar("magnus_planted", default=None)


@contextmanager
def planting() -> Iterator[None]:
    """Around one call: what is planted within it is watched for until its end, in calls within it too."""
    if _planted.get() is not None:
        yield
        return
    token = _planted.set([])
    try:
        yield
    finally:
        # A call whose event loop was thrown away is ended by the garbage collector, in another context.
        with suppress(ValueError):
            _planted.reset(token)


def plant() -> str:
    """A new canary; watched for where a call is under way."""
    canaries = _planted.get()
    if canaries is not None and len(canaries) >= PLANTED_MAX:
        return canaries[0]
    from orchestrator_security.injection.canary import new_canary

    canary = new_canary()
    if canaries is not None:
        canaries.append(canary)
    return canary


class PlantedScanner:
    """Reports a canary of this call that came out, plain or disguised."""

    name = "canary"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.direction == "out" and bool(_planted.get())

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        from orchestrator_security.injection.canary import CanaryScanner

        scanner = CanaryScanner(_planted.get() or ())
        if not scanner.prefilter(text, context):
            return ()
        # What gave one away is kept out of the store as a whole: in a disguise nobody can say where it begins.
        return [structs.replace(hit, kind="CANARY") for hit in scanner.scan(text, context)]
