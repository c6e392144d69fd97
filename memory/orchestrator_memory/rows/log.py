"""The change log: what happened to memories, in order. The triggers of the schema write it, and every index follows it."""

from __future__ import annotations

from orchestrator_core.storage.database import Database

# In one SELECT SQLite would walk the whole log for a minimum and a maximum; alone it looks up each.
_ENDS = "SELECT coalesce((SELECT min(n) FROM memory_log), 0), coalesce((SELECT max(n) FROM memory_log), 0)"


def log_ends(database: Database) -> tuple[int, int]:
    """The numbers of the first and the last entry; 0 and 0 for an empty log.

    Raises:
        StoreError: the store cannot be read.
    """
    first, last = database.query(_ENDS)[0]
    return int(first), int(last)
