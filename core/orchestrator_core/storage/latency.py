"""A log-spaced latency histogram that is kept up at write time and merges by addition.

Bin ``b`` holds durations in ``(GAMMA ** (b - 1), GAMMA ** b]`` milliseconds; its geometric middle is off by at most
``sqrt(GAMMA) - 1``, about 2 %. The idea is DDSketch's (Masson, Rim, Lee: VLDB 2019).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

GAMMA = 1.04
_LOG_GAMMA = math.log(GAMMA)
_SHORTEST_MS = 1e-3


def bin_of(duration_ms: float) -> int:
    """The bin of a duration in milliseconds; below a microsecond all are one bin."""
    return math.ceil(math.log(max(duration_ms, _SHORTEST_MS)) / _LOG_GAMMA)


def middle_ms(bin_number: int) -> float:
    """The duration that stands for a bin, in milliseconds."""
    return math.pow(GAMMA, bin_number - 0.5)


def percentile_ms(bins: Mapping[int, int], q: float) -> float | None:
    """The ``q``-th percentile (0 to 100) of a histogram, in milliseconds; None when it is empty."""
    total = sum(bins.values())
    if total == 0:
        return None
    rank = max(1, math.ceil(total * q / 100))
    seen = 0
    for number in sorted(bins):
        seen += bins[number]
        if seen >= rank:
            return middle_ms(number)
    return middle_ms(max(bins))
