"""The healing room's face: diagnose, decide with the evidence of the store, and keep what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from orchestrator.healing import decide as deciding
from orchestrator.healing.classify import BY_NAME, UNKNOWN, WAITS_S, classify, retry_after_s
from orchestrator.healing.contract import Decision, Diagnosis, Situation
from orchestrator.healing.fingerprint import MAX_MESSAGE, fingerprint, mask, safe_message, type_name
from orchestrator.healing.learn import FADE, Arm, Evidence, Streak, lessons_of, next_streak
from orchestrator_core.errors import StoreError
from orchestrator_core.plain_text import storable
from orchestrator_core.records import Attempt, Lesson, Redact, Redacted, Write
from orchestrator_core.storage.database import Database

_RETRY = "retry"
_EVIDENCE = "SELECT wait_s, try_n, wins, losses FROM remedies WHERE fingerprint = ? AND action = ?"
_SEEN = (
    "INSERT INTO fingerprints (fingerprint, error_type, error_class, message, agent, first_seen, last_seen, n,"
    " failed_episodes, skip_episodes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET last_seen = excluded.last_seen, n = n + excluded.n, error_class = excluded.error_class,"
    " failed_episodes = excluded.failed_episodes, skip_episodes = excluded.skip_episodes"
)
_STREAK = "SELECT failed_episodes, skip_episodes FROM fingerprints WHERE fingerprint = ?"
_FADE = f"UPDATE remedies SET wins = wins * {FADE}, losses = losses * {FADE} WHERE fingerprint = ?"
_CREDIT = (
    "INSERT INTO remedies (fingerprint, action, wait_s, try_n, wins, losses, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET wins = wins + excluded.wins, losses = losses + excluded.losses, updated_at = excluded.updated_at"
)


class HistoryHealer:
    """Decides from the class prior and from how remedies did before on this machine."""

    def __init__(self, database: Database, redact: Redact) -> None:
        self._database = database
        self._redact = redact

    def diagnose(self, error: BaseException) -> Diagnosis:
        raw = safe_message(error)
        # Redacted before it is cut: a secret cut in two is no longer recognised.
        message = Redacted(self._redact(raw[: 2 * MAX_MESSAGE])[:MAX_MESSAGE])
        classified = classify(error, message, self._redact)
        return Diagnosis(
            error_type=type_name(error),
            message=message,
            error_class=classified.error_class.name,
            fingerprint=fingerprint(error, self._redact),
            masked_message=Redacted(mask(message)),
            advice=storable(classified.advice),
            retry_after_s=retry_after_s(error),
        )

    def decide(self, diagnosis: Diagnosis, situation: Situation) -> Decision:
        kind = BY_NAME.get(diagnosis.error_class, UNKNOWN)
        # Within a call the streak was looked at before the first retry; an episode once begun is carried through.
        streak = Streak() if situation.tried_s else self._streak(diagnosis.fingerprint)
        return deciding.decide(diagnosis, situation, kind, self._evidence(diagnosis.fingerprint), streak)

    def _streak(self, fingerprint_: str) -> Streak:
        try:
            rows = self._database.query(_STREAK, (fingerprint_,))
        except StoreError:
            return Streak()
        return Streak(*rows[0]) if rows else Streak()

    def _evidence(self, fingerprint_: str) -> dict[Arm, Evidence]:
        try:
            rows = self._database.query(_EVIDENCE, (fingerprint_, _RETRY))
        except StoreError:
            return {}  # without its history the healer still has its priors
        return {Arm(wait, n): Evidence(wins, losses) for wait, n, wins, losses in rows}

    def learn(self, attempts: Sequence[Attempt], *, agent: str, now: float) -> list[Write]:
        writes: list[Write] = []
        episodes: dict[str, list[Attempt]] = {}
        for attempt in attempts:
            if attempt.fingerprint:
                episodes.setdefault(attempt.fingerprint, []).append(attempt)
        succeeded = bool(attempts) and attempts[-1].outcome == "succeeded"
        for print_, seen in episodes.items():
            last = seen[-1]
            tried = any(attempt.action == _RETRY for attempt in seen)
            streak = next_streak(self._streak(print_), tried=tried, healed=succeeded)
            row = (
                print_, last.error_type, last.error_class, mask(last.error_message), agent, now, now, len(seen),
                streak.failed, streak.skip,
            )  # fmt: skip
            writes.append(Write(_SEEN, row))
            writes.append(Write(_FADE, (print_,)))
        tries: dict[str, int] = {}
        for before, after in pairwise(attempts):
            if before.action != _RETRY:
                continue
            tries[before.fingerprint] = tries.get(before.fingerprint, 0) + 1
            worked = _worked(before, after)
            if worked is None:
                continue
            for arm, evidence in lessons_of(Arm(before.wait_s, tries[before.fingerprint]), worked=worked).items():
                writes.append(
                    Write(
                        _CREDIT,
                        (before.fingerprint, _RETRY, arm.wait_s, arm.try_n, evidence.wins, evidence.losses, now),
                    )
                )
        return writes

    def lessons(self, attempts: Sequence[Attempt]) -> tuple[Lesson, ...]:
        found = []
        for before, after in pairwise(attempts):
            worked = _worked(before, after) if before.action == _RETRY else None
            if worked is not None:
                failure = Redacted(f"{before.error_type}: {mask(before.error_message)}")
                found.append(Lesson(before.fingerprint, failure, before.error_class, _in_words(before.wait_s), worked))
        return tuple(found)


def _worked(before: Attempt, after: Attempt) -> bool | None:
    """A remedy is judged by what came after it: success, or the same failure again. Another failure says nothing of it: None."""
    if after.outcome == "succeeded":
        return True
    return False if after.fingerprint == before.fingerprint else None


def _in_words(wait_s: float) -> str:
    if not wait_s:
        return "retry at once"
    # A hint differs each time; in words it is one remedy.
    return f"retry after {wait_s:g} s" if wait_s in WAITS_S else "retry after the wait that the other side asked for"
