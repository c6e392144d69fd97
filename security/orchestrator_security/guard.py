"""The security room's face: checks texts and redacts what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import Any

from msgspec import structs

from orchestrator_core.clock import Clock
from orchestrator_core.errors import UsageError
from orchestrator_core.records import Redacted, Write
from orchestrator_security.audit.decision_log import decision_write
from orchestrator_security.characters.size import check_size, withheld
from orchestrator_security.contract import Kind, ScanContext, ScanVerdict
from orchestrator_security.decision import Decision, Judgement
from orchestrator_security.gate import Gate
from orchestrator_security.injection.planted import plant, planting
from orchestrator_security.plugins.replacing import word_of
from orchestrator_security.policy.reading import PolicySource
from orchestrator_security.redaction.found import Found
from orchestrator_security.redaction.hiding import SessionHiding, SessionVaults
from orchestrator_security.redaction.named_secrets import secret_values
from orchestrator_security.redaction.placeholder import KeyedNaming
from orchestrator_security.redaction.redactor import KnownSecrets, Redactor, as_text
from orchestrator_security.redaction.structured import redact_data
from orchestrator_security.redaction.vault import Vault
from orchestrator_security.scanner import Hit, Scanner

_ANYWHERE = ScanContext()
DEEP = "presidio"
"""The name of the deep engine's scanner."""

_scope: ContextVar[KnownSecrets | None] = ContextVar("magnus_known_secrets", default=None)
_place: ContextVar[ScanContext] = ContextVar("magnus_place", default=_ANYWHERE)
"""Whose texts are redacted: a policy may speak of one agent."""


class SecurityGuard:
    """Implements the ``Guard`` contract. Safe for threads; holds no text between calls."""

    def __init__(
        self,
        *,
        request_max_bytes: int,
        scanners: Sequence[Scanner],
        redacting: Sequence[Scanner],
        policy: PolicySource,
        hash_key: bytes,
        clock: Clock,
    ) -> None:
        if not hash_key:
            raise UsageError("hash_key is empty; give the store's own random key, 32 bytes for instance")
        self._request_max_bytes = request_max_bytes
        self._gate = Gate(scanners)
        self._redacting = tuple(redacting)
        self._stored_gate = Gate([scanner for scanner in scanners if scanner not in self._redacting])
        self.policy = policy
        self._naming = KeyedNaming(hash_key)
        self._judgement = Judgement(policy, self._naming.value_hash, clock.now)
        self._found = Found(self._redacting)
        self._anywhere = Redactor(self._found, self._naming, self._wanted(_ANYWHERE))
        self._clock = clock
        self._vaults = SessionVaults()

    def check(self, text: str, context: ScanContext) -> ScanVerdict:
        """Scan one text and decide. A scanner that crashes is named in ``incomplete``; its text is then withheld from records."""
        if not isinstance(text, str):
            text = as_text(text)
        too_large = check_size(text, context, self._request_max_bytes)
        if too_large is not None:
            decision = self._judgement.decide(text, [too_large], (), context)
            return self._verdict(text, decision, (), Redacted(withheld(len(text), too_large.message)), deep=False)
        hits, incomplete = self._gate.scan(text, context)
        problems = {scanner.name: getattr(scanner, "problem", "") for scanner in self._redacting} if incomplete else {}
        decision = self._judgement.decide(text, hits, incomplete, context, problems)
        if any(scanner.name in incomplete for scanner in self._redacting):
            stored = Redacted(withheld(len(text), f"not scanned by {', '.join(incomplete)}"))
        else:
            # What no scanner would replace by itself, such as an order to a model, is replaced where the policy says so.
            chosen = [
                hit if hit.kind else structs.replace(hit, kind=word_of(hit.category))
                for hit, action in zip(hits, decision.actions, strict=True)
                if action == "redact" or (hit.kind and action == "block")
            ]
            stored = self._redactor_for(context).replace(text, chosen, _scope.get())
        deep = any(scanner.name == DEEP and DEEP not in incomplete for scanner in self._redacting)
        return self._verdict(text, decision, incomplete, stored, deep=deep)

    def check_stored(self, text: Redacted, context: ScanContext) -> ScanVerdict:
        """Like ``check``, for a text that was redacted before it was stored: secrets and personal data are not looked for again."""
        hits, incomplete = self._stored_gate.scan(text, context)
        decision = self._judgement.decide(text, hits, incomplete, context)
        return self._verdict(text, decision, incomplete, text, deep=False)

    def redact(self, text: str) -> Redacted:
        """Text with secrets and personal data replaced by placeholders. Never raises; idempotent; linear in the length."""
        return self._redactor_for(_place.get()).redact(text, _scope.get())

    def redact_data(self, value: Any) -> Any:
        """A JSON-like value with every string in it redacted, mapping keys included.

        What stands under a key such as ``password`` or ``api_key`` is a secret whatever it looks like. Cycles, bytes and objects
        become text; the result holds only dictionaries, lists, strings, numbers, booleans and None. Never raises.
        """
        try:
            return redact_data(value, self._redactor_for(_place.get()), _scope.get() or KnownSecrets())
        except Exception as error:  # noqa: BLE001 - total by contract; nothing is let through
            return f"<withheld: {type(value).__name__} that cannot be redacted ({type(error).__name__})>"

    @contextmanager
    def scope(self, *values: Any, place: ScanContext | None = None) -> Iterator[None]:
        """Within it, a secret that was recognised once by its context is redacted wherever else it stands.

        Open it around a whole call and give it the call's data: what stands there under keys such as ``password`` is known from
        the start, so that it is also found in an exception's message. Values are held in memory until the end of the outermost
        scope. It follows the context (tasks, copied contexts), and nests. ``place`` says whose texts are redacted within it, for
        lines of a policy that speak of an agent.
        """
        token = _scope.set(_scope.get() or KnownSecrets())
        placed = _place.set(place or _place.get())
        self.know(*values)
        try:
            with planting():
                yield
        finally:
            # A call whose event loop was thrown away is ended by the garbage collector, in another context.
            with suppress(ValueError):
                _place.reset(placed)
                _scope.reset(token)

    def know(self, *values: Any) -> None:
        """What stands in the values under keys such as ``password`` is known from now on, until the end of the outermost scope."""
        known = _scope.get()
        if known is not None:
            for value in values:
                for secret in secret_values(value, as_text):
                    known.add(secret)

    def redact_with(self, vault: Vault, text: str) -> Redacted:
        """Like ``redact``, but with the vault's numbered placeholders, which ``vault.restore`` can undo."""
        return Redactor(self._found, vault, self._wanted(_place.get())).redact(text, _scope.get())

    def redact_data_with(self, vault: Vault, value: Any) -> Any:
        """Like ``redact_data``, but with the vault's numbered placeholders."""
        return self._hiding(vault).hide(value)

    def hiding(self, session: str) -> SessionHiding:
        """The placeholders of a session; of its own for each call without one."""
        return self._hiding(self._vaults.of(session))

    def found(self, text: str, context: ScanContext) -> tuple[list[Hit], tuple[str, ...]]:
        """What scanners find in a text, before the policy has decided, and those that could not finish."""
        too_large = check_size(text, context, self._request_max_bytes)
        return self._gate.scan(text, context) if too_large is None else ([too_large], ())

    def unchecked(self, text: str) -> ScanVerdict:
        """A text that is not looked at: redacted, and named by its hash."""
        return ScanVerdict(
            "allow",
            self.redact(text),
            policy=self.policy.policy.name,
            characters=len(text),
            text_hash=self._naming.value_hash(text),
        )

    def logged(self, verdict: ScanVerdict, context: ScanContext, *, execution_id: str, kind: Kind = "text") -> Write:
        """The row that logs a decision."""
        return decision_write(verdict, context, at=self._clock.now(), execution_id=execution_id, kind=kind)

    def plant(self) -> str:
        """A new canary, which the reply of the call that is under way is searched for."""
        return plant()

    def value_hash(self, value: str) -> str:
        """What stands for a value in findings, in an allow list and in the log: 16 hexadecimal digits, keyed with the store's key."""
        return self._naming.value_hash(value)

    def _hiding(self, vault: Vault) -> SessionHiding:
        redactor = Redactor(self._found, vault, self._wanted(_place.get()))
        restores = self.policy.policy.restore_in_reply
        return SessionHiding(vault, redactor, _scope.get() or KnownSecrets(), restores=restores)

    def _redactor_for(self, context: ScanContext) -> Redactor:
        if context == _ANYWHERE:
            return self._anywhere
        return Redactor(self._found, self._naming, self._wanted(context))

    def _wanted(self, context: ScanContext) -> Callable[[Hit, str], bool]:
        return partial(self._judgement.replaces, context=context)

    def _verdict(
        self, text: str, decision: Decision, incomplete: tuple[str, ...], stored: Redacted, *, deep: bool
    ) -> ScanVerdict:
        return ScanVerdict(
            decision.action,
            stored,
            decision.risk,
            decision.findings,
            incomplete,
            decision.reason,
            self.policy.policy.name,
            len(text),
            self._naming.value_hash(text),
            "deep" if deep else "pattern",
            self.entities(),
        )

    def entities(self) -> tuple[str, ...]:
        """The kinds of personal data that can be seen now, by the words of their placeholders."""
        seen = [word for scanner in self._redacting for word in getattr(scanner, "sees", ())]
        return tuple(dict.fromkeys(seen))
