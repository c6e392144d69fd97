"""A memory's metadata: redacted, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from orchestrator_core.errors import UsageError

_DEPTH_MAX = 50
BYTES_MAX = 65_536


def redacted(metadata: Mapping[str, Any] | None, redact: Callable[[str], str]) -> dict[str, Any]:
    """The same with every string redacted, keys included. A value is redacted behind its key, which may be what tells a secret.

    Raises:
        UsageError: it is no mapping, holds what JSON does not know, or is too deep.
    """
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise UsageError(f"metadata is a mapping, got {type(metadata).__name__}")
    try:
        clean: dict[str, Any] = _redacted(metadata, redact, 0, "")
    except UsageError:
        raise
    except Exception as error:  # whatever foreign objects do when they are read
        raise UsageError(f"metadata cannot be read: {error}") from error
    return clean


def as_json(metadata: Mapping[str, Any]) -> str:
    """A JSON object.

    Raises:
        UsageError: it cannot be one, or is too large.
    """
    if not metadata:
        return "{}"
    try:
        data = msgspec.json.encode(metadata)
    except Exception as error:  # a whole number beyond 64 bits, a text that is none
        raise UsageError(f"metadata cannot be written as JSON: {error}") from error
    if len(data) > BYTES_MAX:
        raise UsageError(
            f"metadata takes at most {BYTES_MAX:,} bytes as JSON, got {len(data):,}; put long text into the memory itself"
        )
    return data.decode()


def strings(value: object) -> Iterator[str]:
    """All texts in a value, keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def _redacted(value: Any, redact: Callable[[str], str], depth: int, key: str) -> Any:
    if depth > _DEPTH_MAX:
        raise UsageError(f"metadata is nested more than {_DEPTH_MAX} levels deep, or holds itself")
    if isinstance(value, str):
        return _behind(key, value, redact)
    if isinstance(value, Mapping):
        return {redact(str(name)): _redacted(part, redact, depth + 1, str(name)) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(part, redact, depth + 1, key) for part in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        said = _behind(key, str(value), redact)
        return value if said == str(value) else said
    raise UsageError(
        f"metadata holds a value of type {type(value).__name__}; JSON knows text, numbers, true, false, null, lists and objects"
    )


def _behind(key: str, value: str, redact: Callable[[str], str]) -> str:
    """A redacted value: the word ``password`` before it makes a secret of what is none by itself."""
    if key:
        start, said = f"{redact(key)}: ", redact(f"{key}: {value}")
        if said.startswith(start):
            return said[len(start) :]
    return redact(value)
