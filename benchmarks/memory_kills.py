"""``kill -9`` at random moments among four writers and two readers: no memory that was acknowledged is lost, no file damaged.

``python benchmarks/memory_kills.py --rounds 200`` runs it alone. In each round one process, or now and then all of them, is killed and
started anew; every second writer keeps an embedded Chroma index, so kills also hit its flushes.
"""

from __future__ import annotations

import argparse
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from measurement import Measurement, print_table

from orchestrator import Orchestrator

_ROUNDS, _QUICK_ROUNDS = 200, 10
_ALL_EVERY = 10
"""In every tenth round all processes are killed at once, and the store is examined while nobody uses it."""
_SEARCHED = 50
_K = 1_000
"""What is asked here is whether a memory is found at all; how well it ranks is measured elsewhere."""

_PRELUDE = """
import random, sys
from orchestrator import Orchestrator
magnus = Orchestrator(home=sys.argv[1], overrides={"dashboards.auto": False, "memory.index": sys.argv[3]})
memory, name = magnus.memory, sys.argv[2]
words = "river stone window garden letter summer engine paper bridge market winter lamp forest coffee train harbour".split()
"""
_WRITER = (
    _PRELUDE
    + """
chance = random.Random(name)
i = 0
while True:
    i += 1
    mark = "".join(chance.choices("abcdefghijklmnop", k=12))
    text = f"{mark} {name} wrote number {i} about " + " ".join(chance.choices(words, k=chance.randint(4, 30)))
    print(memory.remember(text, author=name, session=f"{name} {i // 20}"), text, sep="\\t", flush=True)
    if i % 40 == 0:
        memory.flush(5)
"""
)
_READER = (
    _PRELUDE
    + """
while True:
    for newest in memory.browse(limit=1):
        hits = memory.search(newest.text.split()[0], 1_000, wait_s=0)
        print("seen" if newest.id in [hit.id for hit in hits] else "missed", newest.id, sep="\\t", flush=True)
"""
)


class _Worker:
    """A process and what it has said so far."""

    def __init__(self, folder: str, name: str, script: str, index: str) -> None:
        self.reads = script is _READER
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-c", script, folder, name, index],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._errors = ""
        self._threads = [threading.Thread(target=self._listen), threading.Thread(target=self._hear)]
        for thread in self._threads:
            thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith("\n"):  # a line cut by the kill was not acknowledged
                self.lines.put(line.rstrip("\n"))

    def _hear(self) -> None:
        assert self._process.stderr is not None
        self._errors = self._process.stderr.read()

    def kill(self) -> str:
        """What it complained of, where it had ended by itself before the kill."""
        ended = self._process.poll() is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        for thread in self._threads:
            thread.join()
        return self._errors[-2_000:] if ended else ""


class _Tally:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.seen = self.missed = self.lost = self.damaged = self.unfound = 0
        self.failures: list[str] = []

    def take(self, worker: _Worker) -> None:
        while not worker.lines.empty():
            first, second = worker.lines.get().split("\t", 1)
            if not worker.reads:
                self.texts[first] = second
            elif first == "seen":
                self.seen += 1
            else:
                self.missed += 1

    def examine(self, folder: str, chance: random.Random) -> None:
        """Look at the store as a process that starts now."""
        magnus = Orchestrator(home=folder, overrides={"dashboards.auto": False})
        try:
            memory = magnus.memory
            self.lost = sum(memory.get(memory_id) is None for memory_id in self.texts)
            self.damaged += magnus.database.integrity() != "ok"
            for memory_id in chance.sample(sorted(self.texts), min(_SEARCHED, len(self.texts))):
                self.unfound += memory_id not in [hit.id for hit in memory.search(self.texts[memory_id].split()[0], _K)]
        finally:
            magnus.close()


def run(*, quick: bool, rounds: int | None = None) -> list[Measurement]:
    """Lost, unfound and damaged counts over all rounds, each 0 when all is well."""
    number = rounds or (_QUICK_ROUNDS if quick else _ROUNDS)
    chance = random.Random(11)
    tally = _Tally()
    with tempfile.TemporaryDirectory() as folder:
        places = [f"w{n}" for n in range(4)] + ["r0", "r1"]
        workers: dict[str, _Worker] = {}
        for turn in range(number):
            for place in places:
                if place not in workers:
                    index = "chroma" if place in ("w0", "w2", "r0") else "exact"
                    script = _READER if place.startswith("r") else _WRITER
                    workers[place] = _Worker(folder, f"{place}-{turn}", script, index)
            time.sleep(chance.uniform(0, 2.0))
            everybody = turn % _ALL_EVERY == _ALL_EVERY - 1 or turn == number - 1
            for place in places if everybody else [chance.choice(places)]:
                worker = workers.pop(place)
                if complaint := worker.kill():
                    tally.failures.append(complaint)
                tally.take(worker)
            if everybody:
                tally.examine(folder, chance)
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    for complaint in tally.failures[:3]:
        print(complaint)
    note = f"{len(tally.texts):,} acknowledged, {size / 1e6:.0f} MB"
    return [
        Measurement(f"kill -9, {number} rounds, lost memories", tally.lost, 0, "rows", note),
        Measurement("memories that a new process does not find", tally.unfound, 0, "rows"),
        Measurement("newest rows that a reader did not find", tally.missed, 0, "rows", f"{tally.seen:,} looked for"),
        Measurement("damaged files", tally.damaged, 0, "files"),
        Measurement("processes that ended by themselves", len(tally.failures), 0, "ends"),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    results = run(quick=False, rounds=parser.parse_args().rounds)
    print_table(results)
    sys.exit(0 if all(result.kept for result in results) else 1)
