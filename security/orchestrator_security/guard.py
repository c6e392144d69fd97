"""The security room's face: checks texts, redacts what is stored, and limits how often agents run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from orchestrator_core.clock import Clock
from orchestrator_core.errors import UsageError
from orchestrator_core.records import Action, Finding, Redacted
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.characters.encoding import EncodingScanner
from orchestrator_security.characters.size import check_size, withheld
from orchestrator_security.contract import ScanContext, ScanVerdict
from orchestrator_security.gate import Gate
from orchestrator_security.limits.rate_limit import RateLimit
from orchestrator_security.pii.email import EmailScanner
from orchestrator_security.policy import (
    ACTIONS,
    Policy,
    developer_policy,
    risk,
    strictest,
)
from orchestrator_security.redaction.placeholder import KeyedNaming
from orchestrator_security.redaction.redactor import KnownSecrets, Redactor, as_text
from orchestrator_security.redaction.structured import redact_data, secret_values
from orchestrator_security.redaction.vault import Vault
from orchestrator_security.scanner import Hit, Scanner
from orchestrator_security.secrets.secret_scanner import SecretScanner

FINDINGS_MAX = 200
"""More findings than this of one text are counted, not listed; all of them are redacted."""

_scope: ContextVar[KnownSecrets | None] = ContextVar("magnus_known_secrets", default=None)


class SecurityGuard:
    """Implements the ``Guard`` contract. Safe for threads; holds no text between calls."""

    def __init__(
        self,
        *,
        request_max_bytes: int,
        scanners: Sequence[Scanner],
        redacting: Sequence[Scanner],
        policy: Policy,
        hash_key: bytes,
        rate_limit: RateLimit,
    ) -> None:
        if not hash_key:
            raise UsageError("hash_key is empty; give the store's own random key, 32 bytes for instance")
        self._request_max_bytes = request_max_bytes
        self._gate = Gate(scanners)
        self._redacting = tuple(redacting)
        self._policy = policy
        self._naming = KeyedNaming(hash_key)
        self._redactor = Redactor(redacting, self._naming)
        self._rate_limit = rate_limit

    def check(self, text: str, context: ScanContext) -> ScanVerdict:
        """Scan one text and decide. A scanner that crashes is named in ``incomplete``; its text is then withheld from records."""
        if not isinstance(text, str):
            text = as_text(text)
        too_large = check_size(text, context, self._request_max_bytes)
        if too_large is not None:
            return self._verdict(
                text,
                context,
                [too_large],
                (),
                Redacted(withheld(len(text), too_large.message)),
            )
        hits, incomplete = self._gate.scan(text, context)
        actions = self._actions(hits, context)
        if any(scanner.name in incomplete for scanner in self._redacting):
            stored = Redacted(withheld(len(text), f"not scanned by {', '.join(incomplete)}"))
        else:
            chosen = [
                hit for hit, action in zip(hits, actions, strict=True) if hit.kind and action in ("redact", "block")
            ]
            stored = self._redactor.replace(text, chosen, _scope.get())
        return self._verdict(text, context, hits, incomplete, stored)

    def redact(self, text: str) -> Redacted:
        """Text with secrets and personal data replaced by placeholders. Never raises; idempotent; linear in the length."""
        return self._redactor.redact(text, _scope.get())

    def redact_data(self, value: Any) -> Any:
        """A JSON-like value with every string in it redacted, mapping keys included.

        What stands under a key such as ``password`` or ``api_key`` is a secret whatever it looks like. Cycles, bytes and objects
        become text; the result holds only dictionaries, lists, strings, numbers, booleans and None. Never raises.
        """
        try:
            return redact_data(value, self._redactor, _scope.get() or KnownSecrets())
        except Exception as error:  # noqa: BLE001 - total by contract; nothing is let through
            return f"<withheld: {type(value).__name__} that cannot be redacted ({type(error).__name__})>"

    def admit(self, agent: str, caller: str) -> float:
        """Take one call from the rate limit: 0.0 when it may run, else the seconds to wait."""
        return self._rate_limit.take(agent, caller)

    @contextmanager
    def scope(self, *values: Any) -> Iterator[None]:
        """Within it, a secret that was recognised once by its context is redacted wherever else it stands.

        Open it around a whole call and give it the call's data: what stands there under keys such as ``password`` is known from
        the start, so that it is also found in an exception's message. Values are held in memory until the end of the outermost
        scope. It follows the context (tasks, copied contexts), and nests.
        """
        known = _scope.get() or KnownSecrets()
        for value in values:
            for secret in secret_values(value):
                known.add(secret)
        token = _scope.set(known)
        try:
            yield
        finally:
            # A call whose event loop was thrown away is ended by the garbage collector, in another context.
            with suppress(ValueError):
                _scope.reset(token)

    def redact_with(self, vault: Vault, text: str) -> Redacted:
        """Like ``redact``, but with the vault's numbered placeholders, which ``vault.restore`` can undo."""
        return Redactor(self._redacting, vault).redact(text, _scope.get())

    def _actions(self, hits: Sequence[Hit], context: ScanContext) -> list[Action]:
        # A text may hold thousands of hits of few kinds.
        known: dict[tuple[str, str], Action] = {}
        for hit in hits:
            if (hit.category, hit.severity) not in known:
                known[hit.category, hit.severity] = self._policy.action(hit, context)
        return [known[hit.category, hit.severity] for hit in hits]

    def _verdict(
        self,
        text: str,
        context: ScanContext,
        hits: Sequence[Hit],
        incomplete: tuple[str, ...],
        stored: Redacted,
    ) -> ScanVerdict:
        if not hits:
            return ScanVerdict(
                "allow",
                stored,
                incomplete=incomplete,
                reason=_incomplete_reason(incomplete),
            )
        decided = sorted(
            zip(self._actions(hits, context), hits, strict=True),
            key=lambda pair: (-ACTIONS.index(pair[0]), pair[1].start),
        )
        findings = tuple(
            Finding(
                rule_id=hit.rule_id,
                category=hit.category,
                severity=hit.severity,
                confidence=hit.confidence,
                start=hit.start,
                end=hit.end,
                action=action,
                scanner=hit.rule_id.partition(".")[0],
                cwe=hit.cwe,
                owasp_llm=hit.owasp_llm,
                value_hash=self._naming.value_hash(text[hit.start : hit.end]) if hit.kind else "",
                stage=f"guard_{context.direction}" if context.direction != "memory" else "recall",
                message=hit.message,
            )
            for action, hit in decided[:FINDINGS_MAX]
        )
        action = strictest(action for action, _ in decided)
        reason = ""
        if action != "allow":
            grave = [hit for chosen, hit in decided if chosen == action]
            more = f" and {len(grave) - 1} more" if len(grave) > 1 else ""
            verb = {"flag": "Flagged", "redact": "Redacted", "block": "Blocked"}[action]
            reason = f"{verb}: {grave[0].message or grave[0].rule_id} (at character {grave[0].start}{more})."
        return ScanVerdict(
            action,
            stored,
            risk(hits),
            findings,
            incomplete,
            reason or _incomplete_reason(incomplete),
        )


def _incomplete_reason(incomplete: tuple[str, ...]) -> str:
    return f"Not scanned by {', '.join(incomplete)}: it failed." if incomplete else ""


def build_guard(
    settings: SecuritySettings,
    *,
    hash_key: bytes,
    clock: Clock,
    extra_scanners: Sequence[Scanner] = (),
) -> SecurityGuard:
    """The guard that the settings describe.

    ``hash_key`` is the store's own random key: it must stay the same for a store and never leave the machine.

    Raises:
        UsageError: the key is empty.
    """
    secrets, email = SecretScanner(), EmailScanner()
    redacting: list[Scanner] = []
    if settings.redact_secrets:
        redacting.append(secrets)
    if settings.redact_email:
        redacting.append(email)
    return SecurityGuard(
        request_max_bytes=settings.request_max_bytes,
        scanners=(EncodingScanner(), secrets, email, *extra_scanners),
        redacting=redacting,
        policy=developer_policy(settings),
        hash_key=hash_key,
        rate_limit=RateLimit(settings.rate_limit_per_minute, clock),
    )
