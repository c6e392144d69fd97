"""What ``orchestrate run`` is told, as the values a call takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from orchestrator_core.errors import UsageError

MAX_REQUEST_BYTES = 64 * 1024 * 1024
"""Nothing larger is read at all; what may be sent is the setting security.request_max_bytes."""

_SWITCH = {"on": True, "off": False}


def parse_context(texts: Sequence[str]) -> dict[str, Any]:
    """The context of ``KEY=VALUE`` texts and JSON objects; a later one wins.

    Raises:
        UsageError: one is neither.
    """
    context: dict[str, Any] = {}
    for text in texts:
        if text.lstrip().startswith("{"):
            context.update(_object(text))
            continue
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UsageError(f'--context {text!r} is neither KEY=VALUE nor a JSON object such as \'{{"path": "."}}\'.')
        context[key.strip()] = _value(value)
    return context


def _object(text: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(
            f"--context is no valid JSON: {error}. Mind the shell's quotes: --context '{{\"key\": 1}}'."
        ) from None
    return value


def _value(text: str) -> Any:
    """JSON where it is JSON (``true``, ``3``, ``[1, 2]``, ``"3"``), else the text itself."""
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return text


def parse_stages(texts: Sequence[str]) -> dict[str, bool]:
    """Switches of ``NAME=on|off`` texts. Which names there are, the call itself knows.

    Raises:
        UsageError: one has another form.
    """
    switches: dict[str, bool] = {}
    for text in texts:
        name, _, state = text.partition("=")
        if state.lower() not in _SWITCH or not name:
            raise UsageError(f"--stage {text!r} must be NAME=on or NAME=off, as in judge=off.")
        switches[name] = _SWITCH[state.lower()]
    return switches


def read_request(text: str, stdin: IO[str]) -> str:
    """The request itself: ``-`` stands for standard input, ``@FILE`` for a file, ``@@`` for an ``@``.

    Raises:
        UsageError: it cannot be read, is too large, or is no UTF-8.
    """
    if text == "-":
        source = getattr(stdin, "buffer", None)
        if source is None:
            raise UsageError("there is no standard input to read the request from.")
        return _decoded(source.read(MAX_REQUEST_BYTES + 1), "standard input")
    if text.startswith("@@"):
        return text[1:]
    if text.startswith("@"):
        return _decoded(_file_bytes(text[1:]), text[1:])
    return text


def _file_bytes(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_REQUEST_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"the request's file {name!r} cannot be read: {error.strerror}. For a text that begins with @, write @@."
        ) from None
    except ValueError as error:
        raise UsageError(f"{name!r} is no file's name ({error}).") from None


def _decoded(data: bytes, place: str) -> str:
    if len(data) > MAX_REQUEST_BYTES:
        raise UsageError(
            f"the request in {place} is larger than {MAX_REQUEST_BYTES} bytes; give the agent a path instead."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the request in {place} is no UTF-8 (byte 0x{data[error.start]:02x} at {error.start}). Convert it first."
        ) from None
