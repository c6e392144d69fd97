"""Storing 10,000 texts at once, embedding included, and where the CPU time goes."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from measurement import Measurement
from memory_filling import OVERRIDES, embedding_model
from memory_texts import realistic

from orchestrator import Orchestrator
from orchestrator.memory import MemoryManager

_TEXTS_PER_CPU_S = 400
_BESIDES = 1.25
"""Redacting, comparing, storing and indexing may take a quarter of what the embedding takes."""


def run(*, quick: bool) -> list[Measurement]:
    """CPU time per text, of the process and its children, through ``remember_many`` and ``import_jsonl``."""
    n = 1_000 if quick else 10_000
    items = list(realistic(n))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "memories.jsonl"
        file.write_bytes(b"".join(msgspec.json.encode(item) + b"\n" for item in items))
        many = _per_text(n, lambda memory: memory.remember_many(items), Path(folder) / "many")
        lines = _per_text(n, lambda memory: memory.import_jsonl(file), Path(folder) / "lines")
    texts = [item["text"] for item in items]
    began = _cpu()
    embedding_model().encode(texts)
    alone = (_cpu() - began) / n * 1e3
    limit = 1e3 / _TEXTS_PER_CPU_S
    return [
        Measurement(f"remember_many, {n:,} texts, CPU per text", many, limit, "ms", f"{1e3 / many:.0f} texts per CPU-second"),
        Measurement(f"import_jsonl, {n:,} texts, CPU per text", lines, limit, "ms", f"{1e3 / lines:.0f} texts per CPU-second"),
        Measurement("the slower one / the embedding alone", max(many, lines) / alone, _BESIDES, "x", f"{alone:.2f} ms alone"),
    ]  # fmt: skip


def _per_text(n: int, work: Callable[[MemoryManager], Any], home: Path) -> float:
    """CPU milliseconds per text."""
    magnus = Orchestrator(home=home, overrides=OVERRIDES)
    magnus.memory.status()  # the model is loaded once per process
    began = _cpu()
    work(magnus.memory)
    while not magnus.memory.flush():
        time.sleep(0.05)
    took = _cpu() - began
    stats = magnus.memory.stats()
    assert stats.with_vectors == stats.total, stats
    assert stats.total + stats.merged >= 0.99 * n, stats
    magnus.close()
    return took / n * 1e3


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
