"""What the rest of Magnus may ask of a local model, and what it gets back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

Role = Literal["system", "user", "assistant"]


class Message(Struct, frozen=True):
    """One turn of a conversation."""

    role: Role
    content: str


class ChatOptions(Struct, frozen=True):
    """How the model answers. Every field is always sent, so that no default of the server decides."""

    num_ctx: int = 4096
    """The context window in tokens, prompt and answer together. Another value than last time reloads the model."""
    num_predict: int = 300
    """At most this many tokens are generated."""
    temperature: float = 0.0
    seed: int = 0


class ChatRequest(Struct, frozen=True, kw_only=True):
    """One question to a local model."""

    model: str
    messages: tuple[Message, ...]
    schema: dict[str, Any] | None = None
    """A JSON schema that constrains the answer. Servers enforce it in part only: validate what comes back."""
    options: ChatOptions = ChatOptions()
    logprobs: bool = False
    """Ask for token probabilities; an older server ignores this silently."""
    top_logprobs: int = 0
    """How many alternatives per token, 0 to 20."""
    think: bool | None = None
    """False switches the reasoning of thinking models off; None leaves it to the server."""
    keep_alive: str | float | None = None
    """How long the model stays loaded: seconds, or a duration such as ``5m``; None leaves it to the server."""
    timeout_s: float = 20.0
    """Time limit of the whole call, from connecting to the last byte."""


class TokenAlternative(Struct, frozen=True):
    """A token that could have stood at a place, with its natural-log probability."""

    token: str
    logprob: float


class TokenLogprob(Struct, frozen=True):
    """A generated token with its natural-log probability and the alternatives that were asked for.

    The probabilities are the model's own, before any schema was applied: forbidden tokens are among the alternatives.
    """

    token: str
    logprob: float
    alternatives: tuple[TokenAlternative, ...] = ()


class ChatAnswer(Struct, frozen=True, kw_only=True):
    """A complete answer. What was cut short never becomes one: it raises ``ModelTruncated``."""

    text: str
    model: str
    done_reason: str = ""
    tokens_in: int = 0
    """Tokens of the prompt that the model saw; 0 where the server did not say."""
    tokens_out: int = 0
    duration_s: float = 0.0
    logprobs: tuple[TokenLogprob, ...] = ()
    """Empty where none were asked for or the server has none."""


class ModelInfo(Struct, frozen=True, kw_only=True):
    """A model the server has on its disk."""

    name: str
    digest: str = ""
    capabilities: tuple[str, ...] = ()
    """``completion``, ``embedding``, ``thinking``, ``tools``, ...; empty where an older server does not say."""
    context_length: int = 0
    """The longest window the model was made for, in tokens; 0 where unknown."""
    size_bytes: int = 0
    family: str = ""
    remote: bool = False
    """True for a name that only stands for a model on someone else's machine."""

    @property
    def can_chat(self) -> bool:
        """Whether it can answer in words; without stated capabilities, embedding families are told by their name."""
        if self.capabilities:
            return "completion" in self.capabilities
        return "bert" not in self.family and "embed" not in self.name


class ServerStatus(Struct, frozen=True, kw_only=True):
    """What stands at an address."""

    reachable: bool
    version: str = ""
    models: tuple[ModelInfo, ...] = ()
    reason: str = ""
    """Why it is not reachable, in one sentence."""


class Chat(Protocol):
    """A model that answers in words."""

    def chat(self, request: ChatRequest) -> ChatAnswer:
        """The complete answer to one request.

        Raises:
            ModelError: one of its kinds.
            MissingDependency: the client library is absent or broken.
        """
        ...


class Embed(Protocol):
    """A model that turns texts into vectors."""

    def embed(self, model: str, texts: Sequence[str], *, timeout_s: float = 20.0) -> tuple[tuple[float, ...], ...]:
        """One unit vector per text, in order.

        Raises:
            ModelError: one of its kinds.
        """
        ...


class ModelServer(Chat, Embed, Protocol):
    """A server of local models."""

    def probe(self, timeout_s: float = 1.0) -> ServerStatus:
        """What stands at the address; never raises. Costs under 2 ms where nothing listens."""
        ...

    def list_models(self, timeout_s: float = 5.0) -> tuple[ModelInfo, ...]:
        """The models on the server's disk, newest first."""
        ...

    def show(self, model: str, timeout_s: float = 5.0) -> ModelInfo:
        """What the server knows of one model."""
        ...
