"""A Chroma server, started here on loopback: what it finds, who feeds it, and what comes of one that is down, slow or no Chroma."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from chroma_servers import Server
from vector_stores import MODEL, VectorStore, clustered_vectors, random_vectors, recall, same_as_exact

from orchestrator_core.errors import SettingsError
from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.settings import MemorySettings
from orchestrator_memory.index import choice
from orchestrator_memory.index.chroma import http as chroma_http
from orchestrator_memory.index.chroma.http import ChromaHttp, server_address
from orchestrator_memory.index.chroma.server import ServerChroma
from orchestrator_memory.index.contract import IndexUnavailable


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    store = VectorStore(tmp_path / "home")
    yield store
    store.database.close()


def over(
    server: Server | str, store: VectorStore, namespace: str = "default", model: ModelIdentity = MODEL
) -> ServerChroma:
    url = server if isinstance(server, str) else server.url
    return ServerChroma(url, store.home, store.database, namespace, model, store.vectors)


def collections(server: Server) -> dict[str, int]:
    http = ChromaHttp(server_address(server.url))
    return {found.name: http.count(found.id) for found in http.collections()}


def test_all_three_ways_agree(server: Server, store: VectorStore) -> None:
    store.add(clustered_vectors(3000))
    queries = clustered_vectors(40, seed=77)
    index, embedded = over(server, store), store.index()
    assert index.follow() == embedded.follow() == 3000
    assert recall(store, index, queries) >= 0.98
    for query in queries[:10]:
        found, cosines = index.nearest(query, 10)
        other, same = embedded.nearest(query, 10)
        assert found.tolist() == other.tolist() == store.exact(query, 10)
        assert cosines.tolist() == pytest.approx(same.tolist())
    embedded.close()


def test_unclustered_vectors(server: Server, store: VectorStore) -> None:
    store.add(random_vectors(5000))
    index = over(server, store)
    index.follow()
    assert recall(store, index, random_vectors(30, seed=77)) >= 0.98


def test_it_follows_the_store_and_every_process_sees_it(server: Server, store: VectorStore) -> None:
    first = store.add(random_vectors(300))
    index = over(server, store)
    with pytest.raises(IndexUnavailable, match="no such collection"):
        index.nearest(random_vectors(1)[0], 1)
    index.follow()
    rows = random_vectors(4, seed=5)
    new = store.add(rows)
    other = over(server, store)  # as another process has it
    for asked in (index, other):
        assert asked.nearest(rows[2], 1)[0].tolist() == [new[2]]
    store.delete(new[2], *first[:40])
    assert index.follow() == 44
    assert index.follow() == 0
    assert index.health() == other.health() == "ok"
    for asked in (index, other, over(server, store)):
        assert all(same_as_exact(store, asked, query) for query in rows)
    assert 263 in collections(server).values()


def test_one_process_at_a_time_feeds_it(server: Server, store: VectorStore) -> None:
    store.add(random_vectors(10))
    index = over(server, store)
    index.follow()
    script = """
import sys
from pathlib import Path
from orchestrator_core.file_lock import file_lock
with file_lock(Path(sys.argv[1]), wait_s=0):
    print("held", flush=True)
    input()
"""
    lock = store.home / "chroma" / "server.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    rows = random_vectors(2, seed=3)
    new = store.add(rows)
    assert index.follow() == 0
    assert index.nearest(rows[1], 1)[0].tolist() == [new[1]]
    holder.kill()
    holder.communicate()
    assert index.follow() == 2


def test_stores_namespaces_and_models_do_not_mix(server: Server, store: VectorStore, tmp_path: Path) -> None:
    rows = random_vectors(60)
    store.add(rows[:20])
    store.add(rows[20:30], namespace="elsewhere")
    second = VectorStore(tmp_path / "second")
    second.add(rows[30:55])
    for index, there in ((over(server, store), store), (over(server, second), second)):
        index.follow()
        assert index.nearest(rows[0], 60)[0].tolist() == there.exact(rows[0], 60)
    elsewhere = over(server, store, "elsewhere")
    elsewhere.follow()
    assert len(elsewhere.nearest(rows[0], 60)[0]) == 10
    before = collections(server)
    changed = ModelIdentity("b2" * 8, "other", MODEL.dimensions)
    store.add(rows[55:], model=changed)
    switched = over(server, store, model=changed)
    assert switched.follow() == 5
    after = collections(server)
    assert len(before) == len(after)  # the earlier model's collection went
    assert all("default" not in name and "elsewhere" not in name for name in after)
    second.database.close()


def test_doubt_builds_it_anew(server: Server, store: VectorStore) -> None:
    seqs = store.add(random_vectors(50))
    index = over(server, store)
    index.follow()
    assert index._known is not None
    ChromaHttp(server_address(server.url)).delete(index._known[0], seqs[:5])
    store.add(random_vectors(1, seed=2))
    with pytest.raises(IndexUnavailable, match=r"46 vectors and the store 51"):
        index.follow()
    assert index.follow() == 51
    store.add(random_vectors(2, seed=3))
    store.database.execute([("DELETE FROM memory_log WHERE n < (SELECT max(n) FROM memory_log)", ())])  # trimmed
    assert index.follow() == 53
    assert same_as_exact(store, index, random_vectors(1, seed=3)[0])


def test_forgetting_takes_vectors_out_and_is_not_sure(server: Server, store: VectorStore) -> None:
    seqs = store.add(random_vectors(20))
    elsewhere = store.add(random_vectors(5, seed=1), namespace="elsewhere")
    for namespace in ("default", "elsewhere"):
        over(server, store, namespace).follow()
    store.delete(seqs[0], elsewhere[0])
    settings = MemorySettings(chroma_url=server.url)
    assert not choice.purge_indexes(settings, store.home, store.database, [seqs[0], elsewhere[0]])
    assert {19, 4} <= set(collections(server).values())
    index = over(server, store)
    assert not index.purge([seqs[1]])
    assert not over("http://127.0.0.1:1", store).purge([seqs[1]])


def test_a_server_that_goes_and_comes_back(store: VectorStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(tmp_path / "server")
    try:
        store.add(random_vectors(30))
        index = over(server, store)
        index.follow()
        server.stop()
        query = random_vectors(1, seed=4)[0]
        with pytest.raises(IndexUnavailable, match="cannot be reached"):
            index.nearest(query, 3)
        with pytest.raises(IndexUnavailable, match="cannot be reached"):
            index.follow()
        assert "cannot be reached" in index.health()
        server.start()
        new = store.add(query[None])
        with pytest.raises(IndexUnavailable, match="cannot be reached"):
            index.nearest(query, 3)  # it is left alone for a while
        assert index.follow() == 1
        assert index.nearest(query, 1)[0].tolist() == new
    finally:
        server.stop()


Answer = Callable[[BaseHTTPRequestHandler], None]


def _send(handler: BaseHTTPRequestHandler, status: int, body: object, kind: str = "application/json") -> None:
    data = body.encode() if isinstance(body, str) and kind != "application/json" else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(data)))
    if status in (301, 307):
        handler.send_header("location", "http://192.0.2.1/")  # reserved for documentation
    handler.end_headers()
    handler.wfile.write(data)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.02)
    except OSError:
        return


FAULTS: dict[str, tuple[Answer, str]] = {
    "login": (lambda handler: _send(handler, 401, {"error": "no"}), "asks for a login"),
    "forbidden": (lambda handler: _send(handler, 403, {"error": "no"}), "asks for a login"),
    "another version": (lambda handler: _send(handler, 200, "0.5.23"), "'0.5.23', not 1|unknown answer"),
    "a web page": (lambda handler: _send(handler, 200, "<html>", "text/html"), "is no Chroma server"),
    "an old server": (lambda handler: _send(handler, 410, {"error": "v1"}), "410"),
    "an error": (lambda handler: _send(handler, 500, {"error": "x"}), "500"),
    "elsewhere": (lambda handler: _send(handler, 307, {}), "307"),
    "odd types": (lambda handler: _send(handler, 200, {"id": 5}), "not 1|unknown answer"),
    "one byte at a time": (_drip, "did not answer within 0.3 s"),
    "nothing": (lambda handler: handler.connection.recv(1) and None, "did not answer within 0.3 s"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_answers_is_no_healthy_chroma(store: VectorStore, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    answer, message = FAULTS[fault]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  # the base class calls them so

        def log_message(self, *_: object) -> None:
            return

    monkeypatch.setattr(chroma_http, "SEARCH_S", 0.3)
    store.add(random_vectors(3))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.block_on_close = False
        threading.Thread(target=http.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{http.server_port}"
        for use in (lambda: over(url, store).follow(), lambda: over(url, store).nearest(random_vectors(1)[0], 1)):
            with pytest.raises(IndexUnavailable, match=message):
                use()
        http.shutdown()


def test_proxies_and_keys_of_the_environment_are_not_used(
    server: Server, store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    store.add(random_vectors(3))
    assert over(server, store).follow() == 3


@pytest.mark.parametrize(
    "url",
    ["", "chroma", "ftp://127.0.0.1", "http://", "http://user:word@127.0.0.1", "http://127.0.0.1:x", "http://h?a=b"],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(SettingsError, match="chroma_url"):
        server_address(url)


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("http://127.0.0.1", "http://127.0.0.1:8000"),
        ("https://index.intern:8443/chroma/", "https://index.intern:8443/chroma"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_addresses(url: str, full: str) -> None:
    assert server_address(url).url == full
