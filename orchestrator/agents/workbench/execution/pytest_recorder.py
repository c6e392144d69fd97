"""A pytest plug-in that writes down each test as it starts and ends, one JSON object a line.

It is copied next to the project's scratch copy and loaded into the interpreter under test, so it needs nothing but the standard
library. pytest's own JUnit file is written only at the very end: of a run that hangs, is killed or leaves by ``os._exit`` nothing
would be known, not even which test it was.
"""

from __future__ import annotations

import json
import os
from typing import Any

RECORD_VARIABLE = "MAGNUS_TEST_RECORD"
MESSAGE_CHARACTERS = 2_000


class Recorder:
    """Appends to the record; each line is flushed, so that it survives the process."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._pid = os.getpid()

    def _write(self, **entry: Any) -> None:
        if os.getpid() != self._pid:
            return  # a test forked: the child's copy of pytest must not report
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        self._write(event="start", id=nodeid, file=location[0], line=(location[1] or 0) + 1)

    def pytest_runtest_logreport(self, report: Any) -> None:
        outcome = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfailed" if outcome == "skipped" else "xpassed"
        file, line, message = _place_and_message(report) if report.failed or report.skipped else ("", 0, "")
        self._write(
            event="phase", id=report.nodeid, when=report.when, outcome=outcome, seconds=report.duration,
            file=file, line=line, message=message,
        )  # fmt: skip

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._write(event="collect", id=report.nodeid, message=str(report.longrepr)[-MESSAGE_CHARACTERS:])

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        self._write(event="collected", count=len(items))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._write(event="finish", exit=int(exitstatus))


def pytest_configure(config: Any) -> None:
    """Register the recorder, except in the workers of a distributed run, whose reports reach the controller anyway."""
    path = os.environ.get(RECORD_VARIABLE, "")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(path), "magnus-recorder")


def _place_and_message(report: Any) -> tuple[str, int, str]:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        file, line = _own_place(report.longrepr, crash)
        return file, line, str(crash.message)[:MESSAGE_CHARACTERS]
    if isinstance(report.longrepr, tuple):  # a skip: file, line, reason
        return (str(report.longrepr[0]), int(report.longrepr[1]), str(report.longrepr[2])[:MESSAGE_CHARACTERS])
    return "", 0, str(report.longrepr)[-MESSAGE_CHARACTERS:]


def _own_place(longrepr: Any, crash: Any) -> tuple[str, int]:
    """The innermost line of the project itself: a unittest assertion, for one, is raised inside the standard library."""
    for entry in reversed(getattr(longrepr.reprtraceback, "reprentries", [])):
        place = getattr(entry, "reprfileloc", None)
        if place is not None and not os.path.isabs(place.path) and not place.path.startswith(os.pardir):
            return str(place.path), int(place.lineno)
    return str(crash.path), int(crash.lineno)
