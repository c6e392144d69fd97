"""What a caller gives for a memory or a search, checked and redacted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import structs

from orchestrator_core.analysis.orders.recogniser import reason
from orchestrator_core.errors import UsageError
from orchestrator_core.records import Redact
from orchestrator_core.settings import MemorySettings
from orchestrator_memory.contract import Episode
from orchestrator_memory.rows.filters import Filters
from orchestrator_memory.rows.metadata import as_json, redacted, strings
from orchestrator_memory.rows.row import MemoryRow
from orchestrator_memory.rows.tiers import TIERS, lifetime_s

TEXT_MAX = 1_000_000
LABEL_MAX = 500
_QUARANTINED_TRUST = 0.0
_INTEGER_MAX = 2**63
"""A larger whole number is none that a time or a share could be, and may not even fit into a float."""


def unchanged(value: Any) -> Any:
    """For stores whose structured values are redacted as text only."""
    return value


class Arguments:
    """Turns what callers give into rows and filters. Everything textual is redacted here, before anything is stored or embedded."""

    def __init__(
        self,
        settings: MemorySettings,
        redact: Redact,
        redact_data: Callable[[Any], Any],
        new_id: Callable[[], str],
        known_name: Callable[[str], str] = unchanged,
    ) -> None:
        self._settings = settings
        self._redact = redact
        self._redact_data = redact_data
        self._new_id = new_id
        self._known_name = known_name
        """What stands for a key, an author or a session now, where it was replaced since it was given."""

    def row(
        self,
        text: str,
        *,
        now: float,
        id: str | None = None,  # noqa: A002 - the word users know
        namespace: str | None = None,
        tier: str = "knowledge",
        key: str = "",
        category: str = "",
        author: str = "",
        session: str = "",
        source: str = "",
        occurred_at: float | None = None,
        expires_in_s: float | None = None,
        trust: float = 1.0,
        score: float | None = None,
        pinned: bool = False,
        metadata: Mapping[str, Any] | None = None,
    ) -> MemoryRow:
        """The row of a memory.

        Raises:
            UsageError: an argument is of the wrong type or out of range.
        """
        if not isinstance(text, str) or not text.strip():
            raise UsageError(f"a memory is a text with at least one visible character, got {_shown(text)}")
        if len(text) > TEXT_MAX:
            raise UsageError(
                f"a memory has at most {TEXT_MAX:,} characters, got {len(text):,}; store its parts, or a summary"
            )
        tier = _tier(tier)
        if expires_in_s is None:
            lifetime = lifetime_s(tier, self._settings)
        else:
            lifetime = _number("expires_in_s", expires_in_s, 0.0, math.inf)
        clean = self.clean(text)
        key, category = self.name("key", key, tier), self.label("category", category)
        author, session = self.name("author", author, tier), self.name("session", session, tier)
        source = self.label("source", source)
        # What a key such as ``password`` tells is known to the second, what stands in a text to the first, which checks the types too.
        facts = self._redact_data(redacted(metadata, self.clean))
        set_aside = reason(clean) or _reason_beside(key, category, author, session, source, *strings(facts))
        trust = _number("trust", trust, 0.0, 1.0)
        return MemoryRow(
            id=self.label("id", id) if id else self._new_id(),
            id_given=bool(id),
            namespace=self.namespace(namespace),
            tier=tier,
            text=clean,
            key=key,
            category=category,
            author=author,
            session=session,
            source=source,
            trust=_QUARANTINED_TRUST if set_aside else trust,
            score=None if score is None else _number("score", score, 1.0, 10.0),
            occurred_at=now if occurred_at is None else _time("occurred_at", occurred_at),
            created_at=now,
            expires_at=None if lifetime is None or math.isinf(lifetime) else now + lifetime,
            pinned=int(bool(pinned)),
            metadata=as_json(facts),
            quarantined=set_aside,
        )

    def knowledge_text(self, key: str, value: Any) -> str:
        """How a fact is stored: ``key: value``, the value as JSON where it is no text.

        Raises:
            UsageError: the key is empty, or the value cannot be written as JSON.
        """
        if not isinstance(key, str) or not key.strip():
            raise UsageError(f"knowledge needs a key, a text that is not empty, got {_shown(key)}")
        named = self.name("key", key, "knowledge")
        if isinstance(value, str):
            return f"{named}: {value}"
        try:
            plain = msgspec.to_builtins(value, str_keys=True)
            return f"{named}: {msgspec.json.encode(self._redact_data(plain)).decode()}"
        except Exception as error:  # foreign types, cycles, depth
            raise UsageError(f"the value of {key!r} cannot be written as JSON: {error}") from error

    def value_behind(self, key: str, text: str) -> str:
        """The value in a fact's text, which begins with the key, as it is called now or as it was when it was told."""
        return min((text.removeprefix(f"{name}: ") for name in self.names("key", key)), key=len)

    def renamed(self, episode: Episode) -> Episode:
        """The episode with what stands for its session now."""
        session = self._known_name(episode.session) if episode.session else ""
        return episode if session == episode.session else structs.replace(episode, session=session)

    def query(self, query: str) -> str:
        """A redacted query; of one that is too long the beginning.

        Raises:
            UsageError: it is no text.
        """
        if not isinstance(query, str):
            raise UsageError(f"a query is a text, got {_shown(query)}")
        return self.clean(query[:TEXT_MAX])

    def filters(
        self,
        *,
        namespace: str | Sequence[str] | None = None,
        tiers: str | Sequence[str] = (),
        category: str = "",
        author: str = "",
        session: str = "",
        since: float | None = None,
        until: float | None = None,
        quarantined: bool = False,
    ) -> Filters:
        """Checked filters; without a namespace the settings' own one and those it shares.

        Raises:
            UsageError: an argument is of the wrong type, or names a tier that does not exist.
        """
        if namespace is None:
            namespaces = (self._settings.namespace, *self._settings.shared)
        elif isinstance(namespace, str):
            namespaces = (self.namespace(namespace),)
        else:
            namespaces = tuple(self.namespace(name) for name in namespace)
        if not namespaces:
            raise UsageError("a search needs at least one namespace; leave the argument out for the settings' own")
        return Filters(
            namespaces=tuple(dict.fromkeys(namespaces)),
            tiers=tuple(_tier(tier) for tier in ((tiers,) if isinstance(tiers, str) else tiers)),
            category=self.label("category", category),
            authors=self.names("author", author),
            sessions=self.names("session", session),
            since=None if since is None else _time("since", since),
            until=None if until is None else _time("until", until),
            quarantined=bool(quarantined),
        )

    def namespace(self, namespace: str | None) -> str:
        """A namespace's name; the settings' own for None."""
        if namespace is None:
            return self._settings.namespace
        clean = self.label("namespace", namespace)
        if not clean.strip() or clean != namespace:
            raise UsageError("a namespace is a short name: not empty, without secrets, addresses or control characters")
        return clean

    def label(self, name: str, value: str | int) -> str:
        """A short redacted text; a whole number counts as one."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise UsageError(f"{name} is a text, got {_shown(value)}")
        if len(value) > LABEL_MAX:
            raise UsageError(f"{name} has at most {LABEL_MAX} characters, got {len(value):,}")
        return self.clean(value) if value else ""

    def name(self, name: str, value: str | int, tier: str) -> str:
        """The key, author or session that a new memory gets: what stands for it now, but in lessons, which keep theirs."""
        given = self.label(name, value)
        return given if tier == "lessons" else self._known_name(given)

    def names(self, name: str, value: str | int) -> tuple[str, ...]:
        """What memories may have for a key, an author or a session: what stands for it now, and itself, as lessons and calls keep it."""
        given = self.label(name, value)
        return tuple(dict.fromkeys((self._known_name(given), given))) if given else ()

    def clean(self, text: str) -> str:
        """The text as it may be stored."""
        # Redaction gives storable text; a stand-in for it in a test or a script may not.
        return self._redact(text).encode("utf-8", "replace").decode()


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse arguments that do not exist.

    Raises:
        UsageError: one of them does not.
    """
    for name in sorted(set(given) - set(known)):
        nearest = get_close_matches(name, known, 1)
        raise UsageError(
            f"unknown argument {name!r}; "
            + (f"did you mean {nearest[0]!r}?" if nearest else f"known: {', '.join(sorted(known))}")
        )


def whole(name: str, value: int) -> int:
    """A whole number.

    Raises:
        UsageError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{name} is a whole number, got {_shown(value)}")
    return value


def _tier(tier: str) -> str:
    if tier in TIERS:
        return tier
    nearest = get_close_matches(str(tier), TIERS, 1)
    raise UsageError(
        f"unknown tier {tier!r}; " + (f"did you mean {nearest[0]!r}?" if nearest else f"tiers: {', '.join(TIERS)}")
    )


def _reason_beside(*labels: str) -> str:
    """Why a memory is set aside for what stands beside its text: its reader may be shown that, too."""
    said = "\n".join(filter(None, labels))
    return reason(said) if said else ""


def _shown(value: object) -> str:
    return ("a text" if value.strip() else "an empty text") if isinstance(value, str) else type(value).__name__


def _time(name: str, value: float) -> float:
    seconds = _number(name, value, -math.inf, math.inf)
    if math.isinf(seconds):
        raise UsageError(f"{name} is a time in epoch seconds, got {value!r}")
    return seconds


def _number(name: str, value: float, low: float, high: float) -> float:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _INTEGER_MAX:
        raise UsageError(f"{name} is a number, got a whole one that is too large")
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value) or not low <= value <= high:
        limits = (
            f" from {low:g} to {high:g}"
            if math.isfinite(high)
            else (f" of {low:g} or more" if math.isfinite(low) else "")
        )
        raise UsageError(f"{name} is a number{limits}, got {value!r}")
    return float(value)


ROW_ARGUMENTS = frozenset(Arguments.row.__kwdefaults__ or ())
"""What ``remember`` takes besides the text."""
FILTER_ARGUMENTS = frozenset(Arguments.filters.__kwdefaults__ or ())
"""What a search may be limited by."""
