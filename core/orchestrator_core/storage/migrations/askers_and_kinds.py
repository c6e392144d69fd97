"""Schema 4: who waits for the answer to a question, and what kind of decision a row of the log is."""

from __future__ import annotations

STATEMENTS = (
    # asker names a locked file (see orchestrator_core/life_sign.py): one that is not locked is of a wait that was killed. Empty where
    # nobody knows, as in rows of schema 3. asker_pid is for people, and nothing is concluded from it.
    "ALTER TABLE approvals ADD COLUMN asker TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE approvals ADD COLUMN asker_pid INTEGER NOT NULL DEFAULT 0",
    # What decided: 'text' (a text was scanned), 'unchecked' (the check is switched off), 'limit', 'approval', 'crash' (a check broke).
    "ALTER TABLE security_log ADD COLUMN kind TEXT NOT NULL DEFAULT 'text'",
)
