"""Whether to try again and after which wait. Pure.

Each arm has the index ``value - cost / p`` (Weitzman, "Optimal search for the best alternative", 1979) with the value of a success
as 1: the arm with the highest index is tried, and when none is above 0 the run stops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from orchestrator.healing.classify import WAITS_S, ErrorClass
from orchestrator.healing.contract import Decision, Diagnosis, Situation
from orchestrator.healing.learn import NO_STREAK, Arm, Evidence, Streak, posterior

COST_OF_A_TRY = 0.05
COST_PER_SECOND = 0.004
"""Both in units of one success: a user gives up a success for 20 tries or four minutes of waiting."""


def decide(
    diagnosis: Diagnosis,
    situation: Situation,
    kind: ErrorClass,
    evidence: Mapping[Arm, Evidence],
    streak: Streak = NO_STREAK,
) -> Decision:
    """The best arm that the limits allow, or stop; the explanation names counts and odds."""
    what = f"{diagnosis.error_type} ({kind.name})"
    if not situation.idempotent:
        return Decision(
            "stop", explanation=f"Stopped: {what}, and the agent is not idempotent, so it is not run again."
        )
    if situation.attempt >= situation.max_attempts:
        return Decision(
            "stop", explanation=f"Stopped: {what} on attempt {situation.attempt} of {situation.max_attempts}."
        )
    if streak.quarantined:
        return Decision(
            "stop",
            explanation=f"Stopped: {what}; healing failed {streak.failed} times in a row, so the next "
            f"{streak.skip} occurrences, this one included, are not retried.",
        )
    try_n = len(situation.tried_s) + 1
    known = sum(e.total for e in evidence.values())
    wins = sum(e.wins for e in evidence.values())
    if wins <= 0 and try_n > kind.blind_retries:
        tried = "no blind retry" if kind.blind_retries == 0 else f"at most {kind.blind_retries} blind retries"
        return Decision(
            "stop", explanation=f"Stopped: {what}; this class gets {tried}, and none ever helped this failure."
        )
    hint = diagnosis.retry_after_s
    waits = WAITS_S if hint is None else (hint,)
    longest_s = situation.max_wait_s if wins > 0 or hint is not None else min(situation.max_wait_s, kind.blind_wait_s)
    reachable = [wait for wait in waits if wait <= longest_s and wait < situation.remaining_s]
    if not reachable:
        asked = f"the other side asked for {hint:g} s" if hint is not None else "every wait is too long"
        limit = min(situation.max_wait_s, situation.remaining_s)
        return Decision("stop", explanation=f"Stopped: {what}; {asked}, and only {max(0.0, limit):.3g} s are left.")
    # Who names a wait knows when it will be over: the class's best chance, whatever the wait's length.
    prior = kind.prior if hint is None else (max(kind.prior),) * len(WAITS_S)
    best_wait, best_index, best_p = 0.0, -math.inf, 0.0
    for wait in reachable:
        chance = posterior(prior, evidence, wait, situation.tried_s)
        cost = COST_OF_A_TRY + COST_PER_SECOND * (0.0 if hint is not None else wait)
        index = 1.0 - cost / chance if chance > 0 else -math.inf
        if index > best_index:
            best_wait, best_index, best_p = wait, index, chance
    basis = (
        f"{wins:.2g} of {known:.2g} weighted past tries of this failure worked"
        if known > 0
        else f"no history of this failure, the prior of {kind.name!r}"
    )
    if best_index <= 0:
        return Decision(
            "stop",
            explanation=f"Stopped: {what}; the best retry has odds of {best_p:.0%}, not worth its cost ({basis}).",
        )
    wait_text = f"after {best_wait:g} s" if best_wait else "at once"
    because = " as the other side asked" if hint is not None else ""
    return Decision(
        "retry",
        best_wait,
        f"Retry {try_n} {wait_text}{because}: {what}, odds {best_p:.0%} ({basis}).",
    )
