"""How long a search takes, the embedding of the query included: every query is a new one.

Wall time is what the limits are for; it needs two quiet cores. The CPU time stands beside it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from measurement import Measurement, median_of
from memory_filling import OVERRIDES, Filled, filled
from memory_texts import questions

from orchestrator import Orchestrator
from orchestrator.memory import MemoryManager

_LIMITS_MS = {10_000: (10, 30), 100_000: (20, 60)}
"""Of the median and of the 99th percentile."""
_FILTERS: dict[str, dict[str, Any]] = {
    "namespace": {"namespace": "default"},
    "tier": {"tiers": ("tasks",)},
    "category": {"category": "garden"},
    "author": {"author": "Noor"},
    "since": {"since": 1_700_300_000.0},
    "all of them": {"tiers": ("knowledge",), "category": "garden", "author": "Noor", "since": 1_700_000_000.0},
}
_STORED_PER_S = 20
_THREADS = 4
_CONVOY = 1.5
"""Four threads may take so much longer for the same searches than one."""


def run(*, quick: bool) -> list[Measurement]:
    """Medians and 99th percentiles at 10,000 memories, and at 100,000 unless ``quick``."""
    rounds = 100 if quick else 500
    measured: list[Measurement] = []
    for size in (10_000,) if quick else tuple(_LIMITS_MS):
        store = filled("realistic", size)
        asked = iter(questions(store.texts, rounds * (len(_FILTERS) + 5)))
        with _opened(store) as memory:
            measured += _figures(f"{size:,}", size, _searches(memory, asked, rounds))
            each = {name: _searches(memory, asked, rounds, **some) for name, some in _FILTERS.items()}
        slowest = max(each, key=lambda name: median_of([wall for wall, _ in each[name]]))
        measured += _figures(f"{size:,}, filtered by {slowest}", size, each[slowest])
        with _opened(store, "written") as memory:
            measured += _figures(f"{size:,}, {_STORED_PER_S} stores/s", size, _while_storing(memory, asked, rounds))
            measured.append(_threads(memory, asked, size, rounds))
        same = filled("alike", size)
        with _opened(same) as memory:
            asked = iter(questions(same.texts, rounds + 10))
            measured += _figures(f"{size:,} that share their words", size, _searches(memory, asked, rounds))
    return measured


class _opened:  # noqa: N801 - reads as a function
    """The memory of a store, with its index read; of a copy where ``name`` is given."""

    def __init__(self, store: Filled, name: str = "") -> None:
        self._magnus = Orchestrator(home=store.copy(name) if name else store.home, overrides=OVERRIDES)

    def __enter__(self) -> MemoryManager:
        memory = self._magnus.memory
        assert not memory.search("what about the garden").keyword_only
        return memory

    def __exit__(self, *_: object) -> None:
        self._magnus.close()


Times = list[tuple[float, float]]
"""Wall and CPU seconds of each search."""


def _searches(memory: MemoryManager, asked: Any, rounds: int, **filters: Any) -> Times:
    times: Times = []
    for _ in range(rounds):
        query = next(asked)
        began, cpu = time.perf_counter(), time.process_time()
        memory.search(query, 10, **filters)
        times.append((time.perf_counter() - began, time.process_time() - cpu))
    return times


def _while_storing(memory: MemoryManager, asked: Any, rounds: int) -> Times:
    ended = threading.Event()

    def store() -> None:
        number = 0
        while not ended.wait(1 / _STORED_PER_S):
            number += 1
            memory.remember(f"The {number}th delivery of the day went to gate {number % 17} a little late.")

    return _beside(store, ended, lambda: _searches(memory, asked, rounds))


def _beside(work: Callable[[], None], ended: threading.Event, measured: Callable[[], Times]) -> Times:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        return measured()
    finally:
        ended.set()
        thread.join()


def _threads(memory: MemoryManager, asked: Any, size: int, rounds: int) -> Measurement:
    """The same number of searches by one thread and by four."""
    each = rounds // _THREADS
    mine = [[next(asked) for _ in range(each)] for _ in range(2 * _THREADS)]

    def searches(queries: list[str]) -> None:
        for query in queries:
            memory.search(query, 10)

    began = time.perf_counter()
    for queries in mine[:_THREADS]:
        searches(queries)
    alone = time.perf_counter() - began
    threads = [threading.Thread(target=searches, args=(queries,)) for queries in mine[_THREADS:]]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = time.perf_counter() - began
    return Measurement(
        f"search in {size:,} by {_THREADS} threads / by one", together / alone, _CONVOY, "x",
        f"{each * _THREADS} searches in {together:.2f} s / {alone:.2f} s",
    )  # fmt: skip


def _figures(name: str, size: int, times: Times) -> list[Measurement]:
    wall = sorted(wall for wall, _ in times)
    median, last = _LIMITS_MS[size]
    cpu = median_of([cpu for _, cpu in times]) * 1e3
    return [
        Measurement(f"search in {name}, p50", median_of(wall) * 1e3, median, "ms", f"CPU {cpu:.1f} ms"),
        Measurement(f"search in {name}, p99", wall[int(0.99 * len(wall))] * 1e3, last, "ms"),
    ]
