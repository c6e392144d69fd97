"""One row of the ``memories`` table, and the statements that write it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from orchestrator_core.records import RecalledMemory, Write

COLUMNS = (
    "id", "namespace", "tier", "key", "category", "text", "author", "session", "source", "trust", "score", "status",
    "occurred_at", "created_at", "expires_at", "superseded_at", "pinned", "metadata",
)  # fmt: skip
_NAMES = ", ".join(COLUMNS)
_MARKS = ", ".join("?" * len(COLUMNS))
_INSERT = f"INSERT INTO memories ({_NAMES}) VALUES ({_MARKS})"
# A pin survives: the user set it, the run did not.
_NEW_VALUES = ", ".join(
    f"{name} = excluded.{name}" for name in COLUMNS if name not in ("id", "namespace", "pinned", "metadata", "score")
)
_REFRESH = f"""{_INSERT}
ON CONFLICT (namespace, key) WHERE key <> '' AND superseded_at IS NULL DO UPDATE SET {_NEW_VALUES},
    score = coalesce(excluded.score, score),
    metadata = json_set(excluded.metadata, '$.runs', coalesce(json_extract(memories.metadata, '$.runs'), 1) + 1)
ON CONFLICT (id) DO NOTHING"""
_REPLACE = f"""{_INSERT}
ON CONFLICT (id) DO UPDATE SET {_NEW_VALUES}, score = excluded.score, metadata = excluded.metadata, pinned = excluded.pinned
WHERE memories.namespace = excluded.namespace"""

SELECTED = "m.id, m.text, m.tier, m.key, m.namespace, m.source, m.occurred_at, m.created_at, m.trust, m.score, m.status"


class MemoryRow(Struct, frozen=True, kw_only=True):
    """One memory as it is stored. Every text in it is redacted; times are epoch seconds."""

    id: str
    namespace: str
    tier: str
    text: str
    occurred_at: float
    created_at: float
    key: str = ""
    category: str = ""
    author: str = ""
    session: str = ""
    source: str = ""
    trust: float = 1.0
    score: float | None = None
    status: str = ""
    expires_at: float | None = None
    superseded_at: float | None = None
    pinned: int = 0
    metadata: str = "{}"
    """A JSON object."""


def refresh(row: MemoryRow) -> Write:
    """Insert a row; one with the same key takes its values over instead, and counts its runs in the metadata."""
    return Write(_REFRESH, tuple(getattr(row, name) for name in COLUMNS))


def replace(row: MemoryRow) -> Write:
    """Insert a row; one with the same id *in the same namespace* takes its values over, one elsewhere is left alone."""
    return Write(_REPLACE, tuple(getattr(row, name) for name in COLUMNS))


def recalled(
    record: tuple[Any, ...], now: float, score: float = 0.0, views: dict[str, float] | None = None
) -> RecalledMemory:
    """The memory of a row that was read with ``SELECTED``."""
    memory_id, text, tier, key, namespace, source, occurred_at, created_at, trust, _, status = record
    return RecalledMemory(
        id=memory_id,
        text=text,
        score=score,
        tier=tier,
        key=key,
        namespace=namespace,
        source=source,
        created_at=created_at,
        age_s=max(0.0, now - occurred_at),
        trust=trust,
        views=views or {},
        status=status,
    )
