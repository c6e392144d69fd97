"""Redaction of what is stored, after the deep engine has looked: new finds get the store's own placeholders, older ones stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from orchestrator_core.records import Redacted
from orchestrator_security.contract import ScanContext
from orchestrator_security.pii.deep.deep_engine import DeepEngine, DeepScanUnfinished
from orchestrator_security.pii.deep.scanner import hits_of
from orchestrator_security.redaction.placeholder import Naming
from orchestrator_security.redaction.redactor import merged
from orchestrator_security.scanner import Hit

_ROUNDS_MAX = 4
_DEPTH_MAX = 100
_STORED = ScanContext(direction="memory")

Wanted = Callable[[Hit, str, ScanContext], bool]
"""Whether the policy lets a find, given with its value, be replaced."""
NumberText = Callable[[int], str | None]
"""The text of a number that is looked at; None for one that is not."""


class DeepRedactor:
    """Replaces what the deep engine finds in redacted text. ``naming`` is the store's: equal values keep equal names."""

    def __init__(self, engine: DeepEngine, naming: Naming, wanted: Wanted) -> None:
        self._engine = engine
        self._naming = naming
        self._wanted = wanted

    def text(self, text: str) -> Redacted:
        """The text without what the engine finds; equal to the text where that is nothing. A fixed point.

        Raises:
            DeepScanUnfinished: it was not wholly looked at; nothing of it may be taken for deeply scanned.
        """
        for _ in range(_ROUNDS_MAX):
            spans = self._spans(text)
            if not spans:
                return Redacted(text)
            text = self._replaced(text, spans)
        raise DeepScanUnfinished("it changes with every scan")

    def data(self, value: Any, *, numbers: bool = True) -> Any:
        """A JSON-like value with every string and number in it looked at behind its key, which may be what tells what it is.

        Keys stay. What is not changed is the same object. Without ``numbers`` only strings are looked at.

        Raises:
            DeepScanUnfinished: it was not wholly looked at.
        """
        for _ in range(_ROUNDS_MAX):
            changed = self._once(value, _long_number if numbers else _no_number)
            if changed is value:
                return value
            value = changed
        raise DeepScanUnfinished("it changes with every scan")

    def _once(self, value: Any, number_text: NumberText) -> Any:
        # One text for all leaves: hundreds of short texts would take hundreds of turns of the engine.
        document: list[str] = []
        places: dict[int, tuple[int, int]] = {}
        length = 0
        for number, (key, leaf) in enumerate(_leaves(value, "", 0, number_text)):
            head = f"{key}: " if key else ""
            places[number] = (length + len(head), length + len(head) + len(leaf))
            document += head, leaf, "\n\n"
            length += len(head) + len(leaf) + 2
        text = "".join(document)
        spans = self._spans(text) if text.strip() else []
        new: dict[int, str] = {}
        for number, (start, end) in places.items():
            inside = [
                (max(a, start) - start, min(b, end) - start, kind) for a, b, kind in spans if a < end and b > start
            ]
            if inside:
                new[number] = self._replaced(text[start:end], inside)
        return _with_leaves(value, iter(range(len(places))), new, number_text) if new else value

    def _spans(self, text: str) -> list[tuple[int, int, str]]:
        hits = hits_of(self._engine.find(text))
        return merged(
            (hit.start, hit.end, hit.kind) for hit in hits if self._wanted(hit, text[hit.start : hit.end], _STORED)
        )

    def _replaced(self, text: str, spans: list[tuple[int, int, str]]) -> str:
        parts: list[str] = []
        done = 0
        for start, end, kind in spans:
            parts += text[done:start], self._naming.name(kind, text[start:end])
            done = end
        return "".join((*parts, text[done:]))


def _long_number(value: int) -> str | None:
    """Too long to be a count."""
    return str(value) if 10**6 <= abs(value) < 10**40 else None


def _no_number(_: int) -> str | None:
    return None


def _leaf(value: Any, number_text: NumberText) -> str | None:
    if isinstance(value, str):
        return value
    return number_text(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _leaves(value: Any, key: str, depth: int, number_text: NumberText) -> Iterator[tuple[str, str]]:
    if depth > _DEPTH_MAX:
        raise DeepScanUnfinished(f"it is nested more than {_DEPTH_MAX} levels deep")
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, str(name), depth + 1, number_text)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part, key, depth + 1, number_text)
    elif (leaf := _leaf(value, number_text)) is not None:
        yield key, leaf


def _with_leaves(value: Any, places: Iterator[int], new: dict[int, str], number_text: NumberText) -> Any:
    if isinstance(value, dict):
        return {name: _with_leaves(part, places, new, number_text) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_with_leaves(part, places, new, number_text) for part in value)
    return value if _leaf(value, number_text) is None else new.get(next(places), value)
