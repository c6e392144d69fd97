"""The names of the settings, computed from the schema: dotted keys, environment variables, and what a wrong one may have meant."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Struct

from orchestrator_core.errors import SettingsError
from orchestrator_core.settings import FeatureSettings, Settings, StageSettings

KeyPath = tuple[str, ...]
"""A setting's place in the schema: ``("memory", "recall_k")``."""

ENV_PREFIX = "ORCHESTRATOR_"
NO_SETTINGS = frozenset({"ORCHESTRATOR_MODELS"})
"""Variables of ours that name a place for all projects, so no settings file may change them."""
ANY = "*"
"""Stands in a schema path for a name that the user chooses (a feature)."""

# Named by hand because they are typed by hand: the store's folder is the one variable nearly everybody sets.
_SHORT_NAMES: Mapping[KeyPath, str] = {("storage", "home"): "ORCHESTRATOR_HOME"}

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


class Leaf(Struct, frozen=True):
    """One setting: where it stands and which type it must have."""

    path: KeyPath
    type: Any


Tree = dict[str, Any]
"""Nested: a name leads to a ``Leaf`` or to another tree."""


@cache
def schema() -> Tree:
    """The whole schema as a tree."""
    return _tree(Settings, ())


def _tree(struct: type[Struct], above: KeyPath) -> Tree:
    tree: Tree = {}
    for field in msgspec.structs.fields(struct):
        path = (*above, field.name)
        kind = _plain(field.type)
        if isinstance(kind, type) and issubclass(kind, Struct):
            tree[field.name] = _tree(kind, path)
        elif typing.get_origin(kind) is dict and typing.get_args(kind)[1] is FeatureSettings:
            tree[field.name] = {ANY: _tree(FeatureSettings, (*path, ANY))}
        elif struct is FeatureSettings and field.name == "stages":
            # Typed as a mapping, because only what is named changes; its names are those of the stages.
            tree[field.name] = _tree(StageSettings, path)
        else:
            tree[field.name] = Leaf(path, field.type)
    return tree


def leaves(tree: Tree | None = None) -> Iterator[Leaf]:
    """Every setting of the schema."""
    for node in (schema() if tree is None else tree).values():
        if isinstance(node, Leaf):
            yield node
        else:
            yield from leaves(node)


def find(path: Sequence[str]) -> Leaf | Tree | None:
    """The schema's node for a path, or None where there is none."""
    node: Leaf | Tree = schema()
    for name in path:
        if isinstance(node, Leaf):
            return None
        following = node.get(ANY, node.get(name))
        if following is None:
            return None
        node = following
    return node


@cache
def variables() -> Mapping[str, KeyPath]:
    """Environment variable to setting. A mapping whose names are the user's own (``features``) has one variable, holding JSON."""
    table: dict[str, KeyPath] = {}
    for leaf in leaves():
        path = leaf.path[: leaf.path.index(ANY)] if ANY in leaf.path else leaf.path
        table[_SHORT_NAMES.get(path, ENV_PREFIX + "_".join(path).upper())] = path
    return table


def dotted(path: Sequence[str]) -> str:
    """A path as TOML writes a key; parts that are no bare keys are quoted."""
    return ".".join(part if _is_bare(part) else msgspec.json.encode(part).decode() for part in path)


def _is_bare(part: str) -> bool:
    return bool(part) and part.isascii() and part.replace("-", "").replace("_", "").isalnum()


def split_key(key: str) -> KeyPath:
    """The parts of a dotted key; TOML's quoting applies (``features."a.b".namespace``).

    Raises:
        SettingsError: it is no TOML key.
    """
    parts = tuple(key.split("."))
    if all(_is_bare(part) for part in parts):
        return parts
    import tomllib

    try:
        node: Any = {} if any(mark in key for mark in "=#\n") else tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        node = {}
    found: list[str] = []
    while isinstance(node, dict) and len(node) == 1:
        ((name, node),) = node.items()
        found.append(name)
    if node != 0 or not found:
        raise SettingsError(f"{key!r} is no setting's name. Write it as in memory.recall_k.")
    return tuple(found)


def suggestion(path: Sequence[str]) -> str:
    """A sentence with the nearest right key, or with the names that exist at that place."""
    import difflib

    place = find(path[:-1])
    known = {dotted(leaf.path): leaf.path for leaf in leaves() if ANY not in leaf.path}
    near = [key for key, known_path in known.items() if known_path[-1] == path[-1]]
    if not near and isinstance(place, dict) and ANY not in place:
        near = [dotted((*path[:-1], name)) for name in difflib.get_close_matches(path[-1], list(place), n=1)]
    near = near or difflib.get_close_matches(dotted(path), list(known), n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    if isinstance(place, dict):
        return f"Known here: {', '.join(name for name in place if name != ANY)}."
    return "See them all with: orchestrate config show"


def variable_suggestion(name: str) -> str:
    """A sentence with the environment variable nearest to a wrong one."""
    import difflib

    for path, short in _SHORT_NAMES.items():
        if name == ENV_PREFIX + "_".join(path).upper():
            return f"Did you mean {short}?"
    near = difflib.get_close_matches(name, list(variables()), n=1)
    return f"Did you mean {near[0]}?" if near else "See the settings with: orchestrate config show"


def parse_text(text: str, path: KeyPath) -> Any:
    """The value that a text stands for, by the type its setting has; lists are comma separated or JSON, whole groups are JSON.

    Raises:
        SettingsError: the text stands for no such value; the message says what is wanted, not where the text came from.
    """
    leaf = find(path)
    if leaf is None:
        raise SettingsError(f"{dotted(path)} is no setting. {suggestion(path)}")
    text = text.strip()
    if not isinstance(leaf, Leaf):
        return _json_object(text, path)
    kind = _plain(leaf.type)
    if text.lower() in ("none", "null") and _optional(leaf.type):
        return None
    if kind is bool:
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        if text.lower() in _choices(leaf.type):
            return text.lower()
    elif kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    elif typing.get_origin(kind) is tuple:
        return _list(text, path)
    else:
        return text
    raise SettingsError(f"{dotted(path)} must be {wanted(leaf)}, not {shown(text)}.")


def _list(text: str, path: KeyPath) -> list[str]:
    if text == "[]" or text.startswith(
        ('["', "['")
    ):  # as config show writes it; an IPv6 address begins with a bracket as well
        try:
            return msgspec.json.decode(text, type=list[str])
        except (msgspec.MsgspecError, UnicodeEncodeError):
            raise SettingsError(
                f"{dotted(path)} is a list of texts; write it as a,b or as a JSON list, not {shown(text)}"
            ) from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _json_object(text: str, path: KeyPath) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeEncodeError):
        raise SettingsError(
            f"{dotted(path)} is a group of settings; give it as a JSON object, not {shown(text)}"
        ) from None


def wanted(leaf: Leaf) -> str:
    """What a setting must be, in words."""
    kind = _plain(leaf.type)
    limits = _limits(leaf.type)
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return "a list of texts"
    words = {
        bool: "true or false",
        int: "a whole number",
        float: "a finite number",
        str: "text",
    }
    choices = "".join(f" or {choice!r}" for choice in _choices(leaf.type))
    nothing = " (or nothing)" if _optional(leaf.type) else ""
    return words.get(kind, "a value of another type") + limits + choices + nothing


def shown(value: Any) -> str:
    """A value as a message may quote it: short, and containers only by their type."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "…")
    if isinstance(value, list | tuple) and all(isinstance(part, str | int | float) for part in value):
        return f"[{', '.join(shown(part) for part in value[:5])}{', …' if len(value) > 5 else ''}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    names = {dict: "a table", list: "a list", tuple: "a list", type(None): "nothing"}
    return names.get(type(value), f"a value of type {type(value).__name__}")


def _plain(kind: Any) -> Any:
    """A type without its annotations and without ``| None``."""
    if typing.get_origin(kind) is Annotated:
        return _plain(typing.get_args(kind)[0])
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return _plain(next(part for part in typing.get_args(kind) if part is not type(None)))
    return kind


def _choices(kind: Any) -> tuple[str, ...]:
    """The words that a union allows beside its first type: ``("process",)`` of ``bool | Literal["process"]``."""
    if not (isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union):
        return ()
    literals = (part for part in typing.get_args(kind) if typing.get_origin(part) is Literal)
    return tuple(choice for literal in literals for choice in typing.get_args(literal))


def _optional(kind: Any) -> bool:
    return type(None) in typing.get_args(kind)


def _limits(kind: Any) -> str:
    if _optional(kind):
        kind = next(part for part in typing.get_args(kind) if part is not type(None))
    if typing.get_origin(kind) is not Annotated:
        return ""
    meta = typing.get_args(kind)[1]
    parts = [
        f"{word} {limit:g}"
        for word, limit in (
            ("of at least", meta.ge),
            ("above", meta.gt),
            ("at most", meta.le),
            ("below", meta.lt),
        )
        if limit is not None
    ]
    return " " + " and ".join(parts) if parts else ""
