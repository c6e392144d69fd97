"""A memory-only map between values and numbered placeholders, for one call or conversation."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import cache

VALUES_MAX = 10_000
"""So many values a vault keeps; the oldest goes first, and its placeholder then stays as it is."""
_RESERVED_MAX = 10_000


@cache
def _shape() -> re.Pattern[str]:
    return re.compile(r"<([A-Z]{2,16})_([0-9]{1,9})>")


class Vault:
    """Names values ``<EMAIL_1>``, ``<EMAIL_2>``, ``<SECRET_1>`` and can put them back.

    The same value always gets the same name. A literal ``<EMAIL_1>`` that a text held before the vault gave that name away is
    reserved: the vault skips it, so it still reads as it was after ``restore``. Safe for threads. It is never written anywhere,
    and its ``repr`` shows no value.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._reserved: set[str] = set()
        self._last: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"<Vault of {len(self._values)} values>"

    def __len__(self) -> int:
        return len(self._values)

    def prepare(self, text: str) -> str:
        """Reserve the literal placeholders of a text that this vault has not given out."""
        if "<" in text:
            with self._lock:
                for match in _shape().finditer(text):
                    if match[0] not in self._values and len(self._reserved) < _RESERVED_MAX:
                        self._reserved.add(match[0])
        return text

    def name(self, kind: str, value: str) -> str:
        """The placeholder of a value, a new one when it is seen for the first time."""
        with self._lock:
            known = self._names.get((kind, value))
            if known is not None:
                return known
            number = self._last.get(kind, 0) + 1
            while (placeholder := f"<{kind}_{number}>") in self._reserved:
                number += 1
            self._last[kind] = number
            self._names[kind, value] = placeholder
            # A secret may have been found around an address that had its name already. Put back here and once: a value may also
            # hold a literal that reads like its own name.
            self._values[placeholder] = self._put_back(value)
            if len(self._values) > VALUES_MAX:
                self._values.pop(self._names.pop(next(iter(self._names))))
            return placeholder

    def placeholders(self, text: str) -> Iterator[tuple[int, int]]:
        """Where own placeholders stand in a text, from its start on."""
        return (m.span() for m in _shape().finditer(text) if m[0] in self._values)

    def restore(self, text: str) -> str:
        """The text with the real values in place of this vault's placeholders. Never store the result."""
        return self._put_back(text)

    def _put_back(self, text: str) -> str:
        return _shape().sub(lambda match: self._values.get(match[0], match[0]), text)
