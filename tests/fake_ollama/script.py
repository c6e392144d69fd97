"""What the fake's models are, and what they say or break when they are asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, field


class FakeModel(Struct, frozen=True):
    """A model on the fake's disk."""

    name: str = "tiny:latest"
    family: str = "llama"
    capabilities: tuple[str, ...] = ("completion",)
    context_length: int = 8192
    size: int = 4_210_688
    native_template: bool = False
    """True: a schema's keys come out in alphabetical order, as on the server's native chat path."""
    remote_host: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()


class Reply(Struct, frozen=True):
    """One answer of a model, or one way to fail. The default is a plain, complete answer."""

    text: str | None = None
    """None generates one: a value that fits the schema under ``format``, a sentence otherwise."""
    obey_format: bool = True
    """False: ``format`` is accepted and then ignored."""
    labels: tuple[str, ...] = ()
    """For generated values: what the schema's enum fields get, in order, the last one for the rest."""
    endless: bool = False
    token_odds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """For log-probabilities: what could have stood where this token stands, with probabilities."""
    with_logprobs: bool = True
    """False: asked-for probabilities are ignored silently, as servers before 0.12.11 do."""
    thinking: str = ""
    tool_calls: tuple[dict[str, Any], ...] = ()
    done_reason: str = "stop"
    prompt_eval_count: int | None = None
    """Overrides the counted prompt tokens; 0 leaves the field out, as the server does."""

    status: int = 0
    error: str = ""
    """With a status: an HTTP error with this text, before the first byte."""
    raw: bytes | None = None
    """A body of another kind of server, sent with ``status`` (or 200) and ``content_type``."""
    content_type: str = "text/html"
    location: str = ""

    hang_s: float = 0.0
    """Silence before the first byte."""
    token_delay_s: float = 0.0
    drip: Literal["", "headers", "body"] = ""
    """Bytes one by one, for ever: a read never times out, the call never ends."""
    drip_s: float = 0.02
    reset: bool = False
    """The connection is closed without an answer."""
    error_after: int | None = None
    """After so many tokens an error line ends the stream (status stays 200)."""
    end_after: int | None = None
    """After so many tokens the runner is gone, silently: no ``done: true``."""
    cut_after: int | None = None
    """After so many tokens the line breaks off and the connection is closed."""
    linger_s: float = 0.0
    """The connection stays open so long after the last line."""


def prompt_hash(messages: Sequence[Mapping[str, Any]] | str) -> str:
    """The key under which a reply can be scripted for one prompt: a chat's messages or a generate call's prompt."""
    text = (
        messages
        if isinstance(messages, str)
        else "\x1f".join(f"{m.get('role')}\x1e{m.get('content')}" for m in messages)
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Script:
    """Which reply comes next for a model and a prompt: the most exact entry wins, its last reply repeats for ever."""

    def __init__(self) -> None:
        self._replies: dict[tuple[str, str], list[Reply]] = {}

    def add(self, replies: Sequence[Reply], model: str, prompt: str) -> None:
        self._replies[model, prompt] = list(replies)

    def next(self, model: str, prompt: str) -> Reply:
        for key in ((model, prompt), ("", prompt), (model, ""), ("", "")):
            queue = self._replies.get(key)
            if queue:
                return queue.pop(0) if len(queue) > 1 else queue[0]
        return Reply()
