"""Schema 2: vectors, the change log that indexes follow, quarantine, merging and what use has taught."""

from __future__ import annotations

_NOW = "(julianday('now') - 2440587.5) * 86400"
"""Epoch seconds, in SQL that SQLite 3.37 knows."""

STATEMENTS = (
    # Why a memory is set aside (see core/orchestrator_core/analysis/orders/recogniser.py); empty for one that is not.
    "ALTER TABLE memories ADD COLUMN quarantined TEXT NOT NULL DEFAULT ''",
    # How often it was recalled and helped, or was recalled and did not; weights, so they are fractions.
    "ALTER TABLE memories ADD COLUMN helped REAL NOT NULL DEFAULT 0",
    "ALTER TABLE memories ADD COLUMN ignored REAL NOT NULL DEFAULT 0",
    # What is set aside under a key must not push out what stands there.
    "DROP INDEX memories_key",
    """CREATE UNIQUE INDEX memories_key ON memories (namespace, key, quarantined <> '')
        WHERE key <> '' AND superseded_at IS NULL""",
    # What happened to memories, in order: processes that keep an index follow it. It holds numbers and no text.
    # change is 'put' (new, or its text, author, session or time changed), 'facts' (anything else), 'vector' or 'gone'.
    """CREATE TABLE memory_log (
        n INTEGER PRIMARY KEY AUTOINCREMENT, memory INTEGER NOT NULL, namespace TEXT NOT NULL, change TEXT NOT NULL, at REAL NOT NULL
    )""",
    # One unit vector per memory and embedding model, little-endian float16. model is the digest of the model.
    """CREATE TABLE memory_vectors (
        memory INTEGER NOT NULL, model TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (memory, model)
    )""",
    "CREATE TABLE memory_models (model TEXT PRIMARY KEY, name TEXT NOT NULL, dimensions INTEGER NOT NULL, first_used REAL NOT NULL)",
    # The ids of memories that were merged into another one.
    "CREATE TABLE memory_aliases (alias TEXT PRIMARY KEY, memory INTEGER NOT NULL, merged_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE INDEX memory_aliases_memory ON memory_aliases (memory)",
    # A hash of a memory's words and of what it belongs to: near-duplicates share it (see memory/orchestrator_memory/rows/merge.py).
    "CREATE TABLE memory_prints (print INTEGER NOT NULL, memory INTEGER NOT NULL, PRIMARY KEY (print, memory)) WITHOUT ROWID",
    "CREATE INDEX memory_prints_memory ON memory_prints (memory)",
    # What use has taught of the weight of each group of ranking views; 1 is what ships.
    """CREATE TABLE memory_weights (
        namespace TEXT NOT NULL, view TEXT NOT NULL, weight REAL NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (namespace, view)
    ) WITHOUT ROWID""",
    f"""CREATE TRIGGER memories_logged_insert AFTER INSERT ON memories BEGIN
        INSERT INTO memory_log (memory, namespace, change, at) VALUES (new.seq, new.namespace, 'put', {_NOW});
    END""",
    f"""CREATE TRIGGER memories_logged_delete AFTER DELETE ON memories BEGIN
        DELETE FROM memory_vectors WHERE memory = old.seq;
        DELETE FROM memory_aliases WHERE memory = old.seq;
        DELETE FROM memory_prints WHERE memory = old.seq;
        INSERT INTO memory_log (memory, namespace, change, at) VALUES (old.seq, old.namespace, 'gone', {_NOW});
    END""",
    f"""CREATE TRIGGER memories_logged_text AFTER UPDATE ON memories
    WHEN old.text IS NOT new.text OR old.author IS NOT new.author OR old.session IS NOT new.session
        OR old.occurred_at IS NOT new.occurred_at BEGIN
        DELETE FROM memory_vectors WHERE memory = new.seq AND old.text IS NOT new.text;
        DELETE FROM memory_prints WHERE memory = new.seq AND old.text IS NOT new.text;
        INSERT INTO memory_log (memory, namespace, change, at) VALUES (new.seq, new.namespace, 'put', {_NOW});
    END""",
    f"""CREATE TRIGGER memories_logged_facts AFTER UPDATE ON memories
    WHEN old.text IS new.text AND old.author IS new.author AND old.session IS new.session AND old.occurred_at IS new.occurred_at BEGIN
        INSERT INTO memory_log (memory, namespace, change, at) VALUES (new.seq, new.namespace, 'facts', {_NOW});
    END""",
    f"""CREATE TRIGGER memory_vectors_logged AFTER INSERT ON memory_vectors BEGIN
        INSERT INTO memory_log (memory, namespace, change, at)
            SELECT seq, namespace, 'vector', {_NOW} FROM memories WHERE seq = new.memory;
    END""",
    # sqlite-utils' own trigger would index a text anew whenever a memory is counted as helpful.
    "DROP TRIGGER memories_au",
    """CREATE TRIGGER memories_au AFTER UPDATE ON memories WHEN old.text IS NOT new.text BEGIN
        INSERT INTO memories_fts (memories_fts, rowid, text) VALUES ('delete', old.rowid, old.text);
        INSERT INTO memories_fts (rowid, text) VALUES (new.rowid, new.text);
    END""",
    # For people: what Datasette and sqlite-utils show.
    """CREATE VIEW live_memories AS SELECT id, namespace, tier, key, category, text, author, session, source, trust, score, status,
        datetime(occurred_at, 'unixepoch') AS occurred, datetime(created_at, 'unixepoch') AS stored,
        datetime(expires_at, 'unixepoch') AS expires, pinned, helped, ignored, metadata
        FROM memories WHERE superseded_at IS NULL AND quarantined = ''
        AND (expires_at IS NULL OR pinned OR expires_at > (julianday('now') - 2440587.5) * 86400)""",
    """CREATE VIEW memory_changes AS SELECT l.n, datetime(l.at, 'unixepoch') AS at, l.change, l.namespace, m.id,
        CASE WHEN m.quarantined = '' THEN m.text ELSE '' END AS text
        FROM memory_log AS l LEFT JOIN memories AS m ON m.seq = l.memory""",
)
