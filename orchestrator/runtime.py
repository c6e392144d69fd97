"""The explicit object behind the module-level functions: one store, one set of settings, one registry of agents."""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack

from orchestrator.agents.contract import AgentSpec
from orchestrator.agents.registry import Registry, load_modules, shared_registry
from orchestrator.arguments import CallOptions, check_arguments, check_hours
from orchestrator.background import IdleWorker
from orchestrator.flow.drivers import adrive, drive
from orchestrator.flow.line import line
from orchestrator.flow.state import CallState, current_call
from orchestrator.maintenance import MaintenanceReport, maintain, upkeep_is_due
from orchestrator.wiring import Built, build_network, dashboards_for, open_database
from orchestrator_core.clock import Clock, SystemClock
from orchestrator_core.configuration.sources import load_settings
from orchestrator_core.errors import UsageError
from orchestrator_core.forks import at_fork
from orchestrator_core.git_commit import commit_of
from orchestrator_core.records import ExecutionResult
from orchestrator_core.settings import Settings
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.home import find_home, placed_home, prepare_home

if TYPE_CHECKING:
    from orchestrator_memory.manager import MemoryManager
    from orchestrator_security.approvals.callback import OnApproval
    from orchestrator_security.manager import SecurityManager

F = TypeVar("F", bound=Callable[..., Any])


class Orchestrator:
    """Runs agents. Safe for threads, event loops and after a fork; several may live in one process.

    Args:
        settings: Complete settings; None reads them from file, environment and ``overrides``.
        home: The store's folder; None searches for ``.orchestrator`` (see the guide on storage).
        clock: Where the time comes from.
        sleep: How to wait between attempts; None waits for real.
        overrides: Single settings as ``{"memory.recall_k": 3}`` or nested; they win over file and environment.
        on_approval: Who says yes or no where a person's yes is demanded: a function, sync or async, that gets a ``Question`` and returns
            True, False or an ``Answer``; or ``"terminal"``, which asks the person there. None waits for ``orchestrate approvals``.

    Raises:
        SettingsError: a setting is unknown or wrong; nothing was opened.
        UsageError: ``on_approval`` cannot be called.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        home: Path | str | None = None,
        clock: Clock | None = None,
        sleep: Callable[[float], None] | None = None,
        overrides: Mapping[str, Any] | None = None,
        on_approval: OnApproval | Literal["terminal"] | None = None,
    ) -> None:
        if not (on_approval is None or on_approval == "terminal" or callable(on_approval)):
            raise UsageError(f"on_approval must be a function or 'terminal', not {type(on_approval).__name__}")
        self.settings = load_settings(overrides).settings if settings is None else settings
        chosen = home or self.settings.storage.home
        try:
            self.home = placed_home(chosen) if chosen else find_home(Path.cwd())
        except (ValueError, RuntimeError) as error:
            raise UsageError(f"home={str(chosen)!r} is no folder's path: {error}") from error
        self.network = build_network(self.settings)
        """Around every call and all work of its own threads."""
        self.clock: Clock = clock or SystemClock()
        self.registry = Registry(shared_registry, workbench=self.settings.agents.workbench)
        self.database: Database = open_database(self.home, self.settings)
        self._sleep = sleep
        self._on_approval = on_approval
        self._built: Built | None = None
        self._new_lock()
        self._modules_loaded = not self.settings.agents.modules
        self._commit = commit_of(Path.cwd())
        self._idle = IdleWorker(
            self.network.confined(self._idle_job),
            min_interval_s=self.settings.dashboards.min_interval_s,
            now=time.monotonic,
        )
        at_fork(self, child=Orchestrator._new_lock)

    def _new_lock(self) -> None:
        self._build_lock = threading.RLock()

    # ---- agents

    def agent(self, name: str | None = None, **details: Any) -> Callable[[F], F]:
        """A decorator that registers an agent with this Orchestrator only; see ``orchestrator.agent``."""
        return self.registry.agent(name, **details)

    def register(self, name: str, function: Callable[..., Any], *, replace: bool = False, **details: Any) -> AgentSpec:
        """Register an agent with this Orchestrator only; see ``Registry.register``."""
        return self.registry.register(name, function, replace=replace, **details)

    # ---- calls

    def execute(
        self,
        agent_name: str,
        request: str | Mapping[str, Any],
        feature_name: str | None = None,
        context: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> ExecutionResult:
        """Run an agent through the whole line; see ``orchestrator.execute_agent``."""
        state = self._begin(agent_name, request, feature_name, context, options)
        try:
            with self.network.scope(state.clearance.refused_connections.hear), state.secrets():
                return drive(line(state), state)
        finally:
            state.close()
            self._ended()

    async def aexecute(
        self,
        agent_name: str,
        request: str | Mapping[str, Any],
        feature_name: str | None = None,
        context: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> ExecutionResult:
        """The same as ``execute``, on the running event loop."""
        state = self._begin(agent_name, request, feature_name, context, options)
        try:
            with self.network.scope(state.clearance.refused_connections.hear), state.secrets():
                return await adrive(line(state), state)
        finally:
            state.close()
            self._ended()

    def _begin(self, agent_name: str, request: Any, feature_name: Any, context: Any, options: CallOptions) -> CallState:
        arguments = check_arguments(
            self.settings, request=request, feature=feature_name, context=context, options=options
        )
        self.load_agents()
        spec = self.registry.get(agent_name)
        built = self.open()
        arguments.check_names(built.guard.redact)
        if arguments.timeout_s is not None:
            attempt_s = arguments.timeout_s
        else:
            attempt_s = self.settings.call.timeout_s if spec.timeout_s is None else spec.timeout_s
        return CallState(
            built.rooms,
            spec,
            execution_id=_new_id(self.clock.now()),
            request=request,
            context=arguments.context,
            feature=arguments.feature,
            session=arguments.session,
            namespace=arguments.namespace,
            caller=arguments.caller or _calling_code(),
            owner=arguments.caller,
            commit=self._commit,
            switches=arguments.switches,
            timeout_s=attempt_s,
            deadline_s=arguments.deadline_s,
            idempotent=spec.idempotent if arguments.idempotent is None else arguments.idempotent,
            parent=current_call.get(),
        )

    def load_agents(self) -> None:
        """Import the modules that ``[agents] modules`` names, once.

        Raises:
            UsageError: one cannot be imported.
        """
        if not self._modules_loaded:
            load_modules(self.settings.agents.modules)
            self._modules_loaded = True

    # ---- the store and what hangs on it

    def open(self) -> Built:
        """Open the store and build the rooms; cheap when that is done.

        Raises:
            StoreError: the store cannot be used.
        """
        built = self._built
        if built is not None and os.path.exists(self.database.path):
            self.database.open()
            if built.identity == self.database.identity:
                return built
        with self._build_lock:
            if (
                self._built is None
                or self._built.identity != self.database.identity
                or not os.path.exists(self.database.path)
            ):
                prepare_home(self.home)
                self.database.open()
                self._built = Built(
                    self.home, self.settings, self.database, self.network, self.clock, self._sleep, self._on_approval
                )
            return self._built

    @property
    def memory(self) -> MemoryManager:
        """The memory room of this store."""
        return self.open().memory

    @property
    def security(self) -> SecurityManager:
        """The security room of this store."""
        return self.open().security

    def generate_dashboard(self, hours: float | None = None) -> Path:
        """Write the dashboard for the last ``hours``; returns the dated file's path.

        Raises:
            UsageError: ``hours`` is not above 0.
            StoreError: the store cannot be read.
        """
        self.open()
        window = self.settings.dashboards.hours if hours is None else check_hours(hours)
        return dashboards_for(self.home, self.database, self.settings).write(hours=window, now=self.clock.now())

    def maintain(self) -> MaintenanceReport:
        """Apply retention and expiry, settle questions that nobody waits for any more, and give free space back.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._maintain(queued_work=True)

    def _maintain(self, *, queued_work: bool) -> MaintenanceReport:
        built = self.open()
        built.security.approvals.purge()
        with self.network.scope():
            return maintain(
                self.database,
                built.memory,
                self.settings.retention,
                built.handlers,
                now=self.clock.now(),
                redact=built.guard.redact,
                queued_work=queued_work,
            )

    def close(self) -> None:
        """Finish idle work and close the store. The next call opens it again."""
        self._idle.close()
        if self._built is not None:
            self._built.deep_scan.close()
            self._built.memory.close()
            self._built.limits.close()
        self.database.close()

    def _ended(self) -> None:
        if self.settings.dashboards.auto:
            self._idle.touch()

    def _idle_job(self) -> None:
        try:
            if not os.path.exists(self.database.path):
                return
            dashboards_for(self.home, self.database, self.settings).refresh_latest(
                hours=self.settings.dashboards.hours, now=self.clock.now()
            )
            if upkeep_is_due(self.database, now=self.clock.now()):
                # Queued work may ask a model; at exit the process would not end before it has answered.
                self._maintain(queued_work=not self._idle.closed)
        except Exception:  # noqa: BLE001 - nobody waits for this, and nobody could do anything about it
            return  # upkeep is a courtesy; the next explicit command says what is wrong


def _new_id(now: float) -> str:
    """26 hexadecimal digits that sort by time: 12 of milliseconds, 14 random."""
    return f"{max(0, int(now * 1000)) & 0xFFFFFFFFFFFF:012x}{secrets.token_hex(7)}"


_OWN_PACKAGES = ("orchestrator", "orchestrator_core")


def _calling_code() -> str:
    """``module:function`` of the first frame outside Magnus and asyncio."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.currentframe is the same with an import of 10 ms
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in (*_OWN_PACKAGES, "asyncio"):
            return f"{module}:{frame.f_code.co_qualname}"[:200]
        frame = frame.f_back
    return ""
