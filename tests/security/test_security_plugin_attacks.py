"""Scanners of other packages that do harm by what they report, by how long they take, or by where they run."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

import pytest

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.contract import ScanContext
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.plugins.watched import ScannerHangs, Watched
from orchestrator_security.scanner import Hit


class Foreign:
    name = "foreign"
    categories = ("ticket",)

    def __init__(self, scan: Callable[[str], Any], deadline_s: float = 0.2) -> None:
        self._scan = scan
        self.deadline_s = deadline_s

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return True

    def scan(self, text: str, context: ScanContext) -> Any:
        return self._scan(text)


def guarded(scan: Callable[[str], Any]) -> SecurityGuard:
    return build_guard(
        SecuritySettings(), hash_key=b"k" * 32, clock=SystemClock(), extra_scanners=[Foreign(scan, deadline_s=5)]
    )


def test_hits_without_end_are_not_collected() -> None:
    given = 0

    def endless(text: str) -> Iterable[Hit]:
        nonlocal given
        while True:
            given += 1
            yield Hit("foreign.x", "ticket", 0, 1)

    assert guarded(endless).check("hello", ScanContext()).incomplete == ("foreign",)
    assert given < 200_000


@pytest.mark.parametrize("kind", ["ticket", "Ticket number", "TICKET_NUMBER", "<EMAIL_1>" * 50, "7"])
def test_whatever_word_a_hit_has_its_placeholder_is_recognised_again(kind: str) -> None:
    guard = guarded(lambda text: [Hit("foreign.x", "secret", 0, 5, kind=kind)] if text.startswith("hello") else [])
    verdict = guard.check("hello world", ScanContext())
    assert verdict.text.endswith("> world")
    assert guard.redact(verdict.text) == verdict.text
    assert verdict.incomplete == ()


def test_one_text_that_ends_late_does_not_forget_another_that_never_ends() -> None:
    release = threading.Event()
    asked: list[str] = []

    def scan(text: str) -> list[Hit]:
        asked.append(text)
        if text == "late":
            time.sleep(0.2)
        elif text == "never":
            release.wait(20)
        return []

    watched = Watched(Foreign(scan, deadline_s=0.1), "foreign")

    def ask(text: str) -> None:
        with pytest.raises(ScannerHangs):
            watched.scan(text, ScanContext())

    threads = [threading.Thread(target=ask, args=(text,)) for text in ("never", "late")]
    for thread in threads:
        thread.start()
        time.sleep(0.02)  # so that the late one is the last that is given up
    for thread in threads:
        thread.join()
    time.sleep(0.4)
    with pytest.raises(ScannerHangs):
        watched.scan("another", ScanContext())
    assert "another" not in asked
    release.set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_does_not_wait_for_a_thread_it_does_not_have() -> None:
    release = threading.Event()
    watched = Watched(Foreign(lambda text: release.wait(20) if text == "slow" else [], deadline_s=0.1), "foreign")
    with pytest.raises(ScannerHangs):
        watched.scan("slow", ScanContext())
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if watched.scan("quick", ScanContext()) == [] else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    release.set()


def test_a_scanner_runs_in_its_calls_context_where_it_may_reach_no_more_hosts_than_the_call() -> None:
    place: ContextVar[str] = ContextVar("place", default="outside")
    seen: list[str] = []
    guard = guarded(lambda text: seen.append(place.get()) or [])
    place.set("inside")
    guard.check("hello", ScanContext())
    assert set(seen) == {"inside"}
