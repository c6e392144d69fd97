"""Redaction of JSON-like values of any shape: deep, cyclic, shared, huge, or holding objects that JSON does not know.

The walk uses a stack of its own, so nesting cannot exhaust the interpreter's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from orchestrator_core.plain_text import text_of_bytes
from orchestrator_security.redaction.named_secrets import holds_value, names_secret, parts, secret_values
from orchestrator_security.redaction.redactor import KnownSecrets, Redactor, as_text

NODES_MAX = 200_000
"""A value of more parts than this is cut: shared references can unfold without end."""
_REPR_MAX = 1_000
_REPR_SCANNED_MAX = 20_000
_INT_BITS_MAX = 1_024
_KEY_MAX = 60
_NUMBER_MIN = 1_000_000
"""Shorter numbers are nobody's."""

# Their text says more than their repr, and holds nothing a repr would not.
_PLAIN_MODULES = frozenset(("datetime", "decimal", "uuid", "pathlib", "ipaddress", "fractions"))

Store = Callable[[Any], None]


def redact_data(value: Any, redactor: Redactor, known: KnownSecrets) -> Any:
    """A copy of plain dictionaries, lists, strings and numbers without secrets or personal data. Never raises."""
    for part in secret_values(value, as_text):
        known.add(part)
    return _Copy(redactor, known).of(value)


class _Task(NamedTuple):
    """A value that is still to be copied: whether its key says that it is secret, the key's words, and where the copy goes."""

    value: Any
    secret: bool
    key: str
    store: Store


class _Copy:
    """One walk."""

    def __init__(self, redactor: Redactor, known: KnownSecrets) -> None:
        self._redactor = redactor
        self._known = known
        self._left = NODES_MAX
        self._open: set[int] = set()

    def of(self, value: Any) -> Any:
        result: list[Any] = []
        stack: list[_Task | int] = [_Task(value, False, "", result.append)]
        while stack:
            task = stack.pop()
            if isinstance(task, int):
                self._open.discard(task)
                continue
            item, secret, key, store = task
            children = None if isinstance(item, str | bytes) else parts(item)
            self._left -= 1
            if children is None:
                store(self._leaf(item, secret, key))
            elif id(item) in self._open:
                store("<cycle>")
            elif self._left <= 0:
                store("<cut: too many values>")
            else:
                self._open.add(id(item))
                stack.append(id(item))
                store(self._expand(task, children, stack))
        return result[0]

    def _expand(
        self,
        task: _Task,
        children: list[tuple[Any, Any]],
        stack: list[_Task | int],
    ) -> Any:
        cut = len(children) - max(self._left, 0)
        if cut > 0:
            children = children[: max(self._left, 0)]
        if isinstance(task.value, Mapping):
            mapping: dict[Any, Any] = {}
            for key, part in children:
                name = self._key(key, mapping)
                mapping[name] = None
                stack.append(_Task(part, names_secret(key), _words_of(key), _setter(mapping, name)))
            if cut > 0:
                mapping["<cut>"] = f"{cut} more"
            return mapping
        sequence: list[Any] = [None] * len(children)
        for i, (name, part) in enumerate(children):
            secret = task.secret or names_secret(name)
            stack.append(_Task(part, secret, _words_of(name) or task.key, _setter(sequence, i)))
        if cut > 0:
            sequence.append(f"<cut: {cut} more>")
        return sequence

    def _key(self, key: Any, taken: Mapping[Any, Any]) -> Any:
        if key is None or isinstance(key, bool):
            name: Any = key if key is None else bool(key)
        else:
            name = self._leaf(key, False, "")
        if isinstance(name, str):
            base, n = name, 2
            while name in taken:
                name, n = f"{base} ({n})", n + 1
        return name

    def _leaf(self, item: Any, secret: bool, key: str) -> Any:
        if item is None or isinstance(item, bool):
            return item
        try:
            if isinstance(item, int):
                number = int(item)
                if secret and abs(number) >= 1000 and self._redactor.hides(str(number)):
                    return self._redactor.secret(str(number))
                if key and abs(number) >= _NUMBER_MIN and (shown := self._behind(key, str(number))) != str(number):
                    return shown
                return number if number.bit_length() < _INT_BITS_MAX else hex(number)[:_REPR_MAX]
            if isinstance(item, float):
                return float(item)
            if isinstance(item, str):
                return self._text(as_text(item), secret, key)
            if isinstance(item, bytes | bytearray | memoryview):
                return self._bytes(bytes(item), secret, key)
            shown = str(item) if type(item).__module__.partition(".")[0] in _PLAIN_MODULES else repr(item)
            return self._text(shown[:_REPR_SCANNED_MAX], secret, key)[:_REPR_MAX]
        except Exception as error:  # noqa: BLE001 - any object may come
            return f"<{type(item).__name__} that cannot be shown ({type(error).__name__})>"

    def _text(self, text: str, secret: bool, key: str) -> str:
        if secret and holds_value(text) and self._redactor.hides(text):
            return self._redactor.secret(text)
        return self._behind(key, text) if key else self._redactor.redact(text, self._known)

    def _behind(self, key: str, text: str) -> str:
        """The text redacted behind its key: ``phone`` before it makes a number of what is no more than digits by itself."""
        before = f"{key}: "
        redacted = self._redactor.redact(before + text, self._known)
        return redacted[len(before) :] if redacted.startswith(before) else self._redactor.redact(text, self._known)

    def _bytes(self, data: bytes, secret: bool, key: str) -> str:
        return self._text(text_of_bytes(data), secret, key)


def _words_of(key: object) -> str:
    """A key as words, ``phoneNumber`` and ``phone_number`` as ``phone number``; empty for what is no plain word."""
    if not isinstance(key, str) or not 2 <= len(key) <= _KEY_MAX or not key.isascii():
        return ""
    words = "".join(f" {c}" if c.isupper() and key[i - 1 : i].islower() else c for i, c in enumerate(key))
    plain = "".join(c if c.isalnum() else " " for c in words)
    return plain.strip() if not any(c.isdigit() for c in plain) else ""


def _setter(target: Any, key: Any) -> Store:
    def store(value: Any) -> None:
        target[key] = value

    return store
