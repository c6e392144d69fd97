"""What was observed on a real server, replayed: against the fake, and against a real one where MAGNUS_OLLAMA_URL is set.

The real one needs a small model named in MAGNUS_OLLAMA_MODEL (default: the first it lists). Cases that need a scripted
fault, a second kind of model or a changed disk stand below ``Fake only``.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec import Struct

from fake_ollama import FakeModel, FakeOllama, Reply, prompt_hash

REAL_URL = os.environ.get("MAGNUS_OLLAMA_URL", "")
HELLO = [{"role": "user", "content": "Say hello."}]


class Answer(Struct):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def error(self) -> str:
        return str(self.json["error"])


class Server(Struct):
    """One server under test."""

    url: str
    model: str
    fake: FakeOllama | None = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        parts = urlsplit(self.url)
        link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        link.request(method, path, data, headers)
        got = link.getresponse()
        answer = Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        link.close()
        return answer

    def chat(self, stream: bool = False, **fields: Any) -> Answer:
        return self.ask("POST", "/api/chat", {"model": self.model, "messages": HELLO, "stream": stream, **fields})

    def generate(self, **fields: Any) -> Answer:
        return self.ask("POST", "/api/generate", {"model": self.model, "stream": False, **fields})


@pytest.fixture(params=["fake", "real"] if REAL_URL else ["fake"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "real":
        real = Server(REAL_URL, os.environ.get("MAGNUS_OLLAMA_MODEL", ""))
        real.model = real.model or real.ask("GET", "/api/tags").json["models"][0]["name"]
        yield real
        return
    with FakeOllama() as fake:
        yield Server(fake.url, "tiny", fake)


# -- transport -----------------------------------------------------------------------------------------------------------


def test_the_root_says_it_runs(server: Server) -> None:
    got = server.ask("GET", "/")
    assert (got.status, got.body) == (200, b"Ollama is running")
    assert got.headers["content-type"].startswith("text/plain")
    head = server.ask("HEAD", "/")
    assert (head.status, head.body) == (200, b"")


def test_unknown_paths_and_methods_are_plain_text(server: Server) -> None:
    missing = server.ask("GET", "/api/nothing")
    assert (missing.status, missing.body) == (404, b"404 page not found")
    wrong = server.ask("GET", "/api/chat")
    assert (wrong.status, wrong.body) == (405, b"405 method not allowed")
    assert "POST" in wrong.headers["allow"]
    assert all(a.headers["content-type"].startswith("text/plain") for a in (missing, wrong))


def test_foreign_hosts_and_origins_are_refused(server: Server) -> None:
    host = server.ask("GET", "/api/tags", Host="evil.example.com")
    assert (host.status, host.body) == (403, b"")
    assert server.ask("GET", "/api/tags", Origin="http://evil.example.com").status == 403
    assert server.ask("GET", "/api/tags", Origin="http://localhost:3000").status == 200


def test_errors_before_the_first_byte_are_json_with_a_status(server: Server) -> None:
    got = server.ask("POST", "/api/chat", {"model": "nope", "messages": HELLO, "stream": True})
    assert got.status == 404
    assert got.headers["content-type"].startswith("application/json")
    assert got.json == {"error": "model 'nope' not found"}


# -- chat ----------------------------------------------------------------------------------------------------------------


def test_a_stream_is_lines_with_the_counters_last(server: Server) -> None:
    got = server.chat(stream=True, options={"num_predict": 8})
    assert got.headers["content-type"].startswith("application/x-ndjson")
    *chunks, last = got.lines
    assert all(list(c)[:4] == ["model", "created_at", "message", "done"] and c["done"] is False for c in chunks)
    assert last["done"] is True and last["done_reason"] in ("stop", "length")
    known = ["model", "created_at", "message", "done", "done_reason", "total_duration", "load_duration"]
    known += ["prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"]
    assert list(last) == [name for name in known if name in last]
    assert last["eval_count"] <= 8 and last["prompt_eval_count"] > 0


def test_a_plain_answer_is_the_stream_joined(server: Server) -> None:
    options = {"num_predict": 8, "seed": 1, "temperature": 0}
    streamed = server.chat(stream=True, options=options).lines
    got = server.chat(options=options).json
    assert got["message"]["content"] == "".join(line["message"]["content"] for line in streamed)
    assert got["done"] is True
    assert got["eval_count"] == streamed[-1]["eval_count"]


def test_the_model_is_echoed_as_it_was_asked_for(server: Server) -> None:
    asked = server.model.upper()
    assert server.ask("POST", "/api/chat", {"model": asked, "messages": HELLO, "stream": False}).json["model"] == asked


def test_no_messages_load_and_unload(server: Server) -> None:
    load = server.chat(messages=[]).json
    assert load["done_reason"] == "load" and load["done"] is True and load["message"]["content"] == ""
    assert any(m["name"].startswith(server.model.split(":")[0]) for m in server.ask("GET", "/api/ps").json["models"])
    assert server.chat(messages=[], keep_alive=0).json["done_reason"] == "unload"


def test_logprobs_stand_between_the_reason_and_the_durations(server: Server) -> None:
    got = server.chat(logprobs=True, top_logprobs=2, options={"num_predict": 4}).json
    names = list(got)
    assert names.index("done_reason") < names.index("logprobs") < names.index("total_duration")
    assert all(set(entry) == {"token", "logprob", "bytes", "top_logprobs"} for entry in got["logprobs"])
    assert all(len(entry["top_logprobs"]) <= 2 and entry["logprob"] <= 0 for entry in got["logprobs"])


def test_streamed_logprobs_are_not_in_the_last_chunk_and_alternatives_only_when_asked_for(server: Server) -> None:
    *chunks, last = server.chat(stream=True, logprobs=True, options={"num_predict": 4}).lines
    entries = [entry for chunk in chunks for entry in chunk.get("logprobs", ())]
    assert "logprobs" not in last and entries
    assert all("top_logprobs" not in entry for entry in entries)


CHAT_REFUSALS: list[tuple[str, Any, int, str]] = [
    ("empty body", b"", 400, "missing request body"),
    ("bad JSON", b"{bad", 400, "invalid character 'b' looking for beginning of object key string"),
    ("no model", {"messages": HELLO}, 400, "model is required"),
    ("unknown model", {"model": "nope", "messages": HELLO}, 404, "model 'nope' not found"),
    ("top_logprobs", {"model": "nope", "top_logprobs": 21}, 400, "top_logprobs must be between 0 and 20"),
    ("think", {"messages": HELLO, "model": "*", "think": True}, 400, '"*" does not support thinking'),
    (
        "think value",
        {"model": "*", "messages": HELLO, "think": "huge"},
        400,
        'invalid think value: "huge" (must be "high", "medium", "low", "max", true, or false)',
    ),
    (
        "option type",
        {"model": "*", "messages": HELLO, "options": {"num_ctx": "big"}},
        500,
        'option "num_ctx" must be of type integer',
    ),
    (
        "keep_alive",
        {"model": "*", "messages": HELLO, "keep_alive": "5 parsecs"},
        400,
        'time: unknown unit " parsecs" in duration "5 parsecs"',
    ),
    (
        "format",
        {"model": "*", "messages": HELLO, "format": "yaml"},
        500,
        'invalid format: "\\"yaml\\""; expected "json" or a valid JSON Schema object',
    ),
]


@pytest.mark.parametrize(("body", "status", "text"), [pytest.param(*row[1:], id=row[0]) for row in CHAT_REFUSALS])
def test_refusals_have_their_exact_words(server: Server, body: Any, status: int, text: str) -> None:
    if isinstance(body, dict) and body.get("model") == "*":
        body = {**body, "model": server.model}
    got = server.ask("POST", "/api/chat", body)
    assert (got.status, got.error) == (status, text.replace("*", server.model))


ORDER: list[tuple[str, dict[str, Any], str]] = [
    ("top_logprobs before the name", {"model": "", "top_logprobs": 99}, "top_logprobs must be"),
    ("the name before the rest", {"model": "", "think": True, "messages": HELLO}, "model is required"),
    ("existence before capability", {"model": "nope", "think": True, "messages": HELLO}, "not found"),
    (
        "capability before options",
        {"model": "*", "think": True, "options": {"seed": "x"}, "messages": HELLO},
        "thinking",
    ),
    ("options before format", {"model": "*", "options": {"seed": "x"}, "format": "yaml", "messages": HELLO}, "option"),
]


@pytest.mark.parametrize(("body", "text"), [pytest.param(*row[1:], id=row[0]) for row in ORDER])
def test_checks_come_in_their_order(server: Server, body: dict[str, Any], text: str) -> None:
    body = {**body, "model": server.model} if body["model"] == "*" else body
    assert text in server.ask("POST", "/api/chat", body).error


def test_an_unload_comes_before_the_capability_check(server: Server) -> None:
    assert server.chat(messages=[], keep_alive=0, think=True).json["done_reason"] == "unload"


def test_a_prompt_that_may_not_be_cut_is_refused_with_json_inside_the_text(server: Server) -> None:
    long = [{"role": "user", "content": "word " * 400}]
    got = server.chat(messages=long, truncate=False, options={"num_ctx": 64})
    assert got.status == 400
    inner = json.loads(got.error)
    assert inner["error"]["type"] == "exceed_context_size_error"
    assert "exceeds the available context size" in inner["error"]["message"]


def test_unknown_options_and_fields_are_ignored(server: Server) -> None:
    got = server.chat(options={"num_predict": 2, "warp_factor": 9}, colour="blue")
    assert got.status == 200 and got.json["done"] is True


# -- the other endpoints -------------------------------------------------------------------------------------------------


def test_generate_gives_numbers_as_context_but_not_for_raw(server: Server) -> None:
    got = server.generate(prompt="Hi.", options={"num_predict": 3}).json
    assert isinstance(got["response"], str) and all(isinstance(n, int) for n in got["context"])
    assert "context" not in server.generate(prompt="Hi.", raw=True, options={"num_predict": 3}).json


def test_generate_without_a_prompt_loads_and_unloads(server: Server) -> None:
    assert server.generate().json["done_reason"] == "load"
    assert server.generate(keep_alive=0).json["done_reason"] == "unload"


def test_generate_names_a_missing_model_differently(server: Server) -> None:
    got = server.ask("POST", "/api/generate", {"prompt": "x"})
    assert (got.status, got.error) == (404, "model '' not found")


def test_embed_of_nothing_is_nothing(server: Server) -> None:
    nothing: tuple[object, ...] = ([], "")
    for empty in nothing:
        got = server.ask("POST", "/api/embed", {"model": server.model, "input": empty})
        assert got.json == {"model": server.model, "embeddings": []}


def test_embed_and_show_name_an_unknown_model_in_their_own_words(server: Server) -> None:
    embed = server.ask("POST", "/api/embed", {"model": "nope", "input": "x"})
    assert (embed.status, embed.error) == (404, 'model "nope" not found, try pulling it first')
    show = server.ask("POST", "/api/show", {"model": "nope"})
    assert (show.status, show.error) == (404, "model 'nope:latest' not found")
    assert server.ask("POST", "/api/show", {}).error == "model is required"


def test_tags_and_show_tell_what_a_model_can_do(server: Server) -> None:
    listed = server.ask("GET", "/api/tags").json["models"]
    entry = next(m for m in listed if m["name"].startswith(server.model.split(":")[0]))
    assert entry["name"] == entry["model"] and len(entry["digest"]) == 64 and entry["size"] > 0
    shown = server.ask("POST", "/api/show", {"model": server.model}).json
    assert "completion" in shown["capabilities"]
    assert shown["model_info"][shown["model_info"]["general.architecture"] + ".context_length"] > 0


def test_a_model_kept_for_ever_expires_far_away(server: Server) -> None:
    server.chat(messages=[], keep_alive=-1)
    rows = server.ask("GET", "/api/ps").json["models"]
    assert int(rows[0]["expires_at"][:4]) > 2100
    server.chat(messages=[], keep_alive=0)


def test_the_version_is_a_string(server: Server) -> None:
    assert isinstance(server.ask("GET", "/api/version").json["version"], str)


def test_a_failed_pull_is_a_200_with_an_error_line(server: Server) -> None:
    if server.fake is None:
        pytest.xfail("a real pull would open a connection to the registry")
    got = server.ask("POST", "/api/pull", {"model": "nope"})
    assert got.status == 200
    assert got.lines == [{"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}]
    plain = server.ask("POST", "/api/pull", {"model": "nope", "stream": False})
    assert (plain.status, plain.error) == (500, "pull model manifest: file does not exist")
    assert server.ask("POST", "/api/pull", {"model": " "}).error == "invalid model name"


def test_deleting_an_unknown_model_and_the_openai_shape(server: Server) -> None:
    gone = server.ask("DELETE", "/api/delete", {"model": "nope"})
    assert (gone.status, gone.error) == (404, "model 'nope' not found")
    got = server.ask("POST", "/v1/chat/completions", {"model": "nope", "messages": HELLO})
    assert got.status == 404
    assert got.json["error"] | {"message": ""} == {
        "message": "",
        "type": "not_found_error",
        "param": None,
        "code": None,
    }


# -- fake only: what needs a scripted fault, another kind of model or a changed disk ----------------------------------------


@pytest.fixture
def fake() -> Iterator[Server]:
    with FakeOllama() as made:
        yield Server(made.url, "tiny", made)


def scripted(fake: Server, *replies: Reply) -> Server:
    assert fake.fake is not None
    fake.fake.script(*replies)
    return fake


def test_an_unlimited_answer_ends_after_ten_windows(fake: Server) -> None:
    got = scripted(fake, Reply(endless=True)).chat(options={"num_ctx": 512, "num_predict": -1}).json
    assert (got["eval_count"], got["done_reason"]) == (5120, "length")


def test_a_runner_that_leaves_gives_200_without_done(fake: Server) -> None:
    scripted(fake, Reply(end_after=2))
    plain = fake.chat()
    assert plain.status == 200 and plain.json["done"] is False
    assert not {"done_reason", "eval_count", "total_duration"} & set(plain.json)
    assert not any(line["done"] for line in fake.chat(stream=True).lines)


def test_an_error_in_the_middle_is_the_last_line_of_a_200(fake: Server) -> None:
    got = scripted(fake, Reply(error_after=2)).chat(stream=True)
    assert got.status == 200
    assert list(got.lines[-1]) == ["error"] and len(got.lines) == 3


def test_old_messages_go_silently_and_the_system_message_stays(fake: Server) -> None:
    turns = [{"role": "system", "content": "be brief"}]
    turns += [{"role": "user", "content": "word " * 50} for _ in range(4)]
    whole = fake.chat(messages=turns, options={"num_ctx": 4096}).json["prompt_eval_count"]
    cut = fake.chat(messages=turns, options={"num_ctx": 128}).json["prompt_eval_count"]
    assert cut <= 128 < whole
    last_alone = fake.chat(messages=turns[-1:], options={"num_ctx": 32}).json["prompt_eval_count"]
    assert last_alone < 32
    unshifted = fake.chat(messages=turns[-1:], shift=False, options={"num_ctx": 32})
    assert unshifted.status == 400 and unshifted.error.startswith("the prompt is longer than the context length")


def test_a_zero_counter_is_left_out(fake: Server) -> None:
    assert "prompt_eval_count" not in scripted(fake, Reply(prompt_eval_count=0)).chat().json


SCHEMA = {
    "type": "object",
    "properties": {"z": {"enum": ["0", "1"]}, "a": {"type": "array", "items": {"type": "string", "maxLength": 4}}},
}


def test_a_schema_is_obeyed_in_its_order_or_alphabetically(fake: Server) -> None:
    raw = fake.chat(format=SCHEMA).json["message"]["content"]
    assert list(json.loads(raw)) == ["z", "a"]
    with FakeOllama(FakeModel(native_template=True)) as native:
        content = Server(native.url, "tiny").chat(format=SCHEMA).json["message"]["content"]
    value = json.loads(content)
    assert list(value) == ["a", "z"] and value["z"] in ("0", "1") and all(len(text) <= 4 for text in value["a"])
    broken = scripted(fake, Reply(text="no JSON", obey_format=False)).chat(format=SCHEMA)
    assert broken.json["message"]["content"] == "no JSON"


def test_a_reply_can_be_scripted_for_one_prompt(fake: Server) -> None:
    assert fake.fake is not None
    fake.fake.script(Reply(text="for all"))
    fake.fake.script(Reply(text="first"), Reply(text="then"), prompt=prompt_hash(HELLO))
    said = [fake.chat().json["message"]["content"] for _ in range(3)]
    other = fake.chat(messages=[{"role": "user", "content": "?"}]).json["message"]["content"]
    assert (said, other) == (["first", "then", "then"], "for all")


def test_an_old_server_knows_neither_schemas_nor_logprobs_nor_capabilities() -> None:
    with FakeOllama(old=True) as made:
        old = Server(made.url, "tiny")
        assert "logprobs" not in old.chat(logprobs=True, top_logprobs=3).json
        assert "capabilities" not in old.ask("GET", "/api/tags").json["models"][0]
        assert "cannot unmarshal object" in old.chat(format=SCHEMA).error
        assert json.loads(old.chat(format="json").json["message"]["content"])


def test_what_a_model_cannot_do_is_named() -> None:
    models = (FakeModel("m", capabilities=("embedding",)), FakeModel())
    with FakeOllama(*models) as made:
        server = Server(made.url, "m")
        assert server.chat().error == '"m" does not support chat'
        assert server.generate(prompt="x").error == '"m" does not support generate'
        vectors = server.ask("POST", "/api/embed", {"model": "m", "input": ["a", "b"]}).json["embeddings"]
        assert [round(sum(x * x for x in v), 6) for v in vectors] == [1.0, 1.0]
        tiny = Server(made.url, "tiny")
        assert tiny.chat(tools=[{"type": "function"}]).error.endswith("/library/tiny:latest does not support tools")
        raw = tiny.generate(prompt="x", raw=True, system="y")
        assert (raw.status, raw.error) == (400, "raw mode does not support template, system, or context")


def test_tool_calls_come_as_objects_with_the_reason_stop() -> None:
    with FakeOllama(FakeModel(capabilities=("completion", "tools", "thinking"))) as made:
        made.script(Reply(tool_calls=({"name": "add", "arguments": {"a": 1}},), thinking="hm"))
        got = Server(made.url, "tiny").chat(tools=[{"type": "function"}], think=True).json
    call = got["message"]["tool_calls"][0]
    assert call["function"] == {"index": 0, "name": "add", "arguments": {"a": 1}} and call["id"].startswith("call_")
    assert got["done_reason"] == "stop" and got["message"]["thinking"] == "hm"


def test_another_window_loads_the_model_again() -> None:
    with FakeOllama(load_s=0.03) as made:
        server = Server(made.url, "tiny")
        loads = [server.chat(options={"num_ctx": n}).json["load_duration"] > 10_000_000 for n in (512, 512, 1024)]
    assert loads == [True, False, True]


def test_a_full_queue_is_a_503_with_two_blanks() -> None:
    with FakeOllama(max_queue=0) as made:
        got = Server(made.url, "tiny").chat()
    assert (got.status, got.error) == (503, "server busy, please try again.  maximum pending requests exceeded")


def test_a_pull_reports_its_layers_and_adds_the_model() -> None:
    with FakeOllama(pullable=(FakeModel("new"),)) as made:
        server = Server(made.url, "new")
        lines = server.ask("POST", "/api/pull", {"model": "new"}).lines
        assert [line["status"] for line in lines][-3:] == ["verifying sha256 digest", "writing manifest", "success"]
        assert "completed" not in lines[1] and lines[3]["completed"] == lines[3]["total"]
        assert server.chat().status == 200


def test_a_cloud_model_is_forbidden(fake: Server) -> None:
    assert fake.ask("POST", "/api/chat", {"model": "big:cloud", "messages": HELLO}).status == 403
