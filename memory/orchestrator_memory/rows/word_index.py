"""The full-text index keeps the words of texts that are gone until its segments are merged."""

from __future__ import annotations

from orchestrator_core.storage.database import Database

_PAGES = 500
"""Merged in one transaction."""
_ROUNDS = 1_000


def merge_words(database: Database) -> None:
    """Merge all segments into one, a few pages at a time: 'optimize' would hold all writers up.

    Raises:
        StoreError: the store cannot be written.
    """
    # A negative number starts a merge of all segments, positive ones go on with it: https://www.sqlite.org/fts5.html#the_merge_command
    pages = -_PAGES
    for _ in range(_ROUNDS):
        with database.transaction() as connection:
            before = connection.total_changes
            connection.execute("INSERT INTO memories_fts (memories_fts, rank) VALUES ('merge', ?)", (pages,))
            if connection.total_changes - before < 2:
                return
        pages = _PAGES
