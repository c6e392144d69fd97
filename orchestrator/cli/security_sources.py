"""What ``orchestrate security scan`` reads: Python files, the Python in Markdown and notebooks, folders of them, standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from orchestrator.agents.workbench.project import MAX_FILE_BYTES, open_project
from orchestrator_core.analysis.imports import decode_source
from orchestrator_core.errors import TargetError, UsageError

_PYTHON = (".py", ".pyi", ".pyw")
_TEXTS = (".md", ".markdown", ".mdx", ".rst", ".txt")
_NOTEBOOK = ".ipynb"
_STDIN = "<stdin>"


class Source(Struct, frozen=True):
    """One text to scan. ``holds_code`` is a text with code in it, such as Markdown; ``cells`` are a notebook's, by first line."""

    name: str
    text: str = ""
    holds_code: bool = False
    cells: tuple[int, ...] = ()
    file: Path | None = None
    problem: str = ""
    """Why it cannot be scanned."""


def names(path: str) -> tuple[Path | None, tuple[str, ...], tuple[str, ...]]:
    """The folder, the names of what to read in it, and what was left out, each with its reason.

    Raises:
        UsageError: there is no such file or folder, or no standard input.
    """
    if path == "-":
        if sys.stdin is None:
            raise UsageError("there is no standard input to scan. Name a file or a folder.")
        return None, (_STDIN,), ()
    target = Path(path).expanduser()
    if not target.exists():
        raise UsageError(f"{path} does not exist. Name a file or a folder, or - for standard input.")
    if not target.is_dir():
        return None, (path,), ()
    try:
        project = open_project({"path": target}, needs_python=False)
    except TargetError as error:
        raise UsageError(str(error)) from None
    chosen = tuple(name for name in project.files if name.lower().endswith((*_PYTHON, _NOTEBOOK, ".md", ".markdown")))
    return target, chosen, project.skipped


def read(folder: Path | None, name: str) -> Source:
    """One source; whatever keeps it from being read is its ``problem``."""
    if name == _STDIN:
        data = sys.stdin.buffer.read() if hasattr(sys.stdin, "buffer") else sys.stdin.read().encode("utf-8", "replace")
        if len(data) > MAX_FILE_BYTES:
            return Source(name, problem=_too_large(len(data)))
        return _decoded(name, data, None, guess=True)
    file = Path(name).expanduser() if folder is None else folder / name
    try:
        if not file.is_file():
            return Source(name, problem="is no file")
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            return Source(name, problem=_too_large(size))
        data = file.read_bytes()
    except OSError as error:
        return Source(name, problem=f"cannot be read: {error.strerror or error}")
    return _decoded(name, data, file, guess=False)


def _too_large(size: int) -> str:
    return f"not scanned: {size} bytes, {MAX_FILE_BYTES} at most"


def _decoded(name: str, data: bytes, file: Path | None, *, guess: bool) -> Source:
    if b"\0" in data[:8192] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Source(name, problem="not scanned: a binary file")
    lowered = name.lower()
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        elif lowered.endswith((*_TEXTS, _NOTEBOOK)):
            text = data.decode("utf-8-sig")
        else:
            text = decode_source(data)
    except (SyntaxError, UnicodeDecodeError) as error:
        return Source(name, problem=f"not scanned: it cannot be decoded ({getattr(error, 'msg', '') or error})")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if lowered.endswith(_NOTEBOOK):
        return _notebook(name, text, file)
    holds = lowered.endswith(_TEXTS) or (guess and ("```" in text or "~~~" in text))
    return Source(name, text, holds, file=file)


def _notebook(name: str, text: str, file: Path | None) -> Source:
    """The code cells of a notebook as one text, since what one imports the others use."""
    try:
        cells = [c for c in json.loads(text)["cells"] if c.get("cell_type") == "code"]
        sources = ["".join(c["source"]) for c in cells]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Source(name, problem="not scanned: it is no notebook that can be read")
    lines: list[str] = []
    starts: list[int] = []
    for source in sources:
        starts.append(len(lines) + 1)
        for line in source.split("\n"):
            bare = line.lstrip()
            # commands of the notebook, not of Python
            lines.append(line[: len(line) - len(bare)] + "pass" if bare.startswith(("%", "!", "?")) else line)
    return Source(name, "\n".join(lines) + "\n", cells=tuple(starts), file=file)


def sources(folder: Path | None, chosen: tuple[str, ...]) -> Iterator[Source]:
    """All of them, each read when its turn comes."""
    for name in chosen:
        yield read(folder, name)
