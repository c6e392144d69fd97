"""The settings file: which one counts, how it is read, and on which line a key stands.

One file counts: that of the nearest folder, from the start upwards, that has any of ``orchestrator.toml``,
``.orchestrator/orchestrator.toml`` and a ``pyproject.toml`` with ``[tool.orchestrator]``. Two of them in one folder are an error,
since nobody could tell which of two values holds. What lies in the user's home folder counts only for work in that very folder.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from orchestrator_core.errors import SettingsError
from orchestrator_core.settings import STORE_FOLDER

FILE = "orchestrator.toml"
PYPROJECT = "pyproject.toml"
MAX_BYTES = 4_194_304

_BOMS = ((b"\xef\xbb\xbf", "UTF-8"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


class SettingsFile(Struct, frozen=True):
    """A settings file that was read. ``table`` holds Magnus's settings only, ``prefix`` where they stand in the file."""

    path: str
    table: Any
    prefix: tuple[str, ...]
    text: str

    def line_of(self, key: tuple[str, ...]) -> int:
        """The 1-based line of a setting, or of the nearest table around it."""
        lines = key_lines(self.text)
        wanted = self.prefix + key
        while wanted and wanted not in lines:
            wanted = wanted[:-1]
        return lines.get(wanted, 1)


def find_file(start: str, *, user_home: str = "") -> SettingsFile | None:
    """The settings file that counts for work in ``start``, read; None when there is none.

    Raises:
        SettingsError: it cannot be read or parsed, or two compete in one folder.
    """
    start = os.path.realpath(start)
    forbidden = os.path.realpath(user_home or os.path.expanduser("~"))
    folder = start
    while True:
        if folder != forbidden or folder == start:
            found = [file for file in _candidates(folder) if file is not None]
            if len(found) > 1:
                raise SettingsError(
                    f"{found[0].path} and {found[1].path} both hold settings for {folder}. "
                    "Move them into one of the two, so that each value stands in one place."
                )
            if found:
                return found[0]
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def file_in(home: str) -> SettingsFile | None:
    """The settings file inside a store's folder; None when there is none."""
    return _own_file(os.path.join(home, FILE))


def _candidates(folder: str) -> Iterator[SettingsFile | None]:
    yield _own_file(os.path.join(folder, FILE))
    yield _own_file(os.path.join(folder, STORE_FOLDER, FILE))
    yield _pyproject(os.path.join(folder, PYPROJECT))


def _own_file(path: str) -> SettingsFile | None:
    data = _read(path)
    if data is None:
        return None
    text = _decoded(data, path)
    return SettingsFile(path, _parsed(text, path), (), text)


def _pyproject(path: str) -> SettingsFile | None:
    # Somebody else's file: what is wrong with it is no business of Magnus's unless it speaks of Magnus.
    if os.path.isdir(path):
        return None
    data = _read(path)
    if data is None or b"orchestrator" not in data:
        return None
    text = _decoded(data, path)
    tool = _parsed(text, path).get("tool")
    if not isinstance(tool, dict) or "orchestrator" not in tool:
        return None
    file = SettingsFile(path, tool["orchestrator"], ("tool", "orchestrator"), text)
    if not isinstance(file.table, dict):
        raise SettingsError(f"{path}:{file.line_of(())}: tool.orchestrator must be a table of settings.")
    return file


def _read(path: str) -> bytes | None:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise SettingsError(f"{path} is {kind}; a settings file is looked for in its place. Move it away or rename it.")
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}. Make it readable, or move it away.") from error
    if len(data) > MAX_BYTES:
        raise SettingsError(f"{path} is larger than {MAX_BYTES} bytes; a settings file is not.")
    return data


def _decoded(data: bytes, path: str) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            raise SettingsError(
                f"{path}:1: the file starts with a {encoding} byte order mark. Save it as UTF-8 without one."
            )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{path}:{line}: the byte 0x{data[error.start]:02x} is no UTF-8. Save the file as UTF-8."
        ) from None


def _parsed(text: str, path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        if match is None:
            raise SettingsError(f"{path}: no valid TOML: {message}") from None
        line = match[1] or str(len(text.splitlines()) or 1)
        column = f", column {match[2]}" if match[2] else ""
        raise SettingsError(f"{path}:{line}{column}: no valid TOML: {message[: match.start()]}") from None
    except RecursionError:
        raise SettingsError(f"{path}: no valid TOML: nested too deeply") from None


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """The 1-based line of every key and table header of a valid TOML text.

    ``tomllib`` tells no lines. A TOML statement ends with a line, and no part of it that ends earlier is valid by itself: so lines are
    added until ``tomllib`` takes them, and it, not a second lexer, decides what is a string, a comment or an open bracket.
    """
    import tomllib

    found: dict[tuple[str, ...], int] = {}
    lines = text.replace("\r\n", "\n").split("\n")
    header: tuple[str, ...] = ()
    at = 0
    while at < len(lines):
        for end in range(at + 1, len(lines) + 1):
            try:
                statement = tomllib.loads("\n".join(lines[at:end]))
                break
            except tomllib.TOMLDecodeError:
                continue
        else:
            break
        for path in _paths(statement):
            full = path if lines[at].lstrip().startswith("[") else header + path
            found.setdefault(full, at + 1)
        if lines[at].lstrip().startswith("["):
            header = max(_paths(statement), key=len, default=())
        at = end
    return found


def _paths(node: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(node, list) and len(node) == 1 and isinstance(node[0], dict):
        node = node[0]
    if isinstance(node, dict):
        for name, inner in node.items():
            yield (*above, name)
            yield from _paths(inner, (*above, name))
