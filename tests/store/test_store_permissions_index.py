"""Chroma makes its files by its own rules; in the store they are private all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_INDEXED = """
import json, os, sys, time
os.umask(0)
from pathlib import Path
from orchestrator import Orchestrator
home = Path(sys.argv[1])
overrides = {"memory.index": "chroma", "evaluation.judge": "rules", "dashboards.auto": False}
one = Orchestrator(home=home, overrides=overrides)
for number in range(5):
    one.memory.remember(f"fact number {number} of cats and trees")
until = time.monotonic() + 60
while not list(home.glob("chroma/**/chroma.sqlite3")) and time.monotonic() < until:
    one.memory.search("cats")
    time.sleep(0.1)
one.close()
print(json.dumps([sorted(str(p) for p in (home, *home.rglob("*")) if p.lstat().st_mode & 0o077),
                  [p.name for p in home.rglob("*")]]))
"""


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_vector_index_is_private_whatever_new_files_are(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INDEXED, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told, names = json.loads(done.stdout.splitlines()[-1])
    assert "chroma.sqlite3" in names
    assert told == []
