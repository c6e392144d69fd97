"""Runs code in an interpreter of its own, where the tests' network guard does not stand before Magnus's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

NOWHERE = "192.0.2.1"
"""An address for documentation (RFC 5737): no machine has it."""
_PROLOGUE = '''
import asyncio, json, socket, sys, threading, time
from orchestrator_core.errors import OfflineRefused
from orchestrator_security.network import audit_hook, scope
from orchestrator_security.network.confinement import build_confinement

told = {}

def guard(*allow, offline=True, **more):
    return build_confinement(offline, allow, environ={}, **more)

def outcome(work):
    """``refused`` with the message, or what else came of it. Nothing here may wait for an answer from elsewhere."""
    try:
        work()
    except OfflineRefused as error:
        return f"refused: {error}"
    except Exception as error:
        return f"passed: {type(error).__name__}"
    return "passed"

def send(host, port=9, family=socket.AF_INET):
    """Ask the hooks alone: the event of a datagram, without a packet that leaves."""
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        sys.audit("socket.sendto", one, (host, port))
'''


def run(code: str, folder: Path, **variables: str) -> dict[str, Any]:
    """What ``code`` has put into ``told``."""
    script = folder / "child.py"
    script.write_text(f"{_PROLOGUE}\n{textwrap.dedent(code)}\nprint(json.dumps(told))\n", encoding="utf-8")
    without = {"MAGNUS_TEST_NETWORK_LOG"}
    environment = {name: text for name, text in os.environ.items() if name not in without} | variables
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", str(script)],
        capture_output=True, text=True, timeout=120, check=False, cwd=folder, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
