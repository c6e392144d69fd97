"""What a person is asked, and what was answered."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

from orchestrator_core.plain_text import storable

Decision = Literal["approved", "denied", "expired", "withdrawn"]
"""``expired``: nobody answered in time. ``withdrawn``: the call ended first."""

REASON_CHARS = 500
REQUEST_CHARS = 1_000
NOTE_CHARS = 500
NAME_CHARS = 200


class Stop(Protocol):
    """Withdraws a question once it is set; a ``threading.Event`` will do."""

    def set(self) -> object: ...

    def is_set(self) -> bool: ...

    def wait(self, timeout: float, /) -> bool: ...


class Question(Struct, frozen=True, kw_only=True):
    """May this agent do that? Every text is redacted and one line of printable characters, fit for a terminal."""

    id: str
    agent: str
    capability: str = ""
    """What the agent wants to do, such as ``fs.write``; empty where it is the whole call that needs a yes."""
    cause: str = ""
    """Why a person is asked, in Magnus's words."""
    reason: str = ""
    """What the agent says it needs it for. An agent that was misled says what it was told."""
    request: str = ""
    """The beginning of the call's request."""
    caller: str = ""
    session: str = ""
    execution_id: str = ""
    tainted: bool = False
    """Whether the agent had read text from strangers before."""
    asked_at: float = 0.0
    """Epoch seconds."""
    expires_at: float = 0.0
    """From then on the answer is no."""


class Answer(Struct, frozen=True):
    """A yes or no. Return one from a callback to say who decided, or just True or False."""

    approved: bool
    by: str = ""
    """Who: a user's name, ``terminal:USER``, ``callback:NAME``; empty where nobody answered."""
    note: str = ""
    decision: Decision | Literal[""] = ""
    """Set once it is settled."""


class Entry(Struct, frozen=True, kw_only=True):
    """A question with what became of it."""

    question: Question
    status: Decision | Literal["waiting", "gone"]
    """``gone``: nobody has answered, and nobody waits for it any more, since the process that asked was killed."""
    decided_at: float | None = None
    by: str = ""
    note: str = ""
    asker_pid: int = 0
    """The id of the process that asked, for people; 0 where it is not known."""


class Settled(Struct, frozen=True):
    """What became of an answer."""

    accepted: bool
    """False where it came too late or somebody else was first; ``entry`` tells."""
    entry: Entry


def one_line(text: str, most: int) -> str:
    """A text as one line of printable characters: what a terminal would obey becomes a visible escape; cut after ``most``."""
    text = text if len(text) <= most else f"{text[:most]}…"
    if text.isprintable():
        return text
    return storable("".join(char if char.isprintable() else _escape(char) for char in text))


def _escape(char: str) -> str:
    return " " if char in "\n\t\r" else char.encode("unicode_escape").decode("ascii")
