"""ruff's checks on a text or on files, through its own program.

Always isolated from configuration files: the same text gives the same findings wherever it lies.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from orchestrator_core.analysis.findings import CodeFinding
from orchestrator_core.errors import MissingDependency

if TYPE_CHECKING:
    from orchestrator_core.records import Severity

DEFAULT_SELECT: tuple[str, ...] = ("B", "E4", "E7", "E9", "F", "PLE", "PLW")
"""Rules that name mistakes rather than taste: Pyflakes, bugbear, pycodestyle's statements and errors, Pylint's errors and warnings."""

SYNTAX_RULE = "invalid-syntax"
"""The rule of a text that does not parse; ruff reports it whatever is selected."""

NOT_CHECKED = "not-checked"
"""The rule of a text that ruff's program did not survive (it overflows its stack on endless nesting)."""

_HIGH = (SYNTAX_RULE, NOT_CHECKED, "E9", "F821", "F822", "F823", "F63", "F70", "PLE")
_MEDIUM = ("F", "B", "PLW", "S", "E722")
_FILES_PER_RUN = 200
"""Keeps the command line below Windows' 32,767 characters for paths of usual length."""


class _Location(Struct):
    row: int


class _Raw(Struct):
    code: str | None
    message: str
    filename: str
    location: _Location | None = None


@cache
def ruff_program() -> str:
    """The path of ruff's program.

    Raises:
        MissingDependency: ruff is not installed in this environment.
    """
    try:
        from ruff import find_ruff_bin  # type: ignore[import-untyped]

        return str(find_ruff_bin())
    except (ImportError, FileNotFoundError) as error:
        raise MissingDependency("ruff", "the lint check", str(error).splitlines()[0]) from error


def severity_of(rule: str) -> Severity:
    """How bad a rule's finding is: high for code that cannot work as written, medium for likely mistakes, low for the rest."""
    if rule.startswith(_HIGH):
        return "high"
    return "medium" if rule.startswith(_MEDIUM) else "low"


def check_source(
    source: str, *, select: Sequence[str] = DEFAULT_SELECT, timeout_s: float = 10
) -> tuple[CodeFinding, ...]:
    """Findings in one Python text, in line order, with ``# noqa`` ignored. About 10 ms, nearly all of it the program's start.

    A text that does not parse gives findings of the rule ``invalid-syntax``, one that ends ruff one of ``not-checked``.

    Raises:
        MissingDependency: ruff is absent or cannot be started.
        TimeoutError: ruff did not answer within ``timeout_s``.
        ValueError: ``select`` names no rule that ruff knows.
    """
    arguments = ["--ignore-noqa", "--stdin-filename", "text.py", "-"]
    found = _run(arguments, select, timeout_s, text=source, cwd=None)
    return (_not_checked(""),) if found is None else found


def check_paths(
    root: Path, names: Sequence[str], *, select: Sequence[str] = DEFAULT_SELECT, timeout_s: float = 60
) -> tuple[CodeFinding, ...]:
    """Findings in files below ``root``, with their ``# noqa`` comments respected; ``path`` is as it stands in ``names``.

    Raises:
        MissingDependency, TimeoutError, ValueError: as ``check_source``; the limit is for each 200 files.
    """
    root = root.resolve()
    found: list[CodeFinding] = []
    chunks = [list(names[start : start + _FILES_PER_RUN]) for start in range(0, len(names), _FILES_PER_RUN)]
    while chunks:
        chunk = chunks.pop()
        arguments = ["--no-force-exclude", "--no-respect-gitignore", "--", *(f"./{name}" for name in chunk)]
        got = _run(arguments, select, timeout_s, text="", cwd=root)
        if got is not None:
            found += got
        elif len(chunk) == 1:
            found.append(_not_checked(chunk[0]))
        else:  # one file ends the program for all of its chunk: halve until it stands alone
            chunks += [chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]]
    return tuple(sorted(found, key=_order))


def _run(
    arguments: Sequence[str], select: Sequence[str], timeout_s: float, *, text: str, cwd: Path | None
) -> tuple[CodeFinding, ...] | None:
    """The findings, or None when the program crashed."""
    # A fixed, known target: ruff refuses versions it does not know, and guesses an old one when isolated.
    target = f"py3{min(sys.version_info[1], 14)}"
    command = [ruff_program(), "check", "--isolated", "--no-cache", "--exit-zero", "--quiet", "--output-format", "json"]
    command += ["--target-version", target, "--select", ",".join(select), *arguments]
    try:
        done = subprocess.run(  # the program is ours and no shell is involved
            command,
            input=text.encode("utf-8", errors="replace"),
            capture_output=True,
            timeout=timeout_s,
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"ruff did not answer within {timeout_s:g} s") from error
    except OSError as error:
        raise MissingDependency("ruff", "the lint check", str(error)) from error
    reason = done.stderr.decode("utf-8", errors="replace").strip()
    if done.returncode == 2 and "panicked" not in reason:
        raise ValueError(f"ruff refused the check: {reason[-500:]}")
    if done.returncode != 0:
        return None
    raw = msgspec.json.decode(done.stdout or b"[]", type=list[_Raw])
    return tuple(sorted((_finding(entry, cwd) for entry in raw), key=_order))


def _order(finding: CodeFinding) -> tuple[str, int, str]:
    return finding.path, finding.line, finding.rule


def _not_checked(path: str) -> CodeFinding:
    message = "ruff ended while reading this text, so it was not checked; usually it is nested too deeply"
    return CodeFinding(rule=NOT_CHECKED, message=message, path=path, severity="high")


def _finding(entry: _Raw, root: Path | None) -> CodeFinding:
    rule = entry.code or SYNTAX_RULE
    path = ""
    if root is not None:
        name = Path(entry.filename)
        path = name.relative_to(root).as_posix() if name.is_relative_to(root) else name.as_posix()
    line = entry.location.row if entry.location else 0
    return CodeFinding(rule=rule, message=entry.message, path=path, line=line, severity=severity_of(rule))
