"""The prior, what is learned on top of it, and the decisions that follow."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import MissingDependency, RetryLater
from orchestrator.healing.classify import BY_NAME, CLASSES, UNKNOWN, WAITS_S, classify, retry_after_s
from orchestrator.healing.contract import Decision, Diagnosis, Situation
from orchestrator.healing.decide import decide
from orchestrator.healing.learn import (
    FADE,
    LATER_TRY_LONGER_WAIT,
    NEIGHBOUR_WEIGHT,
    PRIOR_STRENGTH,
    Arm,
    Evidence,
    Streak,
    lessons_of,
    next_streak,
    posterior,
)
from orchestrator_core.errors import ModelNotFound, StoreFull
from orchestrator_core.records import Redacted


class HttpError(Exception):
    def __init__(self, status_code: int, retry_after: str | None = None) -> None:
        super().__init__(f"the server said {status_code}")
        self.status_code = status_code
        self.response = type("Response", (), {"headers": {"retry-after": retry_after} if retry_after else {}})()


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (HttpError(429), "rate-limited"),
        (HttpError(503), "server-busy"),
        (HttpError(401), "authentication"),
        (HttpError(404), "not-found"),
        (TimeoutError("slow"), "timeout"),
        (ConnectionRefusedError("x"), "connection-refused"),
        (OSError("[Errno 111] Connect call failed"), "connection-refused"),
        (ConnectionResetError("x"), "connection-lost"),
        (RuntimeError("database is locked"), "locked"),
        (OSError("[Errno 28] No space left on device"), "disk-full"),
        (StoreFull("x"), "disk-full"),
        (MemoryError(), "out-of-memory"),
        (RuntimeError("CUDA out of memory"), "out-of-memory"),
        (RuntimeError("this model's maximum context is 4096"), "context-overflow"),
        (ImportError("x"), "missing-package"),
        (MissingDependency("chromadb", "the Chroma index"), "missing-package"),
        (ModelNotFound("model 'llama3' not found"), "model-not-found"),
        (json.JSONDecodeError("Expecting value", "", 0), "bad-output"),
        (FileNotFoundError("x"), "not-found"),
        (PermissionError("x"), "authentication"),
        (KeyError("x"), "code-bug"),
        (ZeroDivisionError("x"), "code-bug"),
        (RecursionError("x"), "recursion"),
        (ValueError("bad colour"), "invalid-value"),
        (SystemExit(3), "exit"),
        (RetryLater(), "rate-limited"),
        (RuntimeError("a thing happened"), "unknown"),
    ],
)
def test_errors_are_classified(error: BaseException, name: str) -> None:
    assert classify(error, str(error), Redacted).error_class.name == name


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("No module named 'yaml.cyaml'", name="yaml.cyaml"), "pip install yaml"),
        (ModelNotFound("model 'llama3' not found"), "ollama pull llama3"),
        (ConnectionRefusedError("x"), "ollama serve"),
        (OSError("No space left on device"), "orchestrate maintain"),
    ],
)
def test_the_advice_names_the_command(error: BaseException, words: str) -> None:
    assert words in classify(error, str(error), Redacted).advice


def test_the_table_is_whole() -> None:
    assert len(BY_NAME) == len(CLASSES) + 1
    for kind in BY_NAME.values():
        assert len(kind.prior) == len(WAITS_S)
        assert all(0 < chance < 1 for chance in kind.prior)
        assert kind.advice


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RetryLater(retry_after_s=7), 7.0),
        (HttpError(429, "12"), 12.0),
        (HttpError(429, "Wed, 21 Oct"), None),
        (ValueError(), None),
    ],
)
def test_the_other_sides_hint_is_found(error: BaseException, expected: float | None) -> None:
    assert retry_after_s(error) == expected


def situation(
    attempt: int = 1,
    *,
    remaining_s: float = math.inf,
    idempotent: bool = True,
    max_wait_s: float = 70,
    tried_s: tuple[float, ...] = (),
) -> Situation:
    return Situation(attempt, 6, remaining_s, idempotent, max_wait_s, tried_s)


def diagnosis(kind: str, hint: float | None = None) -> Diagnosis:
    return Diagnosis("SomeError", Redacted("m"), kind, "f" * 16, Redacted("m"), retry_after_s=hint)


def decided(
    kind: str, evidence: dict[Arm, Evidence] | None = None, *, hint: float | None = None, **where: object
) -> Decision:
    return decide(diagnosis(kind, hint), situation(**where), BY_NAME[kind], evidence or {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "action"),
    [("connection-lost", "retry"), ("server-busy", "retry"), ("unknown", "retry"), ("timeout", "retry"),
     ("missing-package", "stop"), ("authentication", "stop"), ("exit", "stop"), ("usage", "stop"), ("context-overflow", "stop")],
)  # fmt: skip
def test_the_prior_decides_where_nothing_is_known(kind: str, action: str) -> None:
    decision = decided(kind)
    assert decision.action == action
    assert "no history" in decision.explanation or "no blind retry" in decision.explanation


def test_history_turns_a_hopeless_class_into_a_retry() -> None:
    worked = {Arm(2.0, 1): Evidence(wins=6.0)}
    assert decided("authentication").action == "stop"
    decision = decided("authentication", worked)
    assert decision.action == "retry" and decision.wait_s == 2.0
    assert "6 of 6 weighted past tries" in decision.explanation


def test_history_turns_a_hopeful_class_into_a_stop() -> None:
    failed = {Arm(wait, 1): Evidence(losses=60.0) for wait in WAITS_S}
    assert decided("connection-lost", failed).action == "stop"


def test_nobody_waits_long_on_a_guess() -> None:
    nothing_helped = {Arm(wait, n): Evidence(losses=5.0) for wait in (0.0, 2.0) for n in (1, 2)}
    waits: list[float] = []
    while (decision := decided("unknown", attempt=len(waits) + 1, tried_s=tuple(waits))).action == "retry":
        waits.append(decision.wait_s)
    assert len(waits) == 2 and sum(waits) <= 4
    assert decided("unknown", nothing_helped).wait_s <= 2
    assert decided("unknown", {**nothing_helped, Arm(25.0, 1): Evidence(wins=9.0)}).wait_s == 25.0


def test_history_decides_how_long_to_wait() -> None:
    evidence = {Arm(wait, 1): Evidence(losses=8.0) for wait in (0.0, 2.0, 8.0)} | {Arm(25.0, 1): Evidence(wins=8.0)}
    assert decided("server-busy", evidence).wait_s == 25.0


def test_the_other_sides_hint_replaces_the_ladder() -> None:
    assert decided("rate-limited", hint=11.0).wait_s == 11.0
    assert "odds 85%" in decided("rate-limited", hint=0.2).explanation
    stopped = decided("rate-limited", hint=500.0)
    assert stopped.action == "stop" and "asked for 500 s" in stopped.explanation


def test_waits_fit_the_deadline() -> None:
    evidence = {Arm(25.0, 1): Evidence(wins=8.0), Arm(0.0, 1): Evidence(losses=8.0), Arm(2.0, 1): Evidence(losses=8.0)}
    assert decided("server-busy", evidence, remaining_s=10.0).wait_s < 10
    assert decided("server-busy", remaining_s=-1.0).action == "stop"


def test_attempts_are_bounded() -> None:
    assert "attempt 6 of 6" in decided("connection-lost", {Arm(0.0, 6): Evidence(wins=50)}, attempt=6).explanation
    assert decided("code-bug", attempt=2, tried_s=(0.0,)).action == "stop"
    assert "not idempotent" in decided("connection-lost", idempotent=False).explanation


def test_the_posterior_is_the_stated_formula() -> None:
    prior = UNKNOWN.prior
    evidence = {Arm(0.0, 1): Evidence(wins=2.0, losses=1.0)}
    first = (PRIOR_STRENGTH * prior[0] + 2) / (PRIOR_STRENGTH + 3)
    assert posterior(prior, evidence, 0.0) == pytest.approx(first)
    assert posterior(prior, evidence, 0.0, [0.0]) == pytest.approx(first / 2)
    assert posterior(prior, {}, 2.0, [0.0]) == pytest.approx(prior[1] * LATER_TRY_LONGER_WAIT)
    assert posterior(prior, {}, 5.0) == pytest.approx(prior[1])


def test_success_credits_longer_waits_and_failure_debits_shorter_ones() -> None:
    won = lessons_of(Arm(2.0, 1), worked=True)
    assert won[Arm(2.0, 1)] == Evidence(wins=1.0)
    assert {arm.wait_s for arm in won} == {2.0, 8.0, 25.0, 70.0}
    assert won[Arm(70.0, 1)].wins == NEIGHBOUR_WEIGHT
    lost = lessons_of(Arm(8.0, 2), worked=False)
    assert {arm.wait_s for arm in lost} == {0.0, 2.0, 8.0}
    assert lost[Arm(0.0, 2)].losses == NEIGHBOUR_WEIGHT


weights = st.floats(0, 1e6)


@given(
    st.sampled_from(sorted(BY_NAME)),
    st.sampled_from(WAITS_S),
    st.lists(st.sampled_from(WAITS_S), max_size=5),
    weights,
    weights,
)
def test_a_posterior_is_a_chance_and_success_raises_it(
    kind: str, wait: float, tried: list[float], wins: float, losses: float
) -> None:
    prior = BY_NAME[kind].prior
    arm = Arm(wait, len(tried) + 1)
    chance = posterior(prior, {arm: Evidence(wins, losses)}, wait, tried)
    better = posterior(prior, {arm: Evidence(wins + 1, losses)}, wait, tried)
    assert 0 < chance <= better < 1


def test_waits_grow_within_an_episode() -> None:
    waits: list[float] = []
    while (decision := decided("server-busy", attempt=len(waits) + 1, tried_s=tuple(waits))).action == "retry":
        waits.append(decision.wait_s)
    assert waits == sorted(waits) and waits[0] <= 2 and waits[-1] >= 8


def test_after_three_failed_episodes_only_some_occurrences_are_tried() -> None:
    streak, tried = Streak(), []
    for occurrence in range(100):
        if not streak.quarantined:
            tried.append(occurrence)
        streak = next_streak(streak, tried=not streak.quarantined, healed=False)
    assert [b - a for a, b in pairwise(tried)] == [1, 1, 2, 4, 8, 16, 32, 32]
    assert next_streak(streak, tried=True, healed=True) == Streak()
    stopped = decide(diagnosis("server-busy"), situation(), BY_NAME["server-busy"], {}, Streak(failed=4, skip=3))
    assert stopped.action == "stop" and "4 times in a row" in stopped.explanation


def test_fading_forgets() -> None:
    assert FADE**30 < 0.1
