"""Adding an exception to a policy file: at its end, so that comments and order stay, and whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator_core.errors import SettingsError, UsageError
from orchestrator_core.file_lock import file_lock, try_lock, unlock
from orchestrator_security.policy.allow_list import AllowEntry, day_of
from orchestrator_security.policy.reading import FILE_MAX_BYTES, read_policy

_PATIENCE_S = 10.0
_POLL_S = 0.05
_BOM = b"\xef\xbb\xbf"


def add_exception(path: Path, entry: AllowEntry, preset: str, *, categories: Iterable[str] = (), now: float) -> Path:
    """Write an exception at the end of a policy file, made where there is none; returns the file that was written.

    What stands there already is kept to the byte; a link is followed. Two that add at once both succeed. The new file is read as a
    policy before it takes the old one's place. ``now`` is epoch seconds.

    Raises:
        UsageError: the same exception stands there already, or its last day is over.
        SettingsError: the file is no policy, or cannot be read or written.
    """
    if entry.expired(day_of(now)):
        raise UsageError(f"{entry.expires} is over: give a day on which the exception still holds")
    block = block_of(entry)
    if any("\ud800" <= sign <= "\udfff" for sign in block):
        raise UsageError(
            "the exception holds characters that no file can hold; name rule, agent and reason in plain text"
        )
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            # A device or a pipe would never end, or be replaced by a file where whoever runs this may do so.
            raise SettingsError(f"the policy {path} cannot be written: it is no file. Check security.policy_file.")
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from error
    categories = tuple(categories)
    with _mine(target, path):
        if target.stat().st_size:
            _check_new(entry, preset, path, categories, now)
        _replaced(target, path, _appended(target.read_bytes(), block), preset, categories)
    return target


def _check_new(entry: AllowEntry, preset: str, path: Path, categories: tuple[str, ...], now: float) -> None:
    for known in read_policy(preset, str(path), categories=categories).allow.entries:
        same = (known.rule, known.value_hash, known.agent) == (entry.rule, entry.value_hash, entry.agent)
        if same and not known.expired(day_of(now)) and known.expires >= entry.expires:
            raise UsageError(
                f"{path} lets {entry.value_hash} pass {entry.rule} until {known.expires} already ({known.reason})"
            )


def block_of(entry: AllowEntry) -> str:
    """The exception as TOML."""
    lines = ["[[allow]]", f"rule = {_quoted(entry.rule)}", f"value_hash = {_quoted(entry.value_hash)}"]
    if entry.agent != "*":
        lines.append(f"agent = {_quoted(entry.agent)}")
    return "\n".join((*lines, f"reason = {_quoted(entry.reason)}", f"expires = {entry.expires.isoformat()}", ""))


def _quoted(text: str) -> str:
    """A basic string of TOML, which escapes as JSON does, and DEL as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _appended(old: bytes, block: str) -> bytes:
    end = b"\r\n" if b"\r\n" in old else b"\n"
    new = block.encode().replace(b"\n", end)
    if not old.removeprefix(_BOM).strip():
        return old + new
    return old + (b"" if old.endswith(b"\n") else end) + end + new


@contextmanager
def _mine(target: Path, named: Path) -> Iterator[None]:
    """Hold the file itself: whoever adds at the same time waits, and then reads what was written meanwhile."""
    if os.name == "nt":
        with _mine_on_windows(target, named):
            yield
        return
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        try:
            handle = os.open(target, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except (OSError, ValueError) as error:
            raise _unusable(named, error) from error
        if try_lock(handle):
            with suppress(OSError):
                if os.path.samestat(os.fstat(handle), os.stat(target)):
                    break  # else somebody has put a new file in its place
            unlock(handle)
        os.close(handle)
        if time.monotonic() > give_up:
            raise _busy(named)
        time.sleep(_POLL_S)
    try:
        yield
    except OSError as error:
        raise _unusable(named, error) from error
    finally:
        unlock(handle)
        os.close(handle)


@contextmanager
def _mine_on_windows(target: Path, named: Path) -> Iterator[None]:
    """A locked file can neither be read nor replaced there, so another one is locked; the folder of temporary files is the user's own."""
    name = hashlib.blake2b(os.path.normcase(target).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    try:
        with file_lock(Path(tempfile.gettempdir(), f"magnus-policy-{name}.lock"), wait_s=_PATIENCE_S) as held:
            if not held:
                raise _busy(named)
            target.touch()
            yield
    except OSError as error:
        raise _unusable(named, error) from error


def _busy(path: Path) -> SettingsError:
    return SettingsError(f"{path} is being written by another process. Try again.")


def _replaced(target: Path, named: Path, new: bytes, preset: str, categories: tuple[str, ...]) -> None:
    if len(new) > FILE_MAX_BYTES:
        raise SettingsError(f"{named}: with one more exception it would have more than {FILE_MAX_BYTES:,} bytes")
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, target.stat().st_mode & 0o777)
        try:
            read_policy(preset, name, categories=categories)
        except SettingsError as error:
            hint = " Exceptions that stand in an array, as in allow = [...], must become [[allow]] tables first."
            said = str(error).replace(name, str(named))
            raise SettingsError(
                f"{said.rstrip('.')}. Nothing was written.{hint if 'no TOML' in said else ''}"
            ) from None
        os.replace(name, target)
    finally:
        with suppress(OSError):
            os.unlink(name)


def _unusable(path: Path, error: OSError | ValueError) -> SettingsError:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return SettingsError(
        f"the policy {path} cannot be written: {why}. Check security.policy_file and who may write there."
    )
