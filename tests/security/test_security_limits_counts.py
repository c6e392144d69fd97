"""The limits by themselves: exact under threads and processes, right about the wait, and free again after every end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.testing import FakeClock
from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_core.storage.database import Database
from orchestrator_security.limits.admission import Admission, seconds_text, usd_text
from orchestrator_security.limits.limits import CallLimits

Make = Callable[..., CallLimits]
DAY_S = 86_400


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "orchestrator.db")
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["own", "shared"])
def make(request: pytest.FixtureRequest, database: Database, clock: FakeClock) -> Make:
    """Limits that a process keeps for itself, and limits that it shares: both must say the same."""

    def limits(**chosen_limits: float) -> CallLimits:
        chosen = SecuritySettings(shared_limits=request.param == "shared", **chosen_limits)  # type: ignore[arg-type]
        return CallLimits(chosen, clock, database=database, home=database.path.parent)

    return limits


def at_once(work: Callable[[int], Admission], threads: int = 64, each: int = 4) -> list[Admission]:
    start = threading.Barrier(threads)
    said: list[Admission] = []

    def worker(number: int) -> None:
        start.wait()
        said.extend([work(number * each + n) for n in range(each)])

    running = [threading.Thread(target=worker, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return said


def test_the_rate_is_exact_under_64_threads(make: Make) -> None:
    limits = make(rate_limit_per_minute=100)
    said = at_once(lambda n: limits.admit(f"call-{n}", "a", "me"))
    assert [answer.allowed for answer in said].count(True) == 100
    assert {answer.limit for answer in said if not answer.allowed} == {"rate-limit"}


def test_slots_are_exact_under_64_threads(make: Make) -> None:
    limits = make(max_concurrent=10)
    assert [answer.allowed for answer in at_once(lambda n: limits.admit(f"call-{n}", "a", ""))].count(True) == 10


def test_no_more_than_the_slots_ever_run(make: Make) -> None:
    limits = make(max_concurrent=3)
    running, most, lock = 0, 0, threading.Lock()

    def work(number: int) -> Admission:
        nonlocal running, most
        answer = limits.admit(f"call-{number}", "a", "")
        if answer.allowed:
            with lock:
                running += 1
                most = max(most, running)
            with lock:
                running -= 1
            limits.release(f"call-{number}", "a", recorded=False)
        return answer

    assert any(answer.allowed for answer in at_once(work))
    assert 1 <= most <= 3
    assert limits.look("a").allowed


def test_the_wait_is_right_to_the_millisecond(make: Make, clock: FakeClock) -> None:
    limits = make(rate_limit_per_minute=7)
    for number in range(7):
        assert limits.admit(f"call-{number}", "a", "").allowed
    refused = limits.admit("call-8", "a", "")
    assert refused.retry_after_s == pytest.approx(60 / 7, abs=1e-6)
    assert f"7 calls per minute; try again in {seconds_text(60 / 7)} s" in refused.reason
    clock.advance(refused.retry_after_s - 0.001)
    assert not limits.admit("call-9", "a", "").allowed
    clock.advance(0.001)
    assert limits.admit("call-10", "a", "").allowed


def test_agents_and_callers_have_their_own_buckets(make: Make) -> None:
    limits = make(rate_limit_per_minute=1)
    places = [("a", ""), ("a", "x"), ("b", ""), ("a", "")]
    said = [limits.admit(str(n), *place).allowed for n, place in enumerate(places)]
    assert said == [True, True, True, False]


def test_a_refused_call_takes_nothing(make: Make, clock: FakeClock) -> None:
    limits = make(rate_limit_per_minute=2, max_concurrent=1)
    assert limits.admit("one", "a", "").allowed
    assert limits.admit("two", "a", "").limit == "concurrency-limit"
    limits.release("one", "a", recorded=False)
    assert limits.admit("three", "a", "").allowed, "the refused call left the bucket alone"
    limits.release("three", "a", recorded=False)
    assert limits.admit("four", "a", "").limit == "rate-limit"
    clock.advance(30)
    assert limits.admit("five", "a", "").allowed, "the refused call left no slot taken"


def test_looking_takes_nothing(make: Make) -> None:
    limits = make(rate_limit_per_minute=1, max_concurrent=1)
    assert all(limits.look("a", "me").allowed for _ in range(20))
    assert limits.admit("one", "a", "me").allowed
    assert limits.look("a", "me").limit == "concurrency-limit"
    limits.release("one", "a", recorded=False)
    looked = limits.look("a", "me")
    assert (looked.allowed, looked.limit, looked.retry_after_s) == (False, "rate-limit", pytest.approx(60))


def test_a_clock_that_is_set_back_gives_and_takes_nothing(make: Make, clock: FakeClock) -> None:
    limits = make(rate_limit_per_minute=2)
    assert limits.admit("one", "a", "").allowed
    clock.advance(-5_000)
    assert limits.admit("two", "a", "").allowed
    assert not limits.admit("three", "a", "").allowed
    clock.advance(30)
    assert limits.admit("four", "a", "").allowed


def test_a_clock_that_is_set_back_does_not_stop_the_refill(make: Make, clock: FakeClock) -> None:
    limits = make(rate_limit_per_minute=2)
    assert [limits.admit(str(n), "a", "").allowed for n in range(3)] == [True, True, False]
    clock.advance(-5_000)
    assert not limits.admit("3", "a", "").allowed
    clock.advance(30)
    assert limits.admit("4", "a", "").allowed


@pytest.mark.parametrize(("usd", "limited"), [(0.0, False), (float("inf"), False), (1e-9, True)])
def test_a_budget_too_small_to_count_is_still_one(make: Make, usd: float, limited: bool) -> None:
    limits = make(daily_cost=usd)
    assert limits.admit("one", "a", "").allowed
    limits.report("one", 0, 1)
    assert limits.admit("two", "a", "").allowed is not limited


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 90),
    st.lists(st.tuples(st.floats(0, 90), st.integers(1, 120)), min_size=1, max_size=12),
)
def test_no_stretch_of_time_ever_lets_more_through_than_a_burst_and_its_refill(
    per_minute: int, bursts: list[tuple[float, int]]
) -> None:
    clock = FakeClock()
    limits = CallLimits(SecuritySettings(rate_limit_per_minute=per_minute), clock)
    passed: list[float] = []
    for pause_s, tries in bursts:
        clock.advance(pause_s)
        for n in range(tries):
            answer = limits.admit(str(n), "a", "")
            if answer.allowed:
                passed.append(clock.monotonic())
            else:
                assert 0 < answer.retry_after_s <= 60 / per_minute + 1e-6
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            elapsed_s = passed[last] - passed[first]
            assert last - first + 1 <= per_minute * (1 + elapsed_s / 60) + 1e-3


def test_a_nested_call_of_the_same_agent_needs_no_slot(make: Make) -> None:
    limits = make(max_concurrent=1)
    assert limits.admit("outer", "a", "").allowed
    assert limits.admit("inner", "a", "", nested=True).allowed
    limits.release("inner", "a", recorded=False)
    assert not limits.admit("other", "a", "").allowed, "the outer call still holds its slot"
    limits.release("outer", "a", recorded=False)
    assert limits.admit("next", "a", "").allowed


def test_the_day_is_used_up_by_what_was_recorded_reported_and_never_recorded(
    make: Make, database: Database, clock: FakeClock
) -> None:
    limits = make(daily_tokens=100, daily_cost=0.5)
    day = int(clock.now() // DAY_S) * DAY_S
    columns = (
        "period, bucket, agent, feature, n, succeeded, failed, blocked, cancelled, healed, attempts, duration_ms_sum"
    )
    insert = (
        f"INSERT INTO rollups ({columns}, tokens_in, tokens_out, cost_microusd, score_sum, score_n) "
        "VALUES ('day', ?, 'a', ?, 1, 1, 0, 0, 0, 0, 1, 1.0, ?, ?, ?, 0, 0)"
    )
    database.execute(
        [
            (insert, row)
            for row in ((day, "x", 20, 10, 100_000), (day, "y", 9, 1, 0), (day - DAY_S, "x", 1_000, 0, 9_000_000))
        ]
    )
    assert limits.admit("one", "a", "").allowed
    limits.report("one", 30, 100_000)
    assert limits.admit("two", "a", "").allowed, "70 of 100 are used"
    limits.release("one", "a", recorded=False)
    limits.report("two", 30, 0)
    refused = limits.admit("three", "a", "")
    assert (refused.limit, refused.retry_after_s) == ("daily-tokens", pytest.approx(day + DAY_S - clock.now()))
    assert "100 tokens a day" in refused.reason
    limits.release("two", "a", recorded=True)
    assert limits.admit("four", "a", "").allowed, "what was recorded stands in the day's sums, or is not there"
    limits.report("four", 0, 300_000)
    assert limits.admit("five", "a", "").limit == "daily-cost"
    assert limits.admit("six", "b", "").allowed
    clock.advance(DAY_S)
    assert limits.admit("seven", "a", "").allowed


def test_money_and_seconds_in_words() -> None:
    assert [usd_text(n) for n in (0, 1, 250_000, 1_000_000, 12_345_678)] == ["0", "0.000001", "0.25", "1", "12.345678"]
    assert [seconds_text(s) for s in (1.0, 0.0001, 8.5714285, 59.9999)] == ["1", "0.001", "8.572", "60"]


CHILD = """
import sys
from pathlib import Path
from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_core.storage.database import Database
from orchestrator_security.limits.limits import CallLimits
path, name, tries, settings = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), eval(sys.argv[4])
limits = CallLimits(SecuritySettings(shared_limits=True, **settings), SystemClock(), database=Database(path), home=path.parent)
print(sum(limits.admit(f"{name}-{n}", "a", "").allowed for n in range(tries)), flush=True)
sys.stdin.read()
"""


def child(database: Database, name: str, tries: int, **limits: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(database.path), name, str(tries), repr(limits)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)


def test_processes_share_the_slots_and_a_killed_one_gives_its_own_back(database: Database) -> None:
    first, second = child(database, "x", 5, max_concurrent=8), child(database, "y", 5, max_concurrent=8)
    counts = [said(first), said(second)]
    assert sum(counts) == 8
    limits = CallLimits(
        SecuritySettings(shared_limits=True, max_concurrent=8),
        SystemClock(),
        database=database,
        home=database.path.parent,
    )
    assert not limits.look("a").allowed and not limits.admit("mine", "a", "").allowed
    first.send_signal(signal.SIGKILL)
    first.wait(timeout=60)
    admitted = sum(limits.admit(f"mine-{n}", "a", "").allowed for n in range(8))
    assert admitted == counts[0], "at once, and no more than it held"
    end(first)
    end(second)


def test_processes_share_one_bucket(database: Database) -> None:
    children = [child(database, str(n), 40, rate_limit_per_minute=60) for n in range(3)]
    total = sum(map(said, children))
    for process in children:
        end(process)
    assert 60 <= total <= 63, "a token a second comes back meanwhile"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_holds_nothing_of_its_parents(make: Make, request: pytest.FixtureRequest) -> None:
    limits = make(max_concurrent=1)
    assert limits.admit("parents", "a", "").allowed
    shared = "shared" in request.node.name
    pid = os.fork()
    if pid == 0:
        limits.release("parents", "a", recorded=False)
        os._exit(int(limits.admit("childs", "a", "").allowed))
    allowed = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    # In a store the slot is the parent's until the parent gives it back; a private count begins anew in the child.
    assert allowed == (0 if shared else 1)
    assert not limits.admit("another", "a", "").allowed
    limits.release("parents", "a", recorded=False)
    assert limits.admit("later", "a", "").allowed
