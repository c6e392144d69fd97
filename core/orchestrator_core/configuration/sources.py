"""Where the settings come from, in rising order: defaults, the settings file, environment variables, arguments."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from orchestrator_core.configuration import files, names
from orchestrator_core.configuration.layers import Layer, Source, check
from orchestrator_core.configuration.names import KeyPath
from orchestrator_core.errors import SettingsError
from orchestrator_core.settings import Settings

_PLACES: tuple[KeyPath, ...] = (("storage", "home"), ("security", "policy_file"))
"""Settings that name a folder or file; a relative one is meant from where it is written."""


class Origin(Struct, frozen=True):
    """Where one setting's value came from. ``place`` is ``file:line``, a variable's name or an argument's key; empty for a default."""

    value: Any
    source: Source
    place: str = ""


class LoadedSettings:
    """Settings together with where each value came from."""

    def __init__(self, settings: Settings, layers: tuple[Layer, ...]) -> None:
        self.settings = settings
        self._layers = layers

    @property
    def file(self) -> Path | None:
        """The settings file that was read; None when there is none."""
        return next(
            (Path(layer.file.path) for layer in self._layers if layer.file is not None),
            None,
        )

    @cached_property
    def origins(self) -> dict[str, Origin]:
        """Each dotted key with its value and origin, in the order of the schema; computed on first use."""
        found: dict[str, Origin] = {}
        for path, value in _settings_of(self.settings, ()):
            # The highest layer that speaks of a key wins.
            layer = next(
                (layer for layer in reversed(self._layers) if _has(layer.table, path)),
                None,
            )
            origin = Origin(value, "default") if layer is None else Origin(value, layer.source, layer.place(path))
            found[names.dotted(path)] = origin
        return found


def load_settings(
    overrides: Mapping[str, Any] | None = None,
    *,
    start: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> LoadedSettings:
    """The settings for work in ``start`` (default: the current folder).

    ``overrides`` is nested (``{"memory": {"recall_k": 3}}``) or dotted (``{"memory.recall_k": 3}``). A store's folder that is named by
    argument or ``ORCHESTRATOR_HOME`` and holds an ``orchestrator.toml`` brings its own settings file; otherwise see ``files``.
    A relative ``storage.home`` or ``security.policy_file`` means: from the settings file's folder, or from ``start``. Empty variables
    count as not set.

    Raises:
        SettingsError: a key is unknown or a value does not fit; the message names file and line, variable or argument.
    """
    try:
        folder = os.path.abspath(start) if start is not None else os.getcwd()
    except OSError as error:
        raise SettingsError(
            f"the current folder cannot be read ({error.strerror}). Change to one that exists."
        ) from error
    arguments = _arguments(overrides) if overrides else None
    environment = _environment(os.environ if environ is None else environ)
    above = tuple(layer for layer in (environment, arguments) if layer is not None)
    for layer in above:
        check(layer)
        _make_absolute(layer, folder)
    file = _file(folder, above)
    if file is not None:
        check(file)
        _make_absolute(file, os.path.dirname(file.file.path if file.file else folder))
    layers = (file, *above) if file is not None else above
    merged: dict[str, Any] = {}
    for layer in layers:
        _merge(merged, layer.table)
    return LoadedSettings(msgspec.convert(merged, Settings), layers)


def _file(folder: str, above: tuple[Layer, ...]) -> Layer | None:
    home = ""
    for layer in above:
        home = layer.table.get("storage", {}).get("home", home)
    file = (files.file_in(home) if home else None) or files.find_file(folder)
    return None if file is None else Layer("file", file.table, file)


def _environment(environ: Mapping[str, str]) -> Layer | None:
    ours = (name for name in environ if name.startswith(names.ENV_PREFIX))
    given = [(name, environ[name]) for name in ours if name not in names.NO_SETTINGS]
    if not any(text.strip() for _, text in given):
        return None
    table: dict[str, Any] = {}
    places: dict[KeyPath, str] = {}
    for name, text in sorted(given):
        path = names.variables().get(name)
        if path is None:
            hint = names.variable_suggestion(name)
            raise SettingsError(f"environment variable {name} is no setting. {hint}")
        if not text.strip():
            continue
        try:
            value = names.parse_text(text, path)
        except SettingsError as error:
            raise SettingsError(f"environment variable {name}: {error}") from None
        places[path] = name
        _put(table, path, value)
    return Layer("environment", table, places=places)


def _arguments(overrides: Mapping[str, Any]) -> Layer:
    table: dict[str, Any] = {}
    places: dict[KeyPath, str] = {}
    if not isinstance(overrides, Mapping):
        raise SettingsError(f"settings given as arguments must be a mapping, not {type(overrides).__name__}.")
    for key, value in overrides.items():
        if not isinstance(key, str):
            raise SettingsError(f"settings given as arguments must have text keys, not {key!r}.")
        for path, inner in _flat(_builtin(value), names.split_key(key)):
            place = names.dotted(path)
            if not _put(table, path, inner):
                raise SettingsError(f"argument {place}: it is given twice, nested and dotted. Give it once.")
            places[path] = place
    return Layer("argument", table, places=places)


def _builtin(value: Any) -> Any:
    """Mappings as dictionaries and paths as text, so that they merge and convert as those from a file do."""
    if isinstance(value, Mapping):
        return {key: _builtin(inner) for key, inner in value.items()}
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _flat(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if not isinstance(value, dict) or not value:
        yield path, value
        return
    for key, inner in value.items():
        if not isinstance(key, str):
            raise SettingsError(f"argument {names.dotted(path)}: its keys must be text, not {key!r}.")
        yield from _flat(inner, (*path, key))


def _put(table: dict[str, Any], path: KeyPath, value: Any) -> bool:
    """Set a nested value; False where something stands there already."""
    for name in path[:-1]:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            return False
    if path[-1] in table:
        return False
    table[path[-1]] = value
    return True


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict):
            _merge(below.setdefault(key, {}), value)
        else:
            below[key] = value


def _has(table: Any, path: KeyPath) -> bool:
    for name in path:
        if not isinstance(table, dict) or name not in table:
            return False
        table = table[name]
    return True


def _make_absolute(layer: Layer, base: str) -> None:
    for path in _PLACES:
        table = layer.table.get(path[0], {})
        place = table.get(path[1], "")
        if not place:
            continue
        if "\0" in place:
            raise SettingsError(f"{layer.place(path)}: {names.dotted(path)} must not hold a NUL character.")
        table[path[1]] = os.path.abspath(os.path.join(base, os.path.expanduser(place)))


def _settings_of(node: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(node, Struct):
        for name in node.__struct_fields__:
            value = getattr(node, name)
            # What a feature does not name is not a setting of its own: the general one holds.
            if value is not None:
                yield from _settings_of(value, (*path, name))
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _settings_of(value, (*path, name))
    else:
        yield path, node
