"""The list of calls as inline data of bounded size.

A page stays small whatever agents put out: each call gets the most generous portion that still leaves every older call
its shortest form.
"""

from __future__ import annotations

from datetime import tzinfo

import msgspec

from orchestrator_dashboards import quantities
from orchestrator_dashboards.call_details import Portion, full_row, short_row
from orchestrator_dashboards.call_rows import CallRow
from orchestrator_dashboards.queries import Snapshot

LISTING_MAX_BYTES = 2_400_000
"""Bound of the inline data; the whole page then stays below 3 MB."""

_PORTIONS = (
    Portion(text=6_000, small=600, rows=20, spans=200, facts=True),
    Portion(text=700, small=200, rows=6, spans=16, facts=False),
)
SHORT_ROW_BYTES = 4_000
"""A short row is never longer: about 500 characters of which the worst take six bytes each, and its keys."""

_encode = msgspec.json.Encoder().encode


def listing(
    snapshot: Snapshot, *, now: float, zone: tzinfo | None, max_bytes: int = LISTING_MAX_BYTES
) -> tuple[list[CallRow], bytes]:
    """The rows, newest first, and their JSON: at most ``max_bytes``, or 4 kB a row where that is more."""
    today = quantities.local(now, zone).date()
    rows: list[CallRow] = []
    encoded: list[bytes] = []
    left = max_bytes
    for index, call in enumerate(snapshot.calls):
        reserve = (len(snapshot.calls) - index - 1) * SHORT_ROW_BYTES
        for portion in (*_PORTIONS, None):
            if portion is None:
                row = short_row(call, today=today, zone=zone)
            else:
                attempts, findings = (kind.get(call["id"], ()) for kind in (snapshot.attempts, snapshot.call_findings))
                row = full_row(call, attempts, findings, portion, today=today, zone=zone)
            data = inert(_encode(row))
            if len(data) + 1 <= left - reserve:
                break
        left -= len(data) + 1
        rows.append(row)
        encoded.append(data)
    return rows, b"[" + b",".join(encoded) + b"]"


def inert(json: bytes) -> bytes:
    """JSON that cannot end the script element it stands in, or start a comment there; it still means the same."""
    return json.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
