"""One generation of the fake: its chunks in the server's order of keys, streamed or joined into one object."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from fake_ollama import generation
from fake_ollama.gotext import dumps
from fake_ollama.script import FakeModel, Reply

RUNNER_LOST = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, "
    "check ollama server logs for details"
)
MID_STREAM = "an error was encountered while running the model: unexpected EOF"


class Plain(Struct, frozen=True):
    """An HTTP answer with a length."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    """The length promises more than is sent, then the connection closes."""


class Stream(Struct, frozen=True):
    """A chunked answer, a line a chunk."""

    lines: Iterator[bytes]
    cut: bool = False
    """The last line is broken off, and the connection closes without the last chunk."""
    linger_s: float = 0.0


def error(status: int, text: str) -> Plain:
    return Plain(status, dumps({"error": text}))


def stamp() -> str:
    now = time.time_ns()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9)) + f".{now % 10**9:09d}Z"


class Generation(Struct):
    """Everything that one chat or generate call decides before its first token."""

    model: FakeModel
    asked_name: str
    reply: Reply
    chat: bool
    fmt: Any
    prompt_tokens: int
    num_ctx: int
    num_predict: int
    shift: bool
    logprobs: bool
    top: int
    load_s: float
    wait: Callable[[float], None]
    context: bool = False
    """Whether the last object carries the conversation as numbers, as generate calls do."""

    def answer(self, stream: bool) -> Plain | Stream:
        lines = self._chunks()
        if stream:
            cut = self.reply.cut_after is not None
            return Stream((dumps(line) + b"\n" for line in lines), cut=cut, linger_s=self.reply.linger_s)
        return self._joined(list(lines))

    def _chunks(self) -> Iterator[dict[str, Any]]:
        reply, made, started = self.reply, 0, time.perf_counter_ns()
        if reply.thinking:
            yield self._chunk("", thinking=reply.thinking)
        if reply.tool_calls:
            yield self._chunk("", tool_calls=self._calls())
        limit, by_length = self._limit(), False
        for token in () if reply.tool_calls else generation.words(reply, self.fmt, sort_keys=self._sorts()):
            if made >= limit:
                by_length = True
                break
            if reply.token_delay_s:
                self.wait(reply.token_delay_s)
            if made == reply.error_after:
                yield {"error": MID_STREAM}
                return
            if made in (reply.end_after, reply.cut_after):
                return
            made += 1
            yield self._chunk(token)
        if reply.end_after is None and reply.cut_after is None and reply.error_after is None:
            yield self._last("length" if by_length else reply.done_reason, made, started)

    def _limit(self) -> int:
        # The server caps an unlimited answer at ten windows; without a shifting context the window itself is the end.
        limit = self.num_predict if self.num_predict >= 0 else 10 * self.num_ctx
        return limit if self.shift else min(limit, max(self.num_ctx - self.prompt_tokens, 0))

    def _sorts(self) -> bool:
        return self.chat and self.model.native_template

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"call_{i:08x}",
                "function": {"index": i, "name": call["name"], "arguments": call.get("arguments", {})},
            }
            for i, call in enumerate(self.reply.tool_calls)
        ]

    def _said(self, content: str, thinking: str = "", tool_calls: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        extra: dict[str, Any] = {"thinking": thinking} if thinking else {}
        if tool_calls:
            extra["tool_calls"] = tool_calls
        if self.chat:
            return {"message": {"role": "assistant", "content": content, **extra}}
        return {"response": content, **extra}

    def _chunk(self, token: str, **extra: Any) -> dict[str, Any]:
        chunk = {"model": self.asked_name, "created_at": stamp(), **self._said(token, **extra), "done": False}
        if self.logprobs and token:
            chunk["logprobs"] = [generation.logprob(token, self.reply, self.top)]
        return chunk

    def _last(self, reason: str, made: int, started: int) -> dict[str, Any]:
        spent = time.perf_counter_ns() - started
        counted = self.reply.prompt_eval_count
        seen = self.prompt_tokens if counted is None else counted
        last = {"model": self.asked_name, "created_at": stamp(), **self._said(""), "done": True, "done_reason": reason}
        if self.context:
            last["context"] = list(range(1, min(seen, 16) + 1))
        counters = {
            "total_duration": spent + int(self.load_s * 1e9) + 2,
            "load_duration": int(self.load_s * 1e9) + 1,
            "prompt_eval_count": seen,
            "prompt_eval_duration": 1_000_000,
            "eval_count": made,
            "eval_duration": spent,
        }
        return {**last, **{name: value for name, value in counters.items() if value}}

    def _joined(self, lines: list[dict[str, Any]]) -> Plain:
        failed = next((line for line in lines if "error" in line), None)
        if failed is not None:
            return error(500, failed["error"])
        if not lines:
            return error(500, RUNNER_LOST)
        joined = dict(lines[-1])
        tokens = list(itertools.chain.from_iterable(line.get("logprobs", ()) for line in lines))
        if self.chat:
            message: dict[str, Any] = {"role": "assistant", "content": "".join(i["message"]["content"] for i in lines)}
            for name in ("thinking", "tool_calls"):
                got = next((line["message"][name] for line in lines if name in line["message"]), None)
                if got:
                    message[name] = got
            joined["message"] = message
        else:
            joined["response"] = "".join(line["response"] for line in lines)
        joined.pop("logprobs", None)
        if tokens:  # between done_reason and the durations
            at = next((i for i, name in enumerate(joined) if name in ("context", "total_duration")), len(joined))
            items = list(joined.items())
            joined = dict([*items[:at], ("logprobs", tokens), *items[at:]])
        return Plain(200, dumps(joined), cut=self.reply.cut_after is not None)
