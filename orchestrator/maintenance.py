"""Keeping the store small and whole: expiry, retention, the outbox, and free pages back to the disk."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from orchestrator_core.records import Redact
from orchestrator_core.settings import RetentionSettings
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.outbox import Handler, drain, waiting
from orchestrator_memory.manager import MemoryManager

_DAY_S = 86_400.0
_BUCKETS_KEPT_S = 3_600.0
"""A bucket of the shared rate limit is full again after a minute, and a full one says the same as none."""
_BATCH = 2_000
"""Rows deleted per transaction, so that a clean-up never holds the write lock for long."""


class MaintenanceReport(Struct, frozen=True):
    """What one maintenance run did."""

    executions_removed: int = 0
    traces_removed: int = 0
    memories_expired: int = 0
    memories_embedded: int = 0
    outbox_done: int = 0
    outbox_waiting: int = 0
    bytes_before: int = 0
    bytes_after: int = 0


UPKEEP_EVERY_S = 3_600.0
_LAST_UPKEEP = "last_upkeep"


def upkeep_is_due(database: Database, *, now: float) -> bool:
    """True when no process has maintained this store within the last hour, or the clock has been set back since."""
    rows = database.query("SELECT value FROM meta WHERE key = ?", (_LAST_UPKEEP,))
    return not rows or not 0 <= now - float(rows[0][0]) < UPKEEP_EVERY_S


def maintain(
    database: Database,
    memory: MemoryManager,
    retention: RetentionSettings,
    handlers: Mapping[str, Handler],
    *,
    now: float,
    redact: Redact,
    queued_work: bool = True,
) -> MaintenanceReport:
    """Do queued work, apply retention and expiry, then give free pages back. Rollups are kept for ever.

    Without ``queued_work`` it leaves to the next time what may ask a model: the outbox, and memories that wait for their vectors.

    Raises:
        StoreError: the store cannot be written.
    """
    before = _size(database)
    drained = drain(database, handlers if queued_work else {}, now=now, redact=redact)
    traces = _delete_older(database, "traces", "execution_id", now - retention.traces_days * _DAY_S)
    executions = _delete_older(database, "executions", "id", now - retention.history_days * _DAY_S)
    for table, key, at in (("approvals", "id", "asked_at"), ("security_log", "n", "at")):
        _delete_older(database, table, key, now - retention.history_days * _DAY_S, at=at)
    _delete_older(database, "limit_buckets", "since", now - _BUCKETS_KEPT_S, at="since")
    expired = memory.cleanup_expired(now)
    embedded = memory.upkeep() if queued_work else 0
    remembered = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
    database.execute([(remembered, (_LAST_UPKEEP, repr(now)))])
    database.maintenance()
    return MaintenanceReport(
        executions, traces, expired, embedded, drained.done, waiting(database), before, _size(database)
    )


def _delete_older(database: Database, table: str, key: str, limit: float, *, at: str = "started_at") -> int:
    removed = 0
    while True:
        with database.transaction() as connection:
            cursor = connection.execute(
                f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {at} < ? LIMIT {_BATCH})",
                (limit,),
            )
        removed += cursor.rowcount
        if cursor.rowcount < _BATCH:
            return removed


def _size(database: Database) -> int:
    total = 0
    for suffix in ("", "-wal"):
        try:
            total += database.path.with_name(database.path.name + suffix).stat().st_size
        except FileNotFoundError:
            continue
    return total
