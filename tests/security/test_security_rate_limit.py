"""The rate limit."""

from __future__ import annotations

import threading

import pytest

from orchestrator_security.limits import rate_limit
from orchestrator_security.limits.rate_limit import RateLimit


class _Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


def test_a_burst_then_one_by_one() -> None:
    clock = _Clock()
    limit = RateLimit(6, clock)
    assert [limit.take("a", "") for _ in range(6)] == [0.0] * 6
    assert limit.take("a", "") == pytest.approx(10)
    clock.time += 4
    assert limit.take("a", "") == pytest.approx(6)
    clock.time += 6
    assert limit.take("a", "") == 0.0
    assert limit.take("a", "") == pytest.approx(10)


def test_the_wait_that_was_told_is_enough() -> None:
    clock = _Clock()
    limit = RateLimit(7, clock)
    for _ in range(50):
        wait_s = limit.take("a", "")
        if wait_s:
            clock.time += wait_s
            assert limit.take("a", "") == 0.0


def test_agents_and_callers_have_their_own() -> None:
    limit = RateLimit(1, _Clock())
    assert [limit.take(agent, caller) == 0.0 for agent, caller in [("a", ""), ("a", "x"), ("b", ""), ("a", "")]] == [
        True,
        True,
        True,
        False,
    ]


def test_zero_is_no_limit() -> None:
    limit = RateLimit(0, _Clock())
    assert all(limit.take("a", "") == 0.0 for _ in range(1_000))


def test_a_clock_that_goes_back_gives_and_takes_nothing() -> None:
    clock = _Clock()
    limit = RateLimit(2, clock)
    limit.take("a", "")
    clock.time -= 500
    assert limit.take("a", "") == 0.0
    assert limit.take("a", "") > 0


def test_exact_under_threads() -> None:
    limit = RateLimit(1_000, _Clock())
    start = threading.Barrier(64)
    passed: list[int] = []

    def worker() -> None:
        start.wait()
        passed.append(sum(limit.take("a", "") == 0.0 for _ in range(50)))

    threads = [threading.Thread(target=worker) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 1_000


def test_callers_that_come_and_go_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "_BUCKETS_MAX", 10)
    clock = _Clock()
    limit = RateLimit(60, clock)
    for i in range(200):
        limit.take("a", str(i))
        clock.time += 1
    assert len(limit._buckets) <= 11
