"""Which agents there are: registered by decorator or call, shipped as the workbench, or offered by installed packages."""

from __future__ import annotations

import difflib
import importlib
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from orchestrator.agents.adapt import check_name, spec_of
from orchestrator.agents.contract import AgentSpec
from orchestrator.agents.workbench.catalogue import CATALOGUE
from orchestrator_core.errors import DuplicateAgent, UnknownAgent, UsageError

ENTRY_POINT_GROUP = "orchestrator.agents"
F = TypeVar("F", bound=Callable[..., Any])


class Registry:
    """Agents by name. A registry may have a parent that is asked for names it does not hold itself."""

    def __init__(self, parent: Registry | None = None, *, workbench: bool = False) -> None:
        self._parent = parent
        self._specs: dict[str, AgentSpec] = {}
        self._lock = threading.Lock()
        self._workbench = {entry.name: entry for entry in CATALOGUE} if workbench else {}
        self._entry_points: dict[str, Any] | None = None

    def register(self, name: str, function: Callable[..., Any], *, replace: bool = False, **details: Any) -> AgentSpec:
        """Add an agent.

        Registering the same function again (a reloaded module, a notebook cell) replaces it silently.

        Raises:
            UsageError: the name or function does not fit.
            DuplicateAgent: another function holds the name and ``replace`` is False.
        """
        try:
            spec = spec_of(name, function, **details)
        except TypeError as error:
            raise UsageError(f"agent {name!r}: {error}") from error
        with self._lock:
            held = self._specs.get(name)
            if held is not None and not replace and _origin(held.run) != _origin(function):
                advice = "Choose another name, or pass replace=True."
                if _file(held.run) == _file(function) and "__main__" in (_origin(held.run)[0], _origin(function)[0]):
                    advice = (
                        "Its file runs as the program and is imported as a module too: keep agents in a file of their own, or take this"
                        " one out of [agents] modules."
                    )
                raise DuplicateAgent(f"an agent named {name!r} is registered already ({held.source}). {advice}")
            self._specs[name] = spec
        return spec

    def agent(self, name: str | None = None, **details: Any) -> Callable[[F], F]:
        """A decorator that registers a function, under its own name with dashes when none is given."""
        if callable(name):
            raise UsageError("write @agent('name') or @agent(), with parentheses")

        def decorate(function: F) -> F:
            self.register(name or function.__name__.replace("_", "-"), function, **details)
            return function

        return decorate

    def get(self, name: object) -> AgentSpec:
        """The agent of that name; imports it when it is known but not loaded.

        Raises:
            UnknownAgent: there is none; the message names the nearest.
            UsageError: it is offered by a package or module that cannot be loaded.
        """
        spec = self._find(check_name(name))
        if spec is not None:
            return spec
        known = self.names()
        near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
        hint = (
            f"Did you mean {' or '.join(repr(n) for n in near)}?"
            if near
            else f"Known agents: {', '.join(known) or 'none'}."
        )
        raise UnknownAgent(
            f"no agent is named {name!r}. {hint} Agents in your own modules are found through [agents] modules in the settings, "
            "--import MODULE, or by importing the module first."
        )

    def _find(self, name: str) -> AgentSpec | None:
        # What is registered comes before what is shipped, so that a user can put an own agent in a shipped one's place.
        spec = self.held(name)
        if spec is not None:
            return spec
        if name in self._workbench:
            return self._load_workbench(name)
        return self._load_entry_point(name)

    def held(self, name: str) -> AgentSpec | None:
        """The agent registered under a name, here or in a parent; None when it would have to be loaded first."""
        spec = self._specs.get(name)
        return self._parent.held(name) if spec is None and self._parent is not None else spec

    def _load_workbench(self, name: str) -> AgentSpec:
        entry = self._workbench[name]
        return self.register(
            name,
            importlib.import_module(entry.module).run,
            replace=True,
            description=entry.description,
            capabilities=entry.capabilities,
            timeout_s=entry.timeout_s,
            idempotent=entry.idempotent,
            source="workbench",
        )

    def offered(self) -> dict[str, Any]:
        """The entry points of installed packages that offer agents, by name."""
        # Scanning entry points costs about 37 ms CPU, so it happens on a missed name or a listing only.
        if self._parent is not None:
            return self._parent.offered()
        if self._entry_points is None:
            from importlib.metadata import entry_points

            self._entry_points = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
        return self._entry_points

    def _load_entry_point(self, name: str) -> AgentSpec | None:
        point = self.offered().get(name)
        if point is None:
            return None
        try:
            function = point.load()
        except Exception as error:
            raise UsageError(
                f"agent {name!r} is offered by {point.value!r}, which cannot be loaded: {type(error).__name__}: {error}"
            ) from error
        return self.register(name, function, replace=True, source=f"entry point {point.value}")

    def names(self) -> list[str]:
        """All names, sorted; reads entry points but imports nothing."""
        names = {*self._specs, *self._workbench, *self.offered()}
        if self._parent is not None:
            names.update(self._parent.names())
        return sorted(names)

    def specs(self) -> list[AgentSpec]:
        """All agents that can be loaded, sorted by name."""
        found = []
        for name in self.names():
            try:
                found.append(self.get(name))
            except UsageError:
                continue  # a broken plug-in must not hide the others; ``get`` says what is wrong with it
        return found


def load_modules(modules: Iterable[str]) -> None:
    """Import modules so that their ``@agent`` functions register themselves.

    Raises:
        UsageError: a module cannot be imported; the message names it and the cause.
    """
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:
            missing = isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")
            advice = (
                "Check [agents] modules in the settings or --import, and that it is on the Python path."
                if missing
                else f"The module was found; running it failed{_line_in(module, error)}."
            )
            cause = f"{type(error).__name__}: {error}".rstrip(":. ")
            raise UsageError(f"the agent module {module!r} cannot be imported: {cause}. {advice}") from error


def _line_in(module: str, error: Exception) -> str:
    """Where in the module itself the error came from, when the traceback passes through it."""
    last = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__") == module:
            last = f" at {frame.f_code.co_filename}:{line}"
    return last


def _origin(function: Any) -> tuple[str, str]:
    return getattr(function, "__module__", ""), getattr(function, "__qualname__", repr(function))


def _file(function: Any) -> str | None:
    return getattr(getattr(function, "__code__", None), "co_filename", None)


shared_registry = Registry()
"""Where the module-level ``@agent`` registers; every Orchestrator's own registry falls back on it."""
