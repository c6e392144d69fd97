"""What went wrong at the model server, in Magnus's own words: every foreign exception becomes a ``ModelError``.

nothing listens, broken pipe, not Ollama, redirect     ModelUnavailable
404 with an Ollama text                                ModelNotFound, with the command that fetches the model
401, a cloud model's 403                               ModelRefused
time limit, 504, a load that timed out                 ModelTimeout
cut line, silent end, error line, context overflow     ModelTruncated
429, 503                                               ModelBusy
other 4xx, wrong option or format, no memory           ModelRejected
too many bytes                                         ModelBadOutput
"""

from __future__ import annotations

import json
import re

from orchestrator_core.errors import (
    ModelBadOutput,
    ModelBusy,
    ModelError,
    ModelNotFound,
    ModelRefused,
    ModelRejected,
    ModelTimeout,
    ModelTruncated,
    ModelUnavailable,
)

MAX_DETAIL_CHARS = 240

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_OVERFLOW = ("exceed_context_size", "exceeds the available context", "longer than the context length")
_NO_MEMORY = ("more system memory", "out of memory", "unable to allocate", "insufficient memory")
_OWN_FAULT = ("option ", "invalid format", "does not support", "invalid option")


def detail(text: object) -> str:
    """A server's error text, fit for one line: the inner message of nested JSON, no control characters, at most 240."""
    value = text
    for _ in range(4):  # a runner's own JSON stands inside the server's error string, as text
        if isinstance(value, str) and value.lstrip().startswith("{"):
            try:
                value = json.loads(value)
            except ValueError:
                break
        elif isinstance(value, dict):
            value = value.get("error", value.get("message", "")) or json.dumps(value)
        else:
            break
    line = _CONTROL.sub(" ", str(value)).strip()
    return line if len(line) <= MAX_DETAIL_CHARS else line[: MAX_DETAIL_CHARS - 1] + "…"


def not_ollama(url: str, saw: str) -> ModelUnavailable:
    """Something answers at the address, but it does not speak Ollama's language."""
    return ModelUnavailable(
        f"what answers at {url} is not Ollama ({saw}). Another program may use this port: check evaluation.ollama_url."
    )


def model_not_found(model: str) -> ModelNotFound:
    """The server has no such model; the message names the command that fetches it."""
    return ModelNotFound(f"Ollama has no model {model!r}. Fetch it with: ollama pull {model}")


def from_status(status: int, text: object, *, url: str, model: str) -> ModelError:
    """The error for an HTTP status (or -1 for an error line in the middle of a stream) and its text."""
    raw = str(text)
    said = detail(text)
    low = f"{raw} {said}".lower()
    if any(mark in low for mark in _OVERFLOW):
        return ModelTruncated(f"the prompt does not fit the window of {model!r}: {said}. Shorten it or raise num_ctx.")
    if status == -1:
        return ModelTruncated(f"{model!r} stopped in the middle of its answer: {said}")
    if status == 404:
        if "not found" in low and "page not found" not in low and "<" not in raw:
            return model_not_found(model)
        return not_ollama(url, f"404: {said}")
    if status in (300, 301, 302, 303, 307, 308):
        return not_ollama(url, f"it redirects elsewhere, which is not followed ({status})")
    if status == 405 or "<html" in low:
        return not_ollama(url, f"status {status}: {said}")
    if status == 401 or (status == 403 and "cloud" in low):
        return ModelRefused(f"{model!r} runs on someone else's machine ({said or status}). Choose a local model.")
    if status == 403:
        return ModelRejected(f"the server at {url} refused this host name. Use a loopback address such as 127.0.0.1.")
    if status in (429, 503):
        return ModelBusy(f"the model server is busy: {said}. Try again later or raise OLLAMA_MAX_QUEUE on the server.")
    if status == 504 or "timed out" in low:
        return ModelTimeout(f"the model server gave up waiting for {model!r}: {said}")
    if any(mark in low for mark in _NO_MEMORY):
        return ModelRejected(f"{model!r} does not fit this machine's memory: {said}. Choose a smaller model.")
    if 400 <= status < 500 and status != 499:
        return ModelRejected(f"the model server rejected the request (status {status}): {said}")
    if any(low.lstrip().startswith(mark) for mark in _OWN_FAULT):
        return ModelRejected(f"the model server rejected the request (status {status}): {said}")
    return ModelUnavailable(f"the model server failed (status {status}): {said}. Its log says more.")


def from_bad_json(line: str, *, url: str, begun: bool) -> ModelError:
    """The error for a line that is no JSON: cut off in the middle, or from another kind of server."""
    if begun or line.lstrip().startswith("{"):
        return ModelTruncated(f"the answer from {url} breaks off in the middle of a line. Try again.")
    return not_ollama(url, f"no JSON but {detail(line[:60])!r}")


def from_exception(error: Exception, *, url: str, model: str, timeout_s: float, begun: bool) -> ModelError:
    """The error for whatever the client library let through. ``begun`` tells whether a part of the answer had come."""
    import httpcore
    import httpx
    import ollama

    from orchestrator_core.models.deadline_transport import AnswerTooLarge

    if isinstance(error, ModelError):
        return error
    if isinstance(error, ollama.ResponseError):
        return from_status(error.status_code, error.error, url=url, model=model)
    if isinstance(error, httpx.HTTPStatusError):
        return from_status(error.response.status_code, error.response.text, url=url, model=model)
    if isinstance(error, (httpcore.TimeoutException, httpx.TimeoutException, TimeoutError)):
        return ModelTimeout(
            f"{model or 'the model server'} gave no complete answer within {timeout_s:g} s. "
            "Raise the time limit, or choose a smaller model."
        )
    if isinstance(error, json.JSONDecodeError):
        return from_bad_json(error.doc, url=url, begun=begun)
    if isinstance(error, AnswerTooLarge):
        return ModelBadOutput(f"the answer from {url} was larger than any sensible one and was dropped")
    if isinstance(error, (httpcore.ConnectError, httpx.ConnectError, ConnectionError)) and not begun:
        return ModelUnavailable(f"nothing answers at {url}. Start Ollama with: ollama serve")
    broken = (httpcore.ProtocolError, httpcore.NetworkError, httpx.TransportError, httpx.DecodingError, OSError)
    if isinstance(error, broken):
        said = detail(error) or type(error).__name__
        if begun:
            return ModelTruncated(f"the connection to {url} broke in the middle of the answer ({said}). Try again.")
        return ModelUnavailable(f"the connection to {url} broke before an answer came ({said})")
    # Pydantic's and attribute errors of the client: the answer is JSON, but not one of Ollama's.
    if begun:
        return ModelBadOutput(f"an answer from {url} has another form than Ollama's ({type(error).__name__})")
    return not_ollama(url, f"an answer of another form, {type(error).__name__}")
