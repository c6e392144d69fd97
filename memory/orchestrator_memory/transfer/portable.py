"""Memories out to a file and in from one. The file's form is in ``jsonl``.

Out goes all that a user can see: expired, superseded and quarantined memories too, but no vectors, which are made anew. What comes in
is a stranger's text: it is redacted and checked for stored instructions like any other, so a file can set a memory aside but not free
one, and can trust it less but not more than it states.
"""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import BinaryIO

from orchestrator_core.errors import UsageError
from orchestrator_core.storage.database import Database
from orchestrator_memory.rows.row import decoded
from orchestrator_memory.transfer.import_run import Imported, ImportRun, ImportStopped, Into, Problem, Progress
from orchestrator_memory.transfer.jsonl import Bad, Header, Line, lines, parsed, written
from orchestrator_memory.transfer.whole_file import replacing

__all__ = [
    "ImportStopped", "Imported", "Into", "Problem", "Progress", "export_jsonl", "file_of", "import_jsonl", "import_text",
]  # fmt: skip

_TOLD = 500
"""Memories written between two words about the progress."""
_COLUMNS = (
    "id", "text", "namespace", "tier", "key", "category", "author", "session", "source", "trust", "score", "status", "occurred_at",
    "created_at", "expires_at", "superseded_at", "pinned", "quarantined", "helped", "ignored", "metadata",
)  # fmt: skip

_Items = Iterator[tuple[int, Header | Line | Bad]]


def file_of(place: str | Path | BinaryIO) -> Path | BinaryIO:
    """A path, or a file that is open in binary mode.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(place, str | os.PathLike):
        return Path(place)
    if isinstance(place, io.TextIOBase) or not (hasattr(place, "readline") and hasattr(place, "write")):
        raise UsageError(f"a file of memories is a path or a file open in binary mode, got {type(place).__name__}")
    return place


def export_jsonl(
    database: Database,
    target: Path | BinaryIO,
    namespaces: Sequence[str] | None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write all memories of the namespaces (None: of all), as they stand at one moment; returns how many.

    A path gets a new file, readable by its owner alone, that takes its name when it is whole.

    Raises:
        UsageError: the file is there already and ``overwrite`` is False, or cannot be written.
        StoreFull: the disk is full.
        StoreError: the store cannot be read.
    """
    if not isinstance(target, Path):
        return _export(database, target, namespaces, progress)
    with replacing(target, overwrite=overwrite) as file:
        return _export(database, file, namespaces, progress)


def _export(database: Database, file: BinaryIO, namespaces: Sequence[str] | None, progress: Progress | None) -> int:
    where, values = "", tuple(namespaces or ())
    if namespaces is not None:
        where = f"WHERE namespace IN ({', '.join('?' * len(values))})"
    done = 0
    with database.reader() as connection:
        connection.execute("BEGIN")  # the count, the rows and the aliases are of one moment
        try:
            (total,) = connection.execute(f"SELECT count(*) FROM memories {where}", values).fetchone()
            file.write(written(Header(memories=total)))
            for done, line in enumerate(_stored(connection, where, values), 1):
                file.write(written(line))
                if progress is not None and done % _TOLD == 0:
                    progress(done, total)
        finally:
            connection.execute("ROLLBACK")
    if progress is not None:
        progress(done, total)
    return done


def _stored(connection: sqlite3.Connection, where: str, values: Sequence[str]) -> Iterator[Line]:
    aliases: dict[int, list[str]] = {}
    for memory, alias in connection.execute(
        "SELECT memory, alias FROM memory_aliases ORDER BY memory, merged_at, alias"
    ):
        aliases.setdefault(memory, []).append(alias)
    for seq, *record in connection.execute(
        f"SELECT seq, {', '.join(_COLUMNS)} FROM memories {where} ORDER BY seq", values
    ):
        stated = dict(zip(_COLUMNS, record, strict=True))
        stated["pinned"] = bool(stated["pinned"])
        stated["metadata"] = decoded(stated["metadata"])
        yield Line(**stated, aliases=tuple(aliases.get(seq, ())))


def import_jsonl(
    into: Into,
    source: Path | BinaryIO,
    *,
    namespace: str | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Read a file that ``export_jsonl`` wrote, or one written by hand.

    Each memory goes into ``namespace``, or else into the one it states. An id that is there already takes the file's values over, a
    near-duplicate merges, a value older than the one under its key comes in as superseded: the same file again changes nothing.

    Raises:
        UsageError: the file cannot be opened, or is of another kind or version.
        ImportStopped: a line is no memory and ``skip_bad`` is False, or the file was cut; what stood before is kept.
        StoreError: the store cannot be written; what stood before is kept.
    """
    return _imported(into, source, _memories, namespace, skip_bad, progress)


def import_text(
    into: Into,
    source: Path | BinaryIO,
    *,
    namespace: str | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Read plain text, one memory a line; the file's name becomes their source.

    Raises:
        UsageError, ImportStopped, StoreError: as ``import_jsonl``.
    """
    return _imported(into, source, partial(_texts, name=_name(source)), namespace, skip_bad, progress)


def _memories(file: BinaryIO) -> _Items:
    for number, line in lines(file):
        yield number, line if isinstance(line, Bad) else parsed(line)


def _texts(file: BinaryIO, *, name: str) -> _Items:
    for number, line in lines(file):
        if isinstance(line, Bad):
            yield number, line
            continue
        try:
            yield number, Line(text=line.decode(), source=name)
        except UnicodeDecodeError as error:
            yield number, Bad(f"it is no UTF-8 (byte 0x{line[error.start]:02x})")


def _imported(
    into: Into,
    source: Path | BinaryIO,
    read: Callable[[BinaryIO], _Items],
    namespace: str | None,
    skip_bad: bool,
    progress: Progress | None,
) -> Imported:
    name, number = _name(source), 0
    with _opened(source) as file:
        total = _count(file) if isinstance(source, Path) and progress is not None else 0
        run = ImportRun(into, name, namespace=namespace, skip_bad=skip_bad, total=total, progress=progress)
        try:
            for number, item in read(file):
                run.take(number, item)
                if run.stopped:
                    break
        except UsageError as error:
            if not number:
                raise UsageError(f"{name} cannot be imported: {error}") from None
            run.stop(number + 1, str(error))
        except OSError as error:
            run.stop(number + 1, f"it cannot be read: {error.strerror or error}")
        return run.finish(number)


def _name(source: Path | BinaryIO) -> str:
    return source.name if isinstance(source, Path) else "standard input"


def _opened(source: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    if not isinstance(source, Path):
        return nullcontext(source)
    try:
        return source.open("rb")
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{str(source)!r} is no file's name ({error})") from None


def _count(file: BinaryIO) -> int:
    """How many lines there are, where the file can be read twice."""
    if not file.seekable():
        return 0
    total = 0
    while chunk := file.read(1 << 20):
        total += chunk.count(b"\n")
    file.seek(0)
    return total
