"""What stands in place of a redacted value.

Two forms. Text that is stored gets ``<EMAIL_`` + 14 hexadecimal digits + ``>``: ten of them are a keyed hash of the value, so
the same value has the same name in every text, call and process that shares the key, and nobody without the key can guess
values; the last four are a keyed check, so that a literal of that shape in a user's text is told apart. Text inside one call or
conversation may instead get ``<EMAIL_1>`` from a ``Vault`` (see ``vault.py``), which a language model copies more reliably.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Protocol

_VALUE_DIGITS = 10
_CHECK_DIGITS = 4


@cache
def _shape() -> re.Pattern[str]:
    return re.compile(rf"<([A-Z]{{2,16}})_([0-9a-f]{{{_VALUE_DIGITS}}})([0-9a-f]{{{_CHECK_DIGITS}}})>")


class Naming(Protocol):
    """Gives values their names."""

    def prepare(self, text: str) -> str:
        """Tell literal placeholders in a text apart from own ones, before anything is replaced."""
        ...

    def name(self, kind: str, value: str) -> str:
        """The placeholder of a value; equal for equal values."""
        ...

    def placeholders(self, text: str) -> Iterator[tuple[int, int]]:
        """Where own placeholders stand in a text, from its start on."""
        ...


class KeyedNaming:
    """Names by keyed hash: no memory, safe for threads, the same in every process with the same key."""

    def __init__(self, hash_key: bytes) -> None:
        self._key = hash_key

    def value_hash(self, value: str) -> str:
        """16 hexadecimal digits that identify a value to those who hold the key."""
        return self._digest("value", value)[:16]

    def prepare(self, text: str) -> str:
        return _shape().sub(self._own_or_literal, text) if "<" in text else text

    def name(self, kind: str, value: str) -> str:
        tag = self._digest(kind, value)[:_VALUE_DIGITS]
        return f"<{kind}_{tag}{self._check(kind, tag)}>"

    def placeholders(self, text: str) -> Iterator[tuple[int, int]]:
        return (m.span() for m in _shape().finditer(text) if self._check(m[1], m[2]) == m[3])

    def _own_or_literal(self, match: re.Match[str]) -> str:
        kind, tag, check = match.groups()
        return match[0] if self._check(kind, tag) == check else f"<literal {kind}_{tag}{check}>"

    def _check(self, kind: str, tag: str) -> str:
        return self._digest("check", f"{kind}_{tag}")[:_CHECK_DIGITS]

    def _digest(self, purpose: str, value: str) -> str:
        import hmac  # OpenSSL takes a while to load; texts without findings never need it

        message = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, "sha256").hex()
