"""The server is written in Go: its JSON, its decoder's error texts and its durations."""

from __future__ import annotations

import json
import re
from typing import Any

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_KINDS = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}


class BadRequest(Exception):
    """A body that the Go decoder would refuse; the text is the decoder's."""


def dumps(value: Any) -> bytes:
    """Compact JSON as Go's encoder writes it: angle brackets and ampersands escaped, other text as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char, escape in _ESCAPES.items():
        text = text.replace(char, escape)
    return text.encode("utf-8", "replace")


def loads(body: bytes) -> dict[str, Any]:
    """A request's JSON object."""
    if not body.strip():
        raise BadRequest("missing request body")
    try:
        value = json.loads(body.decode("utf-8", "replace"))
    except json.JSONDecodeError as error:
        raise BadRequest(_decoder_text(error)) from None
    if not isinstance(value, dict):
        kind = _KINDS.get(type(value), "null")
        raise BadRequest(f"json: cannot unmarshal {kind} into Go value of type api.ChatRequest")
    return value


def _decoder_text(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc.rstrip()):
        return "unexpected EOF"
    char = error.doc[error.pos]
    if "property name" in error.msg or "Illegal trailing comma" in error.msg:
        return f"invalid character '{char}' looking for beginning of object key string"
    if "delimiter" in error.msg:
        return f"invalid character '{char}' after object key:value pair"
    if "Extra data" in error.msg:
        return f"invalid character '{char}' after top-level value"
    return f"invalid character '{char}' looking for beginning of value"


def field(
    value: dict[str, Any], name: str, kind: type | tuple[type, ...], where: str, go_type: str, default: Any
) -> Any:
    """A field of a request, or the decoder's complaint about its type."""
    got = value.get(name)
    if got is None:
        return default
    if not isinstance(got, kind) or (isinstance(got, bool) and kind is not bool):
        raise BadRequest(
            f"json: cannot unmarshal {_KINDS[type(got)]} into Go struct field {where}.{name} of type {go_type}"
        )
    return got


def duration_s(value: Any, default: float) -> float:
    """A ``keep_alive``: seconds as a number, a Go duration as text, negative for ever."""
    if value is None:
        return default
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise BadRequest(f"json: cannot unmarshal {_KINDS[type(value)]} into Go value of type api.Duration")
    text = value.strip()
    sign, text = (-1.0, text[1:]) if text.startswith("-") else (1.0, text.removeprefix("+"))
    if text == "0":
        return 0.0
    total, rest = 0.0, text
    while rest:
        match = re.match(r"(\d+\.?\d*|\.\d+)([^\d.]*)", rest)
        if not match:
            raise BadRequest(f'time: invalid duration "{value}"')
        if not match[2]:
            raise BadRequest(f'time: missing unit in duration "{value}"')
        if match[2] not in _UNITS:
            raise BadRequest(f'time: unknown unit "{match[2]}" in duration "{value}"')
        total += float(match[1]) * _UNITS[match[2]]
        rest = rest[match.end() :]
    if not text:
        raise BadRequest(f'time: invalid duration "{value}"')
    return sign * total
