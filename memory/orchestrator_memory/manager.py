"""The memory room's face: what can be asked of it, each in a few lines over the part that does it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, overload

from msgspec import Struct

from orchestrator_core.clock import Clock
from orchestrator_core.errors import UsageError
from orchestrator_core.own_thread import Around, as_it_is
from orchestrator_core.records import RecalledMemory, Redact, Write
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.arguments import FILTER_ARGUMENTS, ROW_ARGUMENTS, Arguments, check_names, unchanged, whole
from orchestrator_memory.calls import fence
from orchestrator_memory.calls.episodes import SPARE, TRUST_FLOOR, for_agent, remember_episode
from orchestrator_memory.calls.lessons import find_lessons
from orchestrator_memory.contract import Episode, Recollection
from orchestrator_memory.embedding.queue import EmbeddingQueue, Prepare
from orchestrator_memory.forgetting import forget
from orchestrator_memory.rows import expiry
from orchestrator_memory.rows.store import MemoryStats, MemoryStore
from orchestrator_memory.search import Explained, Searcher
from orchestrator_memory.transfer import bulk, portable


class MemoryStatus(Struct, frozen=True, kw_only=True):
    """How memory stands: what it can do now, and why not more."""

    embedding: str
    """Name and digest of the embedding model; empty where there is none."""
    reason: str
    """Why there are no vectors, in one sentence; empty where there are."""
    fix: str
    pending: int
    """Memories of the settings' namespaces that wait for their vector."""
    index: str
    """``exact`` or ``chroma``, with its health."""


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
        prepare: Prepare,
        redact_data: Callable[[Any], Any] = unchanged,
        cascade: forget.Cascade = forget.no_cascade,
        random_token: Callable[[], str] = _random_token,
        around: Around = as_it_is,
        known_name: Callable[[str], str] = unchanged,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._random_token = random_token
        self._cascade = cascade
        self._arguments = Arguments(settings, redact, redact_data, lambda: f"mem-{random_token()}", known_name)
        self._store = MemoryStore(database)
        self._embedding = EmbeddingQueue(database, settings, prepare=prepare, around=around)
        self._searcher = Searcher(database, settings, self._store, self._embedding, clock=clock, around=around)

    # What a call uses

    def recall(self, query: str, *, namespace: str, k: int) -> Recollection:
        """The ``k`` best live memories of a namespace and of the shared ones for a redacted query, best first; any text is a query.

        Raises:
            StoreError: the store cannot be read.
        """
        namespaces = tuple(dict.fromkeys((namespace, *self._settings.shared)))
        found = self._searcher.search(
            query, k + SPARE, self._arguments.filters(namespace=namespaces), wait_s=0.0, distinct=True
        )
        return for_agent(found, k)

    def lessons(self, *, namespace: str, agent: str = "", fingerprint: str = "") -> tuple[RecalledMemory, ...]:
        """Up to two lessons of a namespace and of the shared ones: what helped against a failure, or what was noted for an agent.

        Raises:
            StoreError: the store cannot be read.
        """
        return find_lessons(
            self._database,
            tuple(dict.fromkeys((namespace, *self._settings.shared))),
            floor=TRUST_FLOOR,
            now=self._clock.now(),
            agent=agent,
            fingerprint=fingerprint,
        )

    def render(self, memories: Sequence[RecalledMemory], *, token_budget: int | None = None) -> str:
        """Memories as data inside a randomly marked fence, within the settings' token budget; empty when there are none."""
        budget = self._settings.token_budget if token_budget is None else token_budget
        return fence.render(memories, token_budget=budget, marker=self._random_token())

    # Keeping

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

    def remember(self, text: Episode | str, **details: Any) -> list[Write] | str:
        """Store a text and return its id; of an ``Episode``, return the statements that the record is to run.

        Everything is redacted first. The vector follows in the background; words find it at once. ``author`` and ``session`` say
        who said it in which conversation, and ``occurred_at`` (epoch seconds) when: neighbours in a conversation help to find each
        other. ``expires_in_s`` counts from now, not from ``occurred_at``, and defaults to the tier's lifetime; a pinned memory
        never expires. The same id again overwrites, the same key supersedes, a near-duplicate merges into what is there and its id
        becomes an alias; the id returned finds it in each case.

        Raises:
            UsageError: an argument is of the wrong type or out of range.
            StoreError: the store cannot be written.
        """
        now = self._clock.now()
        if isinstance(text, Episode):
            self._embedding.stored()  # the record is about to write it
            return remember_episode(self._arguments.renamed(text), self._settings, now=now)
        check_names(details, ROW_ARGUMENTS)
        stored = self._store.put(self._arguments.row(text, now=now, **details))
        self._embedding.stored((stored.seq,))
        return stored.id

    def remember_many(
        self, items: Iterable[Mapping[str, Any]], *, progress: Callable[[int], None] | None = None
    ) -> list[str]:
        """Store many memories and embed them before returning; each item holds ``text`` and any argument of ``remember``.

        ``progress`` is called with how many are done. Returns the ids, in order.

        Raises:
            UsageError: an item is wrong; those before it are kept, and the message counts from 1.
            StoreError: the store cannot be written.
        """
        return bulk.store_many(self._into(), items, progress=progress)

    def store_knowledge(
        self,
        key: str,
        value: Any,
        *,
        category: str = "",
        namespace: str | None = None,
        source: str = "",
        trust: float = 1.0,
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
        return self.remember(
            self._arguments.knowledge_text(key, value),
            key=key,
            category=category,
            namespace=namespace,
            source=source,
            trust=trust,
            expires_in_s=expires_in_s,
            pinned=pinned,
            metadata=metadata,
        )

    def pin(self, memory_id: str, pinned: bool = True) -> bool:
        """Keep a memory for ever, or undo that; False when there is none of that id."""
        return self._store.pin(self._arguments.label("id", memory_id), pinned)

    def release(self, memory_id: str) -> bool:
        """Take a memory out of quarantine: someone has read it and found it harmless. False when there is none of that id."""
        return self._store.release(self._arguments.label("id", memory_id))

    # Finding

    def search(self, query: str, k: int = 5, *, wait_s: float | None = None, **filters: Any) -> Recollection:
        """The ``k`` best live memories for a text, best first.

        Filters: ``namespace`` (one name or several), ``tiers``, ``category``, ``author``, ``session``, ``since`` and ``until``
        (epoch seconds, when it happened), ``quarantined=True`` for what is set aside as well. The answer's ``keyword_only`` says
        whether vectors took part. ``wait_s`` limits how long to wait for the vectors of what this process has just stored.

        Raises:
            UsageError: the query is no text, ``k`` no whole number, or a filter is wrong.
            StoreError: the store cannot be read.
        """
        wanted = whole("k", k)
        check_names(filters, FILTER_ARGUMENTS)
        return self._searcher.search(
            self._arguments.query(query), wanted, self._arguments.filters(**filters), wait_s=wait_s
        )

    def explain(self, query: str, k: int = 5, **filters: Any) -> tuple[Explained, ...]:
        """The same hits as ``search`` finds, each with what every view gave to its score."""
        wanted = whole("k", k)
        check_names(filters, FILTER_ARGUMENTS)
        return self._searcher.explain(self._arguments.query(query), wanted, self._arguments.filters(**filters))

    def knowledge(self, key: str, *, namespace: str | None = None, as_of: float | None = None) -> str | None:
        """The value under a key, now or at a past time (epoch seconds); None when there is none."""
        keys = self._arguments.names("key", key)
        found = self._store.by_key(self._arguments.namespace(namespace), keys, now=self._clock.now(), as_of=as_of)
        return None if found is None else self._arguments.value_behind(key, found.text)

    def get(self, memory_id: str) -> RecalledMemory | None:
        """The memory of an id, also of one that was merged; expired and superseded ones included. None when there is none."""
        return self._store.by_id(self._arguments.label("id", memory_id), self._clock.now())

    def browse(self, *, limit: int = 50, offset: int = 0, **filters: Any) -> tuple[RecalledMemory, ...]:
        """Live memories, the newest first; filters as in ``search``."""
        check_names(filters, FILTER_ARGUMENTS)
        return self._store.browse(
            self._arguments.filters(**filters),
            limit=max(0, whole("limit", limit)),
            offset=max(0, whole("offset", offset)),
            now=self._clock.now(),
        )

    def recent_tasks(self, limit: int = 20, *, namespace: str | None = None) -> tuple[RecalledMemory, ...]:
        """What the latest calls left behind, the newest first."""
        wanted = max(0, whole("limit", limit))
        return self._store.newest(self._arguments.namespace(namespace), "tasks", wanted, self._clock.now())

    # Letting go

    def forget(
        self,
        *,
        id: str | None = None,  # noqa: A002
        key: str | None = None,
        query: str | None = None,
        namespace: str | None = None,
        dry_run: bool = False,
    ) -> forget.Forgotten:
        """Delete the memory of an id, all versions under a key, or what holds every word of a query; no byte of it stays in a file.

        With it go its vectors, its words in the search index, and what the history, traces, queued work and pages hold of it.
        ``dry_run`` only says what would go. ``complete`` is False while a reader or a server keeps old bytes: ask again.

        Raises:
            UsageError: not exactly one of ``id``, ``key`` and ``query`` was given, or the query has no words.
            StoreError: the store cannot be written.
        """
        if sum(given is not None for given in (id, key, query)) != 1:
            raise UsageError("forget takes exactly one of id=..., key=... and query=...")
        wanted = forget.Selection(
            id=None if id is None else self._arguments.label("id", id),
            keys=None if key is None else self._arguments.names("key", key),
            query=None if query is None else self._arguments.query(query),
            namespace=self._arguments.namespace(namespace),
        )
        return forget.forget(
            self._database, wanted, cascade=self._cascade, purge_index=self._searcher.purge, dry_run=dry_run
        )

    def finish_forgetting(self, work: Mapping[str, Any]) -> bool:
        """Do what an earlier ``forget`` left queued, in this process or a killed one; True when no byte is left."""
        return forget.finish(self._database, work, cascade=self._cascade, purge_index=self._searcher.purge)

    def cleanup_expired(self, now: float | None = None) -> int:
        """Delete memories past their expiry, pinned ones excepted; returns how many."""
        return expiry.cleanup_expired(self._database, self._clock.now() if now is None else now)

    # In and out

    def export_jsonl(
        self,
        target: str | Path | BinaryIO,
        *,
        namespace: str | Sequence[str] | None = None,
        overwrite: bool = False,
        progress: portable.Progress | None = None,
    ) -> int:
        """Write all memories of the namespaces, or of all, to a file, one JSON object a line; returns how many. See ``portable``."""
        namespaces = None if namespace is None else self._arguments.filters(namespace=namespace).namespaces
        return portable.export_jsonl(
            self._database, portable.file_of(target), namespaces, overwrite=overwrite, progress=progress
        )

    def import_jsonl(
        self,
        source: str | Path | BinaryIO,
        *,
        namespace: str | None = None,
        skip_bad: bool = False,
        progress: portable.Progress | None = None,
    ) -> portable.Imported:
        """Read memories from such a file, redact and embed them. See ``portable``."""
        return portable.import_jsonl(
            self._into(), portable.file_of(source), namespace=namespace, skip_bad=skip_bad, progress=progress
        )

    def import_text(
        self,
        source: str | Path | BinaryIO,
        *,
        namespace: str | None = None,
        skip_bad: bool = False,
        progress: portable.Progress | None = None,
    ) -> portable.Imported:
        """Read memories from plain text, one a line. See ``portable``."""
        return portable.import_text(
            self._into(), portable.file_of(source), namespace=namespace, skip_bad=skip_bad, progress=progress
        )

    def _into(self) -> portable.Into:
        return portable.Into(self._database, self._arguments, self._store, self._embedding, self._clock)

    # How it stands

    def stats(self, *, namespace: str | None = None) -> MemoryStats:
        """How many memories there are, of one namespace or of all."""
        return self._store.stats(self._clock.now(), None if namespace is None else self._arguments.namespace(namespace))

    def status(self) -> MemoryStatus:
        """What memory can do now, and why not more."""
        prepared = self._embedding.prepared()
        identity = None if prepared.model is None else prepared.model.identity
        return MemoryStatus(
            embedding="" if identity is None else f"{identity.name} ({identity.digest})",
            reason=self._embedding.reason,
            fix=prepared.fix,
            pending=self._searcher.pending(),
            index=self._searcher.index_health(),
        )

    def flush(self, timeout_s: float = 60.0) -> bool:
        """Wait until the vectors of all that this process stored are there; False at the time limit or without a model."""
        return self._embedding.wait(timeout_s) and self._embedding.pending() == 0

    def upkeep(self) -> int:
        """Embed whatever waits in the store, of any process, and feed a derived index; returns how many vectors were made."""
        made = self._embedding.embed_all()
        self._searcher.follow()
        return made

    def close(self) -> None:
        """Stop the background work; what is not embedded stays queued in the store."""
        self._embedding.close()
        self._searcher.close()


def build_memory(
    database: Database,
    settings: MemorySettings,
    *,
    clock: Clock,
    redact: Redact,
    prepare: Prepare,
    redact_data: Callable[[Any], Any] = unchanged,
    cascade: forget.Cascade = forget.no_cascade,
    around: Around = as_it_is,
    known_name: Callable[[str], str] = unchanged,
) -> MemoryManager:
    """The memory that the settings describe, over the store's database. Its threads do their work with ``around`` around it."""
    return MemoryManager(
        database, settings, clock=clock, redact=redact, redact_data=redact_data, prepare=prepare, cascade=cascade, around=around,
        known_name=known_name,
    )  # fmt: skip
