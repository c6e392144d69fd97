"""An HTTP transport with one time limit for everything, and a size limit.

The time-outs of HTTP clients count per read: a server that sends one byte a second never trips them. Here each socket
operation gets what is left of a single deadline, so connecting, headers and body together stay within it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from orchestrator_core.clock import Clock

_DROPPED_HEADERS = (b"authorization", b"cookie", b"proxy-authorization")


class AnswerTooLarge(Exception):
    """More bytes came than any sensible answer has."""


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, limits: _Limits) -> None:
        self._inner = inner
        self._limits = limits

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._limits.remaining_s(httpcore.ReadTimeout))
        self._limits.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._limits.remaining_s(httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:
        left = self._limits.remaining_s(httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._limits)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Limits:
    def __init__(self, clock: Clock, timeout_s: float, max_bytes: int) -> None:
        self._clock = clock
        self._deadline = clock.monotonic() + timeout_s
        self._bytes_left = max_bytes

    def remaining_s(self, error: type[Exception]) -> float:
        left = self._deadline - self._clock.monotonic()
        if left <= 0:
            raise error("the time limit of the whole call has passed")
        return left

    def count(self, size: int) -> None:
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise AnswerTooLarge


class _Backend(httpcore.NetworkBackend):
    def __init__(self, limits: _Limits) -> None:
        self._inner = httpcore.SyncBackend()
        self._limits = limits

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._limits.remaining_s(httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options), self._limits)


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


class DeadlineTransport(httpx.BaseTransport):
    """Opens a connection of its own for one call; sends no credentials and knows no proxies.

    ``timeout_s`` covers the whole call, ``max_bytes`` everything that comes back. Errors are httpcore's own, besides
    ``AnswerTooLarge``.
    """

    def __init__(self, clock: Clock, *, timeout_s: float, max_bytes: int) -> None:
        limits = _Limits(clock, timeout_s, max_bytes)
        self._pool = httpcore.ConnectionPool(max_connections=1, network_backend=_Backend(limits))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # The client adds OLLAMA_API_KEY of the environment to every request: a local server needs none, others get none.
        headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _DROPPED_HEADERS]
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(request.method, url, headers=headers, content=request.stream, extensions={})
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        self._pool.close()
