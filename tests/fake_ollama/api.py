"""The fake's endpoints: which check comes first, and the exact words of each refusal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from fake_ollama import generation
from fake_ollama.answers import Generation, Plain, Stream, error, stamp
from fake_ollama.gotext import BadRequest, dumps, duration_s, field, loads
from fake_ollama.script import FakeModel, Reply, Script, prompt_hash

REGISTRY = "registry." + "ollama.ai"
FOREVER = "2318-03-05T00:00:00Z"
OPTION_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(
        ("num_ctx", "num_predict", "num_keep", "seed", "top_k", "num_batch", "num_gpu"), ((int,), "integer")
    ),
    **dict.fromkeys(("num_thread", "main_gpu", "repeat_last_n"), ((int,), "integer")),
    **dict.fromkeys(("temperature", "top_p", "min_p", "typical_p"), ((int, float), "float32")),
    **dict.fromkeys(("repeat_penalty", "presence_penalty", "frequency_penalty"), ((int, float), "float32")),
    "use_mmap": ((bool,), "boolean"),
    "stop": ((list,), "an array"),
}


class Api:
    """State and rules of one fake server."""

    def __init__(
        self,
        models: tuple[FakeModel, ...],
        *,
        version: str,
        old: bool,
        load_s: float,
        default_num_ctx: int,
        wait: Callable[[float], None],
    ) -> None:
        self.models = list(models)
        self.version = version
        self.old = old
        self.load_s = load_s
        self.default_num_ctx = default_num_ctx
        self.script = Script()
        self.loaded: dict[str, tuple[int, float]] = {}
        """Name -> window and the time at which it goes (seconds since the epoch; infinity for never)."""
        self._wait = wait

    def find(self, name: str) -> FakeModel | None:
        full = full_name(name)
        return next((m for m in self.models if full_name(m.name) == full), None)

    # -- chat and generate -------------------------------------------------------------------------------------------

    def chat(self, body: bytes) -> tuple[Reply, Plain | Stream]:
        return self._generate(body, chat=True)

    def generate(self, body: bytes) -> tuple[Reply, Plain | Stream]:
        return self._generate(body, chat=False)

    def _generate(self, body: bytes, *, chat: bool) -> tuple[Reply, Plain | Stream]:
        plain = Reply()
        request = loads(body)
        where = "ChatRequest" if chat else "GenerateRequest"
        name = field(request, "model", str, where, "string", "")
        messages = field(request, "messages", list, where, "[]api.Message", []) if chat else []
        prompt = "" if chat else field(request, "prompt", str, where, "string", "")
        fmt = request.get("format")
        if self.old and isinstance(fmt, dict):
            raise BadRequest(f"json: cannot unmarshal object into Go struct field {where}.format of type string")
        think = _think(request.get("think"))
        keep_s = duration_s(request.get("keep_alive"), 300.0)
        top = field(request, "top_logprobs", int, where, "int", 0)
        if not 0 <= top <= 20 and not self.old:
            return plain, error(400, "top_logprobs must be between 0 and 20")
        if not name:
            return plain, (error(400, "model is required") if chat else error(404, "model '' not found"))
        if name.lower().endswith((":cloud", "-cloud")):
            return plain, error(403, "ollama cloud is disabled: remote model inference is unavailable")
        model = self.find(name)
        if model is None:
            return plain, error(404, f"model '{name}' not found")
        empty = not messages if chat else not prompt and not request.get("suffix")
        if empty and keep_s == 0:
            self.loaded.pop(model.name, None)
            return plain, self._preload(name, chat, "unload")
        if not chat and request.get("raw") and any(request.get(k) for k in ("template", "system", "context")):
            return plain, error(400, "raw mode does not support template, system, or context")
        refused = self._incapable(request, model, name, think, chat)
        if refused:
            return plain, refused
        options = request.get("options") or {}
        for key, value in options.items():
            kinds, word = OPTION_KINDS.get(key, ((object,), ""))
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds and word):
                return plain, error(500, f'option "{key}" must be of type {word}')
        num_ctx = min(options.get("num_ctx", self.default_num_ctx), model.context_length)
        load_s = self._load(model, num_ctx, keep_s)
        if empty:
            return plain, self._preload(name, chat, "load")
        if fmt not in (None, "", "json") and not isinstance(fmt, dict):
            text = dumps(dumps(fmt).decode()).decode()
            return plain, error(500, f'invalid format: {text}; expected "json" or a valid JSON Schema object')
        reply = self.script.next(model.name, prompt_hash(messages if chat else prompt))
        if reply.status or reply.raw is not None:
            return reply, _failure(reply)
        turns = messages if chat else [{"role": "user", "content": prompt}]
        shift = field(request, "shift", bool, where, "bool", True)
        try:
            cut = field(request, "truncate", bool, where, "bool", True)
            seen = generation.fit(turns, num_ctx, truncate=cut, shift=shift)
        except generation.Overflow as over:
            return reply, error(400, _overflow_text(over))
        call = Generation(
            model=model,
            asked_name=name,
            reply=reply,
            chat=chat,
            fmt=fmt,
            prompt_tokens=seen,
            num_ctx=num_ctx,
            num_predict=options.get("num_predict", -1),
            shift=shift,
            logprobs=bool(request.get("logprobs")) and not self.old and reply.with_logprobs,
            top=top,
            load_s=load_s,
            wait=self._wait,
            context=not chat and not request.get("raw"),
        )
        return reply, call.answer(field(request, "stream", bool, where, "bool", True))

    def _preload(self, name: str, chat: bool, reason: str) -> Plain:
        said: dict[str, Any] = {"message": {"role": "assistant", "content": ""}} if chat else {"response": ""}
        return Plain(200, dumps({"model": name, "created_at": stamp(), **said, "done": True, "done_reason": reason}))

    def _incapable(
        self, request: dict[str, Any], model: FakeModel, name: str, think: bool | str, chat: bool
    ) -> Plain | None:
        canonical = f"{REGISTRY}/library/{full_name(model.name)}"
        if "completion" not in model.capabilities:
            return error(400, f'"{name}" does not support {"chat" if chat else "generate"}')
        if think and "thinking" not in model.capabilities:
            return error(400, f'"{name}" does not support thinking')
        if request.get("tools") and "tools" not in model.capabilities:
            return error(400, f"{canonical} does not support tools")
        if request.get("suffix") and "insert" not in model.capabilities:
            return error(400, f"{canonical} does not support insert")
        return None

    def _load(self, model: FakeModel, num_ctx: int, keep_s: float) -> float:
        resident = self.loaded.get(model.name)
        spent = 0.0 if resident and resident[0] == num_ctx and resident[1] > time.time() else self.load_s
        if spent:
            self._wait(spent)
        if keep_s == 0:
            self.loaded.pop(model.name, None)
        else:
            self.loaded[model.name] = (num_ctx, float("inf") if keep_s < 0 else time.time() + keep_s)
        return spent

    # -- everything else ---------------------------------------------------------------------------------------------

    def embed(self, body: bytes) -> tuple[Reply, Plain]:
        request = loads(body)
        name = field(request, "model", str, "EmbedRequest", "string", "")
        given = request.get("input")
        if given is not None and not isinstance(given, (str, list)):
            return Reply(), error(400, "invalid input type")
        texts = [given] if isinstance(given, str) and given else given or []
        if not all(isinstance(text, str) for text in texts):
            return Reply(), error(400, "invalid input type")
        model = self.find(name)
        if model is None:
            return Reply(), error(
                404, f'model "{name}" not found, try pulling it first' if name else "model '' not found"
            )
        reply = self.script.next(model.name, prompt_hash("".join(texts)))
        if reply.status or reply.raw is not None:
            return reply, _failure(reply)
        if not texts:
            return reply, Plain(200, dumps({"model": name, "embeddings": []}))
        if request.get("truncate") is False and any(generation.count(t) > model.context_length for t in texts):
            return reply, error(400, "the input length exceeds the context length")
        vectors = [unit_vector(text) for text in texts]
        counted = sum(generation.count(text) for text in texts)
        durations = {"total_duration": 2_000_000, "load_duration": 1_000_000, "prompt_eval_count": counted}
        return reply, Plain(200, dumps({"model": name, "embeddings": vectors, **durations}))

    def tags(self) -> Plain:
        return Plain(200, dumps({"models": [self._listed(model) for model in self.models]}))

    def _listed(self, model: FakeModel) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "name": full_name(model.name),
            "model": full_name(model.name),
            "modified_at": "2026-08-01T10:00:00Z",
        }
        if model.remote_host:
            entry |= {"remote_model": model.name, "remote_host": model.remote_host}
        entry |= {"size": model.size, "digest": model.digest, "details": self._details(model)}
        return entry if self.old else {**entry, "capabilities": list(model.capabilities)}

    def _details(self, model: FakeModel) -> dict[str, Any]:
        details = {"parent_model": "", "format": "gguf", "family": model.family, "families": [model.family]}
        details |= {"parameter_size": "2.1M", "quantization_level": "F16"}
        return details if self.old else {**details, "context_length": model.context_length, "embedding_length": 64}

    def show(self, body: bytes) -> Plain:
        name = field(loads(body), "model", str, "ShowRequest", "string", "")
        if not name:
            return error(400, "model is required")
        model = self.find(name)
        if model is None:
            return error(404, f"model '{full_name(name)}' not found")
        arch = model.family
        info = {"general.architecture": arch, f"{arch}.context_length": model.context_length}
        shown: dict[str, Any] = {"license": "MIT", "modelfile": f"FROM {model.name}\n", "parameters": "num_keep    4"}
        shown |= {"template": "{{ .Prompt }}", "details": self._details(model)}
        shown |= {
            "model_info": {**info, "general.parameter_count": 2_100_000, "tokenizer.ggml.tokens": None},
            "tensors": [],
        }
        if not self.old:
            shown["capabilities"] = list(model.capabilities)
        return Plain(200, dumps({**shown, "modified_at": "2026-08-01T10:00:00Z"}))

    def ps(self) -> Plain:
        now = time.time()
        running = sorted(
            ((name, ctx, end) for name, (ctx, end) in self.loaded.items() if end > now), key=lambda item: -item[2]
        )
        rows = []
        for name, ctx, end in running:
            model = self.find(name)
            assert model is not None
            expires = FOREVER if end == float("inf") else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
            row = {"name": full_name(name), "model": full_name(name), "size": model.size, "digest": model.digest}
            rows.append(
                {**row, "details": self._details(model), "expires_at": expires, "size_vram": 0, "context_length": ctx}
            )
        return Plain(200, dumps({"models": rows}))

    def delete(self, body: bytes) -> Plain:
        name = field(loads(body), "model", str, "DeleteRequest", "string", "")
        model = self.find(name)
        if model is None:
            return error(404, f"model '{name}' not found")
        self.models.remove(model)
        return Plain(200, b"")

    def pull(self, body: bytes, pullable: tuple[FakeModel, ...]) -> Plain | Stream:
        request = loads(body)
        name = field(request, "model", str, "PullRequest", "string", "")
        if not name or name != name.strip() or "//" in name:
            return error(400, "invalid model name")
        model = next((m for m in pullable if full_name(m.name) == full_name(name)), None)
        lines = list(_pull_lines(model))
        if model is not None and self.find(model.name) is None:
            self.models.insert(0, model)
        if request.get("stream") is False:
            return Plain(200, dumps(lines[-1])) if model else error(500, lines[-1]["error"])
        return Stream(dumps(line) + b"\n" for line in lines)


def full_name(name: str) -> str:
    name = name.lower()
    return name if ":" in name else f"{name}:latest"


def unit_vector(text: str, size: int = 8) -> list[float]:
    """A vector of length 1 that depends on the text alone."""
    raw = [float(byte) - 127.5 for byte in bytes.fromhex(prompt_hash(text))[:size]]
    norm = sum(x * x for x in raw) ** 0.5
    return [x / norm for x in raw]


def _think(value: Any) -> bool | str:
    if value is None or isinstance(value, bool):
        return bool(value)
    if value in ("low", "medium", "high", "max"):
        return str(value)
    raise BadRequest(
        f'invalid think value: {dumps(value).decode()} (must be "high", "medium", "low", "max", true, or false)'
    )


def _overflow_text(over: generation.Overflow) -> str:
    if not over.runner:
        return (
            "the prompt is longer than the context length currently available to the model; shorten the prompt, "
            "adjust the context length in settings, or use a model with a longer context length"
        )
    text = f"request ({over.wanted} tokens) exceeds the available context size ({over.window} tokens)"
    return f'{{"error": {{"code": 400, "message": "{text}", "type": "exceed_context_size_error"}}}}'


def _failure(reply: Reply) -> Plain:
    if reply.raw is not None:
        location = (("Location", reply.location),) if reply.location else ()
        return Plain(reply.status or 200, reply.raw, reply.content_type, location)
    return error(reply.status, reply.error)


def _pull_lines(model: FakeModel | None) -> Iterator[dict[str, Any]]:
    yield {"status": "pulling manifest"}
    if model is None:
        yield {"error": "pull model manifest: file does not exist"}
        return
    layer = {"status": f"pulling {model.digest[:12]}", "digest": f"sha256:{model.digest}", "total": model.size}
    yield layer
    yield {**layer, "completed": model.size // 2}
    yield {**layer, "completed": model.size}
    for status in ("verifying sha256 digest", "writing manifest", "success"):
        yield {"status": status}
