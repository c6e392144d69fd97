"""The memory room's face."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, overload

import msgspec

from orchestrator_core.clock import Clock
from orchestrator_core.errors import UsageError
from orchestrator_core.records import RecalledMemory, Redact, Write
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory import expiry, fence
from orchestrator_memory.contract import Episode
from orchestrator_memory.episodes import remember_episode
from orchestrator_memory.metadata import redacted_json
from orchestrator_memory.recall import recall
from orchestrator_memory.row import MemoryRow
from orchestrator_memory.store import MemoryStats, MemoryStore
from orchestrator_memory.tiers import TIERS, lifetime_s

TEXT_MAX = 1_000_000
_LABEL_MAX = 500


def _random_token() -> str:
    return os.urandom(12).hex()


class MemoryManager:
    """Remembers, finds and forgets. Implements the ``Memory`` contract; safe for threads and for several processes on one store."""

    def __init__(
        self,
        database: Database,
        settings: MemorySettings,
        *,
        clock: Clock,
        redact: Redact,
        random_token: Callable[[], str] = _random_token,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._redact = redact
        self._random_token = random_token
        self._store = MemoryStore(database)

    def recall(self, query: str, *, namespace: str, k: int) -> tuple[RecalledMemory, ...]:
        """The ``k`` best live memories of a namespace for a redacted query, best first; any text is a query.

        Raises:
            StoreError: the store cannot be read.
        """
        return recall(self._database, query, namespace=namespace, k=k, now=self._clock.now())

    @overload
    def remember(self, text: Episode, /) -> list[Write]: ...

    @overload
    def remember(
        self,
        text: str,
        *,
        id: str | None = None,
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
    ) -> str: ...

    def remember(
        self,
        text: Episode | str,
        *,
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
    ) -> list[Write] | str:
        """Store a text and return its id; of an ``Episode``, return the statements that the record is to run.

        Everything is redacted first. ``expires_in_s`` counts from now, not from ``occurred_at``, and defaults to the tier's
        lifetime; a pinned memory never expires. The same id again overwrites, the same key supersedes.

        Raises:
            UsageError: an argument is of the wrong type or out of range.
            StoreError: the store cannot be written.
        """
        now = self._clock.now()
        if isinstance(text, Episode):
            return remember_episode(text, self._settings, now=now)
        if not isinstance(text, str) or not text.strip():
            raise UsageError(f"a memory is a text with at least one visible character, got {_shown(text)}")
        if len(text) > TEXT_MAX:
            raise UsageError(
                f"a memory has at most {TEXT_MAX:,} characters, got {len(text):,}; store its parts, or a summary"
            )
        if tier not in TIERS:
            nearest = get_close_matches(str(tier), TIERS, 1)
            raise UsageError(
                f"unknown tier {tier!r}; "
                + (f"did you mean {nearest[0]!r}?" if nearest else f"tiers: {', '.join(TIERS)}")
            )
        if expires_in_s is None:
            lifetime = lifetime_s(tier, self._settings)
        else:
            lifetime = _number("expires_in_s", expires_in_s, 0.0, math.inf)
        row = MemoryRow(
            id=self._label("id", id) if id else f"mem-{self._random_token()}",
            namespace=self._namespace(namespace),
            tier=tier,
            text=self._clean(text),
            key=self._label("key", key),
            category=self._label("category", category),
            author=self._label("author", author),
            session=self._label("session", session),
            source=self._label("source", source),
            trust=_number("trust", trust, 0.0, 1.0),
            score=None if score is None else _number("score", score, 1.0, 10.0),
            occurred_at=now if occurred_at is None else _number("occurred_at", occurred_at, -math.inf, math.inf),
            created_at=now,
            expires_at=None if lifetime is None or math.isinf(lifetime) else now + lifetime,
            pinned=int(bool(pinned)),
            metadata=redacted_json(metadata, self._clean),
        )
        return self._store.put(row)

    def store_knowledge(
        self,
        key: str,
        value: Any,
        *,
        category: str = "",
        namespace: str | None = None,
        source: str = "",
        expires_in_s: float | None = None,
        pinned: bool = False,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Keep a fact under a key; returns its id. A newer value supersedes, ``knowledge(key, as_of=...)`` still sees the older.

        ``value`` is a text, or anything JSON can hold.

        Raises:
            UsageError: the key is empty, or the value cannot be written as JSON.
            StoreError: the store cannot be written.
        """
        if not isinstance(key, str) or not key.strip():
            raise UsageError(f"knowledge needs a key, a text that is not empty, got {_shown(key)}")
        return self.remember(
            f"{key}: {_value_text(key, value)}",
            key=key,
            category=category,
            namespace=namespace,
            source=source,
            expires_in_s=expires_in_s,
            pinned=pinned,
            metadata=metadata,
        )

    def knowledge(self, key: str, *, namespace: str | None = None, as_of: float | None = None) -> str | None:
        """The value under a key, now or at a past time (epoch seconds); None when there is none."""
        stored_key = self._label("key", key)
        found = self._store.by_key(self._namespace(namespace), stored_key, now=self._clock.now(), as_of=as_of)
        return None if found is None else found.text.removeprefix(f"{stored_key}: ")

    def search(
        self, query: str, k: int = 5, *, namespace: str | None = None, tiers: Sequence[str] = (), category: str = ""
    ) -> tuple[RecalledMemory, ...]:
        """The ``k`` best live memories for a text, best first, of some tiers or one category when given.

        Raises:
            UsageError: the query is no text, or ``k`` no whole number.
            StoreError: the store cannot be read.
        """
        if not isinstance(query, str):
            raise UsageError(f"a query is a text, got {_shown(query)}")
        if isinstance(k, bool) or not isinstance(k, int):
            raise UsageError(f"k is a whole number, got {_shown(k)}")
        return recall(
            self._database,
            self._clean(query) if len(query) <= TEXT_MAX else query[:TEXT_MAX],
            namespace=self._namespace(namespace),
            k=k,
            now=self._clock.now(),
            tiers=(tiers,) if isinstance(tiers, str) else tiers,
            category=self._label("category", category),
        )

    def get(self, memory_id: str) -> RecalledMemory | None:
        """The memory of an id, expired and superseded ones included; None when there is none."""
        return self._store.by_id(self._label("id", memory_id), self._clock.now())

    def recent_tasks(self, limit: int = 20, *, namespace: str | None = None) -> tuple[RecalledMemory, ...]:
        """What the latest calls left behind, the newest first."""
        return self._store.newest(self._namespace(namespace), "tasks", max(0, limit), self._clock.now())

    def pin(self, memory_id: str, pinned: bool = True) -> bool:
        """Keep a memory for ever, or undo that; False when there is none of that id."""
        return self._store.pin(self._label("id", memory_id), pinned)

    def forget(self, *, id: str | None = None, key: str | None = None, namespace: str | None = None) -> int:  # noqa: A002
        """Delete the memory of an id, or all versions under a key of a namespace; returns how many rows.

        Its words leave the search index, and freed pages are overwritten. Records of calls (history, traces) are not memory and
        keep their own retention.

        Raises:
            UsageError: not exactly one of ``id`` and ``key`` was given.
            StoreError: the store cannot be written.
        """
        if (id is None) == (key is None):
            raise UsageError("forget takes either id=... or key=...")
        if id is not None:
            return self._store.delete("id = ?", (self._label("id", id),))
        return self._store.delete(
            "namespace = ? AND key = ? AND key <> ''", (self._namespace(namespace), self._label("key", key or ""))
        )

    def cleanup_expired(self, now: float | None = None) -> int:
        """Delete memories past their expiry, pinned ones excepted; returns how many."""
        return expiry.cleanup_expired(self._database, self._clock.now() if now is None else now)

    def stats(self, *, namespace: str | None = None) -> MemoryStats:
        """How many memories there are, of one namespace or of all."""
        return self._store.stats(self._clock.now(), None if namespace is None else self._namespace(namespace))

    def render(self, memories: Sequence[RecalledMemory], *, token_budget: int | None = None) -> str:
        """Memories as data inside a randomly marked fence, within the settings' token budget; empty when there are none."""
        budget = self._settings.token_budget if token_budget is None else token_budget
        return fence.render(memories, token_budget=budget, marker=self._random_token())

    def _namespace(self, namespace: str | None) -> str:
        if namespace is None:
            return self._settings.namespace
        clean = self._label("namespace", namespace)
        if not clean.strip() or clean != namespace:
            raise UsageError("a namespace is a short name: not empty, without secrets, addresses or control characters")
        return clean

    def _label(self, name: str, value: str) -> str:
        if not isinstance(value, str):
            raise UsageError(f"{name} is a text, got {_shown(value)}")
        if len(value) > _LABEL_MAX:
            raise UsageError(f"{name} has at most {_LABEL_MAX} characters, got {len(value):,}")
        return self._clean(value) if value else ""

    def _clean(self, text: str) -> str:
        # Redaction gives storable text; a stand-in for it in a test or a script may not.
        return self._redact(text).encode("utf-8", "replace").decode()


def _shown(value: object) -> str:
    return "an empty text" if isinstance(value, str) else type(value).__name__


def _number(name: str, value: float, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value) or not low <= value <= high:
        limits = (
            f" from {low:g} to {high:g}"
            if math.isfinite(high)
            else (f" of {low:g} or more" if math.isfinite(low) else "")
        )
        raise UsageError(f"{name} is a number{limits}, got {value!r}")
    return float(value)


def _value_text(key: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except Exception as error:  # foreign types, cycles, depth
        raise UsageError(f"the value of {key!r} cannot be written as JSON: {error}") from error


def build_memory(database: Database, settings: MemorySettings, *, clock: Clock, redact: Redact) -> MemoryManager:
    """The memory that the settings describe, over the store's database."""
    return MemoryManager(database, settings, clock=clock, redact=redact)
