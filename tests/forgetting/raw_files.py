"""Looks for words in the raw files of a store, in every form in which a byte of them could be left."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path

_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def stem(word: str) -> str:
    """The stem that the search index keeps, as SQLite makes it."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5 (text, tokenize = 'porter unicode61')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, row)")
        connection.execute("INSERT INTO t VALUES (?)", (word,))
        return str(connection.execute("SELECT term FROM v").fetchone()[0])
    finally:
        connection.close()


def forms(word: str) -> dict[str, bytes]:
    """The bytes of a word in each form, lower case."""
    return {
        "itself": word.lower().encode(),
        "its stem": stem(word).encode(),
        "UTF-16": word.lower().encode("utf-16-le"),
        "UTF-16 BE": word.lower().encode("utf-16-be"),
        "JSON escapes": word.lower().encode("ascii", "backslashreplace"),
    }


def found(home: Path, words: Iterable[str], *, others: Iterable[bytes] = ()) -> list[str]:
    """Where something is left: one line per file, word and form."""
    wanted = {f"{word!r} as {name}": form for word in words for name, form in forms(word).items()}
    told = []
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        content = path.read_bytes()
        haystack = b"\0".join((content, *inflated(content))).lower()
        told += [f"{path.relative_to(home)}: {what}" for what, form in wanted.items() if form in haystack]
        told += [f"{path.relative_to(home)}: bytes {other[:8].hex()}" for other in others if other in content]
    return told


def inflated(content: bytes) -> list[bytes]:
    """Whatever in the bytes can be decompressed, also where only the beginning of it is there."""
    texts = []
    for header in _ZLIB_HEADERS:
        at = content.find(header)
        while at >= 0:
            try:
                text = zlib.decompressobj().decompress(content[at : at + 100_000])
            except zlib.error:
                text = b""
            if len(text) > 2:
                texts.append(text)
            at = content.find(header, at + 1)
    return texts
