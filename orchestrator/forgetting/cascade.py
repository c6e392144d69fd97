"""What the rest of the store holds of memories that are forgotten, and how it is taken out.

**Which calls lose their texts.** Those that left a forgotten memory: its source, the calls whose memories were merged into it, and the
earlier calls with the same request to the same agent, which share one memory; of a lesson all that met its failure. Those that
recalled it. For a query also those whose
own texts hold every word of it. And the calls that made these or were made by them, where they quote the memory (see ``quotes``).

**Which memories follow.** Those that such a call left and that quote what the call had of the forgotten; then all of this begins
again with them, until nothing new is found. What the calls lose stands in ``texts``.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from orchestrator.forgetting.files import pages_holding, pages_written_until, put_aside, remove, still_there
from orchestrator.forgetting.texts import call_texts, erase_texts, marks_of
from orchestrator_core.storage.database import Database
from orchestrator_memory.forgetting.forget import Cascade, Finished, Followed
from orchestrator_memory.forgetting.quotes import Known, quotes
from orchestrator_memory.forgetting.selection import Gone, Matcher, Selection, chunks, load, marks

_TASK = "task-"
"""A call's memory has this and the call's id as its own id (see ``episodes``)."""
_FILE = "file:"
"""Begins a mark that names a file."""
_UNTIL = "until:"
"""Begins a mark that says when it was forgotten, in epoch seconds."""
_COMMON = 50
"""Words that so many memories hold are known from elsewhere, however they got there."""
_LESSON = "lesson:"
"""A lesson's key has this and the failure's fingerprint before the remedy (see ``lessons``)."""
_COLUMNS = [
    "request",
    "context",
    "output",
    "error_message",
    "traceback",
    "advice",
    "session",
    "verdict",
    "memories",
    "stages",
]
_SAID = (
    f"{' || char(10) || '.join(_COLUMNS)} || coalesce((SELECT group_concat("
    "error_message || char(10) || explanation || char(10) || remedy, char(10)) FROM attempts WHERE execution_id = executions.id), '')"
)
"""All a call said and was told, as one text in SQL."""


def cascade_for(database: Database, home: Path) -> Cascade:
    """How forgetting goes on from the memories of a store to its history, pages and other files."""
    return _StoreCascade(database, home)


class _Recalled(Struct):
    id: str = ""


_recalled = msgspec.json.Decoder(list[_Recalled])


class _StoreCascade:
    def __init__(self, database: Database, home: Path) -> None:
        self._database = database
        self._home = home

    def follow(self, connection: sqlite3.Connection, gone: Sequence[Gone], selection: Selection) -> Followed:
        search = _Search(connection, gone)
        if selection.query is not None:
            search.add_holding(selection.query, selection.namespace)
        search.run()
        executions = tuple(search.had)
        names = dict.fromkeys((*marks_of(connection, executions), *search.fingerprints))
        files = [_FILE + name for name in put_aside(self._database.path, (*gone, *search.followed))]
        return Followed(tuple(search.followed), executions, (*names, *files, f"{_UNTIL}{time.time():.3f}"))

    def scrub(self, connection: sqlite3.Connection, gone: Sequence[Gone], followed: Followed) -> None:
        erase_texts(connection, gone, followed.executions, followed.marks)

    def pages(self, gone: Sequence[Gone], marks: Sequence[str]) -> int:
        return len(pages_holding(self._home, gone, marks))

    def finish(self, gone: Sequence[Gone] | None, marks: Sequence[str]) -> Finished:
        """After a kill nobody knows the text any more: then every page that was written before is removed."""
        pages = pages_holding(self._home, gone or (), marks)
        if gone is None:
            pages += pages_written_until(self._home, max((float(at) for at in _those(marks, _UNTIL)), default=0.0))
        removed, left = remove(dict.fromkeys(pages))
        aside = [name for name in _those(marks, _FILE) if (self._home / name).exists()]
        reasons = (left, still_there(self._home, aside))
        return Finished(removed, " ".join(filter(None, reasons)), tuple(marks if left else (_FILE + n for n in aside)))


def _those(marks: Iterable[str], kind: str) -> list[str]:
    """What marks of a kind say."""
    return [mark.removeprefix(kind) for mark in marks if mark.startswith(kind)]


class _Search:
    """Follows memories to calls and calls to memories. ``had`` says which of the forgotten each call had before it."""

    def __init__(self, connection: sqlite3.Connection, gone: Sequence[Gone]) -> None:
        self._connection = connection
        self._gone = {memory.seq: memory for memory in gone}
        self._fresh = list(gone)
        self._recalled_by: dict[str, list[str]] | None = None
        self._recalled: dict[str, list[str]] = {}
        self.had: dict[str, list[Gone]] = {}
        self.followed: list[Gone] = []
        self.fingerprints: list[str] = []
        """Failures whose message holds it."""

    def run(self) -> None:
        while self._fresh:
            touched: dict[str, None] = {}
            for memory, execution in self._calls_of(self._fresh):
                self.had.setdefault(execution, []).append(memory)
                touched[execution] = None
            for execution in self._relatives(list(touched)):
                touched[execution] = None
            self._fresh = self._memories_of(list(touched))
            self._gone.update((memory.seq, memory) for memory in self._fresh)
            self.followed += self._fresh

    def add_holding(self, query: str, namespace: str) -> None:
        """The calls whose own texts hold every word of a query."""
        with Matcher(query) as matcher:
            likely, params = matcher.likely("said")
            rows = self._connection.execute(
                f"SELECT id, said FROM (SELECT id, {_SAID} AS said FROM executions WHERE namespace = ?) WHERE {likely}",
                (namespace, *params),
            )
            for execution in matcher.matching(rows):
                self.had.setdefault(execution, [])
            self.fingerprints += matcher.matching(
                self._connection.execute("SELECT fingerprint, message FROM fingerprints")
            )

    def _calls_of(self, memories: Sequence[Gone]) -> Iterator[tuple[Gone, str]]:
        """Each memory with each call that left or recalled it."""
        named: dict[str, list[Gone]] = {}
        for memory in memories:
            for name in (memory.id, *memory.aliases):
                for execution in self._recalling().get(name, ()):
                    yield memory, execution
                if name.startswith(_TASK):
                    named.setdefault(name.removeprefix(_TASK), []).append(memory)
            for source in memory.sources:
                named.setdefault(source, []).append(memory)
            for execution in self._with_failure(memory.key):
                yield memory, execution
        there = self._existing(named)
        repeated = {name: named[name] for name in there if any(memory.runs > 1 for memory in named[name])}
        for execution, original in self._same_request(repeated):
            named.setdefault(execution, []).extend(named[original])
            there[execution] = None
        for execution in there:
            for memory in named[execution]:
                yield memory, execution

    def _recalling(self) -> dict[str, list[str]]:
        """The calls that recalled a memory, by its id; read once, when first asked for."""
        if self._recalled_by is None:
            self._recalled_by = {}
            for execution, text in self._connection.execute(
                "SELECT id, memories FROM executions WHERE memories <> '[]'"
            ):
                try:
                    recalled = _recalled.decode(text)
                except (msgspec.MsgspecError, UnicodeError):
                    continue
                self._recalled[execution] = [entry.id for entry in recalled]
                for entry in recalled:
                    self._recalled_by.setdefault(entry.id, []).append(execution)
        return self._recalled_by

    def _with_failure(self, key: str) -> list[str]:
        """The calls that met the failure of a lesson, whose message is in it."""
        if not key.startswith(_LESSON):
            return []
        fingerprint = key.split(":")[1]
        self.fingerprints.append(fingerprint)
        rows = self._connection.execute(
            "SELECT execution_id FROM attempts WHERE fingerprint = ?1 UNION SELECT id FROM executions WHERE fingerprint = ?1",
            (fingerprint,),
        )
        return [str(row[0]) for row in rows]

    def _existing(self, names: Iterable[str]) -> dict[str, None]:
        found: dict[str, None] = {}
        for part in chunks(list(names)):
            rows = self._connection.execute(f"SELECT id FROM executions WHERE id IN ({marks(part)})", part)
            found.update((str(row[0]), None) for row in rows)
        return found

    def _same_request(self, executions: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Other calls with a call's request to its agent, each with that call."""
        asked: dict[tuple[str, str, str], str] = {}
        for part in chunks(list(executions)):
            for execution, *request in self._connection.execute(
                f"SELECT id, agent, namespace, request FROM executions WHERE request <> '' AND id IN ({marks(part)})",
                part,
            ):
                asked[request[0], request[1], request[2]] = execution
        if asked:
            for execution, *request in self._connection.execute("SELECT id, agent, namespace, request FROM executions"):
                original = asked.get((request[0], request[1], request[2]))
                if original not in (None, execution):
                    yield execution, str(original)

    def _relatives(self, executions: list[str]) -> Iterator[str]:
        """Calls that made these or were made by them, near and far, and quote what those had."""
        while executions:
            further = []
            for part in chunks(executions):
                for execution, relative in self._connection.execute(
                    f"SELECT parent_id, id FROM executions WHERE parent_id <> '' AND parent_id IN ({marks(part)}) "
                    f"UNION SELECT id, parent_id FROM executions WHERE parent_id <> '' AND id IN ({marks(part)})",
                    (*part, *part),
                ):
                    if relative in self.had or not (texts := call_texts(self._connection, relative)):
                        continue
                    memories = self.had[execution]
                    known = self._known(load(self._connection, list(self._left_by([relative]))))
                    if quotes("\n".join(texts), _texts(memories), known=known):
                        self.had[relative] = list(memories)
                        further.append(relative)
                        yield relative
            executions = further

    def _left_by(self, executions: list[str]) -> dict[int, str]:
        """The memories that these calls left and that are not forgotten yet, each with its call."""
        left: dict[int, str] = {}
        for part in chunks(executions):
            ids = {_TASK + execution: execution for execution in part}
            left.update(
                self._connection.execute(f"SELECT seq, source FROM memories WHERE source IN ({marks(part)})", part)
            )
            for seq, name in self._connection.execute(
                f"SELECT memory, alias FROM memory_aliases WHERE alias IN ({marks(part)}) "
                f"UNION SELECT seq, id FROM memories WHERE id IN ({marks(part)})",
                (*ids, *ids),
            ):
                left.setdefault(seq, ids[name])
        return {seq: execution for seq, execution in left.items() if seq not in self._gone}

    def _memories_of(self, executions: list[str]) -> list[Gone]:
        """The memories that these calls left and that quote what they had."""
        left = self._left_by(executions)
        candidates = load(self._connection, list(left))
        known = self._known(candidates)
        return [
            memory
            for memory in candidates
            if quotes(
                memory.text, _texts(self.had[left[memory.seq]]), asked=self._request(left[memory.seq]), known=known
            )
        ]

    def _request(self, execution: str) -> str:
        row = self._connection.execute("SELECT request FROM executions WHERE id = ?", (execution,)).fetchone()
        return str(row[0]) if row else ""

    def _known(self, candidates: Sequence[Gone]) -> Known:
        """Whether a memory that stays holds words in a row, and has them from elsewhere.

        What was left by a call that recalled a forgotten memory, or one that has the words from there in turn, is no such memory.
        """
        leaving = {memory.seq for memory in candidates} | self._gone.keys()
        start = {name for memory in (*self._gone.values(), *candidates) for name in (memory.id, *memory.aliases)}
        answers: dict[str, bool] = {}

        def known(run: Sequence[str]) -> bool:
            phrase = f'"{" ".join(run)}"'
            if phrase not in answers:
                rows = self._connection.execute("SELECT rowid FROM memories_fts WHERE memories_fts MATCH ?", (phrase,))
                holding = [row[0] for row in islice(rows, len(leaving) + _COMMON) if row[0] not in leaving]
                answers[phrase] = len(holding) >= _COMMON or self._from_elsewhere(holding, start)
            return answers[phrase]

        return known

    def _from_elsewhere(self, holding: Sequence[int], start: set[str]) -> bool:
        """Whether one of these memories was left by nobody who recalled, even by way of the others, one named in ``start``."""
        waiting = load(self._connection, holding)
        reached = set(start)
        while waiting:
            further = [memory for memory in waiting if reached.intersection(self._recalled_for(memory))]
            if not further:
                return True
            reached.update(name for memory in further for name in (memory.id, *memory.aliases))
            waiting = [memory for memory in waiting if memory.id not in reached]
        return False

    def _recalled_for(self, memory: Gone) -> Iterator[str]:
        """The ids of what the calls that left a memory had recalled."""
        self._recalling()
        names = (name.removeprefix(_TASK) for name in (memory.id, *memory.aliases) if name.startswith(_TASK))
        for execution in (*memory.sources, *names):
            yield from self._recalled.get(execution, ())


def _texts(memories: Iterable[Gone]) -> list[str]:
    return [text for memory in memories for text in memory.quotable]
