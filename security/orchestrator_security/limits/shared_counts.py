"""Rate and slots as all processes with one store count them together.

Each call is one short commit before its agent runs: budgets, slots and bucket are looked at and taken within one transaction, so no
two processes can take the same. The slot is given back by the call's own record. Buckets go by the wall clock, which all processes
share: set back it gives nothing, set forward it fills them.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from orchestrator_core.clock import Clock
from orchestrator_core.errors import StoreError, StoreReadOnly
from orchestrator_core.forks import at_fork
from orchestrator_core.life_sign import LifeSign
from orchestrator_core.records import Write
from orchestrator_core.storage.database import Database
from orchestrator_security.limits.admission import Admission, over_concurrency, over_rate
from orchestrator_security.limits.rate_limit import Rate
from orchestrator_security.limits.spending import Spending

_BUCKET = "SELECT tokens, since FROM limit_buckets WHERE agent = ? AND caller = ?"
_KEEP = (
    "INSERT INTO limit_buckets (agent, caller, tokens, since) VALUES (?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET tokens = excluded.tokens, since = excluded.since"
)
_REWIND = "UPDATE limit_buckets SET since = ? WHERE agent = ? AND caller = ?"
_TAKE = "INSERT INTO limit_running (lease, agent, caller, process, started_at) VALUES (?, ?, ?, ?, ?)"
_GIVE_BACK = "DELETE FROM limit_running WHERE lease = ?"
_TAKEN = "SELECT process, count(*) FROM limit_running WHERE agent = ? GROUP BY process"


class SharedCounts:
    """Counts in the store."""

    def __init__(
        self, per_minute: int, most: int, spending: Spending, clock: Clock, database: Database, home: Path
    ) -> None:
        self._rate = Rate(per_minute)
        self._most = most
        self._spending = spending
        self._clock = clock
        self._database = database
        self._sign = LifeSign(home)
        self._reset()
        at_fork(self, child=SharedCounts._reset)  # what runs is the parent's, and so is its row

    def _reset(self) -> None:
        self._left: set[str] = set()
        """Leases whose rows could not be deleted when their calls ended."""
        self._open: set[str] = set()

    def enter(self, lease: str, agent: str, caller: str, *, slot: bool) -> Admission | None:
        """Take a call, with a slot where ``slot`` is set; None where it may begin. A refused call takes nothing.

        Raises:
            StoreError: the store cannot be written.
        """
        takes_slot = bool(self._most) and slot
        own = self._own_name() if takes_slot else ""
        if not (takes_slot or self._rate.per_minute):
            return self._spending.over(agent)  # there is nothing to take
        left = tuple(self._left)
        with self._database.transaction() as connection:
            connection.executemany(_GIVE_BACK, [(lease,) for lease in left])
            if refused := self._refused(connection, agent, caller, slot=takes_slot, clean=True):
                return refused
            if self._rate.per_minute:
                now = self._clock.now()
                tokens = self._tokens(connection, agent, caller, now) - 1
                connection.execute(_KEEP, (agent, caller, tokens, now))
            if takes_slot:
                connection.execute(_TAKE, (lease, agent, caller, own, self._clock.now()))
                self._open.add(lease)
        self._left.difference_update(left)
        return None

    def look(self, agent: str, caller: str) -> Admission | None:
        """What ``enter`` would say, without taking anything.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reader() as connection:
            return self._refused(connection, agent, caller, slot=bool(self._most), clean=False)

    def leaving(self, lease: str) -> tuple[Write, ...]:
        """What the call's record has to write for it."""
        return (Write(_GIVE_BACK, (lease,)),) if self._most else ()

    def leave(self, lease: str, agent: str, *, written: bool) -> None:
        """Give the slot back; ``written`` says that the record has done so."""
        del agent
        if not self._most or lease not in self._open:
            return
        self._open.discard(lease)
        if written:
            return
        try:
            self._database.execute([(_GIVE_BACK, (lease,))])
        except StoreError:
            self._left.add(lease)  # the next call of this process tries again

    def close(self) -> None:
        """This process makes no more calls; while one still runs, it shows that it lives."""
        if not self._open:
            self._sign.end()

    def _own_name(self) -> str:
        try:
            return self._sign.name()
        except OSError as error:
            raise StoreReadOnly(
                f"cannot share the limit of calls at once: {error.strerror or error}. Make the store's folder writable, "
                "or set security.shared_limits = false."
            ) from error

    def _refused(
        self, connection: sqlite3.Connection, agent: str, caller: str, *, slot: bool, clean: bool
    ) -> Admission | None:
        if refused := self._spending.over(agent, connection):
            return refused
        if slot and self._taken(connection, agent, clean=clean) >= self._most:
            return over_concurrency(self._most, agent)
        if self._rate.per_minute:
            now = self._clock.now()
            tokens = self._tokens(connection, agent, caller, now)
            wait_s = self._rate.wait_s(tokens)
            if wait_s and clean:
                # A clock that was set back must not have to come as far again before the bucket fills.
                connection.execute(f"{_REWIND} AND since > ?", (now, agent, caller, now))
            return over_rate(self._rate.per_minute, wait_s) if wait_s else None
        return None

    def _taken(self, connection: sqlite3.Connection, agent: str, *, clean: bool) -> int:
        rows = connection.execute(_TAKEN, (agent,)).fetchall()
        taken = sum(int(number) for _, number in rows)
        if taken < self._most:
            return taken
        for process, number in rows:
            if not self._sign.lives(process):
                taken -= int(number)
                if clean:
                    connection.execute("DELETE FROM limit_running WHERE process = ?", (process,))
        return taken

    def _tokens(self, connection: sqlite3.Connection, agent: str, caller: str, now: float) -> float:
        row = connection.execute(_BUCKET, (agent, caller)).fetchone()
        tokens, since = row or (float(self._rate.per_minute), now)
        return self._rate.filled(float(tokens), float(since), now)
