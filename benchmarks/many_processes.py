"""Four processes with 500 calls each on one store: no error, no lost row."""

from __future__ import annotations

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
for i in range(int(sys.argv[2])):
    result = magnus.execute("echo", f"request {i}")
    assert result.ok and result.recorded, result
    print(result.execution_id)
"""


def run(*, quick: bool) -> list[Measurement]:
    """Errors and lost rows, both 0 when all is well."""
    calls = 100 if quick else 500
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        workers = [
            subprocess.Popen([sys.executable, "-c", _WORKER, folder, str(calls)], stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        outputs = [worker.communicate()[0] for worker in workers]
        took = time.perf_counter() - began
        returned = {line for out in outputs for line in out.split()}
        magnus = Orchestrator(home=folder, overrides={"dashboards.auto": False})
        magnus.open()
        stored = {row[0] for row in magnus.database.query("SELECT id FROM executions")}
        ok = magnus.database.integrity() == "ok"
        magnus.close()
    errors = sum(worker.returncode != 0 for worker in workers) + (not ok)
    return [
        Measurement(f"4 processes x {calls} calls, errors", errors, 0, "", f"{took:.1f} s wall"),
        Measurement("lost rows", 4 * calls - len(returned & stored), 0, "rows"),
    ]
