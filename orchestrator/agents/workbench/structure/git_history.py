"""Which files git's history changes most. Reads only: nothing the repository configures is run, nothing is fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

MOST_COMMITS = 2_000
MOST_BYTES = 16 * 1024 * 1024
TIME_LIMIT_S = 20.0

_SAFE_OPTIONS = (
    "--no-pager", "--no-optional-locks",
    # each of these names a program or a host that a repository's own settings could choose
    "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "log.showSignature=false",
    "-c", "safe.bareRepository=explicit", "-c", "protocol.allow=never", "-c", "core.pager=cat",
    "-c", "core.quotePath=false", "-c", "log.mailmap=false",
)  # fmt: skip


class FileHistory(Struct, frozen=True):
    """How often and by how many authors a file was changed."""

    path: str
    changes: int
    added: int
    removed: int
    authors: int
    last_changed: int
    """Epoch seconds of the newest commit that touched it."""


class History(Struct, frozen=True):
    """What git tells of a folder; ``missing`` says why it tells nothing."""

    commits: int = 0
    authors: int = 0
    files: tuple[FileHistory, ...] = ()
    """Most changed first."""
    missing: str = ""
    notes: tuple[str, ...] = ()


def read_history(
    root: Path,
    *,
    environment: Mapping[str, str] | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    most_commits: int = MOST_COMMITS,
) -> History:
    """The last ``most_commits`` commits that touched ``root``. Never raises: without git or a repository, ``missing`` is set."""
    variables = dict(os.environ if environment is None else environment)
    git = _find_git(variables.get("PATH", ""), root)
    if git is None:
        return History(missing="git is not installed outside the folder itself")
    clean = {name: value for name, value in variables.items() if not name.startswith("GIT_")}
    clean |= {
        "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none",
        "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GIT_PAGER": "cat", "LC_ALL": "C",
    }  # fmt: skip

    def ask(*arguments: str) -> tuple[int, bytes, str]:
        return _run([git, *_SAFE_OPTIONS, *arguments], root, clean, time_limit_s)

    code, output, error = ask("rev-parse", "--is-inside-work-tree", "--is-shallow-repository")
    if code != 0:
        return History(missing=_reason(error))
    notes = ["the clone is shallow: older commits are not in it"] if b"true" in output.split()[1:2] else []
    code, output, error = ask(
        "log", f"-n{most_commits}", "--no-merges", "--no-renames", "--numstat", "-z", "--relative", "--no-ext-diff", "--no-textconv",
        "--no-show-signature", "--no-color", "--format=%x01%H%x02%at%x02%ae", "--", ".",
    )  # fmt: skip
    if len(output) >= MOST_BYTES:
        notes.append(f"only the first {MOST_BYTES} bytes of the log were read")
    elif code != 0:
        return History(missing=_reason(error))
    history = parse_log(output)
    if history.commits >= most_commits:
        notes.append(f"only the newest {most_commits} commits were read")
    return History(
        history.commits,
        history.authors,
        history.files,
        "" if history.commits else "no commit touches this folder",
        tuple(notes),
    )


def parse_log(output: bytes) -> History:
    """Add up ``git log --numstat -z``. An incomplete last record is left out."""
    changed: dict[str, list[int]] = {}
    authors_of: dict[str, set[str]] = {}
    commits = 0
    authors: set[str] = set()
    author, when = "", 0
    for record in output.decode("utf-8", "replace").split("\0"):
        text = record.lstrip("\n")
        if text.startswith("\x01"):
            head, _, text = text[1:].partition("\n")
            fields = head.split("\x02")
            if len(fields) != 3:
                continue
            author, when = fields[2].strip().lower(), int(fields[1]) if fields[1].isdigit() else 0
            commits += 1
            authors.add(author)
            text = text.lstrip("\n")
        parts = text.split("\t", 2)
        if len(parts) != 3 or not parts[2]:
            continue
        # a binary file has "-" instead of counts
        added, removed = (int(part) if part.isdigit() else 0 for part in parts[:2])
        counts = changed.setdefault(parts[2], [0, 0, 0, 0])
        counts[0] += 1
        counts[1] += added
        counts[2] += removed
        counts[3] = max(counts[3], when)
        authors_of.setdefault(parts[2], set()).add(author)
    files = [FileHistory(path, c[0], c[1], c[2], len(authors_of[path]), c[3]) for path, c in changed.items()]
    files.sort(key=lambda file: (-file.changes, -(file.added + file.removed), file.path))
    return History(commits, len(authors), tuple(files))


def _find_git(search_path: str, root: Path) -> str | None:
    """A git that does not lie in the project itself, which a ``PATH`` with a relative entry would allow."""
    found = shutil.which("git", path=search_path)
    if found is None or not os.path.isabs(found) or Path(found).resolve().is_relative_to(root.resolve()):
        return None
    return found


def _run(command: list[str], folder: Path, environment: dict[str, str], time_limit_s: float) -> tuple[int, bytes, str]:
    """Run to the end, to the time limit or to the size limit, whichever comes first."""
    expired = threading.Event()
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        return 127, b"", f"git cannot be started: {error}"

    def stop() -> None:
        expired.set()
        process.kill()

    timer = threading.Timer(time_limit_s, stop)
    timer.daemon = True
    timer.start()
    try:
        output = process.stdout.read(MOST_BYTES) if process.stdout else b""
        if len(output) >= MOST_BYTES:
            process.kill()
        error_text = process.stderr.read(4_096).decode("utf-8", "replace") if process.stderr else ""
        code = process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
    if expired.is_set():
        return 124, b"", f"git took longer than {time_limit_s:g} s"
    return code, output, error_text


def _reason(error: str) -> str:
    text = error.strip().removeprefix("fatal: ").splitlines()
    first = text[0] if text else "git gave no reason"
    if "not a git repository" in first:
        return "the folder is in no git repository"
    if "does not have any commits" in first:
        return "the repository has no commit yet"
    return first[:200]
