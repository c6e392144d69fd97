"""What a new process pays: the import, and the first call. CPU time of the process and its children, each against a bare interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measurement import Measurement, median_of

# On Linux ru_maxrss keeps what the parent had before exec, so the process's own high-water mark is read instead.
_REPORT = """
import resource as _r, sys as _s
_u, _c = _r.getrusage(_r.RUSAGE_SELF), _r.getrusage(_r.RUSAGE_CHILDREN)
_m = _u.ru_maxrss * (1 if _s.platform == "darwin" else 1024)
if _s.platform == "linux":
    _m = next(int(l.split()[1]) * 1024 for l in open("/proc/self/status") if l.startswith("VmHWM"))
print(_u.ru_utime + _u.ru_stime + _c.ru_utime + _c.ru_stime, _m)
"""
_FIRST_CALL = """
from orchestrator import execute_agent, register
register("echo", lambda request: "The meeting moved to Tuesday at ten. Ada will bring the figures, and Grace books the room.")
result = execute_agent("echo", "Summarise the note about the meeting.")
assert result.ok and result.recorded and result.verdict.status == "judged" and result.trace_id, result
"""


def cost(code: str, environment: dict[str, str], rounds: int) -> tuple[float, float]:
    """CPU seconds, those of child processes included, and bytes at the most, of a new process; medians."""
    cpu, memory = [], []
    for _ in range(rounds):
        out = subprocess.run(
            [sys.executable, "-c", code + "\n" + _REPORT], env=environment, capture_output=True, text=True, check=True
        ).stdout.split()
        cpu.append(float(out[-2]))
        memory.append(float(out[-1]))
    return median_of(cpu), median_of(memory)


def run(*, quick: bool) -> list[Measurement]:
    """Import and first call, medians over fresh processes."""
    rounds = 3 if quick else 9
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "ORCHESTRATOR_HOME": str(Path(folder) / "home"),
            "ORCHESTRATOR_DASHBOARDS_AUTO": "false",
        }
        bare_cpu, bare_memory = cost("pass", environment, rounds)
        import_cpu, import_memory = cost("import orchestrator", environment, rounds)
        used_cpu, used_memory = cost("from orchestrator import execute_agent, agent", environment, rounds)
        first_cpu, _ = cost(_FIRST_CALL, {**environment, "ORCHESTRATOR_HOME": str(Path(folder) / "fresh")}, 1)
        next_cpu, _ = cost(_FIRST_CALL, environment, rounds)
    mib = 1024 * 1024
    return [
        Measurement("import orchestrator, CPU above bare", (import_cpu - bare_cpu) * 1e3, 60, "ms"),
        Measurement("import orchestrator, memory above bare", (import_memory - bare_memory) / mib, 25, "MiB"),
        Measurement("import execute_agent, CPU above bare", (used_cpu - bare_cpu) * 1e3, 60, "ms"),
        Measurement("import execute_agent, memory above bare", (used_memory - bare_memory) / mib, 25, "MiB"),
        Measurement("first call in a new store, CPU", first_cpu, 0.7, "s", "makes the store; all stages on"),
        Measurement("first call in a known store, CPU", next_cpu, 0.7, "s", "all stages on"),
    ]
