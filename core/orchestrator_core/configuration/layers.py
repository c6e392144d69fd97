"""What one source of settings says, and what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from orchestrator_core.configuration import files, names
from orchestrator_core.configuration.names import KeyPath, Leaf
from orchestrator_core.errors import SettingsError
from orchestrator_core.records import SWITCHABLE
from orchestrator_core.settings import Settings

Source = Literal["default", "file", "environment", "argument"]


class Layer(Struct, frozen=True):
    """What one source says: a nested table, and how to name the place of a key in it."""

    source: Source
    table: dict[str, Any]
    file: files.SettingsFile | None = None
    places: Mapping[KeyPath, str] = {}

    def place(self, path: KeyPath) -> str:
        if self.file is not None:
            return f"{self.file.path}:{self.file.line_of(path)}"
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, "")


def check(layer: Layer) -> None:
    """Raise for the first thing in a layer that does not fit; quick where everything does."""
    try:
        settings = msgspec.convert(layer.table, Settings)
    except msgspec.ValidationError as error:
        _explain(layer, layer.table, names.schema(), ())
        raise SettingsError(
            f"{layer.place(())}: {error}"
        ) from None  # pragma: no cover - _explain finds what msgspec finds
    odd_stage = any(name not in SWITCHABLE for feature in settings.features.values() for name in feature.stages)
    if odd_stage or _has_infinity(layer.table):
        _explain(layer, layer.table, names.schema(), ())


def _has_infinity(node: Any) -> bool:
    if isinstance(node, dict):
        return any(_has_infinity(inner) for inner in node.values())
    return isinstance(node, float) and not math.isfinite(node)


def _explain(layer: Layer, node: Any, schema: Leaf | names.Tree, path: KeyPath) -> None:
    if isinstance(schema, Leaf):
        try:
            msgspec.convert(node, schema.type)
        except msgspec.ValidationError:
            fits = False
        else:
            fits = not _has_infinity(node)
        if not fits:
            wanted = names.wanted(schema)
            raise SettingsError(f"{_where(layer, path)} must be {wanted}, not {names.shown(node)}.")
        return
    if not isinstance(node, dict):
        shown = names.shown(node)
        raise SettingsError(f"{_where(layer, path)} is a group of settings and must be a table, not {shown}.")
    for name, inner in node.items():
        below = schema.get(names.ANY, schema.get(name))
        if below is None:
            here = (*path, name)
            hint = names.suggestion(here)
            raise SettingsError(f"{_where(layer, here)} is no setting. {hint}")
        _explain(layer, inner, below, (*path, name))


def _where(layer: Layer, path: KeyPath) -> str:
    """The place of a setting and its name, as the start of a sentence."""
    key, place = names.dotted(path), layer.place(path)
    if layer.source == "file":
        return f"{place}: {key}"
    if layer.source == "environment":
        return f"environment variable {place}: {key}"
    return f"argument {key}"
