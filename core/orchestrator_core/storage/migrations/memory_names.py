"""Schema 5: the names under which memories are found are looked at for personal data too."""

from __future__ import annotations

STATEMENTS = (
    # What stands for a name that held personal data: hash is keyed with the store's key, name is what memories have in its place.
    "CREATE TABLE memory_names (hash TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID",
    # What was called deeply scanned before was so but for its names.
    """UPDATE memories SET scan_level = 'pattern'
        WHERE scan_level = 'deep' AND (session <> '' OR (status = '' AND tier <> 'lessons' AND (key <> '' OR author <> '')))""",
)
