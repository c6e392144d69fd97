"""Magnus: a local-first agent framework with memory, self-healing and an LLM judge.

    from orchestrator import agent, execute_agent, generate_dashboard

Names are loaded at first use, so importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from orchestrator.version import VERSION as __version__

if TYPE_CHECKING:
    from orchestrator.agents.contract import AgentSpec, Call
    from orchestrator.facade import (
        aexecute_agent,
        agent,
        execute_agent,
        generate_dashboard,
        get_orchestrator,
        register,
        set_orchestrator,
    )
    from orchestrator.runtime import Orchestrator
    from orchestrator_core.errors import (
        AgentTimeout,
        ApprovalDenied,
        DuplicateAgent,
        MagnusError,
        MissingDependency,
        ModelBadOutput,
        ModelBusy,
        ModelError,
        ModelNotFound,
        ModelRefused,
        ModelRejected,
        ModelTimeout,
        ModelTruncated,
        ModelUnavailable,
        OfflineRefused,
        RetryLater,
        RunBlocked,
        RunCancelled,
        RunFailed,
        SettingsError,
        StoreBusy,
        StoreDamaged,
        StoreError,
        StoreFull,
        StoreReadOnly,
        StoreTooNew,
        StoreUnsafe,
        TargetError,
        UnknownAgent,
        UsageError,
    )
    from orchestrator_core.records import ExecutionResult, Verdict
    from orchestrator_core.settings import Settings

_HOMES = {
    "orchestrator.facade": (
        "aexecute_agent", "agent", "execute_agent", "generate_dashboard", "get_orchestrator", "register", "set_orchestrator",
    ),
    "orchestrator.runtime": ("Orchestrator",),
    "orchestrator.agents.contract": ("AgentSpec", "Call"),
    "orchestrator_core.records": ("ExecutionResult", "Verdict"),
    "orchestrator_core.settings": ("Settings",),
    "orchestrator_core.errors": (
        "AgentTimeout", "ApprovalDenied", "DuplicateAgent", "MagnusError", "MissingDependency", "ModelBadOutput", "ModelBusy", "ModelError",
        "ModelNotFound", "ModelRefused", "ModelRejected", "ModelTimeout", "ModelTruncated", "ModelUnavailable", "OfflineRefused",
        "RetryLater",
        "RunBlocked", "RunCancelled", "RunFailed", "SettingsError", "StoreBusy", "StoreDamaged", "StoreError", "StoreFull",
        "StoreReadOnly", "StoreTooNew", "StoreUnsafe", "TargetError", "UnknownAgent", "UsageError",
    ),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME_OF, "__version__"])


def __getattr__(name: str) -> Any:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
