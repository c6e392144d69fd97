"""A scanner that is not ours: it runs in a thread of its own, for a limited time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout

from orchestrator_core.daemon_pool import shared_pool
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit, Scanner

DEADLINE_S = 0.5
"""What a scanner may take for one text, unless it has a ``deadline_s`` of its own, up to ten seconds."""
_DEADLINE_MAX_S = 10.0


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
        self._hanging: Future[list[Hit]] | None = None

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return True  # what decides is asked in ``scan``, within the deadline

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        """The scanner's hits.

        Raises:
            ScannerHangs: it did not answer within its deadline, now or earlier.
            Exception: whatever the scanner raised.
        """
        if self._hanging is not None:
            if not self._hanging.done():
                raise ScannerHangs(self.name)
            self._hanging = None
        future = shared_pool.submit(lambda: self._ask(text, context))
        try:
            return future.result(self.deadline_s)
        except FutureTimeout as error:
            if future.done():
                raise  # its own time-out, not ours
            self._hanging = future
            raise ScannerHangs(self.name) from error

    def _ask(self, text: str, context: ScanContext) -> list[Hit]:
        try:
            return list(self._scanner.scan(text, context)) if self._scanner.prefilter(text, context) else []
        except Exception:
            raise
        except BaseException as error:  # SystemExit and KeyboardInterrupt of a plug-in end nothing but its scan
            raise RuntimeError(type(error).__name__) from error
