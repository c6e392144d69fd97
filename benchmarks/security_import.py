"""What the security room costs a program that imports it: CPU time of a fresh process above a bare interpreter's.

Bytecode is kept in a folder of its own, as an installed package has it, whatever the environment says.
"""

from __future__ import annotations

import os
import tempfile

from fresh_process import cost
from measurement import Measurement

_ROOM = "import orchestrator_security.building, orchestrator_security.manager"
_LIGHT = f"""
{_ROOM}
import sys
heavy = {{"torch", "transformers", "spacy", "presidio_analyzer", "bandit", "sqlite3", "asyncio", "ssl"}} & set(sys.modules)
assert not heavy, heavy
"""


def run(*, quick: bool) -> list[Measurement]:
    """The import of the guard and the manager with all they load, medians over fresh processes."""
    rounds = 5 if quick else 15
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "PYTHONPYCACHEPREFIX": folder}
        cost(_LIGHT, environment, 1)
        bare, _ = cost("pass", environment, rounds)
        room, _ = cost(_ROOM, environment, rounds)
    return [Measurement("import of the security room, CPU above bare", (room - bare) * 1e3, 60, "ms")]
