"""Work that may come later: queued in the store, done in idle moments or by ``orchestrate maintain``, lost with no process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from orchestrator_core.plain_text import storable
from orchestrator_core.records import Redact, Write
from orchestrator_core.storage.database import Database

MAX_TRIES = 5
_FIRST_WAIT_S = 60.0
"""Wait before the second try; it doubles with each further one."""

_ADD = "INSERT INTO outbox (kind, payload, created_at, not_before) VALUES (?, ?, ?, ?)"
_DUE = "SELECT id, kind, payload, tries FROM outbox WHERE not_before <= ? ORDER BY id LIMIT ?"
# A claim moves the row's due time, so that two processes never do the same work at once and a killed one's is done later.
_CLAIM = "UPDATE outbox SET not_before = ?, tries = tries + 1 WHERE id = ? AND tries = ?"

Handler = Callable[[Mapping[str, Any]], bool]
"""Does one piece of work; True when it is done, False when it should be tried again."""


class Drained(Struct, frozen=True):
    """What one pass over the outbox did."""

    done: int = 0
    postponed: int = 0
    given_up: int = 0


def enqueue(kind: str, payload: Mapping[str, Any], *, now: float) -> Write:
    """The row that queues a piece of work; write it in the transaction that creates the need."""
    return Write(_ADD, (kind, msgspec.json.encode(payload).decode(), now, now))


def drain(
    database: Database, handlers: Mapping[str, Handler], *, now: float, redact: Redact, limit: int = 100
) -> Drained:
    """Do what is due. A handler that raises counts as not done; after five tries the work is dropped.

    Raises:
        StoreError: the store cannot be written.
    """
    done = postponed = given_up = 0
    for number, kind, payload, tries in database.query(_DUE, (now, limit)):
        handler = handlers.get(kind)
        if handler is None:
            continue  # a newer version's work: leave it for a process that knows it
        if not _claim(database, number, tries, now):
            continue
        problem = "not possible yet"
        try:
            finished = handler(msgspec.json.decode(payload))
        except Exception as error:  # noqa: BLE001 - one bad piece of work must not stop the others
            # Redacted before it is cut: a secret cut in two is no longer recognised.
            finished, problem = False, storable(redact(f"{type(error).__name__}: {error}"[:4_000]))[:200]
        if finished or tries + 1 >= MAX_TRIES:
            database.execute([("DELETE FROM outbox WHERE id = ?", (number,))])
            done += finished
            given_up += not finished
        else:
            database.execute([("UPDATE outbox SET last_error = ? WHERE id = ?", (problem, number))])
            postponed += 1
    return Drained(done, postponed, given_up)


def _claim(database: Database, number: int, tries: int, now: float) -> bool:
    with database.transaction() as connection:
        due_again = now + _FIRST_WAIT_S * 2**tries
        return connection.execute(_CLAIM, (due_again, number, tries)).rowcount == 1


def waiting(database: Database) -> int:
    """How many pieces of work are queued."""
    return int(database.query("SELECT COUNT(*) FROM outbox")[0][0])
