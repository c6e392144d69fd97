"""What a program asks of the security room outside a call: every decision it makes is logged in the store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, get_args

from orchestrator_core.clock import Clock
from orchestrator_core.errors import UsageError
from orchestrator_core.records import Redacted, Write
from orchestrator_security.audit.decision_log import decision_write
from orchestrator_security.contract import Admission, Direction, ScanContext, ScanVerdict, Sink, Trust
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.redaction.pieces import PieceRedactor
from orchestrator_security.redaction.vault import Vault

if TYPE_CHECKING:
    from orchestrator_security.approvals.approvals import ApprovalDesk
    from orchestrator_security.code.scan import CodeScan
    from orchestrator_security.limits.limits import CallLimits


class SecurityManager:
    """Checks, redacts and limits outside ``execute_agent``. Safe for threads."""

    def __init__(
        self,
        guard: SecurityGuard,
        *,
        limits: CallLimits,
        approvals: ApprovalDesk,
        journal: Callable[[Write], None],
        clock: Clock,
    ) -> None:
        self._guard = guard
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self.approvals = approvals
        """What people are asked, and how they answer from a program."""

    def validate_input(
        self,
        text: str,
        *,
        sink: Sink = "model",
        trust: Trust = "user",
        direction: Direction = "in",
        agent: str = "",
        caller: str = "",
        session: str = "",
    ) -> ScanVerdict:
        """Scan a text and decide what may be done with it.

        Say where it is bound for (``sink``: ``model``, ``sql``, ``html``, ``shell``, ``path``, ``template``) and who wrote it
        (``trust``: ``user`` or ``untrusted``). ``verdict.action`` is ``allow``, ``flag``, ``redact`` or ``block``; ``verdict.text`` is
        the redacted text. A scanner that fails is named in ``verdict.incomplete``. The decision is logged with hashes, never the value.

        Raises:
            UsageError: a word is none of those above.
            StoreError: the decision cannot be logged.
        """
        for name, value, known in (("sink", sink, Sink), ("trust", trust, Trust), ("direction", direction, Direction)):
            if value not in get_args(known):
                raise UsageError(f"{name}={value!r} is unknown; it is one of {', '.join(get_args(known))}")
        return self.check(text, ScanContext(direction, sink, trust, agent, caller, session))

    def check(self, text: str, context: ScanContext) -> ScanVerdict:
        """The same with a ``ScanContext``.

        Raises:
            StoreError: the decision cannot be logged.
        """
        verdict = self._guard.check(text, context)
        self._journal(decision_write(verdict, context, at=self._clock.now()))
        return verdict

    def scan_code(self, code: str, *, language: str = "python", name: str = "<text>") -> CodeScan:
        """Insecure places in a text of Python, each with its line, severity, CWE and what to write instead. Nothing of it is run.

        ``name`` becomes the findings' path. Code that does not parse, or is in another language, is "not scanned" in ``error``.

        Raises:
            UsageError: ``code`` is no text.
        """
        from orchestrator_security.code.scan import scan_code

        return scan_code(code, language=language, name=name)

    def redact(self, text: str, *, vault: Vault | None = None) -> Redacted:
        """Text with secrets and personal data replaced by placeholders. Never raises; idempotent.

        With a ``vault`` they are numbered (``<EMAIL_1>``), and ``vault.restore`` puts the values back.
        """
        return self._guard.redact(text) if vault is None else self._guard.redact_with(vault, text)

    def redact_data(self, value: Any, *, vault: Vault | None = None) -> Any:
        """A JSON-like value with every string in it redacted, mapping keys included. Never raises."""
        return self._guard.redact_data(value) if vault is None else self._guard.redact_data_with(vault, value)

    def redact_pieces(self, *, vault: Vault | None = None) -> PieceRedactor:
        """Redacts a text that arrives in pieces, such as a model's stream."""
        return PieceRedactor(self.redact if vault is None else lambda text: self.redact(text, vault=vault))

    def check_rate_limit(self, agent: str, caller: str = "") -> Admission:
        """What the limits would say to a call of ``agent`` that begins now; it only looks, and takes nothing.

        All limits are looked at: rate, calls at once, and the day's budgets. The answer may be another one a moment later, so a program
        that wants to run the agent simply runs it: a call over a limit comes back as blocked, with the seconds to wait.

        Raises:
            UsageError: agent or caller is no text.
            StoreError: the limits are kept in the store, and it cannot be read.
        """
        for name, value in (("agent", agent), ("caller", caller)):
            if not isinstance(value, str):
                raise UsageError(f"check_rate_limit: {name} must be text, not {type(value).__name__}")
        return self._limits.look(agent, caller)

    def scope(self, *values: Any) -> AbstractContextManager[None]:
        """Within it, secrets known from ``values``, or recognised once, are redacted wherever else they stand."""
        return self._guard.scope(*values)

    def value_hash(self, value: str) -> str:
        """What stands for a value in findings and in an allow list: 16 hexadecimal digits, keyed with the store's key."""
        return self._guard.value_hash(value)
