"""Whether the limits let a call begin; its place is given back when it ends, see ``CallState.close``."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from orchestrator.flow.state import CallState
from orchestrator_core.records import Finding
from orchestrator_security.contract import ScanVerdict


def refusal(state: CallState, unchecked: Callable[[], ScanVerdict]) -> ScanVerdict | None:
    """Why the call may not begin; None where it may, and then it holds its place until it ends. ``unchecked`` names the request.

    Raises:
        StoreError: the limits are kept in the store, and it cannot be used.
    """
    limits = state.rooms.limits
    admission = limits.admit(state.execution_id, state.spec.name, state.caller, nested=_runs_above(state))
    if state.ended.is_set():  # it was cancelled while it waited for the store, and nobody else gives its place back
        limits.release(state.execution_id, state.spec.name, recorded=False)
    if admission.allowed:
        return None
    state.clearance.retry_after_s = admission.retry_after_s
    finding = Finding(
        admission.limit,
        "limit",
        severity="low",
        action="block",
        scanner="limits",
        stage="guard_in",
        message=admission.reason,
    )
    return structs.replace(unchecked(), action="block", findings=(finding,), reason=admission.reason)


def _runs_above(state: CallState) -> bool:
    """Whether this call is made within a running call of the same agent."""
    above = state.parent
    while above is not None:
        if above.spec.name == state.spec.name and not above.over:
            return True
        above = above.parent
    return False
