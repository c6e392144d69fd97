"""What the tests of approvals share: an agent that asks leave for a capability, and the shapes of the fixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from orchestrator import Call, ExecutionResult, Orchestrator
from orchestrator_security.approvals.question import Question

Run = Callable[..., ExecutionResult]
Make = Callable[..., Orchestrator]


class Asked(Protocol):
    """The fixture ``asked``."""

    says: Any
    questions: list[Question]


def wants(capability: str, reason: str = "", *, asynchronous: bool) -> Callable[..., Any]:
    """An agent that asks leave for a capability."""

    def sync(request: str, call: Call) -> str:
        call.require(capability, reason=reason)
        return "done"

    async def parallel(request: str, call: Call) -> str:
        await call.arequire(capability, reason=reason)
        return "done"

    return parallel if asynchronous else sync
