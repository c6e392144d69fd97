"""The border to Ollama: right answers come through whole, everything else becomes one typed error in time."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fake_ollama import FakeModel, FakeOllama, Reply
from orchestrator_core import errors
from orchestrator_core.models.contract import ChatOptions, ChatRequest, Message, TokenAlternative
from orchestrator_core.models.ollama_border import OllamaServer

SCHEMA = {"type": "object", "properties": {"a": {"enum": ["0", "1"]}}, "required": ["a"]}


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(FakeModel(), FakeModel("emb", family="bert", capabilities=("embedding",))) as made:
        yield made


def ask(text: str = "Say yes.", **fields: Any) -> ChatRequest:
    return ChatRequest(**{"model": "tiny", "messages": (Message("user", text),), "timeout_s": 10.0, **fields})


def test_a_whole_answer_comes_through(fake: FakeOllama) -> None:
    fake.script(Reply(text="Yes, of course."))
    answer = OllamaServer(fake.url).chat(ask())
    assert (answer.text, answer.model, answer.done_reason) == ("Yes, of course.", "tiny", "stop")
    assert answer.tokens_in > 0 and answer.tokens_out > 0 and answer.duration_s > 0 and answer.logprobs == ()


def test_every_option_is_sent(fake: FakeOllama) -> None:
    request = ask(schema=SCHEMA, think=False, keep_alive="5m", options=ChatOptions(2048, 50, 0.0, 7))
    answer = OllamaServer(fake.url).chat(request)
    sent = json.loads(fake.calls("/api/chat")[0].body)
    assert sent["options"] == {"num_ctx": 2048, "num_predict": 50, "temperature": 0.0, "seed": 7}
    assert (sent["format"], sent["think"], sent["keep_alive"], sent["stream"]) == (SCHEMA, False, "5m", True)
    assert json.loads(answer.text)["a"] in ("0", "1")


def test_logprobs_come_with_their_alternatives_or_not_at_all(fake: FakeOllama) -> None:
    fake.script(Reply(text="7", token_odds={"7": {"7": 0.5, "8": 0.25}}))
    answer = OllamaServer(fake.url).chat(ask(logprobs=True, top_logprobs=2))
    (token,) = answer.logprobs
    assert token.token == "7" and [a.token for a in token.alternatives] == ["7", "8"]
    assert isinstance(token.alternatives[0], TokenAlternative) and token.logprob == pytest.approx(-0.693, abs=0.01)
    with FakeOllama(old=True) as old:
        assert OllamaServer(old.url).chat(ask(logprobs=True, top_logprobs=2)).logprobs == ()


def test_lone_surrogates_are_sent_as_question_marks(fake: FakeOllama) -> None:
    OllamaServer(fake.url).chat(ask("odd \ud800 text"))
    assert json.loads(fake.calls("/api/chat")[0].body)["messages"][0]["content"] == "odd ? text"


FAILURES: list[tuple[str, Reply, type[errors.ModelError], str]] = [
    ("reset", Reply(reset=True), errors.ModelUnavailable, "broke before an answer"),
    ("400", Reply(status=400, error='"tiny" does not support thinking'), errors.ModelRejected, "thinking"),
    ("401", Reply(status=401, error="unauthorized"), errors.ModelRefused, "someone else's machine"),
    ("403", Reply(status=403, raw=b""), errors.ModelRejected, "loopback"),
    ("404", Reply(status=404, error="model 'tiny' not found"), errors.ModelNotFound, "ollama pull tiny"),
    (
        "404 text",
        Reply(status=404, raw=b"404 page not found", content_type="text/plain"),
        errors.ModelUnavailable,
        "port",
    ),
    ("405 text", Reply(status=405, raw=b"no", content_type="text/plain"), errors.ModelUnavailable, "not Ollama"),
    ("429", Reply(status=429, error="slow down"), errors.ModelBusy, "slow down"),
    ("499", Reply(status=499, error="request canceled"), errors.ModelUnavailable, "canceled"),
    ("500", Reply(status=500, error="model runner has unexpectedly stopped"), errors.ModelUnavailable, "runner"),
    ("500 option", Reply(status=500, error='option "seed" must be of type integer'), errors.ModelRejected, "seed"),
    ("500 format", Reply(status=500, error='invalid format: "x"'), errors.ModelRejected, "format"),
    (
        "500 load",
        Reply(status=500, error="timed out waiting for llama-server to start"),
        errors.ModelTimeout,
        "gave up",
    ),
    ("500 memory", Reply(status=500, error="model requires more system memory"), errors.ModelRejected, "smaller model"),
    ("503", Reply(status=503, error="server busy, please try again."), errors.ModelBusy, "busy"),
    ("500 list", Reply(status=500, raw=b"[]", content_type="application/json"), errors.ModelUnavailable, "not Ollama"),
    ("html 200", Reply(raw=b"<html><body>router login"), errors.ModelUnavailable, "not Ollama"),
    ("html 502", Reply(status=502, raw=b"<html>Bad gateway</html>"), errors.ModelUnavailable, "not Ollama"),
    ("empty 200", Reply(raw=b""), errors.ModelTruncated, "before the model was done"),
    ("json list", Reply(raw=b"[1, 2]\n"), errors.ModelUnavailable, "not Ollama"),
    ("other json", Reply(raw=b'{"hello": "world"}\n'), errors.ModelUnavailable, "not Ollama"),
    ("redirect", Reply(status=307, raw=b"", location="http://127.0.0.1:1/"), errors.ModelUnavailable, "redirects"),
    ("error line", Reply(error_after=2), errors.ModelTruncated, "in the middle"),
    ("silent end", Reply(end_after=2), errors.ModelTruncated, "before the model was done"),
    ("silent end at once", Reply(end_after=0), errors.ModelTruncated, "before the model was done"),
    ("cut line", Reply(cut_after=2), errors.ModelTruncated, "middle of a line"),
    ("length", Reply(done_reason="length"), errors.ModelTruncated, "num_predict"),
    ("endless", Reply(endless=True), errors.ModelTruncated, "300 tokens"),
]


@pytest.mark.parametrize(("reply", "kind", "says"), [pytest.param(*row[1:], id=row[0]) for row in FAILURES])
def test_each_failure_is_one_typed_error(
    fake: FakeOllama, reply: Reply, kind: type[errors.ModelError], says: str
) -> None:
    fake.script(reply)
    with pytest.raises(errors.ModelError) as caught:
        OllamaServer(fake.url).chat(ask())
    assert type(caught.value) is kind
    assert says in str(caught.value)


def test_an_error_of_a_megabyte_stays_a_line(fake: FakeOllama) -> None:
    fake.script(Reply(status=500, error="x\n\x1b[31m" * 200_000))
    with pytest.raises(errors.ModelUnavailable) as caught:
        OllamaServer(fake.url).chat(ask())
    assert len(str(caught.value)) < 600 and "\x1b" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_body_without_end_is_dropped(fake: FakeOllama, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator_core.models.ollama_border.MAX_ANSWER_BYTES", 2000)
    fake.script(Reply(text="word " * 5000))
    with pytest.raises(errors.ModelBadOutput, match="larger than any sensible"):
        OllamaServer(fake.url).chat(ask(options=ChatOptions(num_predict=-1)))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(hang_s=30), id="hangs before the first byte"),
        pytest.param(Reply(drip="headers", drip_s=0.01), id="drips headers"),
        pytest.param(Reply(drip="body", drip_s=0.01), id="drips a line that never ends"),
        pytest.param(Reply(endless=True, token_delay_s=0.02), id="slow tokens"),
        pytest.param(Reply(end_after=1, linger_s=30), id="hangs in the middle"),
    ],
)
def test_the_time_limit_holds_for_the_whole_call(fake: FakeOllama, reply: Reply) -> None:
    fake.script(reply)
    done = threading.Event()
    caught: list[Exception] = []

    def run() -> None:
        try:
            OllamaServer(fake.url).chat(ask(timeout_s=0.3, options=ChatOptions(num_predict=-1)))
        except errors.MagnusError as error:
            caught.append(error)
        done.set()

    threading.Thread(target=run, daemon=True).start()
    assert done.wait(10), "the call outlived its time limit"
    assert [type(error) for error in caught] == [errors.ModelTimeout]
    assert "0.3 s" in str(caught[0])


def test_the_last_line_ends_the_call_even_if_the_server_lingers(fake: FakeOllama) -> None:
    fake.script(Reply(text="Yes.", linger_s=30))
    started = time.monotonic()
    assert OllamaServer(fake.url).chat(ask()).text == "Yes."
    assert time.monotonic() - started < 10


def test_a_silently_cut_prompt_is_noticed(fake: FakeOllama) -> None:
    long = " ".join(f"word{i}" for i in range(600))
    with pytest.raises(errors.ModelTruncated, match="cut it silently"):
        OllamaServer(fake.url).chat(ask(long, options=ChatOptions(num_ctx=256)))
    assert OllamaServer(fake.url).chat(ask(long, options=ChatOptions(num_ctx=4096))).text


def test_a_missing_prompt_count_proves_nothing(fake: FakeOllama) -> None:
    fake.script(Reply(text="Yes.", prompt_eval_count=0))
    assert OllamaServer(fake.url).chat(ask("word " * 100)).tokens_in == 0


def test_context_overflow_hidden_as_json_in_the_text_is_unpacked(fake: FakeOllama) -> None:
    inner = {"error": {"code": 400, "message": "request (9 tokens) exceeds it", "type": "exceed_context_size_error"}}
    fake.script(Reply(status=400, error=json.dumps(inner)))
    with pytest.raises(errors.ModelTruncated, match=r"request \(9 tokens\) exceeds it\. Shorten"):
        OllamaServer(fake.url).chat(ask())


@pytest.mark.parametrize("name", ["big:cloud", "big:120b-cloud", "Big:CLOUD", " big-cloud "])
def test_cloud_models_are_refused_before_anything_is_sent(fake: FakeOllama, name: str) -> None:
    server = OllamaServer(fake.url)
    for call in (lambda: server.chat(ask(model=name)), lambda: server.show(name), lambda: server.embed(name, ["x"])):
        with pytest.raises(errors.ModelRefused, match="local"):
            call()
    assert fake.seen == []


def test_no_credential_of_the_environment_is_sent(fake: FakeOllama, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "key-" + "0" * 12
    monkeypatch.setenv("OLLAMA_API_KEY", key)
    monkeypatch.setenv("OLLAMA_HOST", "http://192.0.2.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://192.0.2.1:9")
    server = OllamaServer(fake.url)
    server.chat(ask())
    server.show("tiny")
    server.embed("emb", ["x"])
    assert server.probe().reachable
    assert len(fake.seen) == 5
    for seen in fake.seen:
        assert "authorization" not in seen.headers and key not in str(seen.headers)


@pytest.mark.parametrize(
    "url",
    ["http://192.0.2.7:11434", "https://ollama.example.com", "http://0.0.0.0:11434", "http://127.0.0.1.example.com"],
)
def test_offline_means_this_machine_only(url: str) -> None:
    with pytest.raises(errors.ModelRefused, match="not on this machine"):
        OllamaServer(url)
    assert OllamaServer(url, offline=False).address.url.startswith(url)


@pytest.mark.parametrize(
    "url", ["", "ftp://127.0.0.1", "http://", "http://127.0.0.1:abc", "http://a b", "http://u:p@127.0.0.1"]
)
def test_what_is_no_address_is_a_settings_error(url: str) -> None:
    with pytest.raises(errors.SettingsError, match=r"http://127\.0\.0\.1:11434"):
        OllamaServer(url)


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("localhost:1234", "http://localhost:1234"),
        ("http://[::1]:11434/", "http://[::1]:11434"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
        ("http://[::ffff:127.0.0.1]:5", "http://[::ffff:127.0.0.1]:5"),
        ("http://127.0.0.1:5/ollama/", "http://127.0.0.1:5/ollama"),
    ],
)
def test_loopback_addresses_in_their_spellings(url: str, full: str) -> None:
    assert OllamaServer(url).address.url == full


def test_a_closed_port_is_unavailable_and_says_how_to_start(fake: FakeOllama) -> None:
    server = OllamaServer(fake.url)
    fake.stop()
    for call in (lambda: server.chat(ask()), server.list_models, lambda: server.show("tiny")):
        with pytest.raises(errors.ModelUnavailable, match="ollama serve"):
            call()
    status = server.probe()
    assert not status.reachable and "ollama serve" in status.reason


def test_probing_a_closed_port_imports_nothing_heavy() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = (
        "import sys; before = set(sys.modules)  # a coverage measurement has imported some already\n"
        "from orchestrator_core.models.ollama_border import OllamaServer\n"
        f"print(OllamaServer('http://127.0.0.1:{port}').probe().reachable, "
        "[m for m in ('httpx', 'ollama', 'httpcore', 'http.client', 'ssl', 'asyncio', 'json') if m in sys.modules and m not in before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False []"


def test_a_probe_tells_the_version_and_the_models() -> None:
    models = (FakeModel("new"), FakeModel("far", remote_host="https://example.com"), FakeModel("big:cloud"))
    with FakeOllama(*models, version="0.12.3") as fake:
        status = OllamaServer(fake.url).probe()
    assert (status.reachable, status.version) == (True, "0.12.3")
    assert [(m.name, m.remote) for m in status.models] == [
        ("new:latest", False),
        ("far:latest", True),
        ("big:cloud", True),
    ]
    first = status.models[0]
    assert first.capabilities == ("completion",) and first.context_length == 8192 and len(first.digest) == 64


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b"<html>hello</html>"),
        Reply(raw=b"404 page not found", status=404, content_type="text/plain"),
        Reply(raw=b"[]", content_type="application/json"),
        Reply(raw=b'{"models": 5}', content_type="application/json"),
        Reply(raw=b"", status=302, location="http://192.0.2.1/"),
        Reply(raw=b"x", drip="body"),
        Reply(reset=True),
    ],
)
def test_another_service_on_the_port_is_not_taken_for_ollama(fake: FakeOllama, reply: Reply) -> None:
    fake.elsewhere = reply
    status = OllamaServer(fake.url).probe(timeout_s=0.4)
    assert not status.reachable and status.reason
    assert len(fake.seen) == 1


def test_odd_model_lists_are_read_as_far_as_they_go(fake: FakeOllama) -> None:
    rows = [
        {"name": "ok", "size": "big", "digest": 5, "details": [], "capabilities": "x"},
        7,
        {"name": 3},
        {"model": "b"},
    ]
    fake.elsewhere = Reply(raw=json.dumps({"models": rows}).encode(), content_type="application/json")
    assert [m.name for m in OllamaServer(fake.url).list_models()] == ["ok", "b"]


def test_show_tells_capabilities_and_window(fake: FakeOllama) -> None:
    server = OllamaServer(fake.url)
    assert server.show("emb").capabilities == ("embedding",) and not server.show("emb").can_chat
    assert server.show("tiny").context_length == 8192 and server.show("tiny").can_chat
    with pytest.raises(errors.ModelNotFound, match="ollama pull nope"):
        server.show("nope")


def test_embed_gives_one_unit_vector_per_text(fake: FakeOllama) -> None:
    server = OllamaServer(fake.url)
    vectors = server.embed("emb", ["one", "two"])
    assert len(vectors) == 2 and vectors[0] != vectors[1]
    assert all(sum(x * x for x in v) == pytest.approx(1.0) for v in vectors)
    assert server.embed("emb", []) == ()
    with pytest.raises(errors.ModelNotFound, match="ollama pull nope"):
        server.embed("nope", ["x"])
    fake.script(Reply(raw=b'{"model": "emb", "embeddings": [[1.0], [1.0, 0.0]]}', content_type="application/json"))
    with pytest.raises(errors.ModelBadOutput, match="2 vectors"):
        server.embed("emb", ["x", "y"])


def test_many_threads_may_ask_at_once(fake: FakeOllama) -> None:
    server = OllamaServer(fake.url)
    said: list[str] = []
    threads = [threading.Thread(target=lambda: said.append(server.chat(ask()).text)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(said) == 8 and all(said)
