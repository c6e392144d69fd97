"""Any result as one JSON document that every parser takes."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from orchestrator_core.plain_text import storable


def json_document(data: Any, *, ascii_only: bool = False) -> str:
    """Indented JSON. NaN becomes null, lone surrogates question marks, what JSON cannot hold its ``repr``."""
    try:
        text = msgspec.json.encode(data, enc_hook=repr).decode()
    except (TypeError, ValueError, RecursionError, OverflowError):
        text = msgspec.json.encode(_tame(data, ()), enc_hook=repr).decode()
    if ascii_only:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=True)
    return msgspec.json.format(text, indent=2)


def _tame(value: Any, above: tuple[int, ...]) -> Any:
    """The value with odd keys and texts made plain, and cycles and great depths cut."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if not isinstance(value, dict | list | tuple | set | frozenset):
        try:
            msgspec.json.encode(value)
        except (TypeError, ValueError, RecursionError, OverflowError):
            return storable(_safe_repr(value))
        return value
    if id(value) in above or len(above) > 50:
        return "…"
    inside = (*above, id(value))
    if isinstance(value, dict):
        return {
            storable(key if isinstance(key, str) else _safe_repr(key)): _tame(v, inside) for key, v in value.items()
        }
    return [_tame(inner, inside) for inner in value]


def _safe_repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - an agent's object may raise anything
        return f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
