"""Where the command line writes: one JSON document or text for people, on terminals, in pipes and on old code pages."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

import click

from orchestrator.cli.json_document import json_document
from orchestrator.cli.screen import Screen, is_terminal, visible


class Output:
    """The streams of one run.

    With ``as_json`` standard output holds exactly one JSON document: whatever else is printed there meanwhile, by agents or their
    child processes, goes to standard error.
    """

    def __init__(self, *, as_json: bool = False, stdout: IO[str] | None = None) -> None:
        self.as_json = as_json
        self._stdout = stdout or sys.stdout
        self._failed: OSError | None = None
        self._said = False

    @classmethod
    @contextmanager
    def take(cls, *, as_json: bool) -> Iterator[Output]:
        """Take over the process's streams, and give them back."""
        # A process may be started with its streams closed; Python then has none at all.
        sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process
        sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A character that the terminal's code page lacks must not end the program.
                stream.reconfigure(errors="backslashreplace")
        if not as_json:
            output = cls(stdout=sys.stdout)
            yield output
            output.flush()
            return
        with _kept_for_one_document() as stdout:
            output = cls(as_json=True, stdout=stdout)
            yield output
            output.flush()

    def show(self, data: Any, render: Callable[[Screen], None]) -> None:
        """The command's result: ``data`` as the JSON document, or what ``render`` draws."""
        if self.as_json:
            self._document(data)
            return
        screen = Screen(self._stdout)
        render(screen)
        self._write(screen.text())

    def answer(self, text: str) -> None:
        """An agent's answer: as it is for another program to read, with control characters made visible on a terminal."""
        shown = visible(text) if is_terminal(self._stdout) else text
        self._write(shown if shown.endswith("\n") else shown + "\n")

    def note(self, text: str) -> None:
        """A line for a person, on standard error; nothing with ``--json``."""
        if not self.as_json:
            self._stderr(visible(text))

    def error(self, code: str, message: str, **more: Any) -> None:
        """An error: a document with ``--json``, a line on standard error otherwise."""
        if self.as_json:
            self._document({"error": {"code": code, "message": message, **more}})
        else:
            stopped = code in ("interrupted", "terminated")
            self._stderr(visible(f"{message[:1].upper()}{message[1:]}." if stopped else f"Error: {message}"))

    def usage_error(self, error: click.ClickException) -> None:
        if self.as_json:
            self.error("usage", error.format_message().partition("\n")[0] or "a command is needed")
        else:
            with suppress(OSError):
                error.show(file=sys.stderr)

    def _document(self, data: Mapping[str, Any] | list[Any]) -> None:
        if self._said:
            return  # a second document would make the first unreadable; the exit code tells the rest
        self._said = True
        self._write(json_document(data, ascii_only=not _is_utf8(self._stdout)) + "\n")

    def _write(self, text: str) -> None:
        if self._failed is not None:
            return
        try:
            self._stdout.write(text)
            self._stdout.flush()
        except (OSError, ValueError) as error:
            # A closed pipe is a reader who has seen enough: the command goes on, since its work matters more than its words.
            self._failed = error if isinstance(error, OSError) else BrokenPipeError()
            _point_nowhere(self._stdout)

    @property
    def unread(self) -> bool:
        """Whether nobody reads what is written any more, such as after a closed pipe."""
        return self._failed is not None

    def flush(self) -> None:
        self._write("")

    def exit_code(self, code: int) -> int:
        """The command's own code; 1 where the result could not be written for a reason other than a closed pipe."""
        if self._failed is None or isinstance(self._failed, BrokenPipeError):
            return code
        self._stderr(f"Error: cannot write to standard output: {self._failed.strerror}")
        return code or 1

    def _stderr(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def _is_utf8(stream: IO[str]) -> bool:
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").replace("_", "") == "utf8"


def _point_nowhere(stream: IO[str]) -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not complain while it ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def _kept_for_one_document() -> Iterator[IO[str]]:
    """Standard output for us alone: everybody else's goes to standard error until the end, on the descriptor as well."""
    ours = sys.stdout
    sys.stdout = sys.stderr
    try:
        descriptor = ours.fileno()
        ours.flush()
        saved = os.dup(descriptor)
    except (OSError, ValueError, AttributeError):
        try:
            yield ours  # a stream without a descriptor, as in tests: no child process can reach it
        finally:
            sys.stdout = ours
        return
    try:
        if sys.__stderr__ is not None:
            os.dup2(sys.__stderr__.fileno(), descriptor)
        with os.fdopen(os.dup(saved), "w", encoding=ours.encoding, errors="backslashreplace", newline="\n") as alone:
            yield alone
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os.dup2(saved, descriptor)
        os.close(saved)
        sys.stdout = ours
