"""``kill -9`` at random moments: every call that returned is in the history, the file is whole, the next start works."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time

from measurement import Measurement

from orchestrator import Orchestrator

_WORKER = """
import sys
from orchestrator import Orchestrator
magnus = Orchestrator(home=sys.argv[1], overrides={"dashboards.auto": False, "evaluation.judge": "rules"})
magnus.register("echo", lambda request: request)
i = 0
while True:
    i += 1
    print(magnus.execute("echo", f"request {i}").execution_id, flush=True)
"""


def run(*, quick: bool) -> list[Measurement]:
    """Lost calls and damaged files over all rounds, both 0 when all is well."""
    rounds = 10 if quick else 100
    chance = random.Random(7)
    lost, damaged, acknowledged = 0, 0, set[str]()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            worker = subprocess.Popen([sys.executable, "-c", _WORKER, folder], stdout=subprocess.PIPE, text=True)
            assert worker.stdout is not None
            first = worker.stdout.readline().strip()
            time.sleep(chance.uniform(0, 0.3))
            worker.send_signal(signal.SIGKILL)
            acknowledged.update([first, *worker.communicate()[0].split("\n")[:-1]])
            magnus = Orchestrator(home=folder, overrides={"dashboards.auto": False})
            magnus.open()
            stored = {row[0] for row in magnus.database.query("SELECT id FROM executions")}
            damaged += magnus.database.integrity() != "ok"
            magnus.close()
        lost = len(acknowledged - stored)
    return [
        Measurement(f"kill -9, {rounds} rounds, lost calls", lost, 0, "calls", f"{len(acknowledged)} acknowledged"),
        Measurement("damaged files", damaged, 0, "files"),
    ]
