"""Schema 1: executions with their attempts, findings and traces, rollups, healing's evidence, memories, queued work."""

from __future__ import annotations

STATEMENTS = (
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
