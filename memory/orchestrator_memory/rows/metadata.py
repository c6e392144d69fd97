"""A memory's metadata as redacted JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from orchestrator_core.errors import UsageError

_DEPTH_MAX = 50
BYTES_MAX = 65_536


def redacted_json(metadata: Mapping[str, Any] | None, redact: Callable[[str], str]) -> str:
    """A JSON object with every string redacted, keys included.

    Raises:
        UsageError: it is no mapping, holds what JSON does not know, or is too deep or too large.
    """
    if metadata is None:
        return "{}"
    if not isinstance(metadata, Mapping):
        raise UsageError(f"metadata is a mapping, got {type(metadata).__name__}")
    try:
        data = msgspec.json.encode(_redacted(metadata, redact, 0))
    except UsageError:
        raise
    except Exception as error:  # whatever foreign objects do when they are read
        raise UsageError(f"metadata cannot be written as JSON: {error}") from error
    if len(data) > BYTES_MAX:
        raise UsageError(
            f"metadata takes at most {BYTES_MAX:,} bytes as JSON, got {len(data):,}; put long text into the memory itself"
        )
    return data.decode()


def _redacted(value: Any, redact: Callable[[str], str], depth: int) -> Any:
    if depth > _DEPTH_MAX:
        raise UsageError(f"metadata is nested more than {_DEPTH_MAX} levels deep, or holds itself")
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(str(key)): _redacted(part, redact, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(part, redact, depth + 1) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise UsageError(
        f"metadata holds a {type(value).__name__}; JSON knows text, numbers, true, false, null, lists and objects"
    )
