"""What a model would have generated: tokens, values that fit a schema, log-probabilities, a cut prompt."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fake_ollama.script import Reply

_TOKEN = re.compile(r" ?[^\W\d_]+|\d|\s+|.", re.DOTALL)
_WORDS = ("so", " it", " goes", " on", " and", " then")
MESSAGE_TOKENS = 4


def tokens(text: str) -> list[str]:
    """Tokens that join to the text again; every digit is a token of its own."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    return sum(1 for token in tokens(text) if not token.isspace())


class Overflow(Exception):
    """The prompt does not fit and may not be cut. ``sizes`` are its tokens and the window's."""

    def __init__(self, wanted: int, window: int, *, runner: bool) -> None:
        super().__init__(wanted, window)
        self.wanted, self.window, self.runner = wanted, window, runner


def fit(messages: list[Mapping[str, Any]], window: int, *, truncate: bool, shift: bool, num_keep: int = 4) -> int:
    """The prompt tokens a model gets to see: the oldest messages go silently, then the middle of the last one."""
    sizes = [count(str(m.get("content") or "")) + MESSAGE_TOKENS for m in messages]
    total = sum(sizes)
    if total <= window:
        return total
    if not truncate:
        raise Overflow(total, window, runner=True)
    keep = [i for i, m in enumerate(messages) if m.get("role") == "system" or i == len(messages) - 1]
    for i in range(len(messages) - 1):
        if total <= window:
            break
        if i not in keep:
            total -= sizes[i]
    if total <= window:
        return total
    if not shift:
        raise Overflow(total, window, runner=False)
    block = max((window - num_keep) // 2, 1)
    return total - (total - num_keep - block) // block * block


def words(reply: Reply, fmt: Any, *, sort_keys: bool) -> Iterator[str]:
    """The tokens of an answer, without an end for an endless one."""
    if reply.endless:
        return itertools.cycle(_WORDS)
    text = reply.text
    if text is None or (fmt == "json" and reply.obey_format and not _is_json(text)):
        if fmt and reply.obey_format:
            labels = iter(reply.labels)
            value = value_for(fmt, labels, sort_keys=sort_keys) if isinstance(fmt, dict) else {"answer": text or "yes"}
            text = json.dumps(value)
        else:
            text = text if text is not None else "The answer is yes, as far as one can tell."
    return iter(tokens(text))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def value_for(schema: Mapping[str, Any], labels: Iterator[str], *, sort_keys: bool = False) -> Any:
    """A value that fits a JSON schema of the usual kinds; ``labels`` are the wanted values of its enums, in order."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        wanted = next(labels, None)
        return wanted if wanted in schema["enum"] else schema["enum"][len(schema["enum"]) // 2]
    for choice in ("anyOf", "oneOf"):
        if schema.get(choice):
            return value_for(schema[choice][0], labels, sort_keys=sort_keys)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        names = schema.get("properties", {})
        order = sorted(names) if sort_keys else list(names)
        return {name: value_for(names[name], labels, sort_keys=sort_keys) for name in order}
    if kind == "array":
        item = schema.get("items", {"type": "string"})
        return [value_for(item, labels, sort_keys=sort_keys) for _ in range(max(schema.get("minItems", 1), 1))]
    if kind == "string":
        return "some plain words"[: schema.get("maxLength", 16)]
    return {"integer": 1, "number": 0.5, "boolean": True, "null": None}[kind]


def logprob(token: str, reply: Reply, top: int) -> dict[str, Any]:
    """One token's entry, with ``top`` alternatives when they were asked for."""
    odds = dict(reply.token_odds.get(token) or {token: 0.9, " the": 0.05, "\n": 0.02})
    entry: dict[str, Any] = _entry(token, odds.get(token, 0.9))
    if top > 0:
        ranked = sorted(odds.items(), key=lambda item: -item[1])[:top]
        entry["top_logprobs"] = [_entry(other, odd) for other, odd in ranked]
    return entry


def _entry(token: str, odd: float) -> dict[str, Any]:
    return {"token": token, "logprob": math.log(max(odd, 1e-12)), "bytes": list(token.encode())}
