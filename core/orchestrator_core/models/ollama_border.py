"""The one place that talks to Ollama: time limits kept, everything validated, foreign exceptions mapped.

Importing the client costs about 200 ms of CPU, so it happens inside the calls. ``probe`` looks first whether anything
listens, and imports nothing where nothing does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

from orchestrator_core.clock import Clock, SystemClock
from orchestrator_core.errors import (
    MagnusError,
    MissingDependency,
    ModelBadOutput,
    ModelError,
    ModelRejected,
    ModelTruncated,
)
from orchestrator_core.models.address import ServerAddress, is_remote_name, local_name, parse_address
from orchestrator_core.models.contract import (
    ChatAnswer,
    ChatRequest,
    ModelInfo,
    ServerStatus,
    TokenAlternative,
    TokenLogprob,
)
from orchestrator_core.models.prompt_size import prompt_was_cut
from orchestrator_core.models.reachability import why_unreachable

if TYPE_CHECKING:
    import httpx
    import ollama

CONNECT_TIMEOUT_S = 0.5
"""For a probe. A loopback connect takes microseconds; Windows retries a refused one for two seconds unless told otherwise."""

MAX_ANSWER_BYTES = 32 * 1024 * 1024


class OllamaServer:
    """An Ollama server at one address. Thread-safe: every call has a connection of its own.

    Args:
        url: base URL, ``http://127.0.0.1:11434`` by default.
        offline: refuse every host but this machine.
        clock: where time limits are read from.

    Raises:
        SettingsError: the URL is no http address.
        ModelRefused: ``offline`` is set and the host is not this machine.
    """

    def __init__(
        self, url: str = "http://127.0.0.1:11434", *, offline: bool = True, clock: Clock | None = None
    ) -> None:
        self.address: ServerAddress = parse_address(url, offline=offline)
        self._clock: Clock = clock or SystemClock()

    def probe(self, timeout_s: float = 1.0) -> ServerStatus:
        """What stands at the address; never raises. Where nothing listens it costs one refused connect."""
        reason = why_unreachable(self.address, min(timeout_s, CONNECT_TIMEOUT_S))
        if reason:
            return ServerStatus(reachable=False, reason=f"{reason}. Start Ollama with: ollama serve")
        try:
            deadline = self._clock.monotonic() + timeout_s
            models = self.list_models(timeout_s)
            left = deadline - self._clock.monotonic()
            version = self._get("/api/version", left).get("version") if left > 0 else ""
        except MagnusError as error:
            return ServerStatus(reachable=False, reason=str(error))
        return ServerStatus(reachable=True, version=version if isinstance(version, str) else "", models=models)

    def list_models(self, timeout_s: float = 5.0) -> tuple[ModelInfo, ...]:
        """The models on the server's disk, newest first.

        Raises:
            ModelError: nothing answers, or not Ollama.
        """
        # Not through the client: its ``list()`` drops the capabilities and the mark of remote models.
        listed = self._get("/api/tags", timeout_s).get("models")
        if not isinstance(listed, list):
            raise _odd(self.address.url, "a model list without models")
        return tuple(_listed_model(item) for item in listed if isinstance(item, dict) and _name(item))

    def show(self, model: str, timeout_s: float = 5.0) -> ModelInfo:
        """What the server knows of one model.

        Raises:
            ModelNotFound: the server has no such model; the message says how to fetch it.
            ModelRefused: it is a cloud model.
            ModelError: another failure.
        """
        local_name(model)
        with self._client(timeout_s) as client, _Mapped(self, model, timeout_s):
            shown = client.show(model)
            info = shown.modelinfo or {}
            length = info.get(f"{info.get('general.architecture')}.context_length")
            family = (shown.details.family if shown.details else "") or ""
            return ModelInfo(
                name=model,
                capabilities=tuple(shown.capabilities or ()),
                context_length=length if isinstance(length, int) else 0,
                family=family,
                remote=is_remote_name(model),
            )

    def chat(self, request: ChatRequest) -> ChatAnswer:
        """The complete answer to one request.

        Raises:
            ModelError: one of its kinds. An answer that stopped early, or whose prompt was cut silently, raises
                ``ModelTruncated`` and is never returned.
            MissingDependency: the client is absent or broken.
        """
        local_name(request.model)
        if not request.model or not request.messages:
            raise ModelRejected("a chat needs a model name and at least one message")
        started = self._clock.monotonic()
        text: list[str] = []
        logprobs: list[TokenLogprob] = []
        last: Any = None
        with self._client(request.timeout_s) as client, _Mapped(self, request.model, request.timeout_s) as border:
            parts: Any = client.chat(stream=True, **_chat_arguments(request))
            with closing(parts):
                for part in parts:
                    border.begun = True
                    text.append(part.message.content or "")
                    logprobs.extend(_token(item) for item in part.logprobs or ())
                    if part.done:
                        last = part
                        break
        return _complete(request, "".join(text), tuple(logprobs), last, self._clock.monotonic() - started)

    def embed(self, model: str, texts: Sequence[str], *, timeout_s: float = 20.0) -> tuple[tuple[float, ...], ...]:
        """One unit vector per text, in order.

        Raises:
            ModelError: one of its kinds; ``ModelBadOutput`` for a wrong number of vectors or unequal sizes.
        """
        local_name(model)
        if not texts:
            return ()
        with self._client(timeout_s) as client, _Mapped(self, model, timeout_s):
            answer = client.embed(model=model, input=[_encodable(text) for text in texts])
            vectors = tuple(tuple(map(float, vector)) for vector in answer.embeddings)
        sizes = {len(vector) for vector in vectors}
        if len(vectors) != len(texts) or len(sizes) != 1 or not all(math.isfinite(x) for v in vectors for x in v):
            raise ModelBadOutput(
                f"{model!r} gave {len(vectors)} vectors of sizes {sorted(sizes)} for {len(texts)} texts"
            )
        return vectors

    def _http(self, timeout_s: float) -> httpx.BaseTransport:
        from orchestrator_core.models.deadline_transport import DeadlineTransport

        return DeadlineTransport(self._clock, timeout_s=timeout_s, max_bytes=MAX_ANSWER_BYTES)

    def _client(self, timeout_s: float) -> ollama.Client:
        try:
            import ollama
        except Exception as error:
            raise MissingDependency("ollama", "the LLM judge", str(error)) from error
        # One reader of the environment less: no proxies, no netrc. Redirects could leave this machine.
        return ollama.Client(
            host=self.address.url,
            transport=self._http(timeout_s),
            trust_env=False,
            follow_redirects=False,
            timeout=timeout_s,
        )

    def _get(self, path: str, timeout_s: float) -> Mapping[str, Any]:
        try:
            import httpx
        except Exception as error:
            raise MissingDependency("httpx", "the LLM judge", str(error)) from error
        transport = self._http(timeout_s)
        with httpx.Client(transport=transport, trust_env=False) as client, _Mapped(self, "", timeout_s):
            answer = client.get(self.address.url + path)  # httpx follows no redirects unless told to
            answer.raise_for_status()
            value = answer.json()
        if not isinstance(value, dict):
            raise _odd(self.address.url, f"JSON of another form, {type(value).__name__}")
        return value


class _Mapped:
    """Turns whatever is raised inside into a ``ModelError``; ``KeyboardInterrupt`` and its like pass."""

    def __init__(self, server: OllamaServer, model: str, timeout_s: float) -> None:
        self._url = server.address.url
        self._model = model
        self._timeout_s = timeout_s
        self.begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if not isinstance(error, Exception) or isinstance(error, ModelError):
            return
        from orchestrator_core.models.ollama_failures import from_exception

        raise from_exception(
            error, url=self._url, model=self._model, timeout_s=self._timeout_s, begun=self.begun
        ) from error


def _odd(url: str, saw: str) -> ModelError:
    from orchestrator_core.models.ollama_failures import not_ollama

    return not_ollama(url, saw)


def _encodable(text: str) -> str:
    """Lone surrogates cannot be sent as JSON; they become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _chat_arguments(request: ChatRequest) -> dict[str, Any]:
    options = request.options
    arguments: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": m.role, "content": _encodable(m.content)} for m in request.messages],
        "options": {
            "num_ctx": options.num_ctx,
            "num_predict": options.num_predict,
            "temperature": options.temperature,
            "seed": options.seed,
        },
        "format": request.schema,
        "think": request.think,
        "keep_alive": request.keep_alive,
    }
    if request.logprobs:
        arguments |= {"logprobs": True, "top_logprobs": request.top_logprobs}
    return arguments


def _complete(
    request: ChatRequest, text: str, logprobs: tuple[TokenLogprob, ...], last: Any, duration_s: float
) -> ChatAnswer:
    model = request.model
    if last is None:
        raise ModelTruncated(f"the answer of {model!r} ended before the model was done. Try again.")
    if last.done_reason == "length":
        raise ModelTruncated(
            f"{model!r} reached the limit of {request.options.num_predict} tokens (window {request.options.num_ctx}) "
            "before its answer was complete. Raise num_predict or num_ctx, or shorten the prompt."
        )
    tokens_in = last.prompt_eval_count or 0
    if prompt_was_cut((m.content for m in request.messages), tokens_in, request.options.num_ctx):
        raise ModelTruncated(
            f"{model!r} saw only {tokens_in} tokens of the prompt: the server cut it silently to its window. "
            f"Shorten the prompt, or raise num_ctx (now {request.options.num_ctx})."
        )
    return ChatAnswer(
        text=text,
        model=last.model or model,
        done_reason=last.done_reason or "",
        tokens_in=tokens_in,
        tokens_out=last.eval_count or 0,
        duration_s=duration_s,
        logprobs=logprobs,
    )


def _token(item: Any) -> TokenLogprob:
    others = tuple(TokenAlternative(other.token, other.logprob) for other in item.top_logprobs or ())
    return TokenLogprob(item.token, item.logprob, others)


def _name(item: Mapping[str, Any]) -> str:
    name = item.get("name") or item.get("model")
    return name if isinstance(name, str) else ""


def _listed_model(item: Mapping[str, Any]) -> ModelInfo:
    details = item.get("details")
    details = details if isinstance(details, dict) else {}
    length, size, digest = details.get("context_length"), item.get("size"), item.get("digest")
    abilities, family, name = item.get("capabilities"), details.get("family"), _name(item)
    return ModelInfo(
        name=name,
        digest=digest if isinstance(digest, str) else "",
        capabilities=tuple(a for a in abilities if isinstance(a, str)) if isinstance(abilities, list) else (),
        context_length=length if isinstance(length, int) else 0,
        size_bytes=size if isinstance(size, int) else 0,
        family=family if isinstance(family, str) else "",
        remote=is_remote_name(name) or bool(item.get("remote_host") or item.get("remote_model")),
    )
