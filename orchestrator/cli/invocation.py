"""One run of the command line: its common options, and what commands open with them when they need it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.cli.output import Output
from orchestrator_core.errors import SettingsError, StoreError, UsageError

if TYPE_CHECKING:
    from orchestrator.observability.history import History
    from orchestrator.runtime import Orchestrator
    from orchestrator_core.configuration.sources import LoadedSettings
    from orchestrator_core.settings import Settings


class Invocation:
    """Common options and lazily made objects. Made by the root group, passed to every command."""

    def __init__(self, output: Output | None = None) -> None:
        self.output = output or Output()
        self.home_option = ""
        self.modules: list[str] = []
        self.assignments: list[str] = []
        self._loaded: LoadedSettings | None = None

    @property
    def loaded(self) -> LoadedSettings:
        """The settings with their origins.

        Raises:
            SettingsError: one is unknown or wrong.
        """
        if self._loaded is None:
            from orchestrator_core.configuration.sources import load_settings

            self._loaded = load_settings(self._overrides())
        return self._loaded

    def _overrides(self) -> dict[str, Any]:
        from orchestrator_core.configuration.names import dotted, parse_text, split_key

        overrides: dict[str, Any] = {}
        for text in self.assignments:
            key, equals, value = text.partition("=")
            if not equals:
                raise SettingsError(f"--set {text}: write it as KEY=VALUE, as in --set memory.recall_k=3.")
            try:
                path = split_key(key.strip())
                # The last one wins, as with any repeated option.
                overrides[dotted(path)] = parse_text(value, path)
            except SettingsError as error:
                raise SettingsError(f"--set {text}: {error}") from None
        if self.home_option:
            overrides["storage.home"] = self.home_option
        return overrides

    @property
    def home(self) -> Path:
        """The store's folder, whether it exists or not."""
        from orchestrator_core.storage.home import find_home

        chosen = self.loaded.settings.storage.home
        return Path(chosen) if chosen else find_home(Path.cwd())

    @property
    def database_path(self) -> Path:
        from orchestrator_core.storage.home import DATABASE

        return self.home / DATABASE

    @contextmanager
    def orchestrator(
        self, *, sleep: Callable[[float], None] | None = None, on_approval: Literal["terminal"] | None = None
    ) -> Iterator[Orchestrator]:
        """An Orchestrator with the user's agents loaded; closed at the end. ``sleep`` waits between attempts."""
        self.load_modules()
        from orchestrator.facade import set_orchestrator
        from orchestrator.runtime import Orchestrator

        orchestrator = Orchestrator(self.loaded.settings, home=self.home, sleep=sleep, on_approval=on_approval)
        # An agent that calls another one through the module-level functions must reach the same store.
        set_orchestrator(orchestrator)
        try:
            yield orchestrator
        finally:
            set_orchestrator(None)
            orchestrator.close()

    def load_modules(self) -> None:
        """Import the modules that ``--import`` and ``[agents] modules`` name.

        Raises:
            UsageError: one cannot be imported; the message names it and the cause.
        """
        modules = self._module_names(self.loaded.settings)
        if not modules:
            return
        with _importable(self._folders()):
            for module in modules:
                _import(module)

    def failed_modules(self, settings: Settings) -> dict[str, BaseException]:
        """Import the same modules, each whatever became of the others; those that cannot be imported, with the reason."""
        failed: dict[str, BaseException] = {}
        with _importable(self._folders()):
            for module in self._module_names(settings):
                try:
                    _import(module)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # noqa: BLE001 - reported, whatever a module does
                    failed[module] = error
        return failed

    def _module_names(self, settings: Settings) -> list[str]:
        return list(dict.fromkeys([*settings.agents.modules, *self.modules]))

    def _folders(self) -> list[str]:
        """Where own modules may lie: the current folder, as with ``python -m``, and the project of the settings file."""
        from orchestrator_core.settings import STORE_FOLDER

        folders = [str(Path.cwd())]
        file = None
        with suppress(SettingsError):  # whoever needs the settings themselves is told
            file = self.loaded.file
        if file is not None:
            folder = file.parent
            folders.append(str(folder.parent if folder.name == STORE_FOLDER else folder))
        return folders

    @contextmanager
    def history(self) -> Iterator[History | None]:
        """The history of the store; None where there is no store yet, since looking at it should not make one.

        Raises:
            StoreError: something else stands in the place of the store's folder.
        """
        if self.home.exists() and not self.home.is_dir():
            raise StoreError(f"{self.home} is not a folder. Move it away, or set ORCHESTRATOR_HOME to another place.")
        if not self.database_path.is_file():
            yield None
            return
        from orchestrator.observability.history import History
        from orchestrator.wiring import open_database

        database = open_database(self.home, self.loaded.settings)
        try:
            yield History(database)
        finally:
            database.close()


def _import(module: str) -> None:
    from orchestrator.agents.registry import load_modules

    try:
        load_modules([module])
    except SystemExit as stop:
        raise UsageError(
            f"the agent module {module!r} ended the program while it was imported (exit code {stop.code})."
            " Put what it runs below: if __name__ == '__main__':"
        ) from stop


@contextmanager
def _importable(folders: Sequence[str]) -> Iterator[None]:
    """Let modules be found in some folders: before all others while they are imported, behind them afterwards.

    Behind, so that what agents import later is still found, while a user's ``bandit.py`` does not stand in for the package.
    """
    added = [folder for folder in folders if folder not in sys.path]
    sys.path[:0] = added
    try:
        yield
    finally:
        for folder in added:
            if folder in sys.path:
                sys.path.remove(folder)
                sys.path.append(folder)
