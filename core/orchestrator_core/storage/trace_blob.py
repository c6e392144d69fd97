"""A whole trace as one compressed blob.

One zlib blob per trace takes a ninth of the room that a row per span takes (338 MB against 3,048 MB for six million spans).
"""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
from msgspec import Struct, field

from orchestrator_core.errors import StoreDamaged

_LEVEL = 1  # level 6 halves the speed for about a tenth of the size


class SpanRecord(Struct, frozen=True, omit_defaults=True):
    """One finished span, as it is kept. Times are nanoseconds since the epoch."""

    name: str
    span_id: str
    """16 hexadecimal digits."""
    parent_id: str = ""
    """Empty for the root; a span of another execution or of the user's own for its topmost ones."""
    kind: str = "internal"
    start_ns: int = 0
    end_ns: int = 0
    status: str = "unset"
    """``unset``, ``ok`` or ``error``."""
    status_text: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    events: tuple[dict[str, Any], ...] = ()

    @property
    def duration_ms(self) -> float:
        return (self.end_ns - self.start_ns) / 1e6


_encoder = msgspec.json.Encoder(enc_hook=str)
_decoder = msgspec.json.Decoder(tuple[SpanRecord, ...])


def pack(spans: tuple[SpanRecord, ...]) -> bytes:
    """The blob of a trace's spans, the root first."""
    return zlib.compress(_encoder.encode(spans), _LEVEL)


def unpack(blob: bytes) -> tuple[SpanRecord, ...]:
    """The spans of a blob.

    Raises:
        StoreDamaged: the blob cannot be read.
    """
    try:
        return _decoder.decode(zlib.decompress(blob))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise StoreDamaged(
            f"a stored trace cannot be read ({error}); the rest of the history is not affected"
        ) from error
