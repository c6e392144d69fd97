"""What a call of a trivial agent costs above a floor written by hand.

The floor makes as many OpenTelemetry spans with the same attributes, and one SQLite transaction with the same rows, on a store with
the same schema and pragmas. It does nothing else: no scan, no agent thread, no time limits.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measurement import Measurement, interleaved, median_of

from orchestrator import Call, Orchestrator
from orchestrator_core.storage.trace_blob import unpack

_PROSE = "The meeting moved to Tuesday at ten. Ada will bring the figures, and Grace books the room by Monday."
_OFF = {"judge": False, "recall": False, "remember": False}
_TABLES = ("executions", "attempts", "traces", "rollups", "rollup_latency")


def _trivial(request: str, call: Call) -> str:
    with call.span("first step"), call.span("second step"):
        return _PROSE


def _floor(database: Path, spans: int) -> Callable[[], None]:
    """The hand-written equivalent, from the rows of one real call."""
    from opentelemetry import trace
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider

    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("floor")
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in _TABLES}
    inserts = {
        table: f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(found[0]))})"
        for table, found in rows.items()
        if found
    }
    n = 0

    def floor() -> None:
        nonlocal n
        n += 1
        root = tracer.start_span(
            "invoke_agent", Context(), attributes={"gen_ai.operation.name": "invoke_agent", "n": n}
        )
        context = trace.set_span_in_context(root, Context())
        for _ in range(spans - 1):
            tracer.start_span("step", context, attributes={"step": n}).end()
        root.end()
        connection.execute("BEGIN IMMEDIATE")
        for table, found in rows.items():
            for row in found:
                values = (f"floor-{n}", *row[1:]) if table in ("executions", "attempts", "traces") else row
                connection.execute(inserts[table], values)
        connection.execute("COMMIT")

    return floor


def run(*, quick: bool) -> list[Measurement]:
    """The trivial call against its floor, and the call with everything on."""
    rounds = 300 if quick else 2_000
    with tempfile.TemporaryDirectory() as folder:
        overrides = {"dashboards.auto": False, "evaluation.judge": "rules"}
        magnus = Orchestrator(home=Path(folder) / "home", overrides=overrides)
        magnus.register("trivial", _trivial)
        magnus.execute("trivial", "Summarise the note.", stages=_OFF)
        spans = len(unpack(magnus.database.query("SELECT blob FROM traces")[0][0]))
        floor = _floor(magnus.database.path, spans)

        def call() -> None:
            magnus.execute("trivial", "Summarise the note.", stages=_OFF)

        for _ in range(50):
            call()
            floor()
        wall = interleaved(call, floor, clock=time.perf_counter, rounds=rounds)
        cpu = interleaved(call, floor, clock=time.process_time, rounds=rounds)
        everything = _everything_on(Path(folder) / "full", rounds=max(100, rounds // 10))
        magnus.close()
    ratio = median_of(wall[0]) / median_of(wall[1])
    return [
        Measurement(
            f"trivial call ({spans} spans) / floor, p50 wall", ratio, 6, "x",
            f"{median_of(wall[0]) * 1e6:.0f} us / {median_of(wall[1]) * 1e6:.0f} us",
        ),
        Measurement("trivial call, p50 CPU", median_of(cpu[0]) * 1e3, 1, "ms", f"floor {median_of(cpu[1]) * 1e3:.3f} ms"),
        everything,
    ]  # fmt: skip


def _everything_on(home: Path, *, rounds: int) -> Measurement:
    magnus = Orchestrator(home=home, overrides={"dashboards.auto": False, "evaluation.judge": "rules"})
    magnus.register("prose", lambda request: _PROSE)
    topics = ("budget", "garden", "server", "travel", "recipe", "contract", "meeting", "release", "invoice", "survey")
    for i in range(1_000):
        magnus.memory.remember(
            f"Note {i}: the {topics[i % 10]} of team {i % 37} was moved to week {i % 52} by person {i % 91}."
        )
    magnus.memory.flush()  # embedding the notes is no part of the calls
    times = []
    for i in range(rounds):
        began = time.process_time()
        result = magnus.execute("prose", f"Summarise the note about the {topics[i % 10]} meeting of team {i % 37}.")
        times.append(time.process_time() - began)
    assert result.ok
    assert result.memories
    assert result.verdict.status == "judged"
    magnus.close()
    return Measurement("everything on, 1,000 memories, p50 CPU", median_of(times) * 1e3, 5, "ms")
