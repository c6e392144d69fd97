"""What is going on, on standard error: a bar on a terminal, lines elsewhere, nothing with ``--json``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from orchestrator.cli.output import Output
from orchestrator.cli.screen import is_terminal, visible


def told_wait(output: Output, sleep: Callable[[float], None] = time.sleep) -> Callable[[float], None] | None:
    """A sleep that says why nothing happens, for a person at a terminal; None where nobody would read it."""
    if output.as_json or not is_terminal(sys.stderr):
        return None

    def wait(seconds: float) -> None:
        output.note(f"The attempt failed; trying again in {seconds:.3g} s (Ctrl-C stops).")
        sleep(seconds)

    return wait


class Steps:
    """A progress display. ``total`` steps make it a bar; without it only the present step is shown."""

    def __init__(self, output: Output, title: str, *, total: int | None = None) -> None:
        self._output = output
        self._title = title
        self._total = total
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if not self._output.as_json and is_terminal(sys.stderr):
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            counted = [BarColumn(bar_width=24), MofNCompleteColumn()] if self._total else []
            self._bar = Progress(
                SpinnerColumn(), *counted, TextColumn("{task.description}", markup=False), TimeElapsedColumn(),
                console=Console(file=sys.stderr), transient=True,
            )  # fmt: skip
            self._task = self._bar.add_task(self._title, total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def now(self, text: str) -> None:
        """What is being done; shown on a terminal only."""
        if self._bar is not None:
            self._bar.update(self._task, description=visible(text, lines=False))

    def done(self, text: str = "") -> None:
        """One more step is done; ``text`` stays on the screen, and is a line where there is no terminal."""
        if self._bar is not None:
            if text:
                self._bar.console.print(visible(text, lines=False), markup=False, highlight=False, soft_wrap=True)
            self._bar.advance(self._task)
        elif text:
            self._output.note(visible(text, lines=False))


class Counted:
    """A bar that counts pieces of one kind, with how many are done per second; nothing where there is no terminal.

    Called with how many are done and how many there are in all, 0 while that is not known.
    """

    def __init__(self, output: Output, title: str) -> None:
        self._shown = not output.as_json and is_terminal(sys.stderr)
        self._title = title
        self._bar: Any = None
        self._task: Any = None
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), MofNCompleteColumn(),
                TextColumn("{task.fields[rate]:,.0f}/s"), TimeRemainingColumn(compact=True),
                console=Console(file=sys.stderr), transient=True,
            )  # fmt: skip
            self._task = self._bar.add_task(self._title, total=None, rate=0.0)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        if self._bar is not None:
            rate = done / max(time.monotonic() - self._began, 1e-3)
            self._bar.update(self._task, completed=done, total=max(total, done) or None, rate=rate)
