"""Deleting 50,000 expired memories with their vectors and words: how long it takes, and how much smaller the file is."""

from __future__ import annotations

import time

from measurement import Measurement
from memory_filling import OVERRIDES, filled

from orchestrator import Orchestrator

_ROWS = 50_000
_LIMIT_S = 5


def run(*, quick: bool) -> list[Measurement]:
    """The time of ``cleanup_expired``, giving pages back included, and the file's size after it by that before. The oldest half goes."""
    rows = 5_000 if quick else _ROWS
    magnus = Orchestrator(home=filled("realistic", 2 * rows).copy("expired"), overrides=OVERRIDES)
    database = magnus.database
    oldest = "UPDATE memories SET expires_at = 1.0 WHERE seq IN (SELECT seq FROM memories ORDER BY seq LIMIT ?)"
    database.execute([(oldest, (rows,))])
    database.maintenance()
    before = database.path.stat().st_size
    began, cpu = time.perf_counter(), time.process_time()
    removed = magnus.memory.cleanup_expired()
    took, used = time.perf_counter() - began, time.process_time() - cpu
    assert removed == rows, removed
    assert database.integrity() == "ok"
    after = database.path.stat().st_size
    magnus.close()
    return [
        Measurement(
            f"cleanup of {rows:,} expired memories", took, _LIMIT_S * rows / _ROWS, "s", f"CPU {used:.2f} s"
        ),
        Measurement("file after / before", after / before, 0.7, "x", f"{after / 2**20:.0f} MiB / {before / 2**20:.0f} MiB"),
    ]  # fmt: skip
