"""The embedded Chroma as a derived index: what loading, building and asking it costs, and how much of the exact answer it finds.

Two kinds of vectors of 384 numbers: in topics, as texts have them, and without any structure, the hardest case for such a graph.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measurement import Measurement, median_of

from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.chroma.embedded import EmbeddedChroma

_DIMENSIONS = 384
_MODEL = ModelIdentity("a1" * 8, "model", _DIMENSIONS)
_QUERIES = 100
_K = 10
_IMPORT = "import time; import chromadb, chromadb_rust_bindings; print(time.process_time())"
_BARE = "import time; import numpy; print(time.process_time())"


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _vectors(kind: str, count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = _unit(rng.standard_normal((count, _DIMENSIONS), dtype=np.float32))
    if kind == "unstructured":
        return noise
    topics = _unit(np.random.default_rng(7).standard_normal((300, _DIMENSIONS)))
    return _unit(topics[rng.integers(0, len(topics), count)] + 0.6 * noise)


def _fill(database: Database, rows: np.ndarray) -> None:
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO memories (seq, id, namespace, tier, text, occurred_at, created_at) "
            "VALUES (?, ?, 'default', 'tasks', '', 0, 0)",
            [(n, str(n)) for n in range(1, len(rows) + 1)],
        )
    for start in range(0, len(rows), 5000):
        some = rows[start : start + 5000]
        Vectors(database).put(_MODEL, range(start + 1, start + len(some) + 1), some)


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def _measure(kind: str, count: int, build_s: float, query_ms: float) -> list[Measurement]:
    name = f"chroma, {count:,} {kind}: "
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "orchestrator.db")
        rows = _vectors(kind, count, 1)
        _fill(database, rows)
        index = EmbeddedChroma(Path(folder), database, "default", _MODEL, Vectors(database))
        resident, began, used = _resident_mib(), time.perf_counter(), time.process_time()
        index.follow()
        built, cpu, held = time.perf_counter() - began, time.process_time() - used, _resident_mib() - resident
        hits, times, scans = 0, [], []
        for query in _vectors(kind, _QUERIES, 2):
            began = time.perf_counter()
            found = index.nearest(query, _K)[0]
            times.append((time.perf_counter() - began) * 1e3)
            began = time.perf_counter()
            exact = np.argpartition(-(rows @ query), _K)[:_K] + 1
            scans.append((time.perf_counter() - began) * 1e3)
            hits += len(set(exact.tolist()) & set(found.tolist()))
        index.close()
        began = time.perf_counter()
        index.follow()
        opened = time.perf_counter() - began
        on_disk = sum(path.stat().st_size for path in (Path(folder) / "chroma").rglob("*") if path.is_file()) / 2**20
        index.close()
        database.close()
    return [
        Measurement(name + f"missed of the {_K} nearest", 1 - hits / (_K * _QUERIES), 0.02, "share"),
        Measurement(name + "build", built, build_s, "s", f"{cpu:.0f} s CPU, {held:.0f} MiB, {on_disk:.0f} MiB on disk"),
        Measurement(name + "query p50", median_of(times), query_ms, "ms", f"exact scan {median_of(scans):.1f} ms"),
        Measurement(name + "open again", opened, 30, "s"),
    ]


def run(*, quick: bool) -> list[Measurement]:
    cpu = [float(subprocess.check_output([sys.executable, "-c", script])) for script in (_IMPORT, _BARE)]
    results = [Measurement("chroma: import", cpu[0] - cpu[1], 2, "s CPU", "above numpy")]
    results += _measure("in topics", 10_000, 60, 20)
    if not quick:
        results += _measure("in topics", 100_000, 900, 40)
        results += _measure("unstructured", 100_000, 1800, 120)
    return results
