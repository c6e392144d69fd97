"""One row of the ``memories`` table, and the statements that write and read it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from orchestrator_core.records import RecalledMemory, Write

COLUMNS = (
    "id", "namespace", "tier", "key", "category", "text", "author", "session", "source", "trust", "score", "status",
    "occurred_at", "created_at", "expires_at", "superseded_at", "pinned", "quarantined", "metadata",
)  # fmt: skip
_NAMES = ", ".join(COLUMNS)
_MARKS = ", ".join("?" * len(COLUMNS))
INSERT = f"INSERT INTO memories ({_NAMES}) VALUES ({_MARKS})"
# A pin survives: the user set it, the run did not.
_NEW_VALUES = ", ".join(
    f"{name} = excluded.{name}" for name in COLUMNS if name not in ("id", "namespace", "pinned", "metadata", "score")
)
_REFRESH = f"""{INSERT}
ON CONFLICT (namespace, key, quarantined <> '') WHERE key <> '' AND superseded_at IS NULL DO UPDATE SET {_NEW_VALUES},
    score = coalesce(excluded.score, score),
    metadata = json_set(excluded.metadata, '$.runs', coalesce(json_extract(memories.metadata, '$.runs'), 1) + 1)
ON CONFLICT (id) DO NOTHING"""
_REPLACE = f"""{INSERT}
ON CONFLICT (id) DO UPDATE SET {_NEW_VALUES}, score = excluded.score, metadata = excluded.metadata, pinned = excluded.pinned
WHERE memories.namespace = excluded.namespace"""

ALIASES_SHOWN = 100
"""A memory that is read names at most so many of the ids that were merged into it, the newest; all of them find it."""

SELECTED = f"""m.id, m.text, m.tier, m.key, m.namespace, m.source, m.occurred_at, m.created_at, m.trust, m.score, m.status,
    m.category, m.author, m.session, m.expires_at, m.pinned, m.quarantined, m.metadata,
    (SELECT json_group_array(alias) FROM (SELECT alias FROM memory_aliases WHERE memory = m.seq
        ORDER BY merged_at DESC, alias LIMIT {ALIASES_SHOWN}))"""
"""What ``recalled`` reads, of the table ``memories AS m``."""


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
    quarantined: str = ""
    """Why it is set aside; empty for one that is not."""
    metadata: str = "{}"
    """A JSON object."""
    id_given: bool = True
    """False for an id that was made up and that nobody knows yet: a merge need not keep it."""


def values(row: MemoryRow) -> tuple[Any, ...]:
    """A row's values in the order of ``COLUMNS``."""
    return (
        row.id, row.namespace, row.tier, row.key, row.category, row.text, row.author, row.session, row.source, row.trust,
        row.score, row.status, row.occurred_at, row.created_at, row.expires_at, row.superseded_at, row.pinned,
        row.quarantined, row.metadata,
    )  # fmt: skip


def refresh(row: MemoryRow) -> Write:
    """Insert a row; one with the same key takes its values over instead, and counts its runs in the metadata."""
    return Write(_REFRESH, values(row))


def replace(row: MemoryRow) -> Write:
    """Insert a row; one with the same id *in the same namespace* takes its values over, one elsewhere is left alone."""
    return Write(_REPLACE, values(row))


def recalled(
    record: tuple[Any, ...], now: float, score: float = 0.0, views: dict[str, float] | None = None
) -> RecalledMemory:
    """The memory of a row that was read with ``SELECTED``."""
    (
        memory_id, text, tier, key, namespace, source, occurred_at, created_at, trust, judged, status,
        category, author, session, expires_at, pinned, quarantined, metadata, aliases,
    ) = record  # fmt: skip
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
        category=category,
        author=author,
        session=session,
        occurred_at=occurred_at,
        judged=judged,
        expires_at=expires_at,
        pinned=bool(pinned),
        quarantined=quarantined,
        aliases=() if aliases == "[]" else tuple(msgspec.json.decode(aliases)),
        metadata=decoded(metadata),
    )


def decoded(metadata: Any) -> dict[str, Any]:
    """Stored metadata; empty where another program left something that is no JSON object."""
    if metadata == "{}":
        return {}
    try:
        found = msgspec.json.decode(metadata)
    except (msgspec.DecodeError, TypeError, UnicodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
