"""Asking the person at the terminal.

Nothing but ``y`` or ``yes`` is a yes; end of input is a no. What was typed before the question stood there is thrown away. The prompt
looks for a line from time to time instead of waiting for it, so that an answer from elsewhere, the time limit and Ctrl-C all end it.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import suppress
from typing import IO, Protocol

from orchestrator_security.approvals.question import Question

_LINE_BYTES = 4_096


class Prompt(Protocol):
    """Shows one question at a time."""

    def take(self, question: Question) -> bool:
        """Show it; False while another one stands there."""
        ...

    def poll(self, seconds: float) -> bool | None:
        """Wait up to ``seconds`` for a line: yes, no, or None for neither."""
        ...

    def leave(self) -> None:
        """It has been answered, here or elsewhere, or its time is over."""
        ...


class TerminalPrompt:
    """A person who reads standard error and types at standard input. POSIX only: see ``terminal_prompt``."""

    def __init__(self, handle: int, screen: IO[str]) -> None:
        self._handle = handle
        self._screen = screen
        self._free = threading.Lock()
        self._answered = False

    def take(self, question: Question) -> bool:
        if not self._free.acquire(blocking=False):
            return False
        self._answered = False
        with suppress(Exception):  # no terminal after all: then nothing waits there
            import termios

            termios.tcflush(self._handle, termios.TCIFLUSH)
        self._say(f"\n{shown(question)}\nAllow it? [y/N] ")
        return True

    def poll(self, seconds: float) -> bool | None:
        ready, _, _ = select.select([self._handle], [], [], seconds)
        if not ready:
            return None
        try:
            line = os.read(self._handle, _LINE_BYTES)
        except OSError:
            line = b""
        self._answered = True
        return line.strip().lower() in (b"y", b"yes")

    def leave(self) -> None:
        if not self._answered:
            self._say("\n(settled elsewhere, or too late)\n")
        self._free.release()

    def _say(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._screen.write(text)
            self._screen.flush()


def shown(question: Question) -> str:
    """The question as a person reads it, in several lines."""
    wants = f"wants {question.capability}" if question.capability else "is to run"
    lines = [f"Approval {question.id}: agent {question.agent} {wants}."]
    if question.cause:
        lines.append(f"  asked because   {question.cause}")
    if question.reason:
        lines.append(f"  the agent says  {question.reason}")
    if question.request:
        lines.append(f"  request         {question.request}")
    return "\n".join(lines)


def terminal_prompt() -> TerminalPrompt | None:
    """A prompt where a person is at both standard input and standard error; None elsewhere, and on Windows."""
    if os.name != "posix":
        return None
    try:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        return TerminalPrompt(sys.stdin.fileno(), sys.stderr)
    except (AttributeError, OSError, ValueError):
        return None  # a stream that is closed or absent
