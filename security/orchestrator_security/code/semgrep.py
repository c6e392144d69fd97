"""semgrep as a second engine for ``--deep``, where it is installed: its own start takes 1.5 s of CPU, so never while a call waits.

It runs with the rules beside this file, never with those of its registry, and is told to report nothing about itself.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from orchestrator_core.analysis.findings import CodeFinding
from orchestrator_core.records import Severity

RULES = Path(__file__).with_name("semgrep_rules.yaml")
_SEVERITY: dict[str, Severity] = {
    "ERROR": "high",
    "WARNING": "medium",
    "INFO": "low",
    "HIGH": "high",
    "MEDIUM": "medium",
    "LOW": "low",
    "CRITICAL": "high",
}
_MISSING = "semgrep is not installed, so --deep adds nothing. To add it: pip install semgrep (or pipx install semgrep)"


class DeepScan(Struct, frozen=True):
    """What semgrep found; ``error`` says why it found nothing or not all."""

    findings: tuple[CodeFinding, ...] = ()
    error: str = ""


def find_semgrep() -> str:
    """Where the program is; empty where there is none."""
    return shutil.which("semgrep") or ""


def deep_scan(files: Sequence[Path], *, timeout_s: float = 120.0, program: str = "") -> DeepScan:
    """Let semgrep scan files; the findings' paths are as the files were given. Never raises."""
    program = program or find_semgrep()
    if not program:
        return DeepScan(error=_MISSING)
    if not files:
        return DeepScan()
    command = [
        program, "scan", "--json", "--quiet", "--metrics=off", "--disable-version-check", "--no-git-ignore", "--disable-nosem",
        f"--config={RULES}", "--timeout=20", "--max-target-bytes=2000000", "--", *(str(file) for file in files),
    ]  # fmt: skip
    environment = {**os.environ, "SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0", "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=timeout_s, env=environment, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return DeepScan(error=f"semgrep did not finish within {timeout_s:g} s and was stopped")
    except OSError as error:
        return DeepScan(error=f"semgrep cannot be started: {error.strerror or error}")
    try:
        document = json.loads(done.stdout.decode("utf-8", errors="replace"))
        found = tuple(_finding(result) for result in document["results"])
    except (ValueError, KeyError, TypeError) as error:
        told = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
        why = f"{type(error).__name__}; exit code {done.returncode}"
        return DeepScan(error=f"semgrep's answer cannot be read ({why}) {told[-1][:200] if told else ''}".rstrip())
    return DeepScan(found)


def _finding(result: dict[str, Any]) -> CodeFinding:
    extra = result["extra"]
    metadata = extra.get("metadata") or {}
    cwe = str(metadata.get("cwe", ""))
    return CodeFinding(
        f"semgrep.{str(result['check_id']).rpartition('.')[2]}",
        " ".join(str(extra.get("message", "")).split()),
        str(result["path"]),
        int(result["start"]["line"]),
        _SEVERITY.get(str(extra.get("severity", "")).upper(), "medium"),
        cwe if cwe.startswith("CWE-") else "",
        0.8,
        str(metadata.get("fix", "")),
    )
