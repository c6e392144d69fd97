"""The fake's HTTP side: a threading server on a free loopback port, with the real one's manners on the wire."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from msgspec import Struct

from fake_ollama.answers import Plain, Stream, error
from fake_ollama.api import Api
from fake_ollama.gotext import BadRequest, dumps
from fake_ollama.script import FakeModel, Reply

ROUTES: dict[str, tuple[str, ...]] = {
    "/": ("GET", "HEAD"),
    "/api/chat": ("POST",),
    "/api/generate": ("POST",),
    "/api/embed": ("POST",),
    "/api/show": ("POST",),
    "/api/pull": ("POST",),
    "/api/delete": ("DELETE",),
    "/api/tags": ("GET", "HEAD"),
    "/api/ps": ("GET",),
    "/api/version": ("GET", "HEAD"),
    "/v1/chat/completions": ("POST",),
}
TEXT = "text/plain; charset=utf-8"


class Seen(Struct, frozen=True):
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class FakeOllama:
    """A fake server; use it as a context manager, or ``start()`` and ``stop()``.

    Args:
        models: what is on its disk, newest first.
        pullable: what ``pull`` would find.
        old: no schemas, log-probabilities, capabilities or context lengths.
        load_s: how long loading a model takes; another ``num_ctx`` loads it again.
        max_queue: more calls than this at once are refused with 503.
    """

    def __init__(
        self,
        *models: FakeModel,
        pullable: tuple[FakeModel, ...] = (),
        version: str = "",
        old: bool = False,
        load_s: float = 0.0,
        max_queue: int = 512,
        default_num_ctx: int = 4096,
    ) -> None:
        self._stopping = threading.Event()
        self.api = Api(
            models or (FakeModel(),),
            version=version or ("0.3.14" if old else "0.33.0"),
            old=old,
            load_s=load_s,
            default_num_ctx=default_num_ctx,
            wait=self.wait,
        )
        self.pullable = pullable
        self.max_queue = max_queue
        self.seen: list[Seen] = []
        self.elsewhere: Reply | None = None
        """Set it to answer everything as another kind of server would."""
        self.busy = 0
        self._lock = threading.Lock()
        self._http: _Listener | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def script(self, *replies: Reply, model: str = "", prompt: str = "") -> None:
        """The replies to come, for all calls or for one model or prompt (see ``prompt_hash``); the last one repeats."""
        self.api.script.add(replies, model, prompt)

    def calls(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    def wait(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def enter_queue(self) -> bool:
        with self._lock:
            self.busy += 1
            return self.busy <= self.max_queue

    def leave_queue(self) -> None:
        with self._lock:
            self.busy -= 1

    def start(self) -> Self:
        """Listen; again after ``stop()`` on the same port."""
        if self._http is not None:
            return self
        self._stopping.clear()
        handler = type("Handler", (_Handler,), {"fake": self})
        self._http = _Listener(("127.0.0.1", self.port), handler)
        self.port = self._http.server_address[1]
        # A short poll: shutting down waits for it, and every test starts a server of its own.
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port; ``url`` still names it, and is refused from now on."""
        self._stopping.set()
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Listener(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    fake: FakeOllama
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        return None

    def _serve(self) -> None:
        try:
            self._route()
        except (BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            self.close_connection = True  # the client went away, as clients do

    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT = do_PATCH = _serve  # noqa: N815 - the base class looks for them

    def _route(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.fake.seen.append(Seen(self.command, path, headers, body))
        elsewhere = self.fake.elsewhere
        if elsewhere is not None:
            location = (("Location", elsewhere.location),) if elsewhere.location else ()
            self._deliver(
                elsewhere, Plain(elsewhere.status or 200, elsewhere.raw or b"", elsewhere.content_type, location)
            )
        elif not _own_host(headers.get("host", "")) or not _own_origin(headers.get("origin", "")):
            self._send(Plain(403, b"", ""))
        elif path not in ROUTES:
            self._send(Plain(404, b"404 page not found", "text/plain"))
        elif self.command not in ROUTES[path]:
            self._send(Plain(405, b"405 method not allowed", "text/plain", (("Allow", ", ".join(ROUTES[path])),)))
        else:
            self._queue(path, body)

    def _queue(self, path: str, body: bytes) -> None:
        waits = path in ("/api/chat", "/api/generate", "/api/embed")
        free = self.fake.enter_queue() if waits else True
        try:
            if free:
                self._deliver(*self._answer(path, body))
            else:
                self._send(error(503, "server busy, please try again.  maximum pending requests exceeded"))
        finally:
            if waits:
                self.fake.leave_queue()

    def _answer(self, path: str, body: bytes) -> tuple[Reply, Plain | Stream]:
        api, plain = self.fake.api, Reply()
        simple: dict[str, Callable[[], Plain]] = {
            "/": lambda: Plain(200, b"Ollama is running", TEXT),
            "/api/version": lambda: Plain(200, dumps({"version": api.version})),
            "/api/tags": api.tags,
            "/api/ps": api.ps,
            "/api/show": lambda: api.show(body),
            "/api/delete": lambda: api.delete(body),
        }
        queued = {"/api/chat": api.chat, "/api/generate": api.generate, "/api/embed": api.embed}
        try:
            if path in simple:
                return plain, simple[path]()
            if path == "/api/pull":
                return plain, api.pull(body, self.fake.pullable)
            if path in queued:
                return queued[path](body)
            return plain, _openai_shape(api, body)
        except BadRequest as bad:
            return plain, error(400, str(bad))

    def _deliver(self, reply: Reply, answer: Plain | Stream) -> None:
        if reply.reset:
            self.close_connection = True
            self.connection.close()
            return
        if reply.hang_s:
            self.fake.wait(reply.hang_s)
        if reply.drip:
            self._drip(reply)
        elif isinstance(answer, Stream):
            self._send_stream(answer)
        else:
            self._send(answer)

    def _send(self, answer: Plain) -> None:
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
        if answer.cut:
            self.close_connection = True

    def _send_stream(self, answer: Stream) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in answer.lines:
            self._chunk(line)
        if answer.cut:
            # Half a line, then the end of the stream: what a proxy or a dying server leaves.
            self._chunk(b'{"model":"tiny","created_at":"2026-08-01T10:00:00Z","message":{"role":"assis')
        if answer.linger_s:
            self.fake.wait(answer.linger_s)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _drip(self, reply: Reply) -> None:
        self.close_connection = True
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
        self.wfile.write(head + (b"X-Slow: " if reply.drip == "headers" else b"Content-Length: 1000000\r\n\r\n{"))
        while not self.fake.stopping:
            self.wfile.write(b" ")
            self.wfile.flush()
            self.fake.wait(reply.drip_s)


def _openai_shape(api: Api, body: bytes) -> Plain:
    from fake_ollama.gotext import loads

    name = str(loads(body).get("model") or "")
    if api.find(name) is None:
        said = {"message": f"model '{name}' not found", "type": "not_found_error", "param": None, "code": None}
        return Plain(404, dumps({"error": said}))
    choice = {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}
    return Plain(200, dumps({"id": "chatcmpl-1", "object": "chat.completion", "model": name, "choices": [choice]}))


def _own_host(header: str) -> bool:
    host = urlsplit(f"//{header}").hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host in ("", "localhost") or host.endswith((".localhost", ".local", ".internal"))
    return True


def _own_origin(header: str) -> bool:
    if not header:
        return True
    parts = urlsplit(header)
    return parts.scheme in ("app", "file", "tauri") or parts.hostname in ("localhost", "127.0.0.1", "0.0.0.0", "::1")
