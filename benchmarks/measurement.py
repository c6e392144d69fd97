"""One figure against its limit, and how it is printed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from msgspec import Struct


class Measurement(Struct, frozen=True):
    """A figure and the limit it must keep. ``limit`` is an upper one."""

    name: str
    value: float
    limit: float
    unit: str
    note: str = ""

    @property
    def kept(self) -> bool:
        return self.value <= self.limit


def median_of(samples: Sequence[float]) -> float:
    return statistics.median(samples)


def interleaved(
    a: Callable[[], None], b: Callable[[], None], *, clock: Callable[[], float], rounds: int
) -> tuple[list[float], list[float]]:
    """Times of two pieces of work in turn, A B A B, so that a machine whose speed drifts is fair to both. In seconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, kept in ((a, times[0]), (b, times[1])):
            began = clock()
            work()
            kept.append(clock() - began)
    return times


def print_table(measurements: Sequence[Measurement]) -> None:
    width = max(len(m.name) for m in measurements)
    for m in measurements:
        mark = "ok  " if m.kept else "OVER"
        print(f"{mark} {m.name:<{width}}  {m.value:>10.3f} {m.unit:<6} limit {m.limit:g}  {m.note}", flush=True)
