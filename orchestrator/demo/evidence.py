"""Whether the demonstration showed what it set out to show, read back from the store instead of believed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from orchestrator.demo.cast import STUMBLER
from orchestrator.demo.script import Scene, secret_and_address
from orchestrator_core.records import ExecutionResult
from orchestrator_core.storage.database import Database
from orchestrator_core.storage.trace_blob import unpack

Played = Sequence[tuple[Scene, ExecutionResult]]


class Evidence(Struct, frozen=True):
    """One promise and what became of it."""

    promise: str
    kept: bool
    detail: str
    execution_id: str = ""
    left_out: bool = False
    """It could not be shown on this machine, and nothing was claimed either."""


def gather(played: Played, database: Database) -> list[Evidence]:
    """One piece of evidence for each thing that the demonstration shows; needs all of its calls."""
    look: tuple[Callable[[Played, Database], Evidence], ...] = (
        _recorded,
        _memory,
        _meaning,
        _healing,
        _failure,
        _redaction,
        _blocking,
    )
    return [each(played, database) for each in look]


def _showing(played: Played, what: str) -> list[ExecutionResult]:
    return [result for scene, result in played if scene.shows == what]


def _recorded(played: Played, database: Database) -> Evidence:
    marks = ", ".join("?" * len(played))
    ids = [result.execution_id for _, result in played]
    (stored,) = database.query(f"SELECT count(*) FROM executions WHERE id IN ({marks})", ids)[0]
    return Evidence("every call is in the history", stored == len(ids), f"{stored} of {len(ids)} calls were read back")


def _memory(played: Played, database: Database) -> Evidence:
    del database
    second = _showing(played, "memory")
    first = {result.execution_id for scene, result in played if scene.round == 1}
    remembering = [result for result in second if any(memory.source in first for memory in result.memories)]
    return Evidence(
        "the second round remembers the first", len(remembering) == len(second),
        f"{len(remembering)} of {len(second)} agents were given memories of the first round",
        next((result.execution_id for result in (*remembering, *second)), ""),
    )  # fmt: skip


def _meaning(played: Played, database: Database) -> Evidence:
    del database
    promise = "a request in other words finds another agent's result"
    scene, result = next((scene, result) for scene, result in played if scene.shows == "meaning")
    found = result.memories
    if getattr(found, "keyword_only", False):
        why = f"memory searched by words only: {getattr(found, 'reason', '').rstrip('.')}. See: orchestrate setup"
        return Evidence(promise, result.ok, why, result.execution_id, left_out=True)
    told = {result.execution_id for scene, result in played if scene.agent == STUMBLER and result.ok}
    if not found or found[0].source not in told:
        instead = "something else first" if found else "nothing"
        return Evidence(promise, False, f"{scene.request!r} was given {instead}", result.execution_id)
    shared = _telling_words(scene.request) & _telling_words(found[0].text)
    first = next(line for line in found[0].text.splitlines() if line)
    detail = f"{scene.request!r} was given {first!r} first, score {found[0].score:.2f}: {_shared(shared)}"
    return Evidence(promise, not shared, detail, result.execution_id)


_SHORT = 3
"""Words up to this many letters tell nothing of what a text is about."""


def _telling_words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > _SHORT}


def _shared(words: set[str]) -> str:
    return f"both say {', '.join(sorted(words))}" if words else "found by meaning, no telling word is in both"


def _healing(played: Played, database: Database) -> Evidence:
    result = _showing(played, "healing")[0]
    (healed,) = database.query("SELECT healed FROM executions WHERE id = ?", (result.execution_id,))[0]
    why = next((attempt.explanation for attempt in result.attempts if attempt.explanation), "")
    return Evidence("a passing failure is healed", bool(healed) and result.ok, why, result.execution_id)


def _failure(played: Played, database: Database) -> Evidence:
    result = _showing(played, "failure")[0]
    row = database.query("SELECT status, error_type FROM executions WHERE id = ?", (result.execution_id,))
    kept = row == [("failed", result.error.type if result.error else "")]
    tries = len(result.attempts)
    times = f"{tries} attempt{'s' if tries != 1 else ''}"
    detail = f"{result.error.type}, {times}. {result.error.advice}" if result.error else ""
    return Evidence("a lasting failure is recorded with advice", kept, detail.strip(), result.execution_id)


def _redaction(played: Played, database: Database) -> Evidence:
    result = _showing(played, "redaction")[0]
    (stored,) = database.query("SELECT request FROM executions WHERE id = ?", (result.execution_id,))[0]
    found = places_of(secret_and_address(), database)
    kept = result.ok and not found and bool(stored)
    detail = f"found in {', '.join(found)}" if found else f"the stored request reads: {stored}"
    return Evidence("secrets and addresses are not stored", kept, detail, result.execution_id)


def _blocking(played: Played, database: Database) -> Evidence:
    result = _showing(played, "blocking")[0]
    row = database.query("SELECT status, attempts FROM executions WHERE id = ?", (result.execution_id,))
    detail = result.error.message if result.error else "it was not blocked"
    return Evidence("a request with hidden text is blocked", row == [("blocked", 0)], detail, result.execution_id)


def places_of(words: Sequence[str], database: Database) -> list[str]:
    """Where in the store any of the words stands in plain bytes: the files themselves, and the compressed traces."""
    needles = [word.encode() for word in words]
    found = []
    for suffix in ("", "-wal"):
        name = f"{database.path}{suffix}"
        if os.path.exists(name) and _file_holds(name, needles):
            found.append(os.path.basename(name))
    for execution_id, blob in database.query("SELECT execution_id, blob FROM traces"):
        text = repr(unpack(blob))
        if any(word in text for word in words):
            found.append(f"the trace of {execution_id}")
    return found


def _file_holds(name: str, needles: Sequence[bytes]) -> bool:
    overlap = max(len(needle) for needle in needles) - 1
    before = b""
    with open(name, "rb") as file:
        while chunk := file.read(1 << 20):
            window = before + chunk
            if any(needle in window for needle in needles):
                return True
            before = window[-overlap:]
    return False
