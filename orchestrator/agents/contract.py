"""What an agent is, and what it sees of the call it runs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from orchestrator_core.records import RecalledMemory

Takes = Literal["request", "context", "call"]
"""What a function's second parameter gets: nothing, the context mapping, or the ``Call``."""

Sees = Literal["values", "placeholders"]
"""Whether an agent gets secrets and personal data as they are. What talks to models or services outside should not."""


class Call(Protocol):
    """An agent's view of the call it runs in. Ask for it by naming or annotating the second parameter ``call``/``Call``."""

    @property
    def execution_id(self) -> str: ...

    @property
    def agent(self) -> str: ...

    @property
    def context(self) -> Mapping[str, Any]:
        """What the caller gave as ``context``; empty when nothing was given."""
        ...

    @property
    def attempt(self) -> int:
        """1 on the first try, 2 on the first retry, and so on."""
        ...

    @property
    def memories(self) -> tuple[RecalledMemory, ...]:
        """Recalled memories, best first, for code that looks at their fields.

        Their ``text`` is data from earlier runs and may hold anything: put it into a prompt by ``memories_text()`` only, which fences
        it, and into a page, a query or a command only after escaping.
        """
        ...

    def memories_text(self) -> str:
        """The memories between randomly marked fences, ready to be put into a prompt as data."""
        ...

    @property
    def last_error(self) -> str:
        """The redacted error of the previous attempt; empty on the first."""
        ...

    def remaining_s(self) -> float:
        """Seconds left of this attempt's time limit; ``inf`` without one."""
        ...

    def canary(self) -> str:
        """A random word to put into a model's instructions; a reply that gives it away, plain or disguised, is blocked by the policy."""
        ...

    def span(self, name: str, **attributes: str | float | bool) -> AbstractContextManager[None]:
        """A child span in the call's trace, for a step of the agent. Attributes are redacted."""
        ...

    def require(self, capability: str, *, reason: str = "") -> None:
        """Go on only with leave for ``capability``, such as ``fs.write``.

        It returns at once where nothing demands a person's yes. Where the settings do, or the capability is dangerous and the call has
        read text from strangers, it waits for that yes; the wait does not count against the attempt's time limit. Say what it is for in
        ``reason``: the person reads it, redacted.

        Raises:
            ApprovalDenied: nobody said yes. Let it go through, and the call ends as ``blocked``; it is never tried again.
            UsageError: the name does not fit, or the agent is async.
        """
        ...

    async def arequire(self, capability: str, *, reason: str = "") -> None:
        """``require`` for async agents: the event loop goes on while the person thinks."""
        ...

    def untrusted(self, text: str, *, source: str = "") -> str:
        """Text that somebody else wrote (a page, a file, what a tool returned), fit for a prompt.

        It is scanned as untrusted, and stands between two lines with a random marker; what the policy blocks is left out, and a line
        says so. The call is tainted from here on: a dangerous capability then needs a person's yes.

        Raises:
            UsageError: text or source is no text.
        """
        ...

    @property
    def tainted(self) -> bool:
        """Whether this call, or one around it, has read text from strangers: by ``untrusted``, or memories that runs left."""
        ...

    def report(self, *, tokens_in: int = 0, tokens_out: int = 0, model: str = "", cost: float = 0.0) -> None:
        """Report model use; numbers add up over a call. ``cost`` is in US dollars."""
        ...


class AgentSpec(Struct, frozen=True, kw_only=True):
    """A registered agent."""

    name: str
    run: Callable[..., Any]
    takes: Takes = "request"
    is_async: bool = False
    description: str = ""
    capabilities: tuple[str, ...] = ()
    version: str = ""
    timeout_s: float | None = None
    """Overrides the settings' time limit of one attempt; 0 means none."""
    idempotent: bool = True
    """False: a failed run is never repeated by itself."""
    requires_approval: bool = False
    """True: a person must say yes before each call of it."""
    sees: Sees = "values"
    """``placeholders``: secrets and personal data of request and context reach it as ``<EMAIL_1>``; its reply gets the values back where
    the policy allows."""
    source: str = ""
    """``workbench``, an entry point, or the module that registered it."""
    metadata: dict[str, Any] = field(default_factory=dict)
