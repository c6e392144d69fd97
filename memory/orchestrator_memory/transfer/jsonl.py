"""The file that memories travel in: JSON Lines, a header first, then one memory a line.

    {"magnus": "memories", "version": 1, "memories": 2}
    {"id": "mem-1f...", "text": "...", "namespace": "default", "tier": "knowledge", "created_at": 1700000000.25, ...}

Times are epoch seconds as numbers, so that they come back to the last bit; fields that hold their default are left out. The header's
count tells a file that was cut between two lines from a whole one. A file without a header is read as well: only ``text`` must be there.
Two files in a row (``cat a b``) are a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from orchestrator_core.errors import UsageError

VERSION = 1
LINE_MAX_BYTES = 16 * 1024 * 1024
"""A million characters written as JSON escapes take 12 MB."""
_BOM = b"\xef\xbb\xbf"


class Header(Struct, frozen=True, kw_only=True):
    """The first line. Fields that a later version adds are passed over."""

    magnus: Literal["memories"] = "memories"
    version: int = VERSION
    memories: int | None = None


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One memory as a file states it."""

    id: str = ""
    text: str
    namespace: str = ""
    tier: str = "knowledge"
    key: str = ""
    category: str = ""
    author: str = ""
    session: str = ""
    source: str = ""
    trust: float = 1.0
    score: float | None = None
    """The judge's, 1 to 10."""
    status: Literal["", "succeeded", "failed", "blocked", "cancelled"] = ""
    occurred_at: float | UnsetType = UNSET
    created_at: float | UnsetType = UNSET
    expires_at: float | UnsetType | None = UNSET
    """None means never; absent means by the tier's lifetime."""
    superseded_at: float | None = None
    pinned: bool = False
    quarantined: str = ""
    helped: float = 0.0
    ignored: float = 0.0
    metadata: dict[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


class Bad(Struct, frozen=True):
    """A line that is no memory, and why."""

    reason: str


_encode = msgspec.json.Encoder().encode
_decode_line = msgspec.json.Decoder(Line).decode
_decode_header = msgspec.json.Decoder(Header).decode


def written(value: Header | Line) -> bytes:
    """One line of the file, its end included."""
    return _encode(value) + b"\n"


def parsed(line: bytes) -> Header | Line | Bad:
    """What a line holds.

    Raises:
        UsageError: it is the header of a newer version, or of another kind of file.
    """
    try:
        return _decode_line(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _header(line) or Bad(_reason(error, line))


def _header(line: bytes) -> Header | None:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(found, dict) or "magnus" not in found:
        return None
    try:
        header = _decode_header(line)
    except msgspec.ValidationError as error:
        raise UsageError(f"its header is none of a file of memories: {error}") from None
    if header.version > VERSION:
        raise UsageError(
            f"it has version {header.version} of the format, and this Magnus knows {VERSION}: upgrade Magnus"
        )
    return header


def _reason(error: Exception, line: bytes) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"it is no UTF-8 (byte 0x{line[error.start]:02x})"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    if not line.lstrip().startswith(b"{"):
        return "it is no JSON object; a file with one plain text a line is imported as text"
    return f"it is no JSON: {error}"


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes | Bad]]:
    """The lines that hold something, each with its number from 1 and without its end. A byte order mark at the start is passed over.

    Raises:
        UsageError: the file is UTF-16.
    """
    number = 0
    while line := file.readline(LINE_MAX_BYTES):
        number += 1
        if number == 1:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise UsageError("it is UTF-16; save it as UTF-8")
            line = line.removeprefix(_BOM)
        if len(line) == LINE_MAX_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(LINE_MAX_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield number, Bad(f"it is longer than {LINE_MAX_BYTES // 1024**2} MiB")
        elif line := line.strip():
            yield number, line
