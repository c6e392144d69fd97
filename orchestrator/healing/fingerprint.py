"""The fingerprint of a failure: what stays the same when it happens again with other ids, paths and numbers."""

from __future__ import annotations

import hashlib
import os
import re
import sysconfig
import traceback
from types import CodeType

from orchestrator_core.records import Redact

MAX_MESSAGE = 2_000
"""Characters of a message that are looked at."""
_MAX_CAUSES = 5
_PLAIN_MODULES = frozenset({"builtins", "__main__", "orchestrator_core.errors"})

# Each pattern is one alternation-free class repeated, so matching is linear. Order matters: wide before narrow.
_MASKS = (
    (re.compile(r"https?://[^\s'\"<>]+"), "<url>"),
    (re.compile(r"'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"|`[^`\n]{0,200}`"), "<value>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "<id>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"(?<![\w/\\])(?:[A-Za-z]:)?[/\\][^\s'\":,;()]+"), "<path>"),
    (re.compile(r"\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{12,}\b"), "<id>"),
    (re.compile(r"\d+(?:\.\d+)?"), "<n>"),
)

_FOREIGN = tuple(
    os.path.normcase(path) + os.sep
    for path in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sysconfig.get_path("purelib")}
    if path
)


def mask(message: str) -> str:
    """The message with its changing parts replaced by ``<url>``, ``<value>``, ``<id>``, ``<path>`` and ``<n>``."""
    text = message[:MAX_MESSAGE]
    for pattern, name in _MASKS:
        text = pattern.sub(name, text)
    return " ".join(text.split())


def fingerprint(error: BaseException, redact: Redact) -> str:
    """16 hexadecimal digits over exception type, cause chain, masked message and innermost own function (no line number).

    Messages are redacted first: a hash of a secret is a trace of it.
    """
    parts = []
    current: BaseException | None = error
    for _ in range(_MAX_CAUSES):
        if current is None:
            break
        parts.append(f"{type_name(current)}:{mask(redact(safe_message(current)[: 2 * MAX_MESSAGE]))}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    parts.append(innermost_function(error))
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def type_name(error: BaseException) -> str:
    """The exception's qualified name; built-ins and Magnus's own without their module."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ in _PLAIN_MODULES else f"{kind.__module__}.{kind.__qualname__}"


def safe_message(error: BaseException) -> str:
    """``str(error)``, also for exceptions whose ``__str__`` raises."""
    try:
        return str(error)
    except Exception as problem:  # noqa: BLE001 - whatever a foreign __str__ raises
        return f"<message unreadable: {type(problem).__name__}>"


def innermost_function(error: BaseException) -> str:
    """``file:function`` of the deepest traceback frame outside the standard library and installed packages."""
    found = ""
    for frame, _line in traceback.walk_tb(error.__traceback__):
        if _is_own(frame.f_code):
            found = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_code.co_qualname}"
    return found


def _is_own(code: CodeType) -> bool:
    name = os.path.normcase(code.co_filename)
    if name.startswith("<"):
        return False
    return not name.startswith(_FOREIGN)
