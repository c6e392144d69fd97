"""Files beside the database that may hold forgotten text: rendered pages, which are removed, and what a person has to decide about.

Pages are renewed from the store whenever they are wanted. A damaged store that a repair put aside is the user's: it is named, not
deleted. Logs hold ids only, and an exported file lies where its owner put it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from orchestrator_core.storage.home import DATABASE
from orchestrator_memory.forgetting.selection import Gone

_PAGES = ("dashboard_*.html", ".dashboard-*.tmp")
_ASIDE = (f"{DATABASE}.damaged-*", "repair-*/*", "*damaged*/**/*", "*damaged*")
_NAME = re.compile(rb"[0-9a-f]{16,}")
_PIECE = 48
"""Characters of a text that are looked for: pages shorten lines, and the store cuts long texts into pages."""
_LOOKED_AT = 8_000
"""Characters of a text that pages may show."""
_TEXTS_MAX = 200
"""So many texts are looked for in pages; beyond, a page is recognised by the calls it shows alone."""


def pages_holding(home: Path, gone: Sequence[Gone], marks: Sequence[str]) -> list[Path]:
    """The rendered pages that show one of the marked calls or failures, or hold a forgotten text."""
    wanted = frozenset(mark.encode() for mark in marks)
    texts = _page_needles(gone) if len(gone) <= _TEXTS_MAX else frozenset()
    found = []
    for path in _files(home / "dashboards", _PAGES):
        try:
            content = path.read_bytes()
        except OSError:
            continue  # another process removed it
        if not wanted.isdisjoint(_NAME.findall(content)) or any(text in content for text in texts):
            found.append(path)
    return found


def pages_written_until(home: Path, at: float) -> list[Path]:
    """The rendered pages that are not newer than a time (epoch seconds)."""
    found = []
    for path in _files(home / "dashboards", _PAGES):
        with suppress(OSError):
            if path.stat().st_mtime <= at:
                found.append(path)
    return found


def remove(pages: Iterable[Path]) -> tuple[int, str]:
    """Remove pages; returns how many, and why some are left."""
    removed, left = 0, []
    for path in pages:
        try:
            path.unlink(missing_ok=True)
            removed += 1
        except OSError as error:
            left.append(f"{path} cannot be removed ({error.strerror or error}).")
    return removed, " ".join(left)


def put_aside(database: Path, gone: Sequence[Gone]) -> list[str]:
    """The files that a repair put aside and that hold forgotten text, each by its place in the store's folder."""
    needles = [needle for memory in gone for needle in _raw_needles(memory.text)]
    holding = []
    for path in _files(database.parent, _ASIDE):
        try:
            content = path.read_bytes()
        except OSError:
            continue  # removed, or not ours to read
        if any(needle in content for needle in needles):
            holding.append(path.relative_to(database.parent).as_posix())
    return holding


def still_there(home: Path, names: Sequence[str]) -> str:
    """What to do about such files, in one sentence; empty without any."""
    if not names:
        return ""
    paths = ", ".join(str(home / name) for name in names)
    return f"A repair put {paths} aside, which still holds it; delete it when you no longer need it."


def _files(folder: Path, patterns: Sequence[str]) -> list[Path]:
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})


def _page_needles(gone: Sequence[Gone]) -> frozenset[bytes]:
    found = set()
    for memory in gone:
        for line in "".join(c if c.isprintable() else "\n" for c in memory.text[:_LOOKED_AT]).splitlines():
            piece = " ".join(line.split())[:_PIECE]
            if len(piece) > 3:
                found.add(html.escape(piece).encode())
                found.add(_inert(msgspec.json.encode(piece)[1:-1]))
    return frozenset(found)


def _inert(json: bytes) -> bytes:
    return json.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def _raw_needles(text: str) -> Iterable[bytes]:
    last = max(0, len(text) - _PIECE)
    return {text[start : start + _PIECE].encode() for start in (0, last // 2, last)} - {b""}
