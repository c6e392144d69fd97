"""Any Python value as text that can be scanned and stored: bounded, never raising, and saying what was left out."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

Kind = Literal["none", "text", "json", "repr"]


class PlainText(Struct, frozen=True):
    """A value's text. ``size_bytes`` counts the whole of it, ``text`` holds at most what was asked for."""

    text: str
    kind: Kind
    size_bytes: int
    truncated: bool = False
    digest: str = ""
    """Keyed BLAKE2b of the whole text, 32 hexadecimal digits; set when it was truncated."""


_encoder = msgspec.json.Encoder(enc_hook=repr)
_WIDE_MIN = 8
"""Fewer bytes with NULs among them may be anything."""


def plain_text(value: Any, *, max_bytes: int, key: bytes = b"") -> PlainText:
    """Strings as they are, JSON for what JSON can hold, ``repr`` for the rest; the first ``max_bytes`` of it in UTF-8.

    Bytes count as the text they hold: as base64, which is JSON's way, nobody would recognise a secret in them.
    """
    if value is None:
        return PlainText("", "none", 0)
    if isinstance(value, str):
        return _bounded(value, "text", max_bytes, key)
    if isinstance(value, bytes | bytearray | memoryview):
        return _bounded(text_of_bytes(value), "text", max_bytes, key)
    try:
        plain = msgspec.to_builtins(value, builtin_types=(bytes, bytearray, memoryview), enc_hook=repr)
        return _bounded(_encoder.encode(_without_bytes(plain)).decode(), "json", max_bytes, key)
    except Exception:  # noqa: BLE001 - a cycle, a depth, a lone surrogate, or an object whose own repr raises
        return _bounded(_safe_repr(value), "repr", max_bytes, key)


def text_of_bytes(data: bytes | bytearray | memoryview) -> str:
    """UTF-8 or, where a mark or its NULs give it away, UTF-16; how many there are of what is neither."""
    data = bytes(data)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not wide and len(data) >= _WIDE_MIN and b"\0" in data:
        odd, even = data[1::2].count(0), data[::2].count(0)
        wide = max(odd, even) > len(data) // 4
        data = (b"\xff\xfe" if odd > even else b"\xfe\xff") + data if wide else data
    try:
        return data.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError:
        return f"<{len(data)} bytes>"


def _without_bytes(plain: Any) -> Any:
    """Built-in containers with the text of bytes in their place; changes them."""
    if isinstance(plain, bytes | bytearray | memoryview):
        return text_of_bytes(plain)
    stack = [plain]
    while stack:
        held = stack.pop()
        for name, part in held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ():
            if isinstance(part, dict | list):
                stack.append(part)
            elif isinstance(part, bytes | bytearray | memoryview):
                held[name] = text_of_bytes(part)
    return plain


def _safe_repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - whatever a foreign repr raises
        return f"<{type(value).__name__} whose repr raised {type(error).__name__}>"


def _bounded(text: str, kind: Kind, max_bytes: int, key: bytes) -> PlainText:
    # A character takes at most four bytes, so most texts need no encoding to be seen as short enough.
    if len(text) * 4 <= max_bytes and text.isascii():
        return PlainText(text, kind, len(text))
    data = text.encode("utf-8", errors="surrogatepass")
    if len(data) <= max_bytes:
        return PlainText(text, kind, len(data))
    kept = data[:max_bytes].decode("utf-8", errors="ignore")
    digest = hashlib.blake2b(data, digest_size=16, key=key[:64]).hexdigest()
    return PlainText(kept, kind, len(data), truncated=True, digest=digest)


def pruned(value: Any, *, max_nodes: int) -> Any:
    """A JSON-like value with at most ``max_nodes`` entries in it, breadth first; cycles and what is left out become "[...]".

    Work on a caller's data is bounded by this before it is redacted and stored.
    """
    if not isinstance(value, Mapping | list | tuple):
        return value
    top: Any = {} if isinstance(value, Mapping) else []
    queue = deque([(value, top)])
    seen = {id(value)}
    left = max_nodes
    while queue:
        source, copy = queue.popleft()
        try:
            for key, item in source.items() if isinstance(source, Mapping) else enumerate(source):
                if left <= 0:
                    _put(copy, "[...]", "[...]")
                    break
                left -= 1
                child = item
                if isinstance(item, Mapping | list | tuple):
                    if id(item) in seen:
                        child = "[...]"
                    else:
                        seen.add(id(item))
                        child = {} if isinstance(item, Mapping) else []
                        queue.append((item, child))
                _put(copy, key, child)
        except Exception as error:  # noqa: BLE001 - changed by another thread meanwhile, or a mapping that cannot be read
            _put(copy, "[...]", f"<the rest cannot be read ({type(error).__name__})>")
    return top


def _put(container: Any, key: Any, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)


READABLE_ENTRIES = ("markdown", "text")
"""Entries of a mapping that hold what a person should read of it."""


def readable_entry(value: object) -> str | None:
    """The text of a mapping's first entry of ``READABLE_ENTRIES``; None when it has none."""
    if isinstance(value, Mapping):
        for name in READABLE_ENTRIES:
            if isinstance(text := value.get(name), str):
                return text
    return None


def storable(text: str) -> str:
    """The text with lone surrogates replaced, so that UTF-8 and SQLite take it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", errors="replace").decode()
    return text
