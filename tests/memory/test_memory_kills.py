"""``kill -9`` on processes that write and read memories: what was acknowledged is there. ``benchmarks/memory_kills`` does more."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator_core.storage.database import Database
from orchestrator_memory.rows.store import MemoryStore

ROUNDS = 10

PRELUDE = """
import sys, time
from pathlib import Path
from orchestrator_core.storage.database import Database
from orchestrator_memory.rows.expiry import clean_up
from orchestrator_memory.rows.row import MemoryRow
from orchestrator_memory.rows.store import MemoryStore
database = Database(Path(sys.argv[1]))
store = MemoryStore(database)
name = sys.argv[2]
def row(i, text, **changes):
    now = time.time()
    return MemoryRow(id=f"{name}-{i}", namespace="default", tier="knowledge", text=text, occurred_at=now, created_at=now, **changes)
"""
WRITER = """
i = 0
while True:
    i += 1
    # New texts, near-duplicates, versions of a key, batches and clean-ups in turn.
    if i % 5 == 0:
        stored = store.put_many([row(f"{i}-{part}", f"batch {i} part {part} of {name}") for part in range(20)])
    elif i % 5 == 1:
        stored = [store.put(row(i, "Both writers say the same thing again and again"))]
    elif i % 5 == 2:
        stored = [store.put(row(i, f"value {i} of {name}", key=f"key of {name}"))]
    else:
        stored = [store.put(row(i, f"text {i} of {name}"))]
    if i % 50 == 0:
        store.put(row("brief", f"gone at once {i}", expires_at=1.0))
        clean_up(database, time.time(), log_kept=500)
    print(*(one.id for one in stored), flush=True)
"""
READER = """
while True:
    stats = store.stats(time.time())
    newest = database.query("SELECT id, seq FROM memories ORDER BY seq DESC LIMIT 1")
    if newest and newest[0][1] not in store.rows([newest[0][1]], time.time()) and store.seq_of(newest[0][0]) is not None:
        sys.exit("the newest row cannot be read")
    print(stats.total, flush=True)
"""


def start(path: Path, script: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, str(path), name],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.xfail(sys.platform == "win32", reason="needs POSIX signals", run=False)
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "orchestrator.db"
    chance = random.Random(20_26)
    acknowledged: set[str] = set()
    for number in range(ROUNDS):
        scripts = {f"w{number}": WRITER, f"v{number}": WRITER, f"r{number}": READER}
        processes = {name: start(path, script, name) for name, script in scripts.items()}
        first = {name: process.stdout.readline() for name, process in processes.items() if process.stdout is not None}
        time.sleep(chance.uniform(0, 0.2))
        for process in processes.values():
            process.send_signal(signal.SIGKILL)
        for name, process in processes.items():
            out, error = process.communicate(timeout=30)
            assert process.returncode == -signal.SIGKILL, error
            if scripts[name] is WRITER:
                # A line that was cut by the kill was not acknowledged.
                acknowledged.update((first[name] + "".join(out.splitlines(keepends=True)[:-1])).split())
        database = Database(path)
        store = MemoryStore(database)
        lost = [memory_id for memory_id in acknowledged if store.seq_of(memory_id) is None]
        assert lost == []
        assert database.integrity() == "ok"
        database.execute([("INSERT INTO memories_fts (memories_fts) VALUES ('integrity-check')", ())])
        orphans = "SELECT count(*) FROM {} WHERE memory NOT IN (SELECT seq FROM memories)"
        assert [database.query(orphans.format(t)) for t in ("memory_aliases", "memory_prints")] == [[(0,)], [(0,)]]
        database.close()
    assert len(acknowledged) > 100
