"""The module-level functions: one line each over the process's default Orchestrator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from orchestrator.agents.registry import shared_registry

if TYPE_CHECKING:
    from orchestrator.agents.contract import AgentSpec
    from orchestrator.runtime import Orchestrator
    from orchestrator_core.records import ExecutionResult

F = TypeVar("F", bound=Callable[..., Any])
_lock = threading.Lock()
_default: Orchestrator | None = None


def get_orchestrator() -> Orchestrator:
    """The process's default Orchestrator, made at first use from settings file and environment.

    Raises:
        SettingsError: a setting is unknown or wrong.
    """
    global _default
    if _default is None:
        # The runtime costs some 60 ms CPU to import; a module that only declares agents need not pay it.
        from orchestrator.runtime import Orchestrator

        with _lock:
            if _default is None:
                _default = Orchestrator()
    return _default


def set_orchestrator(orchestrator: Orchestrator | None) -> None:
    """Make another Orchestrator the default; None makes a new one at the next use."""
    global _default
    with _lock:
        _default = orchestrator


def agent(name: str | None = None, **details: Any) -> Callable[[F], F]:
    """Register a function as an agent, for every Orchestrator of this process.

    The function takes ``(request)``, ``(request, context)`` or ``(request, call)``; its second parameter is the context mapping
    unless it is named ``call`` or annotated ``Call``. It may be async.

    Args:
        name: Letters, digits and ``-_.:/``; None takes the function's name with dashes.
        **details: ``description``, ``capabilities``, ``version``, ``timeout_s``, ``idempotent``, ``requires_approval``,
            ``metadata``.

    Raises:
        UsageError: the name or function does not fit.
        DuplicateAgent: the name is taken by another function.
    """
    return shared_registry.agent(name, **details)


def register(name: str, function: Callable[..., Any], *, replace: bool = False, **details: Any) -> AgentSpec:
    """Register an agent without the decorator; see ``agent``."""
    return shared_registry.register(name, function, replace=replace, **details)


def execute_agent(
    agent_name: str,
    request: str | Mapping[str, Any],
    feature_name: str | None = None,
    context: Mapping[str, Any] | None = None,
    *,
    timeout_s: float | None = None,
    deadline_s: float | None = None,
    idempotent: bool | None = None,
    session: str = "",
    namespace: str | None = None,
    caller: str | None = None,
    stages: Mapping[str, bool] | None = None,
) -> ExecutionResult:
    """Run an agent through security, memory, healing, judging and recording; returns a result for everything that happened.

    Args:
        agent_name: A registered agent.
        request: What it should do, as text or a mapping.
        feature_name: The feature of yours that this call serves; kept in the record, and may have settings of its own.
        context: Data for the agent. A Python agent gets it as it is; only its redacted form is stored.
        timeout_s: Time limit of one attempt, in seconds; 0 for none. Default: the agent's, else the settings'.
        deadline_s: Time limit of the whole call with its retries and waits, in seconds; 0 for none.
        idempotent: False: never run it a second time by itself. Default: what the agent was registered with.
        session: Groups calls that belong together, such as one conversation.
        namespace: Whose memories are recalled and kept.
        caller: Who calls; default is the calling module and function.
        stages: Switches for this call, such as ``{"judge": False}``.

    Raises:
        UsageError: a mistake in the arguments, such as an unknown agent; nothing ran.
        StoreError: the store cannot be used; nothing ran.
    """
    return get_orchestrator().execute(
        agent_name, request, feature_name, context, timeout_s=timeout_s, deadline_s=deadline_s, idempotent=idempotent,
        session=session, namespace=namespace, caller=caller, stages=stages,
    )  # fmt: skip


async def aexecute_agent(
    agent_name: str,
    request: str | Mapping[str, Any],
    feature_name: str | None = None,
    context: Mapping[str, Any] | None = None,
    *,
    timeout_s: float | None = None,
    deadline_s: float | None = None,
    idempotent: bool | None = None,
    session: str = "",
    namespace: str | None = None,
    caller: str | None = None,
    stages: Mapping[str, bool] | None = None,
) -> ExecutionResult:
    """The same as ``execute_agent`` on the running event loop: async agents run on it, functions in threads."""
    return await get_orchestrator().aexecute(
        agent_name, request, feature_name, context, timeout_s=timeout_s, deadline_s=deadline_s, idempotent=idempotent,
        session=session, namespace=namespace, caller=caller, stages=stages,
    )  # fmt: skip


def generate_dashboard(hours: float | None = None) -> Path:
    """Write the dashboard of the last ``hours`` (default: the settings') and return its path; see ``Orchestrator``."""
    return get_orchestrator().generate_dashboard(hours)
