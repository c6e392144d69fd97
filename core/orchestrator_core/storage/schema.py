"""The tables, as sqlite-utils migrations. Add a migration at the end for every change; never edit one that has shipped.

``sqlite_utils`` costs about 170 ms CPU to import, so a store whose ``user_version`` is already current never loads it.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlite_utils import Database as SqliteUtilsDatabase

SCHEMA_VERSION = 2
"""Kept in ``PRAGMA user_version``; raise it with every migration."""

_NOW = "(julianday('now') - 2440587.5) * 86400"
"""Epoch seconds, in SQL that SQLite 3.37 knows."""

_FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    # One row per call. Text columns hold redacted text only.
    """CREATE TABLE executions (
        id TEXT PRIMARY KEY,
        started_at REAL NOT NULL, finished_at REAL NOT NULL, duration_ms REAL NOT NULL,
        agent TEXT NOT NULL, feature TEXT NOT NULL DEFAULT '', caller TEXT NOT NULL DEFAULT '',
        session TEXT NOT NULL DEFAULT '', namespace TEXT NOT NULL DEFAULT 'default', code_commit TEXT NOT NULL DEFAULT '',
        status TEXT NOT NULL, error_type TEXT NOT NULL DEFAULT '', error_message TEXT NOT NULL DEFAULT '',
        error_class TEXT NOT NULL DEFAULT '', fingerprint TEXT NOT NULL DEFAULT '', advice TEXT NOT NULL DEFAULT '',
        traceback TEXT NOT NULL DEFAULT '',
        request TEXT NOT NULL DEFAULT '', request_bytes INTEGER NOT NULL DEFAULT 0, context TEXT NOT NULL DEFAULT '',
        output TEXT NOT NULL DEFAULT '', output_kind TEXT NOT NULL DEFAULT '', output_bytes INTEGER NOT NULL DEFAULT 0,
        output_hash TEXT NOT NULL DEFAULT '',
        attempts INTEGER NOT NULL DEFAULT 0, healed INTEGER NOT NULL DEFAULT 0,
        judge_status TEXT NOT NULL DEFAULT 'off', judge TEXT NOT NULL DEFAULT '', overall REAL, passed INTEGER,
        verdict TEXT NOT NULL DEFAULT '',
        tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0, model TEXT NOT NULL DEFAULT '',
        cost_microusd INTEGER NOT NULL DEFAULT 0,
        memories TEXT NOT NULL DEFAULT '[]', stages TEXT NOT NULL DEFAULT '{}',
        trace_id TEXT NOT NULL DEFAULT '', parent_id TEXT NOT NULL DEFAULT '', record_ms REAL NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX executions_started ON executions (started_at)",
    "CREATE INDEX executions_agent ON executions (agent, started_at)",
    "CREATE INDEX executions_parent ON executions (parent_id) WHERE parent_id <> ''",
    """CREATE TABLE attempts (
        execution_id TEXT NOT NULL REFERENCES executions (id) ON DELETE CASCADE, n INTEGER NOT NULL,
        agent TEXT NOT NULL, outcome TEXT NOT NULL, duration_ms REAL NOT NULL,
        error_type TEXT NOT NULL DEFAULT '', error_message TEXT NOT NULL DEFAULT '', error_class TEXT NOT NULL DEFAULT '',
        fingerprint TEXT NOT NULL DEFAULT '', action TEXT NOT NULL DEFAULT '', wait_s REAL NOT NULL DEFAULT 0,
        explanation TEXT NOT NULL DEFAULT '', remedy TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (execution_id, n)
    ) WITHOUT ROWID""",
    """CREATE TABLE findings (
        id INTEGER PRIMARY KEY,
        execution_id TEXT NOT NULL REFERENCES executions (id) ON DELETE CASCADE, stage TEXT NOT NULL,
        rule_id TEXT NOT NULL, category TEXT NOT NULL, severity TEXT NOT NULL, confidence REAL NOT NULL,
        span_start INTEGER NOT NULL, span_end INTEGER NOT NULL, action TEXT NOT NULL, scanner TEXT NOT NULL,
        value_hash TEXT NOT NULL, message TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX findings_execution ON findings (execution_id)",
    # A whole trace is one zlib-compressed JSON array of spans (see orchestrator/observability/trace_blob.py).
    """CREATE TABLE traces (
        execution_id TEXT PRIMARY KEY REFERENCES executions (id) ON DELETE CASCADE,
        trace_id TEXT NOT NULL, started_at REAL NOT NULL, spans INTEGER NOT NULL, dropped INTEGER NOT NULL DEFAULT 0,
        blob BLOB NOT NULL
    )""",
    "CREATE INDEX traces_trace ON traces (trace_id)",
    "CREATE INDEX traces_started ON traces (started_at)",
    # period is 'hour' or 'day', bucket its first epoch second (UTC).
    """CREATE TABLE rollups (
        period TEXT NOT NULL, bucket INTEGER NOT NULL, agent TEXT NOT NULL, feature TEXT NOT NULL,
        n INTEGER NOT NULL, succeeded INTEGER NOT NULL, failed INTEGER NOT NULL, blocked INTEGER NOT NULL,
        cancelled INTEGER NOT NULL, healed INTEGER NOT NULL, attempts INTEGER NOT NULL, duration_ms_sum REAL NOT NULL,
        tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, cost_microusd INTEGER NOT NULL,
        score_sum REAL NOT NULL, score_n INTEGER NOT NULL,
        PRIMARY KEY (period, bucket, agent, feature)
    ) WITHOUT ROWID""",
    # Log-spaced latency histogram: bin b holds durations in (1.04 ** (b - 1), 1.04 ** b] milliseconds.
    """CREATE TABLE rollup_latency (
        period TEXT NOT NULL, bucket INTEGER NOT NULL, agent TEXT NOT NULL, feature TEXT NOT NULL,
        bin INTEGER NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (period, bucket, agent, feature, bin)
    ) WITHOUT ROWID""",
    """CREATE TABLE fingerprints (
        fingerprint TEXT PRIMARY KEY, error_type TEXT NOT NULL, error_class TEXT NOT NULL, message TEXT NOT NULL,
        agent TEXT NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL, n INTEGER NOT NULL,
        failed_episodes INTEGER NOT NULL DEFAULT 0, skip_episodes INTEGER NOT NULL DEFAULT 0
    )""",
    # Evidence per fingerprint and arm; wins and losses are weights that fade, so they are fractions.
    """CREATE TABLE remedies (
        fingerprint TEXT NOT NULL, action TEXT NOT NULL, wait_s REAL NOT NULL, try_n INTEGER NOT NULL,
        wins REAL NOT NULL, losses REAL NOT NULL, updated_at REAL NOT NULL,
        PRIMARY KEY (fingerprint, action, wait_s, try_n)
    ) WITHOUT ROWID""",
    """CREATE TABLE memories (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        namespace TEXT NOT NULL, tier TEXT NOT NULL, key TEXT NOT NULL DEFAULT '', category TEXT NOT NULL DEFAULT '',
        text TEXT NOT NULL, author TEXT NOT NULL DEFAULT '', session TEXT NOT NULL DEFAULT '', source TEXT NOT NULL DEFAULT '',
        trust REAL NOT NULL DEFAULT 1, score REAL, status TEXT NOT NULL DEFAULT '',
        occurred_at REAL NOT NULL, created_at REAL NOT NULL, expires_at REAL, superseded_at REAL,
        pinned INTEGER NOT NULL DEFAULT 0, metadata TEXT NOT NULL DEFAULT '{}'
    )""",
    "CREATE INDEX memories_expiry ON memories (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE UNIQUE INDEX memories_key ON memories (namespace, key) WHERE key <> '' AND superseded_at IS NULL",
    "CREATE INDEX memories_recent ON memories (namespace, tier, created_at)",
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, payload TEXT NOT NULL,
        created_at REAL NOT NULL, not_before REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
        last_error TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX outbox_due ON outbox (not_before)",
)

_MEMORY_INDEX = (
    # Why a memory is set aside (see memory/orchestrator_memory/quarantine/orders.py); empty for one that is not.
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


def current_version(connection: sqlite3.Connection) -> int:
    """The schema version a file was written with; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to ``SCHEMA_VERSION``. The caller holds no transaction; processes may race, one wins."""
    from sqlite_utils import Database, Migrations

    steps = Migrations("magnus")

    @steps()
    def first_tables(db: SqliteUtilsDatabase) -> None:
        for statement in _FIRST:
            db.execute(statement)
        table: Any = db["memories"]
        table.enable_fts(["text"], tokenize="porter unicode61", create_triggers=True)

    @steps()
    def memory_index(db: SqliteUtilsDatabase) -> None:
        for statement in _MEMORY_INDEX:
            db.execute(statement)

    # Lock before looking: a second process that waited here finds the work done.
    connection.execute("BEGIN IMMEDIATE")
    try:
        if current_version(connection) < SCHEMA_VERSION:
            # recursive_triggers would be sqlite-utils' default; Magnus sets its own pragmas.
            steps.apply(Database(connection, recursive_triggers=False))
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
