"""What a recorded test run amounts to: the recorder's lines read back, also those of a run that never ended."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "unfinished"]


class RecordedTest(Struct, frozen=True):
    """One test of a run. ``error`` is a failure in its set-up or tear-down, ``unfinished`` one that started and never ended."""

    id: str
    outcome: Outcome
    duration_s: float = 0.0
    file: str = ""
    line: int = 0
    message: str = ""


class RecordedRun(Struct, frozen=True):
    """A whole run. ``finished`` is False where pytest did not come to its end."""

    tests: tuple[RecordedTest, ...] = ()
    collected: int = 0
    collection_errors: tuple[tuple[str, str], ...] = ()
    finished: bool = False

    def count(self, *outcomes: Outcome) -> int:
        return sum(test.outcome in outcomes for test in self.tests)


class _Line(Struct):
    event: str
    id: str = ""
    file: str = ""
    line: int = 0
    when: str = ""
    outcome: str = ""
    seconds: float = 0.0
    message: str = ""
    count: int = 0


class _Running(Struct):
    file: str
    line: int
    outcome: Outcome = "unfinished"
    seconds: float = 0.0
    message: str = ""
    over: bool = False


def read_record(path: Path) -> RecordedRun:
    """Read the recorder's file. A missing file is an empty record; lines cut short or made by a stranger are left out."""
    try:
        raw = path.read_bytes()
    except OSError:
        return RecordedRun()
    running: dict[str, _Running] = {}
    errors: list[tuple[str, str]] = []
    collected, finished = 0, False
    decoder = msgspec.json.Decoder(_Line)
    for text in raw.splitlines():
        try:
            line = decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if line.event == "start":
            running[line.id] = _Running(line.file, line.line)
        elif line.event == "phase":
            _apply(running.setdefault(line.id, _Running(line.file, line.line)), line)
        elif line.event == "collect":
            errors.append((line.id, line.message))
        elif line.event == "collected":
            collected = line.count
        elif line.event == "finish":
            finished = True
    return RecordedRun(tuple(_closed(name, test) for name, test in running.items()), collected, tuple(errors), finished)


def _apply(test: _Running, line: _Line) -> None:
    test.seconds += line.seconds
    if line.outcome == "failed":
        test.outcome = "failed" if line.when == "call" else "error"
        test.file, test.line = line.file or test.file, line.line or test.line
        test.message = line.message
    elif test.outcome not in ("failed", "error") and (line.when == "call" or line.outcome != "passed"):
        test.outcome = _known(line.outcome)
        test.message = line.message
    test.over = test.over or line.when == "teardown"


def _known(outcome: str) -> Outcome:
    for known in ("passed", "skipped", "xfailed", "xpassed"):
        if outcome == known:
            return known
    return "error"


def _closed(name: str, test: _Running) -> RecordedTest:
    # A test whose tear-down was not reached was still running, unless it failed already.
    outcome = test.outcome if test.over or test.outcome in ("failed", "error") else "unfinished"
    return RecordedTest(name, outcome, test.seconds, test.file, test.line, test.message)
