"""Schema 3: how deeply stored text was scanned, the log of decisions, approvals, and limits that processes share."""

from __future__ import annotations

STATEMENTS = (
    # 'pattern' went through the inline patterns only, 'deep' also through Presidio (see orchestrator/deep_scan/).
    "ALTER TABLE executions ADD COLUMN scan_level TEXT NOT NULL DEFAULT 'pattern'",
    "ALTER TABLE executions ADD COLUMN risk REAL NOT NULL DEFAULT 0",
    "ALTER TABLE memories ADD COLUMN scan_level TEXT NOT NULL DEFAULT 'pattern'",
    # A memory that is overwritten is a text that nobody has looked at yet.
    """CREATE TRIGGER memories_scanned AFTER UPDATE ON memories
    WHEN old.scan_level = 'deep' AND new.scan_level = 'deep' AND (old.text IS NOT new.text OR old.metadata IS NOT new.metadata) BEGIN
        UPDATE memories SET scan_level = 'pattern' WHERE seq = new.seq;
    END""",
    "ALTER TABLE findings ADD COLUMN cwe TEXT NOT NULL DEFAULT ''",
    # Every decision about a text, with keyed hashes and never a value. rules is a JSON array of [rule_id, action, count].
    """CREATE TABLE security_log (
        n INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, execution_id TEXT NOT NULL DEFAULT '',
        agent TEXT NOT NULL DEFAULT '', caller TEXT NOT NULL DEFAULT '', session TEXT NOT NULL DEFAULT '',
        direction TEXT NOT NULL, sink TEXT NOT NULL, trust TEXT NOT NULL, policy TEXT NOT NULL DEFAULT '',
        action TEXT NOT NULL, risk REAL NOT NULL DEFAULT 0, characters INTEGER NOT NULL DEFAULT 0,
        text_hash TEXT NOT NULL DEFAULT '', rules TEXT NOT NULL DEFAULT '[]', incomplete TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX security_log_at ON security_log (at)",
    "CREATE INDEX security_log_execution ON security_log (execution_id) WHERE execution_id <> ''",
    # decision is '' while somebody is asked, then 'approved', 'denied', 'expired' or 'withdrawn'. All texts are redacted.
    """CREATE TABLE approvals (
        id TEXT PRIMARY KEY, execution_id TEXT NOT NULL DEFAULT '', agent TEXT NOT NULL, caller TEXT NOT NULL DEFAULT '',
        session TEXT NOT NULL DEFAULT '', capability TEXT NOT NULL DEFAULT '', cause TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '', request TEXT NOT NULL DEFAULT '', tainted INTEGER NOT NULL DEFAULT 0,
        asked_at REAL NOT NULL, expires_at REAL NOT NULL,
        decision TEXT NOT NULL DEFAULT '', decided_at REAL, decided_by TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX approvals_waiting ON approvals (asked_at) WHERE decision = ''",
    # Limits that several processes share (security.shared_limits). tokens and since describe a token bucket.
    """CREATE TABLE limit_buckets (
        agent TEXT NOT NULL, caller TEXT NOT NULL, tokens REAL NOT NULL, since REAL NOT NULL, PRIMARY KEY (agent, caller)
    ) WITHOUT ROWID""",
    # One row for each call that runs now. process names a locked file: one that is not locked is of a process that was killed.
    """CREATE TABLE limit_running (
        lease TEXT PRIMARY KEY, agent TEXT NOT NULL, caller TEXT NOT NULL DEFAULT '', process TEXT NOT NULL, started_at REAL NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX limit_running_agent ON limit_running (agent)",
    "CREATE INDEX approvals_execution ON approvals (execution_id)",
)
