"""Text for people: rich on a terminal, plain lines in a pipe."""

from __future__ import annotations

import io
import os
import unicodedata
from collections.abc import Iterable, Sequence
from typing import IO, Any, cast

_STYLES = {"succeeded": "green", "ok": "green", "failed": "red", "blocked": "magenta", "cancelled": "yellow",
           "warn": "yellow", "missing": "yellow", "fail": "red"}  # fmt: skip


class Screen:
    """Collects what is to be shown, then gives it out as one text.

    Everything shown may come from agents or strangers: control characters, which a terminal would obey, become visible escapes.
    """

    def __init__(self, stream: IO[str], *, width: int | None = None) -> None:
        self.rich = is_terminal(stream)
        self.width = (width or _terminal_width()) if self.rich else None
        """Columns of the terminal; None in a pipe, where nothing is cut."""
        self._buffer = io.StringIO()
        self._console: Any = None
        if self.rich:
            from rich.console import Console

            encoding = getattr(stream, "encoding", None) or "utf-8"
            self._console = Console(
                file=cast("IO[str]", _Encoded(self._buffer, encoding)),
                force_terminal=True,
                width=self.width,
                highlight=False,
            )

    def text(self) -> str:
        """Everything shown so far."""
        return self._buffer.getvalue()

    def heading(self, text: str) -> None:
        if self._console is not None:
            from rich.text import Text

            self._console.print(Text(visible(text), style="bold"))
        else:
            self._buffer.write(visible(text) + "\n")

    def line(self, text: str = "", style: str = "") -> None:
        if self._console is not None:
            from rich.text import Text

            self._console.print(Text(visible(text), style=_STYLES.get(style, style)), soft_wrap=True)
        else:
            self._buffer.write(visible(text) + "\n")

    def block(self, text: str) -> None:
        """Text of several lines, indented."""
        for line in text.splitlines() or [""]:
            self.line(f"    {line}")

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[object]], *, one_line: bool = False) -> None:
        """Columns. In a pipe nothing is cut, and two spaces part the columns.

        On a terminal long cells are folded; with ``one_line`` each row is one line, and what has no room ends with an ellipsis.
        """
        cells = [[visible(_cell(value), lines=False) for value in row] for row in rows]
        if self._console is None:
            self._plain_table(headings, cells)
            return
        from rich import box
        from rich.table import Table
        from rich.text import Text

        # The first column is what people copy: on a narrow terminal the others are folded first.
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
        shown = list(headings)
        if one_line:
            self._cut_last(shown, cells)
        for number, heading in enumerate(shown):
            table.add_column(heading, overflow="ellipsis" if one_line else "fold", no_wrap=one_line or number == 0)
        for row in cells:
            table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
        self._console.print(table)

    def _cut_last(self, headings: list[str], rows: list[list[str]]) -> None:
        # rich would take from all columns alike; the last one is the text, of which a beginning is enough.
        from rich.text import Text

        taken = sum(2 + max(_columns(row[number]) for row in [headings, *rows]) for number in range(len(headings) - 1))
        room = max((self.width or 0) - taken - 1, 1)
        for row in (headings, *rows):
            text = Text(row[-1])
            text.truncate(room, overflow="ellipsis")
            row[-1] = text.plain

    def _plain_table(self, headings: Sequence[str], rows: list[list[str]]) -> None:
        every = [list(headings), *rows]
        widths = [max(_columns(row[number]) for row in every) for number in range(len(headings))]
        for row in every:
            padded = (cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True))
            self._buffer.write("  ".join(padded).rstrip() + "\n")

    def pairs(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Names and values; values that are empty are left out."""
        shown = [
            (name, visible(_cell(value), lines=False)) for name, value in pairs if value not in ("", None, (), [], {})
        ]
        width = max((_columns(name) for name, _ in shown), default=0)
        for name, value in shown:
            self.line(f"{name}{' ' * (width - _columns(name))}  {value}")


class _Encoded(io.TextIOBase):
    """A buffer that tells rich which encoding its text will meet, so that it draws with characters that exist there."""

    def __init__(self, buffer: io.StringIO, encoding: str) -> None:
        self._buffer = buffer
        self._name = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._name

    def write(self, text: str) -> int:
        return self._buffer.write(text)

    def isatty(self) -> bool:
        return True


def visible(text: str, *, lines: bool = True) -> str:
    """The text with control characters and direction overrides as escapes; line breaks stay only where ``lines`` is set."""
    if text.isprintable():
        return text
    keep = "\n\t" if lines else ""
    return "".join(char if char in keep or not _is_control(char) else _escape(char) for char in text)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its word: ``1 issue``, ``2 issues``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escape(char: str) -> str:
    return {"\n": " ", "\t": " "}.get(char) or char.encode("unicode_escape").decode("ascii")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    return str(value)


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def is_terminal(stream: IO[str]) -> bool:
    """Whether a person is reading there, on a terminal that knows more than plain text."""
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:
        return False


def _terminal_width() -> int:
    import shutil

    return shutil.get_terminal_size().columns
