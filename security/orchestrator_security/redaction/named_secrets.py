"""Secrets that only their names give away: what stands under ``password``, in a mapping, a named tuple, or an object of the caller's own.

Objects are looked into by their attributes alone; nothing of theirs is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

VALUES_MAX = 200_000
"""So many parts of a value are looked at: shared references can unfold without end."""
_OBJECT_DEPTH = 4
_OBJECTS_MAX = 2_000
"""An object may lead to a whole program: a connection to its pool, the pool to its settings."""

_SECRET_ENDINGS = (
    "password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "apikey", "accesskey", "secretkey", "privatekey",
    "signingkey", "encryptionkey", "authkey", "accountkey", "authorization", "credential", "credentials", "cookie",
)  # fmt: skip
_NOT_SECRET = (
    "pagetoken",
    "nexttoken",
    "continuationtoken",
    "synctoken",
    "stoptoken",
    "eostoken",
    "padtoken",
    "unktoken",
    "bostoken",
)
_OPEN_VALUES = ("<", "${", "{{", "%(", "$(")
_NO_DATA = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, int, float, complex, bool, type(None))

Part = tuple[Any, Any]
"""Key and value; a part of a sequence has the key None."""


def names_secret(key: object) -> bool:
    """Whether a mapping's key says that its value is a secret: ``password``, ``X-Api-Key``, ``refreshToken``."""
    if not isinstance(key, str) or len(key) > 100:
        return False
    bare = "".join(c for c in key.lower() if c.isalnum())
    return bare.endswith(_SECRET_ENDINGS) and not bare.endswith(_NOT_SECRET)


def secret_values(value: Any, as_text: Callable[[object], str]) -> list[str]:
    """The strings that stand under telling keys, so that they are known wherever else they stand. Never raises."""
    found: list[str] = []
    seen: dict[int, Any] = {}  # held, so that no other object gets the id of one that is gone
    stack: list[tuple[Any, bool, int]] = [(value, False, _OBJECT_DEPTH)]
    left, objects = VALUES_MAX, _OBJECTS_MAX
    while stack and left > 0:
        left -= 1
        item, secret, depth = stack.pop()
        if isinstance(item, str | bytes | bytearray):
            if secret and holds_value(text := as_text(item)):
                found.append(text)
            continue
        if isinstance(item, _NO_DATA) or id(item) in seen:
            continue
        seen[id(item)] = item
        children = parts(item)
        if children is not None:
            sequence = not (isinstance(item, Mapping) or hasattr(type(item), "_fields"))
            stack.extend((part, names_secret(key) or (secret and sequence), depth) for key, part in children)
        elif depth and objects:
            objects -= 1
            held = attributes(item)
            # A type that wraps a secret has it as its only attribute.
            stack.extend((part, names_secret(key) or (secret and len(held) == 1), depth - 1) for key, part in held)
    return found


def parts(value: Any) -> list[Part] | None:
    """Key and value of each part, None for what has no parts."""
    try:
        if isinstance(value, Mapping):
            return list(islice(value.items(), VALUES_MAX))
        if isinstance(value, tuple) and isinstance(names := getattr(type(value), "_fields", None), tuple):
            return list(zip(names, value, strict=False))
        if isinstance(value, list | tuple | AbstractSet):
            return [(None, part) for part in islice(value, VALUES_MAX)]
    except Exception:  # noqa: BLE001 - a container that cannot be read has no parts
        return []
    return None


def attributes(value: Any) -> list[Part]:
    """What an object holds under its names, in its ``__dict__`` and its slots."""
    try:
        held = list(islice(vars(value).items(), VALUES_MAX)) if hasattr(value, "__dict__") else []
        names: Iterable[str] = (
            name for kind in type(value).__mro__ for name in _slots(kind) if not name.startswith("__")
        )
        held += [(name, object.__getattribute__(value, name)) for name in names if hasattr(value, name)]
    except Exception:  # noqa: BLE001 - whatever a foreign object does when it is looked at
        return []
    return held


def holds_value(text: str) -> bool:
    """Whether a text is a value at all, and not a blank, a row of stars or a placeholder."""
    return bool(text.strip()) and not text.startswith(_OPEN_VALUES) and len(set(text)) > 1


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
