"""One import on its way: what was read, what waits to be stored, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from orchestrator_core.clock import Clock
from orchestrator_core.errors import MagnusError, StoreError, UsageError
from orchestrator_core.storage.database import Database
from orchestrator_memory.arguments import Arguments
from orchestrator_memory.embedding.queue import EmbeddingQueue
from orchestrator_memory.rows.row import MemoryRow
from orchestrator_memory.rows.store import MemoryStore
from orchestrator_memory.transfer.jsonl import Bad, Header, Line
from orchestrator_memory.transfer.restoring import checked, restore, row_of

Progress = Callable[[int, int], None]
"""Gets how many memories are done and how many there are in all; 0 while that is not known."""

_BATCH = 256
"""Memories stored in one transaction: other writers get their turn between two."""
_LOOK_S = 0.5
_PROBLEMS_MAX = 1_000


class Problem(Struct, frozen=True):
    """A line that was passed over."""

    line: int
    reason: str


class Imported(Struct, frozen=True, kw_only=True):
    """What an import did."""

    read: int = 0
    """Memories that the file held and that could be read."""
    stored: int = 0
    """Of these, how many stand as memories of their own."""
    merged: int = 0
    """How many say what another memory says already, and became an id of it."""
    quarantined: int = 0
    """How many of the stored ones are set aside."""
    expired: int = 0
    """How many of the stored ones have expired already; the next clean-up takes them."""
    waiting: int = 0
    """How many have no vector yet, since there is no model or it failed. Words find them."""
    bad: int = 0
    """Lines that were passed over."""
    problems: tuple[Problem, ...] = ()
    """The first thousand of them."""


class ImportStopped(MagnusError):
    """A line could not be read, or the file was cut. What stood before is kept; ``imported`` counts it."""

    code = "import-stopped"

    def __init__(self, message: str, imported: Imported | None = None) -> None:
        super().__init__(message)
        self.imported = imported or Imported()


class Into(Struct, frozen=True):
    """Where memories go: the parts of one memory room."""

    database: Database
    arguments: Arguments
    store: MemoryStore
    embedding: EmbeddingQueue
    clock: Clock


class ImportRun:
    """Takes the lines of one file, in order.

    Args:
        into: where they go.
        name: of the file, for messages.
        namespace: stands in for what lines state; None leaves it to them.
        total: how many lines there are; 0 where that is not known.
    """

    def __init__(
        self, into: Into, name: str, *, namespace: str | None, skip_bad: bool, total: int, progress: Progress | None
    ) -> None:
        self._into = into
        self._now = into.clock.now()
        self._name = name
        self._namespace = None if namespace is None else into.arguments.namespace(namespace)
        self._skip_bad = skip_bad
        self._total = total
        self._progress = progress
        self._batch: list[tuple[int, Line, MemoryRow]] = []
        self._problems: list[Problem] = []
        self._counts = dict.fromkeys(("read", "stored", "merged", "quarantined", "expired", "bad"), 0)
        self._promised = 0
        self.stopped = ""
        """Why no further line is wanted, naming the file and the line."""

    def take(self, number: int, item: Header | Line | Bad) -> None:
        """One line of the file.

        Raises:
            StoreError: the store cannot be written; the batches before are kept.
        """
        if isinstance(item, Header):
            self._promised += item.memories or 0
            return
        if isinstance(item, Bad):
            self._bad(number, item.reason)
            return
        try:
            line = checked(item, self._into.arguments)
            row = row_of(line, self._into.arguments, now=self._now, namespace=self._namespace)
        except UsageError as error:
            self._bad(number, str(error))
            return
        self._counts["read"] += 1
        self._batch.append((number, line, row))
        if len(self._batch) == _BATCH:
            self._store()

    def stop(self, number: int, reason: str) -> None:
        """No line after this one can be had."""
        self.stopped = self.stopped or f"{self._name}, line {number}: {reason}"

    def finish(self, last: int) -> Imported:
        """The file's end, at line ``last``: store the rest and wait for the vectors.

        Raises:
            ImportStopped: it was not the whole file.
            StoreError: the store cannot be written.
        """
        self._store()
        self._embed()
        missing = self._promised - self._counts["read"] - self._counts["bad"]
        if missing > 0:
            self.stop(last, f"the file ends here, and {missing:,} of its {self._promised:,} memories are missing")
        waiting = self._into.embedding.pending()
        imported = Imported(**self._counts, waiting=waiting, problems=tuple(self._problems))
        if self.stopped:
            raise ImportStopped(f"{self.stopped}. {_kept(imported.stored + imported.merged)}", imported)
        return imported

    def _bad(self, number: int, reason: str) -> None:
        self._counts["bad"] += 1
        if len(self._problems) < _PROBLEMS_MAX:
            self._problems.append(Problem(number, reason))
        if not self._skip_bad:
            self.stop(number, reason)

    def _store(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        into = self._into
        pairs = [(line, row) for _, line, row in batch]
        try:
            answers = restore(into.database, into.store, pairs, now=self._now, new_ids=self._namespace is not None)
        except StoreError as error:
            raise type(error)(f"{error}. {_kept(self._counts['stored'] + self._counts['merged'])}") from error
        for (number, _, row), answer in zip(batch, answers, strict=True):
            if answer.problem:
                self._counts["read"] -= 1
                self._bad(number, answer.problem)
            elif answer.merged:
                self._counts["merged"] += 1
            else:
                self._counts["stored"] += 1
                self._counts["quarantined"] += bool(row.quarantined)
                self._counts["expired"] += row.expires_at is not None and row.expires_at <= self._now and not row.pinned
        into.embedding.stored([answer.seq for answer in answers if answer.seq])
        self._tell()

    def _embed(self) -> None:
        embedding = self._into.embedding
        while not embedding.wait(_LOOK_S):
            if embedding.prepared().model is None or embedding.reason:
                return
            self._tell()
        self._tell()

    def _tell(self) -> None:
        if self._progress is None:
            return
        embedding = self._into.embedding
        waiting = embedding.pending() if embedding.prepared().model is not None else 0
        done = self._counts["read"] + self._counts["bad"] - waiting
        self._progress(max(0, done), self._promised or self._total)


def _kept(number: int) -> str:
    return f"Kept of it: {number:,} {'memory' if number == 1 else 'memories'}."
