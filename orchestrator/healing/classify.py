"""Classes of errors, and the hand-written prior of how likely a retry after a wait helps.

The priors are judgement, not measurement: they only decide until the history knows better (three past tries weigh as much).
A class names what a person would do, so each carries the advice to print.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from orchestrator.healing.fingerprint import type_name
from orchestrator_core.errors import OfflineRefused
from orchestrator_core.records import Redact

WAITS_S: tuple[float, ...] = (0.0, 2.0, 8.0, 25.0, 70.0)
"""The waits that are considered, in seconds; a server's own hint replaces them."""
_LONGEST_HINT_S = 1e9
_LONGEST_CHAIN = 50


class ErrorClass(Struct, frozen=True):
    """One class of failures."""

    name: str
    prior: tuple[float, float, float, float, float]
    """Chance that the next try succeeds after each wait of ``WAITS_S``."""
    types: frozenset[str] = frozenset()
    """Exception names, with or without their module; base classes count too."""
    pattern: re.Pattern[str] | None = None
    """Looked for in the message, lower-cased."""
    statuses: frozenset[int] = frozenset()
    """HTTP status codes, read from ``status_code``, ``status`` or ``code``, also of a ``response``."""
    advice: str = ""
    blind_retries: int = 5
    """How often a retry is allowed without any evidence that it ever helped."""
    blind_wait_s: float = WAITS_S[-1]
    """How long a wait may be without such evidence: nobody should sit through one on a mere guess."""


_NEVER = (0.02, 0.02, 0.02, 0.02, 0.02)
_BUG = (0.06, 0.05, 0.05, 0.05, 0.05)


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


CLASSES: tuple[ErrorClass, ...] = (
    ErrorClass("offline-refused", _NEVER, _names("OfflineRefused"), re.compile(r"refused by magnus's offline guard"),
               advice="Allow the host {name} with security.network_allow, or every host with offline = false.", blind_retries=0),
    ErrorClass("blocked", _NEVER, _names("ApprovalDenied", "RunBlocked"),
               advice="Security or a person stopped it. The message says why; ask again only after that has changed.", blind_retries=0),
    ErrorClass("exit", _NEVER, _names("SystemExit", "KeyboardInterrupt", "GeneratorExit"),
               advice="The agent tried to end the process; let it return or raise an ordinary exception.", blind_retries=0),
    ErrorClass("missing-package", _NEVER, _names("ImportError", "MissingDependency"),
               advice="Install the missing package into this environment: python -m pip install {name}", blind_retries=0),
    ErrorClass("model-not-found", _NEVER, _names("ModelNotFound"), re.compile(r"model '[^']{0,200}' not found"),
               advice="Fetch the model: ollama pull {name}", blind_retries=0),
    ErrorClass("model-refused", _NEVER, _names("ModelRefused"),
               advice="Choose a model that runs on this machine.", blind_retries=0),
    ErrorClass("context-overflow", _NEVER,
               pattern=re.compile(r"context (?:length|size|window)|maximum context|prompt is too long|too many tokens"),
               advice="Shorten the request, or raise the model's context window (num_ctx).", blind_retries=0),
    ErrorClass("disk-full", _NEVER, _names("StoreFull"), re.compile(r"no space left|disk is full|quota exceeded"),
               advice="Free some disk space, then run: orchestrate maintain", blind_retries=0),
    ErrorClass("out-of-memory", (0.05, 0.08, 0.10, 0.15, 0.15), _names("MemoryError"), re.compile(r"out of memory"),
               advice="Use a smaller model or context, or close other programs.", blind_retries=1),
    ErrorClass("rate-limited", (0.10, 0.30, 0.50, 0.70, 0.85), _names("RetryLater", "RateLimitError"),
               re.compile(r"rate.?limit|too many requests|quota"), frozenset({429}),
               advice="Lower the call rate, or let Magnus wait: give the call a longer deadline_s."),
    ErrorClass("server-busy", (0.30, 0.45, 0.55, 0.60, 0.65), _names("ModelBusy"),
               re.compile(r"server busy|overloaded|temporarily unavailable|service unavailable|bad gateway|try again"),
               frozenset({500, 502, 503, 504}), advice="The service answers, but not now; it usually recovers by itself."),
    ErrorClass("authentication", _NEVER, _names("PermissionError"),
               re.compile(r"unauthori[sz]ed|forbidden|invalid api key|permission denied"), frozenset({401, 403}),
               advice="Check the key or the permissions the agent runs with.", blind_retries=0),
    ErrorClass("locked", (0.45, 0.70, 0.75, 0.75, 0.75), _names("BlockingIOError", "StoreBusy"),
               re.compile(r"database is locked|resource temporarily unavailable|deadlock"),
               advice="Another process holds the file; close it if the waiting does not end."),
    ErrorClass("timeout", (0.25, 0.35, 0.45, 0.50, 0.50), _names("TimeoutError", "AgentTimeout", "ModelTimeout", "Timeout"),
               re.compile(r"timed? ?out"), frozenset({408}),
               advice="Raise timeout_s for this call or agent, or make the work smaller.", blind_retries=2),
    ErrorClass("connection-refused", (0.10, 0.35, 0.45, 0.55, 0.55), _names("ConnectionRefusedError", "ModelUnavailable"),
               re.compile(r"connection refused|connect call failed"),
               advice="Start the service the agent talks to (for Ollama: ollama serve).", blind_retries=2),
    ErrorClass("connection-lost", (0.55, 0.65, 0.65, 0.65, 0.65),
               _names("ConnectionError", "ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError", "IncompleteRead",
                      "RemoteDisconnected", "ConnectError", "ReadError", "RemoteProtocolError"),
               re.compile(r"connection (?:reset|aborted|closed|lost)|broken pipe|network is unreachable"),
               advice="The connection broke; if it keeps breaking, check the network and the other side's log."),
    ErrorClass("bad-output", (0.45, 0.40, 0.40, 0.40, 0.40),
               _names("JSONDecodeError", "ModelBadOutput", "ModelTruncated", "ValidationError", "DecodeError"),
               advice="The answer did not fit the expected shape; a schema-constrained call is more reliable.", blind_retries=2),
    ErrorClass("not-found", _NEVER, _names("FileNotFoundError", "NotADirectoryError", "IsADirectoryError"),
               statuses=frozenset({404}), advice="Check the path or name the agent was given.", blind_retries=0),
    ErrorClass("usage", _NEVER, _names("UsageError"), advice="The agent was called wrongly; its message says what it needs.",
               blind_retries=0),
    ErrorClass("recursion", _NEVER, _names("RecursionError"),
               advice="The agent calls itself without end; look at its stopping condition.", blind_retries=0),
    ErrorClass("code-bug", _BUG,
               _names("TypeError", "AttributeError", "NameError", "LookupError", "ArithmeticError", "AssertionError",
                      "SyntaxError", "NotImplementedError", "UnicodeError"),
               advice="This looks like a bug in the agent's code; the traceback in the history shows the line.", blind_retries=1),
    ErrorClass("invalid-value", (0.08, 0.06, 0.06, 0.06, 0.06), _names("ValueError"),
               advice="The agent rejected a value; check the request and the context.", blind_retries=1),
)  # fmt: skip

UNKNOWN = ErrorClass(
    "unknown", (0.35, 0.40, 0.40, 0.40, 0.35),
    advice="Nothing is known of this failure yet; the traceback in the history shows where it happened.",
    blind_retries=2, blind_wait_s=2.0,
)  # fmt: skip

BY_NAME: Mapping[str, ErrorClass] = {kind.name: kind for kind in (*CLASSES, UNKNOWN)}


class Classified(Struct, frozen=True):
    """A class and what filled its advice."""

    error_class: ErrorClass
    advice: str = ""


def classify(error: BaseException, message: str, redact: Redact) -> Classified:
    """The class of an exception: a refusal of the offline guard in its chain first.

    Then by HTTP status, then exact type, then message, then base types.

    ``message`` is redacted already; ``redact`` is for what the advice takes from the exception itself.
    """
    refusal = _refusal(error)
    if refusal is not None:
        kind = BY_NAME["offline-refused"]
        return Classified(kind, kind.advice.format(name=redact(refusal.host)))
    status = _http_status(error)
    own = {type(error).__name__, type_name(error)}
    bases = {base.__name__ for base in type(error).__mro__}
    text = message.lower()
    tests: tuple[Callable[[ErrorClass], bool], ...] = (
        lambda kind: status is not None and status in kind.statuses,
        lambda kind: not own.isdisjoint(kind.types),
        lambda kind: kind.pattern is not None and kind.pattern.search(text) is not None,
        lambda kind: not bases.isdisjoint(kind.types),
    )
    for matches in tests:
        for kind in CLASSES:
            if matches(kind):
                return Classified(kind, kind.advice.format(name=_name_of(error, message, redact)))
    return Classified(UNKNOWN, UNKNOWN.advice)


def _refusal(error: BaseException) -> OfflineRefused | None:
    """The offline guard's refusal that is behind an error: libraries dress it as a lost connection, which it is not."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting and len(seen) < _LONGEST_CHAIN:
        looked_at = waiting.pop()
        if isinstance(looked_at, OfflineRefused):
            return looked_at
        if not isinstance(looked_at, BaseException) or id(looked_at) in seen:
            continue
        seen.add(id(looked_at))
        waiting += (looked_at.__cause__, looked_at.__context__, _attribute(looked_at, "reason"))  # urllib's is a reason
        if isinstance(looked_at, BaseExceptionGroup):
            waiting += looked_at.exceptions
    return None


def retry_after_s(error: BaseException) -> float | None:
    """The wait that the failing side asked for: ``retry_after_s``, ``retry_after`` or a Retry-After header in seconds."""
    for name in ("retry_after_s", "retry_after"):
        value = _attribute(error, name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(min(value, _LONGEST_HINT_S))
    headers = _attribute(_attribute(error, "response"), "headers")
    try:
        return min(max(0.0, float(headers["retry-after"])), _LONGEST_HINT_S) if headers is not None else None
    except Exception:  # noqa: BLE001 - whatever a foreign object raises; then there is no hint
        return None


def _attribute(thing: object, name: str) -> Any:
    """The attribute of a foreign object, which may be a property that raises."""
    try:
        return getattr(thing, name, None)
    except Exception:  # noqa: BLE001
        return None


def _http_status(error: BaseException) -> int | None:
    for holder in (error, _attribute(error, "response")):
        for name in ("status_code", "status", "code"):
            value = _attribute(holder, name)
            if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
                return value
    return None


_QUOTED = re.compile(r"'([^'\n]{1,200})'")


def _name_of(error: BaseException, message: str, redact: Redact) -> str:
    name = _attribute(error, "name")
    if isinstance(name, str) and name:
        clean = redact(name)
        return clean.partition(".")[0] if clean == name else clean
    found = _QUOTED.search(message)
    return found.group(1) if found else "NAME"
