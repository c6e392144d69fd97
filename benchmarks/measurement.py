"""One figure against its limit, and how it is printed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from msgspec import Struct

_TIMES = frozenset(("us", "ms", "s"))


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

    def kept_at(self, pace: float) -> bool:
        """Whether a time keeps its limit on a machine that takes ``pace`` times as long as the one that the limit was set on."""
        return self.value <= self.limit * max(1.0, pace) if self.unit in _TIMES else self.kept


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


def print_table(measurements: Sequence[Measurement], pace: float) -> None:
    width = max(len(m.name) for m in measurements)
    for m in measurements:
        mark = "ok  " if m.kept else "slow" if m.kept_at(pace) else "OVER"
        print(f"{mark} {m.name:<{width}}  {m.value:>10.3f} {m.unit:<6} limit {m.limit:g}  {m.note}", flush=True)
    if not all(m.kept for m in measurements):
        print(
            f"     this machine now takes {pace:.2f} times as long as the one that the limits were set on", flush=True
        )
