"""How long storing a memory takes, without waiting for its vector: into an empty store and into a full one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from measurement import Measurement, median_of
from memory_filling import OVERRIDES, filled
from memory_texts import realistic

from orchestrator import Orchestrator
from orchestrator.memory import MemoryManager

_LIMIT_MS = 1


def run(*, quick: bool) -> list[Measurement]:
    """Medians of ``remember`` and ``store_knowledge``, wall time and this thread's CPU time."""
    rounds, full = (1_000, 10_000) if quick else (10_000, 100_000)
    items = list(islice(realistic(full + 2 * rounds), full, None))
    with tempfile.TemporaryDirectory() as folder:
        measured = _stored("an empty store", Path(folder) / "home", items, rounds)
    return measured + _stored(f"one of {full:,}", filled("realistic", full).copy("stored"), items, rounds)


def _stored(name: str, home: Path, items: list[dict[str, Any]], rounds: int) -> list[Measurement]:
    magnus = Orchestrator(home=home, overrides=OVERRIDES)
    memory = magnus.memory
    memory.remember("The first one opens the store.")
    measured = [
        _figure(f"remember, into {name}, p50", _remember(memory, items[:rounds])),
        _figure(f"store_knowledge, into {name}, p50", _knowledge(memory, items[rounds:])),
    ]
    magnus.close()
    return measured


def _remember(memory: MemoryManager, items: list[dict[str, Any]]) -> Iterator[Callable[[], Any]]:
    for item in items:
        yield lambda item=item: memory.remember(**item)


def _knowledge(memory: MemoryManager, items: list[dict[str, Any]]) -> Iterator[Callable[[], Any]]:
    for number, item in enumerate(items):
        yield lambda number=number, item=item: memory.store_knowledge(
            f"subject {number}", item["text"], category="work"
        )


def _figure(name: str, calls: Iterator[Callable[[], Any]]) -> Measurement:
    wall, cpu = [], []
    for call in calls:
        began, used = time.perf_counter(), time.thread_time()
        call()
        wall.append(time.perf_counter() - began)
        cpu.append(time.thread_time() - used)
    last = sorted(wall)[int(0.99 * len(wall))]
    return Measurement(
        name, median_of(wall) * 1e3, _LIMIT_MS, "ms", f"p99 {last * 1e3:.2f} ms, CPU p50 {median_of(cpu) * 1e3:.3f} ms"
    )
