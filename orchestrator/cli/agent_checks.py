"""Which agents can be used: modules that cannot be imported, entry points that cannot be loaded, and how many are left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestrator.cli.checks import Check
from orchestrator.cli.screen import counted
from orchestrator_core.errors import UsageError
from orchestrator_core.settings import Settings

if TYPE_CHECKING:
    from orchestrator.agents.registry import Registry

_GROUP = "Agents"


def agent_checks(settings: Settings, failed_modules: Mapping[str, BaseException]) -> list[Check]:
    """The agents that there are, after the user's modules were imported; never raises for what a module or package does."""
    from orchestrator.agents.registry import Registry, shared_registry

    checks = [_module_check(module, error) for module, error in failed_modules.items()]
    registry = Registry(shared_registry, workbench=settings.agents.workbench)
    try:
        offered, names = sorted(registry.offered()), registry.names()
    except Exception as error:  # noqa: BLE001 - the metadata of a foreign package, in whatever state it is
        detail = f"the entry points of installed packages cannot be read: {_words(error)}"
        return [
            *checks,
            Check(group=_GROUP, name="entry points", status="warn", detail=detail, fix="python -m pip check"),
        ]
    broken = {name: why for name in offered if (why := _load_error(registry, name)) is not None}
    checks += [_entry_point_check(name, why) for name, why in broken.items()]
    detail = f"{counted(len(names) - len(broken), 'agent')} can be used; orchestrate agents list shows them"
    return [*checks, Check(group=_GROUP, name="agents", status="ok", detail=detail)]


def _load_error(registry: Registry, name: str) -> BaseException | None:
    try:
        registry.get(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a package may end the program while it is imported
        return error
    return None


def _module_check(module: str, error: BaseException) -> Check:
    return Check(
        group=_GROUP, name=f"module {module!r}", status="fail", detail=_words(error) + _line_of(error),
        without="every agent but its own; commands that load agents stop at it",
        fix="correct the module, or take it out of [agents] modules in the settings",
    )  # fmt: skip


def _entry_point_check(name: str, error: BaseException) -> Check:
    return Check(
        group=_GROUP, name=f"agent {name!r}", status="warn", detail=_words(error), without="every other agent",
        fix="upgrade or uninstall the package that offers it",
    )  # fmt: skip


def _words(error: BaseException) -> str:
    return (
        str(error).rstrip(". ") if isinstance(error, UsageError) else f"{type(error).__name__}: {error}".rstrip(":. ")
    )


def _line_of(error: BaseException) -> str:
    """Where a module's syntax is wrong: it has no frame that could tell."""
    cause = error.__cause__
    return f" at {cause.filename}:{cause.lineno}" if isinstance(cause, SyntaxError) and cause.filename else ""
