"""A memory-only map between values and numbered placeholders, for one call or conversation."""

from __future__ import annotations

import re
import threading
from functools import cache


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
                self._reserved.update(m[0] for m in _shape().finditer(text) if m[0] not in self._values)
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
            self._values[placeholder] = value
            return placeholder

    def restore(self, text: str) -> str:
        """The text with the real values in place of this vault's placeholders. Never store the result."""
        return _shape().sub(self._value_of, text)

    def _value_of(self, match: re.Match[str]) -> str:
        value = self._values.get(match[0])
        # A secret may have been found around an address that had its name already; names only ever hold older ones.
        return match[0] if value is None else self.restore(value)
