"""Replacing what was found, so that nothing of it is left.

Total: any object goes in, text comes out, nothing is raised. Idempotent: what comes out is a fixed point. Linear: scanners are, and
each round works on merged, ordered spans.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from orchestrator_core.plain_text import text_of_bytes
from orchestrator_core.records import Redacted
from orchestrator_security.characters.encoding import storable
from orchestrator_security.characters.size import withheld
from orchestrator_security.redaction.found import Found
from orchestrator_security.redaction.placeholder import Naming
from orchestrator_security.scanner import Hit

_NAMED = Hit("secret.named", "secret", 0, 0, severity="high", kind="SECRET")
_MAX_ROUNDS = 8
_REPEAT_MIN = 6
"""A secret of at least this many characters is also replaced where nothing but its value gives it away."""
_FEW = 32
_URL_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
_PRIORITY = ("SECRET", "CARD", "IBAN", "SSN", "EMAIL")

Span = tuple[int, int, str]


class KnownSecrets:
    """Secret values seen in one call. Held in memory only, bounded, and never printed."""

    def __init__(self, max_values: int = 256) -> None:
        self._max_values = max_values
        self._values: dict[str, None] = {}

    def __repr__(self) -> str:
        return f"<KnownSecrets of {len(self._values)} values>"

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._values))

    def add(self, value: str) -> None:
        """Remember a value, as it is and as JSON, Python and URLs spell it; short ones would hit too much by chance and are left out."""
        if len(value) >= _REPEAT_MIN and len(self._values) < self._max_values and value not in self._values:
            self._values[value] = None
            if not value.isascii() or not value.isalnum():
                self._values.update(dict.fromkeys(_spellings(value)))


def _spellings(value: str) -> Iterator[str]:
    """How a value reads once it went through ``json.dumps``, ``repr`` or a URL."""
    import json

    if not value.isascii() or not value.isprintable() or "\\" in value or '"' in value or "'" in value:
        yield json.dumps(value, ensure_ascii=False)[1:-1]
        yield json.dumps(value)[1:-1]
        yield repr(value)[1:-1]
    octets = value.encode("utf-8", "replace").decode("latin-1")
    for kept, blank in (("", "%20"), ("/", "%20"), ("", "+")):
        yield octets.translate(_url_spelling(kept, blank))


@cache
def _url_spelling(kept: str, blank: str) -> dict[int, str]:
    return {i: blank if i == 32 else f"%{i:02X}" for i in range(256) if chr(i) not in _URL_SAFE and chr(i) not in kept}


@cache
def _of_placeholders() -> re.Pattern[str]:
    return re.compile(r"[<>]|\A[A-Z_]*+[0-9a-f]*+\Z")


class Redactor:
    """Replaces hits of its scanners by placeholders, all of them or those that ``wanted`` says yes to, given the hit and its value."""

    def __init__(self, found: Found, naming: Naming, wanted: Callable[[Hit, str], bool] | None = None) -> None:
        self._found = found
        self._naming = naming
        self._wanted = wanted

    def redact(self, value: object, known: KnownSecrets | None = None) -> Redacted:
        """Text without what the scanners know, whatever was put in."""
        try:
            text = as_text(value)
        except Exception as error:  # noqa: BLE001 - an object whose text cannot be had
            return Redacted(f"<withheld: {type(value).__name__} that cannot be shown ({type(error).__name__})>")
        return self.replace(text, None, known)

    def replace(self, text: str, hits: Sequence[Hit] | None, known: KnownSecrets | None = None) -> Redacted:
        """The same for a text that was scanned already; ``hits`` must be of exactly this text."""
        known = KnownSecrets() if known is None else known
        try:
            return Redacted(self._fixed_point(text, hits, known))
        except Exception as error:  # noqa: BLE001 - a bug must neither stop the call nor let the text through
            return Redacted(withheld(len(text), f"redaction failed: {type(error).__name__}"))

    def hides(self, value: str) -> bool:
        """Whether a value that only its name makes a secret is replaced."""
        return self._wanted is None or self._wanted(_NAMED, value)

    def secret(self, value: str) -> Redacted:
        """The placeholder of a whole value that is known to be secret."""
        return Redacted(self._naming.name("SECRET", value))

    def _fixed_point(self, text: str, hits: Sequence[Hit] | None, known: KnownSecrets) -> str:
        cleaned = self._naming.prepare(storable(text))
        if cleaned is not text and cleaned != text:
            hits = None
        searched: set[str] = set()
        for _ in range(_MAX_ROUNDS):
            if hits is None:
                hits = self._found(cleaned)
            if self._wanted is not None:
                hits = [hit for hit in hits if self._wanted(hit, cleaned[hit.start : hit.end])]
            replaced = self._once(cleaned, hits, known, searched)
            if replaced == cleaned:
                return cleaned
            cleaned, hits = replaced, None
        return withheld(len(text), "it changes with every redaction")

    def _once(self, text: str, hits: Iterable[Hit], known: KnownSecrets, searched: set[str]) -> str:
        hits = [hit for hit in hits if hit.kind]
        spans = [(hit.start, hit.end, hit.kind) for hit in hits]
        secrets = [text[start:end] for hit in hits if hit.kind == "SECRET" for start, end in _single(hit)]
        for secret in secrets:
            known.add(secret)
        values = {*known, *(secret for secret in secrets if len(secret) >= _REPEAT_MIN)}
        # Where a value was replaced everywhere, only one that reaches into a placeholder, or is a part of one, can come into being anew.
        values -= {value for value in searched if _of_placeholders().search(value) is None}
        searched |= values
        again = [(start, end, "SECRET") for start, end in occurrences(text, values) if self.hides(text[start:end])]
        if again and "<" in text:
            # A password such as "SECRET" also stands in what replaces it.
            own = list(self._naming.placeholders(text))
            again = [(start, end, kind) for start, end, kind in again if not _within(start, end, own)]
        spans.extend(again)
        if not spans:
            return text
        parts: list[str] = []
        names: dict[tuple[str, str], str] = {}  # a text may hold one value a thousand times
        done = 0
        for start, end, kind in merged(spans):
            value = (kind, text[start:end])
            if value not in names:
                names[value] = self._naming.name(*value)
            parts += text[done:start], names[value]
            done = end
        parts.append(text[done:])
        return "".join(parts)


def _single(hit: Hit) -> tuple[tuple[int, int], ...]:
    return hit.parts or ((hit.start, hit.end),)


def as_text(value: object) -> str:
    """Text of anything; bytes are read as UTF-8 or UTF-16."""
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return text_of_bytes(value) if b"\0" in bytes(value) else bytes(value).decode("utf-8", "replace")
    return str(value)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Overlapping spans as one: nothing of either may stay. The graver kind names it."""
    result: list[Span] = []
    for start, end, kind in sorted(spans):
        if result and start < result[-1][1]:
            first, last, other = result[-1]
            result[-1] = (first, max(last, end), min(kind, other, key=_rank))
        elif end > start:
            result.append((start, end, kind))
    return result


def _within(start: int, end: int, ordered: Sequence[tuple[int, int]]) -> bool:
    at = bisect_right(ordered, (start, len(ordered) and ordered[-1][1])) - 1
    return at >= 0 and ordered[at][0] <= start and end <= ordered[at][1]


def _rank(kind: str) -> int:
    return _PRIORITY.index(kind) if kind in _PRIORITY else len(_PRIORITY)


def occurrences(text: str, values: set[str]) -> Iterator[tuple[int, int]]:
    """Every place where one of the values stands.

    Few values are searched one by one. Many are indexed by their first characters, so that the time does not grow with
    the number of values times the length of the text.
    """
    if len(values) <= _FEW:
        for value in values:
            at = text.find(value)
            while at >= 0:
                yield at, at + len(value)
                at = text.find(value, at + len(value))
        return
    by_start: defaultdict[str, dict[int, set[str]]] = defaultdict(dict)
    for value in values:
        by_start[value[:_REPEAT_MIN]].setdefault(len(value), set()).add(value)
    done = 0
    for at in [i for i in range(len(text) - _REPEAT_MIN + 1) if text[i : i + _REPEAT_MIN] in by_start]:
        if at < done:
            continue
        lengths = by_start[text[at : at + _REPEAT_MIN]]
        longest = max((n for n, group in lengths.items() if text[at : at + n] in group), default=0)
        if longest:
            yield at, at + longest
            done = at + longest
