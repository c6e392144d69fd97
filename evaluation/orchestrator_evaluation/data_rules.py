"""Rules for structured outputs: is there something in it, does it say that it failed, is it uniform. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any

from orchestrator_core.records import Criterion
from orchestrator_evaluation.request_terms import MAX_REQUEST_CHARS, stems, words_of
from orchestrator_evaluation.scoring import bounded

_MAX_LEAVES = 5_000
_FAILURE_KEYS = ("error", "errors", "exception", "traceback", "failure")
_STATUS_KEYS = ("status", "state", "result", "outcome")
_BAD_STATUS = ("error", "failed", "failure", "exception", "timeout")
CONFIDENCE = 0.4


def judge_data(data: Any, request: str) -> tuple[Criterion, ...]:
    """Judge a decoded JSON value: instruction, completeness and clarity (which is its shape)."""
    keys, leaves, empty = _walked(data)
    failed = _says_it_failed(data)
    return (_instruction(keys, leaves, request, failed), _completeness(leaves, empty, failed), _shape(data, keys))


def _criterion(name: str, score: float, evidence: str, confidence: float = CONFIDENCE) -> Criterion:
    return Criterion(name, bounded(score), confidence, "rules", evidence)


def _walked(data: Any) -> tuple[list[str], list[Any], int]:
    """The keys, the leaves and the number of empty leaves, of the first few thousand."""
    keys: list[str] = []
    leaves: list[Any] = []
    empty = 0
    stack = [data]
    while stack and len(leaves) < _MAX_LEAVES:
        value = stack.pop()
        if isinstance(value, dict) and value:
            keys += [str(key) for key in value]
            stack += reversed(value.values())
        elif isinstance(value, list) and value:
            stack += reversed(value)
        else:
            leaves.append(value)
            empty += value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip())
    return keys, leaves, empty


def _says_it_failed(data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    for name, value in data.items():
        key = str(name).lower()
        if key in _FAILURE_KEYS and value not in (None, False, "", 0, [], {}):
            return f"the field {str(name)!r} says that it failed"
        if key in _STATUS_KEYS and isinstance(value, str) and value.lower() in _BAD_STATUS:
            return f"the field {str(name)!r} says {value.lower()!r}"
        if key in ("ok", "success", "succeeded") and value is False:
            return f"the field {str(name)!r} is false"
    return ""


def _instruction(keys: list[str], leaves: list[Any], request: str, failed: str) -> Criterion:
    asked = stems(words_of(request[:MAX_REQUEST_CHARS]))
    if failed:
        return _criterion("instruction", 2.0, failed, 0.8)
    if not asked:
        return Criterion("instruction", None, 0.0, "rules", "the request names nothing to compare with")
    texts = [leaf for leaf in leaves if isinstance(leaf, str)]
    said = stems(words_of(" ".join([*keys, *texts])[:20_000].replace("_", " ")))
    covered = len(asked & said) / len(asked)
    return _criterion("instruction", 4.5 + 5.0 * covered**0.7, f"takes up {covered:.0%} of the request's terms")


def _completeness(leaves: list[Any], empty: int, failed: str) -> Criterion:
    if failed:
        return _criterion("completeness", 2.5, failed, 0.8)
    filled = len(leaves) - empty
    if not filled:
        return _criterion("completeness", 1.0, "every field is empty", 0.9)
    share = filled / len(leaves)
    score = 2.0 + 7.0 * share - 1.5 / filled
    return _criterion("completeness", score, f"{filled} of {len(leaves)} values are filled")


def _shape(data: Any, keys: list[str]) -> Criterion:
    rows = data if isinstance(data, list) else [row for v in data.values() if isinstance(v, list) for row in v]
    records = [frozenset(row) for row in rows[:500] if isinstance(row, dict)]
    score, notes = 8.5, [f"{len(keys)} named fields" if keys else "values without names"]
    if not keys:
        score -= 2.5
    if len(records) > 1:
        uniform = Counter(records).most_common(1)[0][1] / len(records)
        score += 1.0 - 4.0 * (1 - uniform)
        notes.append(f"{uniform:.0%} of the rows have one shape")
    vague = sum(1 for key in set(keys) if len(key) < 2 or key.isdigit()) / len(set(keys)) if keys else 0.0
    score -= 3.0 * vague
    return _criterion("clarity", score, "; ".join(notes))
