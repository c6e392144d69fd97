"""A scanner that is not ours: it runs in a thread of its own, for a limited time."""

from __future__ import annotations

import contextvars
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from itertools import islice

from msgspec import structs

from orchestrator_core.daemon_pool import shared_pool
from orchestrator_core.forks import at_fork
from orchestrator_security.contract import ScanContext
from orchestrator_security.plugins.replacing import word_of
from orchestrator_security.scanner import Hit, Scanner

DEADLINE_S = 0.5
"""What a scanner may take for one text, unless it has a ``deadline_s`` of its own, up to ten seconds."""
_DEADLINE_MAX_S = 10.0
HITS_MAX = 100_000
"""A scanner that reports more about one text does not know what it says."""


class ScannerHangs(Exception):
    """The scanner is still busy with a text; it is asked nothing else until it has come back."""


class Watched:
    """Gives a scanner a deadline. A thread cannot be stopped, so one that hangs is left alone and not asked again until it returns.

    A regular expression holds the interpreter while it runs: no deadline helps against one that backtracks for minutes. Patterns of
    plug-ins should be linear, or run with the ``timeout`` of the ``regex`` package.
    """

    def __init__(self, scanner: Scanner, name: str) -> None:
        self._scanner = scanner
        self.name = name
        own = getattr(scanner, "deadline_s", DEADLINE_S)
        self.deadline_s = min(float(own), _DEADLINE_MAX_S) if isinstance(own, int | float) and own > 0 else DEADLINE_S
        self._reset()
        at_fork(self, child=Watched._reset)

    def _reset(self) -> None:
        self._hanging: tuple[Future[list[Hit]], ...] = ()
        """What was given up; a forked child has none of the threads that would finish it."""

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return True  # what decides is asked in ``scan``, within the deadline

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        """The scanner's hits.

        Raises:
            ScannerHangs: it did not answer within its deadline, now or earlier.
            Exception: whatever the scanner raised.
        """
        if self._hanging:
            if not all(future.done() for future in self._hanging):
                raise ScannerHangs(self.name)
            self._hanging = ()
        # In the call's own context: what holds for the call, such as which hosts may be reached, holds for its scanners.
        context_of_call = contextvars.copy_context()
        future = shared_pool.submit(lambda: context_of_call.run(self._ask, text, context))
        try:
            return future.result(self.deadline_s)
        except FutureTimeout as error:
            if future.done():
                raise  # its own time-out, not ours
            self._hanging = (*self._hanging, future)
            raise ScannerHangs(self.name) from error

    def _ask(self, text: str, context: ScanContext) -> list[Hit]:
        try:
            if not self._scanner.prefilter(text, context):
                return []
            hits = list(islice(self._scanner.scan(text, context), HITS_MAX + 1))
            if len(hits) > HITS_MAX:
                raise ValueError(f"more than {HITS_MAX:,} hits")
            return [_worded(hit) for hit in hits]
        except Exception:
            raise
        except BaseException as error:  # SystemExit and KeyboardInterrupt of a plug-in end nothing but its scan
            raise RuntimeError(type(error).__name__) from error


def _worded(hit: Hit) -> Hit:
    """The hit with a word that is recognised in its placeholder again; what is no hit as it is, for the gate to name."""
    if not (isinstance(hit, Hit) and isinstance(hit.kind, str) and hit.kind):
        return hit
    word = word_of(hit.kind)
    return hit if word == hit.kind else structs.replace(hit, kind=word)
