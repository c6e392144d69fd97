"""Which rows wait for the deep engine, and doing it.

A call is queued in the outbox by the transaction that writes it. A memory waits as long as its level says ``pattern``: the column is its
queue, as a missing vector is that of embedding. Rows of stores older than the deep scan, and those given up, are taken by ``run``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from orchestrator.deep_scan.memory_names import MemoryNames
from orchestrator.deep_scan.rows import ChangesTooOften, Deep, clean_json, scan_execution, scan_memory
from orchestrator_core.clock import Clock
from orchestrator_core.forks import at_fork
from orchestrator_core.records import Redact, Write
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.outbox import drain, enqueue
from orchestrator_memory.rows.word_index import merge_words
from orchestrator_security.pii.deep.deep_engine import DeepScanUnavailable, DeepScanUnfinished

KIND = "deep_scan"
_PAGE = 500
_MOST = 10_000
"""So many queued pieces of work are looked through at once; those of other kinds are left alone."""
_WAITING_MEMORIES = "SELECT seq FROM memories WHERE scan_level = 'pattern' AND seq > ? ORDER BY seq LIMIT ?"
_WAITING_CALLS = "SELECT id FROM executions WHERE scan_level = 'pattern' AND id > ? ORDER BY id LIMIT ?"

Progress = Callable[[int, int], None]
"""Gets how many rows are done, and how many there are."""
Unfinished = Callable[[str, str], None]
"""Is told the id of a row that stays at the level ``pattern``, and why."""


class _Stopped(BaseException):
    """Ends a pass over the outbox, which outlives every other exception of a handler."""


class DeepScanReport(Struct, frozen=True):
    """What one run did."""

    scanned: int = 0
    """Rows that are at the level ``deep`` now."""
    unfinished: int = 0
    """Rows that stay at ``pattern``, since the engine could not finish them."""
    problem: str = ""
    """Why no row could be looked at, or the last reason why one was not finished."""


class DeepScanning:
    """The deep scan of one store. Safe for threads; several processes may work on one store.

    ``deep`` is None where it is switched off or Presidio is not installed: then nothing is queued. ``told`` gets what cannot be finished.
    """

    def __init__(
        self,
        database: Database,
        deep: Deep | None,
        *,
        clock: Clock,
        redact: Redact,
        told: Unfinished = lambda _, __: None,
        memory_names: MemoryNames | None = None,
    ) -> None:
        self._database = database
        self._deep = deep
        self._clock = clock
        self._redact = redact
        self._told = told
        self._names = memory_names
        self._refused: dict[int, None] = {}
        """Memories that could not be finished by this process."""
        self._new_lock()
        at_fork(self, child=DeepScanning._new_lock)

    def _new_lock(self) -> None:
        self._one_at_a_time = threading.Lock()

    @property
    def active(self) -> bool:
        """Whether stored text is looked at again."""
        return self._deep is not None

    def later(self, execution_id: str) -> list[Write]:
        """The row that queues a call; write it in the call's own transaction."""
        if self._deep is None:
            return []
        return [enqueue(KIND, {"execution_id": execution_id}, now=self._clock.now())]

    def cleaned(self, text: str) -> str:
        """A JSON text as it would be after the scan.

        Raises:
            DeepScanUnfinished: it was not wholly looked at.
        """
        return text if self._deep is None else clean_json(self._deep, text)

    def handle(self, payload: Mapping[str, Any]) -> bool:
        """The outbox's handler; False when it should be tried again."""
        try:
            return self._call(payload)
        except _Stopped:
            return False

    def waiting(self) -> int:
        """How many rows the deep engine has not looked at."""
        (calls,), (memories,) = (
            self._database.query(f"SELECT COUNT(*) FROM {table} WHERE scan_level = 'pattern'")[0]
            for table in ("executions", "memories")
        )
        return int(calls) + int(memories)

    def drain(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Do what is queued and what waits of memories, until ``go_on`` says no. What fails is tried again later.

        Raises:
            StoreError: the store cannot be read or written.
        """
        if self._deep is None or not self._one_at_a_time.acquire(blocking=False):
            return
        changed = False
        try:
            handlers = {KIND: lambda payload: self._while(go_on, payload)}
            drain(self._database, handlers, now=self._clock.now(), redact=self._redact, limit=_MOST)
            for seq in self._memories():
                if not go_on():
                    break
                if seq not in self._refused:
                    changed = self._memory(self._deep, seq) or changed
        except (_Stopped, DeepScanUnavailable):
            pass  # one piece of work was claimed in vain: it is due again in a minute
        finally:
            self._one_at_a_time.release()
        if changed:
            merge_words(self._database)

    def run(self, progress: Progress | None = None) -> DeepScanReport:
        """Look at every row that was not looked at, queued or not; for a person who waits.

        Raises:
            StoreError: the store cannot be read or written.
        """
        if self._deep is None:
            return DeepScanReport()
        self._refused.clear()
        total = self.waiting()
        scanned = unfinished = 0
        problem = ""
        changed = False
        for kind, name in self._rows():
            try:
                if kind == "memory":
                    changed = self._looked_at(self._deep, int(name)) or changed
                else:
                    scan_execution(self._database, self._deep, name)
                scanned += 1
            except DeepScanUnavailable as error:
                problem = str(error)
                break
            except (DeepScanUnfinished, ChangesTooOften) as error:
                unfinished, problem = unfinished + 1, str(error)
                self._told(f"memory {name}" if kind == "memory" else name, problem)
            if progress is not None:
                progress(scanned + unfinished, max(total, scanned + unfinished))
        if changed:
            merge_words(self._database)
        return DeepScanReport(scanned, unfinished, problem)

    def _while(self, go_on: Callable[[], bool], payload: Mapping[str, Any]) -> bool:
        if not go_on():
            raise _Stopped
        return self._call(payload)

    def _call(self, payload: Mapping[str, Any]) -> bool:
        if self._deep is None:
            return False
        execution_id = str(payload.get("execution_id", ""))
        try:
            scan_execution(self._database, self._deep, execution_id)
        except DeepScanUnavailable as error:
            raise _Stopped from error
        except DeepScanUnfinished as error:
            self._told(execution_id, str(error))
            return True  # another try would take as long; ``run`` takes it up again when a person asks
        except ChangesTooOften:
            return False
        return True

    def _memory(self, deep: Deep, seq: int) -> bool:
        try:
            return self._looked_at(deep, seq)
        except DeepScanUnavailable:
            raise
        except (DeepScanUnfinished, ChangesTooOften) as error:
            self._refused[seq] = None
            self._told(f"memory {seq}", str(error))
            return False

    def _looked_at(self, deep: Deep, seq: int) -> bool:
        renamed = self._names is not None and self._names.look(deep, seq)
        return scan_memory(self._database, deep, seq) or renamed

    def _memories(self) -> Iterator[int]:
        last = 0
        while page := self._database.query(_WAITING_MEMORIES, (last, _PAGE)):
            for (last,) in page:
                yield last

    def _rows(self) -> Iterator[tuple[str, str]]:
        last = ""
        while page := self._database.query(_WAITING_CALLS, (last, _PAGE)):
            for (last,) in page:
                yield "call", last
        for seq in self._memories():
            yield "memory", str(seq)
