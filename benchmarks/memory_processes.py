"""Memory in more than one process: the first answer of a new one, what it holds, and when it sees what another one stored."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fresh_process import cost
from measurement import Measurement, median_of
from memory_filling import OVERRIDES, filled

from orchestrator import Orchestrator

_SIZE = 10_000
_FIRST_ANSWER = """
from orchestrator.memory import get_memory_manager
found = get_memory_manager().search("what did we say about the garden?")
assert found and not found.keyword_only and found.pending == 0, found
"""
_SEARCHES = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from memory_texts import questions, realistic
from orchestrator.memory import get_memory_manager
texts = [item["text"] for item in realistic({_SIZE // 10})]
for query in questions(texts, 200):
    assert get_memory_manager().search(query)
"""
_WRITER = """
import sys, time
from orchestrator import Orchestrator
memory = Orchestrator(home=sys.argv[1], overrides={"dashboards.auto": False}).memory
for line in sys.stdin:
    memory.remember(f"The parcel {line.strip()} was left with the neighbour.")
    print(time.monotonic(), flush=True)
"""


def run(*, quick: bool) -> list[Measurement]:
    """CPU seconds and MiB of fresh processes, and milliseconds until another process finds a memory by its words."""
    rounds, writes = (3, 50) if quick else (9, 200)
    store = filled("realistic", _SIZE)
    environment = {**os.environ, "ORCHESTRATOR_HOME": str(store.home), "ORCHESTRATOR_DASHBOARDS_AUTO": "false"}
    bare_cpu, _ = cost("pass", environment, rounds)
    first_cpu, first_memory = cost(_FIRST_ANSWER, environment, rounds)
    _, memory = cost(_SEARCHES, environment, 1)
    mib = 1024 * 1024
    return [
        Measurement(
            f"first answer at {_SIZE:,} in a fresh process, CPU", first_cpu, 1, "s",
            f"a bare interpreter {bare_cpu:.2f} s; its memory {first_memory / mib:.0f} MiB",
        ),
        Measurement(f"memory at {_SIZE:,} after 200 searches", memory / mib, 250, "MiB", "high-water mark"),
        *_visible(writes),
    ]  # fmt: skip


def _visible(writes: int) -> list[Measurement]:
    """From when ``remember`` has returned in one process to when a search in another one that has found it returns."""
    late = []
    with tempfile.TemporaryDirectory() as folder:
        reader = Orchestrator(home=folder, overrides=OVERRIDES)
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert writer.stdin is not None
        assert writer.stdout is not None
        for number in range(-1, writes):  # the first one makes both processes load what they need
            word = f"kx{number + 1}q"
            writer.stdin.write(f"{word}\n")
            stored = float(writer.stdout.readline())
            while not any(word in memory.text for memory in reader.memory.search(word, 3)):
                assert time.monotonic() < stored + 10, "never seen"
            if number >= 0:
                late.append(time.monotonic() - stored)
        writer.stdin.close()
        writer.wait()
        reader.close()
    late.sort()
    return [
        Measurement(
            f"seen by another process, slowest of {writes} writes", late[-1] * 1e3, 50, "ms",
            f"p50 {median_of(late) * 1e3:.1f} ms, p99 {late[int(0.99 * len(late))] * 1e3:.1f} ms; the search included",
        )
    ]  # fmt: skip
