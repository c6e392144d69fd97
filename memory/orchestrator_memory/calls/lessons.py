"""Lessons: what helped against a failure before, in words, for a retry and for people.

One row per failure and remedy, however often it happens. Its metadata counts how often the remedy worked and how often the same failure
came again, and its trust is

    (worked + 1) / (worked + failed + 1)

the share of tries that worked with one more success assumed, since a lesson begins with one. A remedy that never worked leaves no row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from orchestrator_core.analysis.orders.recogniser import reason
from orchestrator_core.records import Lesson, RecalledMemory, Write
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.contract import Episode
from orchestrator_memory.rows.row import SELECTED, recalled
from orchestrator_memory.rows.tiers import lifetime_s

LESSONS_MAX = 2
"""Lessons given to one call, and to one retry."""
_FAILURE_MAX = 300
_CATEGORY = "healing"

_WORKED = "coalesce(json_extract(metadata, '$.worked'), 0)"
_FAILED = "coalesce(json_extract(metadata, '$.failed'), 0)"
_KEEP = f"""INSERT INTO memories
    (id, namespace, tier, key, category, text, author, source, trust, quarantined, occurred_at, created_at, expires_at, metadata)
    VALUES (?, ?, 'lessons', ?, '{_CATEGORY}', ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (namespace, key, quarantined <> '') WHERE key <> '' AND superseded_at IS NULL DO UPDATE SET
    source = excluded.source, occurred_at = excluded.occurred_at, created_at = excluded.created_at, expires_at = excluded.expires_at,
    metadata = json_set(metadata, '$.worked', {_WORKED} + 1),
    trust = CASE WHEN quarantined <> '' THEN 0 ELSE ({_WORKED} + 2.0) / ({_WORKED} + {_FAILED} + 2) END
ON CONFLICT (id) DO NOTHING"""
_DOUBT = f"""UPDATE memories SET metadata = json_set(metadata, '$.failed', {_FAILED} + 1),
    trust = CASE WHEN quarantined <> '' THEN 0 ELSE ({_WORKED} + 1.0) / ({_WORKED} + {_FAILED} + 2) END
WHERE namespace = ? AND key = ? AND key <> '' AND superseded_at IS NULL"""

_LIVE = (
    "m.superseded_at IS NULL AND m.quarantined = '' AND m.trust >= :floor "
    "AND (m.expires_at IS NULL OR m.expires_at > :now OR m.pinned)"
)


def keep_lessons(episode: Episode, settings: MemorySettings, *, now: float) -> list[Write]:
    """The statements that keep what a call learned of its failures. They add up, in any order and from any process."""
    lifetime = lifetime_s("lessons", settings)
    writes = []
    for number, lesson in enumerate(episode.lessons, 1):
        key = lesson_key(lesson)
        if not lesson.worked:
            writes.append(Write(_DOUBT, (episode.namespace, key)))
            continue
        text = lesson_text(episode.agent, lesson)
        quarantined = reason(text)
        facts = {
            "agent": episode.agent,
            "error_class": lesson.error_class,
            "remedy": lesson.remedy,
            "worked": 1,
            "failed": 0,
        }
        writes.append(
            Write(
                _KEEP,
                (
                    f"lesson-{episode.execution_id}-{number}", episode.namespace, key, text, episode.agent, episode.execution_id,
                    0.0 if quarantined else 1.0, quarantined, episode.finished_at, now,
                    None if lifetime is None else now + lifetime, msgspec.json.encode(facts).decode(),
                ),
            )
        )  # fmt: skip
    return writes


def lesson_key(lesson: Lesson) -> str:
    """Equal for the same remedy against the same failure."""
    return f"lesson:{lesson.fingerprint}:{re.sub(r'[^a-z0-9.]+', '-', lesson.remedy.lower())}"


def lesson_text(agent: str, lesson: Lesson) -> str:
    """What is remembered, in words."""
    failure = " ".join(lesson.failure.split())[:_FAILURE_MAX]
    text = f"{agent} failed: {failure} ({lesson.error_class}). What helped: {lesson.remedy}."
    return text.encode("utf-8", "replace").decode()


def find_lessons(
    database: Database, namespaces: Sequence[str], *, floor: float, now: float, agent: str = "", fingerprint: str = ""
) -> tuple[RecalledMemory, ...]:
    """Up to ``LESSONS_MAX`` live lessons, the most trusted first: those against a failure, or those noted down for an agent.

    What healing learned by itself is left out of the latter: before the failure it is of no use.

    Raises:
        StoreError: the store cannot be read.
    """
    if fingerprint:
        # The key's range is served by its index, which holds only rows that have a key.
        wanted = "m.key <> '' AND m.key >= :first AND m.key < :last"
        values = {"first": f"lesson:{fingerprint}:", "last": f"lesson:{fingerprint};"}
    else:
        wanted = "m.tier = 'lessons' AND m.author = :agent AND m.key NOT LIKE 'lesson:%'"
        values = {"agent": agent}
    found: list[RecalledMemory] = []
    for namespace in namespaces:
        rows = database.query(
            f"SELECT {SELECTED} FROM memories AS m WHERE m.namespace = :namespace AND {wanted} AND {_LIVE} "
            "ORDER BY m.trust DESC, m.created_at DESC, m.seq DESC LIMIT :most",
            {**values, "namespace": namespace, "now": now, "floor": floor, "most": LESSONS_MAX},
        )
        found += (recalled(row, now) for row in rows)
    return tuple(sorted(found, key=lambda memory: -memory.trust)[:LESSONS_MAX])
