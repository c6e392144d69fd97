"""The healing room's face: diagnose, decide with the evidence of the store, and keep what was learned."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.healing import decide as deciding
from orchestrator.healing.classify import BY_NAME, UNKNOWN, classify, retry_after_s
from orchestrator.healing.contract import Decision, Diagnosis, Situation
from orchestrator.healing.fingerprint import MAX_MESSAGE, fingerprint, mask, safe_message, type_name
from orchestrator.healing.learn import FADE, Arm, Evidence, credits
from orchestrator_core.errors import StoreError
from orchestrator_core.records import Attempt, Redact, Redacted, Write
from orchestrator_core.storage.database import Database

_RETRY = "retry"
_EVIDENCE = "SELECT wait_s, try_n, wins, losses FROM remedies WHERE fingerprint = ? AND action = ?"
_SEEN = (
    "INSERT INTO fingerprints (fingerprint, error_type, error_class, message, agent, first_seen, last_seen, n)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET last_seen = excluded.last_seen, n = n + excluded.n, error_class = excluded.error_class"
)
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
        message = self._redact(raw[:MAX_MESSAGE] + (" [...]" if len(raw) > MAX_MESSAGE else ""))
        classified = classify(error, message)
        return Diagnosis(
            error_type=type_name(error),
            message=message,
            error_class=classified.error_class.name,
            fingerprint=fingerprint(error, self._redact),
            masked_message=Redacted(mask(message)),
            advice=classified.advice,
            retry_after_s=retry_after_s(error),
        )

    def decide(self, diagnosis: Diagnosis, situation: Situation) -> Decision:
        kind = BY_NAME.get(diagnosis.error_class, UNKNOWN)
        return deciding.decide(diagnosis, situation, kind, self._evidence(diagnosis.fingerprint))

    def _evidence(self, fingerprint_: str) -> dict[Arm, Evidence]:
        try:
            rows = self._database.query(_EVIDENCE, (fingerprint_, _RETRY))
        except StoreError:
            return {}  # without its history the healer still has its priors
        return {Arm(wait, n): Evidence(wins, losses) for wait, n, wins, losses in rows}

    def learn(self, attempts: Sequence[Attempt], *, agent: str, now: float) -> list[Write]:
        writes: list[Write] = []
        counts: dict[str, int] = {}
        examples: dict[str, Attempt] = {}
        for attempt in attempts:
            if attempt.fingerprint:
                counts[attempt.fingerprint] = counts.get(attempt.fingerprint, 0) + 1
                examples[attempt.fingerprint] = attempt
        for print_, n in counts.items():
            seen = examples[print_]
            row = (print_, seen.error_type, seen.error_class, mask(seen.error_message), agent, now, now, n)
            writes.append(Write(_SEEN, row))
            writes.append(Write(_FADE, (print_,)))
        # A remedy is judged by what came after it: success, or the same failure again. Another failure says nothing of it.
        for before, after in zip(attempts, attempts[1:], strict=False):
            worked = after.outcome == "succeeded"
            if before.action != _RETRY or not (worked or after.fingerprint == before.fingerprint):
                continue
            for arm, evidence in credits(Arm(before.wait_s, before.n), worked=worked).items():
                writes.append(
                    Write(
                        _CREDIT,
                        (before.fingerprint, _RETRY, arm.wait_s, arm.try_n, evidence.wins, evidence.losses, now),
                    )
                )
        return writes
