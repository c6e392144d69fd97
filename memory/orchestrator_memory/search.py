"""Finding memories: candidates of each namespace, ranked by one model, with what is shown read from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from orchestrator_core.clock import Clock
from orchestrator_core.errors import MissingDependency
from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.own_thread import Around, as_it_is
from orchestrator_core.records import RecalledMemory
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.contract import Recollection
from orchestrator_memory.embedding.queue import EmbeddingQueue
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.choice import purge_indexes
from orchestrator_memory.index.contract import IndexUnavailable
from orchestrator_memory.index.derived import DerivedIndexes
from orchestrator_memory.rows.filters import Filters
from orchestrator_memory.rows.merge import same_said
from orchestrator_memory.rows.store import MemoryStore
from orchestrator_memory.text.words import query_terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from orchestrator_memory.index.cache import IndexCache
    from orchestrator_memory.index.namespace_index import NamespaceIndex
    from orchestrator_memory.ranking.meaning import Meaning

K_MAX = 1_000
"""A search returns at most this many memories."""
NEAREST = 200
"""A derived index is asked for at least this many: the ranking wants candidates, not only winners."""
_SPARE = 3
"""So many more are ranked than wanted, for near-identical texts and rows that went meanwhile."""


class Explained(Struct, frozen=True):
    """One hit and why it stands where it stands."""

    memory: RecalledMemory
    logit: float
    """The sum of all that follows and the model's bias; the score is 1 / (1 + exp(-logit))."""
    views: dict[str, tuple[float, float]]
    """Per feature its value and what it gave; see ``ranking.features`` for what each means."""
    priors: dict[str, float]
    """What usefulness, the judge's score, trust and recency gave."""


class _Hit(Struct):
    namespace: str
    seq: int
    score: float
    logit: float
    occurred_at: float
    features: Any
    gave: Any
    priors: Any


class Searcher:
    """Searches the namespaces of one store. Safe for threads."""

    def __init__(
        self,
        database: Database,
        settings: MemorySettings,
        store: MemoryStore,
        embedding: EmbeddingQueue,
        *,
        clock: Clock,
        around: Around = as_it_is,
    ) -> None:
        self._database = database
        self._settings = settings
        self._store = store
        self._embedding = embedding
        self._clock = clock
        self._vectors = Vectors(database)
        self._derived = DerivedIndexes(settings, database.path.parent, database, self._vectors, around=around)
        self._cache: IndexCache | None = None

    def search(
        self, query: str, k: int, filters: Filters, *, wait_s: float | None = None, distinct: bool = False
    ) -> Recollection:
        """The ``k`` best memories for a redacted query; with ``distinct`` texts that say the same come once.

        Raises:
            StoreError: the store cannot be read.
        """
        hits, with_vectors, pending = self._hits(query, k, filters, wait_s)
        shown = [memory for _, memory in self._shown(hits, k, distinct)]
        reason = "" if with_vectors else self._embedding.reason
        return Recollection(shown, keyword_only=not with_vectors, pending=pending, reason=reason)

    def explain(self, query: str, k: int, filters: Filters) -> tuple[Explained, ...]:
        """The same hits with what each feature gave.

        Raises:
            StoreError: the store cannot be read.
        """
        hits, _, _ = self._hits(query, k, filters, None)
        if not hits:
            return ()
        from orchestrator_memory.ranking.features import FEATURES
        from orchestrator_memory.ranking.model import PRIORS

        return tuple(
            Explained(
                memory,
                round(hit.logit, 4),
                {
                    name: (round(float(value), 4), round(float(gave), 4))
                    for name, value, gave in zip(FEATURES, hit.features, hit.gave, strict=True)
                },
                {name: round(float(gave), 4) for name, gave in zip(PRIORS, hit.priors, strict=True)},
            )
            for hit, memory in self._shown(hits, k, False)
        )

    def _hits(self, query: str, k: int, filters: Filters, wait_s: float | None) -> tuple[list[_Hit], bool, int]:
        """Ranked hits, whether vectors took part, and how many memories have none yet."""
        wanted = min(k, K_MAX)
        if wanted <= 0 or not query_terms(query) or not self._anything(filters.namespaces):
            return [], True, 0
        prepared = self._embedding.prepared()
        identity = None if prepared.model is None else prepared.model.identity
        vector = self._embedding.query_vector(query) if identity is not None else None
        limit_s = self._settings.wait_s if wait_s is None else wait_s
        if vector is not None and limit_s > 0:
            self._embedding.wait(limit_s)
        now = self._clock.now()
        hits: list[_Hit] = []
        pending = 0
        for namespace in filters.namespaces:
            nearest = None
            if identity is not None and vector is not None:
                nearest = self._nearest(namespace, identity, vector, max(NEAREST, wanted))
            with self._indexes().index(
                namespace, identity if vector is not None else None, hold_vectors=nearest is None
            ) as index:
                meaning = self._meaning(index, identity, vector, nearest)
                learned = self._learned(namespace)
                hits += _ranked(index, namespace, query, meaning, filters, wanted * _SPARE, learned, now)
                if vector is not None:
                    pending += int((index.column("alive") & index.column("current") & ~index.column("embedded")).sum())
        hits.sort(key=lambda hit: (-hit.logit, -hit.occurred_at, hit.seq))
        return hits, vector is not None, pending

    def _nearest(
        self, namespace: str, identity: ModelIdentity, vector: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
        """What a derived index proposes; None where there is none that answers now."""
        derived = self._derived.get(namespace, identity)
        if derived is None:
            return None
        try:
            return derived.nearest(vector, k)
        except IndexUnavailable:
            return None

    def _meaning(
        self,
        index: NamespaceIndex,
        identity: ModelIdentity | None,
        vector: NDArray[np.float32] | None,
        nearest: tuple[NDArray[np.int64], NDArray[np.float32]] | None,
    ) -> Meaning:
        from orchestrator_memory.ranking.meaning import Proposed, Scanned, Unknown

        if vector is None or identity is None:
            return Unknown(index)
        if nearest is None:
            return Scanned(index, vector)
        return Proposed(index, vector, nearest, index.sample, partial(self._vectors.fetch, identity.digest))

    def _anything(self, namespaces: Sequence[str]) -> bool:
        """False for namespaces without memories: nothing heavy is imported for them."""
        marks = ", ".join("?" * len(namespaces))
        return bool(self._database.query(f"SELECT 1 FROM memories WHERE namespace IN ({marks}) LIMIT 1", namespaces))

    def _shown(self, hits: Sequence[_Hit], k: int, distinct: bool) -> list[tuple[_Hit, RecalledMemory]]:
        from orchestrator_memory.ranking.model import by_group, priors_sum

        wanted = min(k, K_MAX)
        chosen: list[tuple[_Hit, RecalledMemory]] = []
        start = 0
        while len(chosen) < wanted and start < len(hits):
            some = hits[start : start + wanted]  # rows cost most of all: no more than needed
            rows = self._store.rows([hit.seq for hit in some], self._clock.now())
            for hit in some:
                memory = rows.get(hit.seq)
                if memory is None or len(chosen) == wanted:
                    continue
                if distinct and any(same_said(memory.text, other.text) for _, other in chosen):
                    continue
                views = {**by_group(hit.gave), "priors": priors_sum(hit.priors)}
                chosen.append((hit, structs.replace(memory, score=hit.score, views=views)))
            start += len(some)
        return chosen

    def _learned(self, namespace: str) -> Mapping[str, float]:
        rows = self._database.query("SELECT view, weight FROM memory_weights WHERE namespace = ?", (namespace,))
        return dict(rows)

    def _indexes(self) -> IndexCache:
        if self._cache is None:
            try:
                from orchestrator_memory.index.cache import IndexCache
            except ImportError as error:
                raise MissingDependency("numpy", "searching memories", str(error)) from error
            self._cache = IndexCache(self._database)
        return self._cache

    def pending(self) -> int:
        """How many memories of the settings' namespaces have no vector yet; 0 where there is no model."""
        model = self._embedding.prepared().model
        if model is None:
            return 0
        return self._vectors.count_pending(model.identity.digest, (self._settings.namespace, *self._settings.shared))

    def index_health(self) -> str:
        """Which index answers, and how it is."""
        return self._derived.health()

    def follow(self) -> None:
        """Feed the derived indexes, where there are any."""
        model = self._embedding.prepared().model
        if model is not None:
            for (namespace,) in self._database.query("SELECT DISTINCT namespace FROM memories"):
                self._derived.get(namespace, model.identity)
            self._derived.follow()

    def purge(self, seqs: Sequence[int]) -> bool:
        """Take memories out of everything derived; False where an outside server cannot prove it."""
        if self._cache is not None:
            self._cache.clear()
        return purge_indexes(self._settings, self._database.path.parent, self._database, seqs)

    def close(self) -> None:
        """Let go of the indexes."""
        self._derived.close()
        if self._cache is not None:
            self._cache.clear()


def _ranked(
    index: NamespaceIndex,
    namespace: str,
    query: str,
    meaning: Meaning,
    filters: Filters,
    wanted: int,
    learned: Mapping[str, float],
    now: float,
) -> list[_Hit]:
    import numpy as np

    from orchestrator_memory.ranking.features import POOL, candidates
    from orchestrator_memory.ranking.model import score

    found = candidates(index, query, meaning, _allowed(index, filters, now), max(POOL, wanted))
    if not len(found.slots):
        return []
    scored = score(found.features, index, found.slots, with_vectors=meaning.known, learned=learned, now=now)
    seqs, occurred = index.column("seq")[found.slots], index.column("occurred")[found.slots]
    best = np.argsort(-scored.logit, kind="stable")[:wanted]
    return [
        _Hit(
            namespace, int(seqs[i]), round(float(scored.score[i]), 6), float(scored.logit[i]), float(occurred[i]),
            found.features[i], scored.gave[i], scored.priors[i],
        )
        for i in best
    ]  # fmt: skip


def _allowed(index: NamespaceIndex, filters: Filters, now: float) -> NDArray[np.bool_]:
    """Which slots are live and pass the filters."""
    import numpy as np

    allowed: NDArray[np.bool_] = index.column("alive") & index.column("current") & (index.column("expires") > now)
    if not filters.quarantined:
        allowed &= ~index.column("quarantined")
    for column, kind, names in (
        ("tier", "tiers", filters.tiers),
        ("category", "categories", (filters.category,) if filters.category else ()),
        ("author", "authors", filters.authors),
    ):
        if names:
            allowed &= np.isin(index.column(column), index.codes(kind, names))
    if filters.sessions:
        codes = [index.session_code(session) for session in filters.sessions]
        allowed &= np.isin(index.column("session"), codes)
    if filters.since is not None:
        allowed &= index.column("occurred") >= filters.since
    if filters.until is not None:
        allowed &= index.column("occurred") <= filters.until
    return allowed
