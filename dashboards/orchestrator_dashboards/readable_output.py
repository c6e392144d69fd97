"""The part of a stored output that a person reads: the text entry of an object, whatever else the object holds."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from orchestrator_core.plain_text import READABLE_ENTRIES

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?P<end>"?)|[{}\[\],]', re.DOTALL)
_LONGEST_ESCAPE = 12
"""Characters of an escaped surrogate pair: as many may be left of an escape that was cut."""


class ReadableEntry(Struct, frozen=True):
    """A text entry of an output: its name in the object, the text, and whether the stored JSON breaks off in the text."""

    name: str
    text: str
    cut: bool = False


_decode = msgspec.json.Decoder(
    msgspec.defstruct("_Entries", [(name, Any, None) for name in READABLE_ENTRIES], module=__name__)
).decode
"""Only the readable entries are built; all others are skipped over."""


def readable_entry(stored: str) -> ReadableEntry | None:
    """The first of ``READABLE_ENTRIES`` that is a text in a stored JSON object, also where the object breaks off."""
    try:
        whole = _decode(stored)
    except msgspec.ValidationError:  # JSON, but no object
        return None
    except (msgspec.MsgspecError, RecursionError):
        return _of_broken(stored)
    found = ((name, getattr(whole, name)) for name in READABLE_ENTRIES)
    return next((ReadableEntry(name, text) for name, text in found if isinstance(text, str) and text.strip()), None)


def _of_broken(stored: str) -> ReadableEntry | None:
    keys = {f'"{name}"': name for name in READABLE_ENTRIES}
    if not stored.lstrip().startswith("{") or not any(key in stored for key in keys):
        return None
    found: dict[str, ReadableEntry] = {}
    depth, at_key, name = 0, False, ""
    for token in _TOKEN.finditer(stored):
        mark = stored[token.start()]
        if mark in "{[":
            depth += 1
            at_key = depth == 1
        elif mark in "}]":
            depth -= 1
        elif mark == ",":
            at_key, name = depth == 1, ""
        elif depth == 1 and at_key:
            at_key, name = False, keys.get(token[0], "")
        elif depth == 1 and name:
            text = _text_of(token[0], cut=not token["end"])
            if text.strip():
                found[name] = ReadableEntry(name, text, cut=not token["end"])
            name = ""
    return next((found[name] for name in READABLE_ENTRIES if name in found), None)


def _text_of(literal: str, *, cut: bool) -> str:
    """A JSON string, or as much of it as was stored; empty where it cannot be read."""
    if not cut:
        tries = [literal]
    else:
        tries = [literal[: len(literal) - less] + '"' for less in range(min(_LONGEST_ESCAPE, len(literal) - 1) + 1)]
    for one in tries:
        try:
            return msgspec.json.decode(one, type=str)
        except msgspec.MsgspecError:
            continue
    return ""
