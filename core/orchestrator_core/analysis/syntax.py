"""Parsing text that may be anything: hostile, truncated, or not Python at all."""

from __future__ import annotations

import ast
import re
import warnings

from msgspec import Struct

_QUIET = (SyntaxWarning, DeprecationWarning)
_UNNAMED = "<unknown>"
"""What Python calls a text that is parsed without a file name; the quiet filters below match only that."""

_MAX_PARTS = 1_000

# PEP 263: a comment in the first or second line.
_CODING_LINE = re.compile(r"\A(?:[^\r\n]*(?:\r\n|\r|\n))?[ \t\f]*#[^\r\n]*?coding[:=][ \t]*[-\w.]+", re.ASCII)


class Parsed(Struct, frozen=True):
    """A module's tree, or why there is none."""

    tree: ast.Module | None
    error: str = ""
    line: int = 0
    """Where the error stands, 1-based; 0 when it has no place."""


def mute_parse_warnings() -> None:
    """Keep Python from printing the parsed text's own warnings (an invalid escape, ``is`` with a literal).

    The filters are narrow (texts without a file name) and stay: saving and restoring the filter list around each parse, as
    ``warnings.catch_warnings`` does, loses other threads' changes.
    """
    for category in _QUIET:
        if not any(f[0] == "ignore" and f[2] is category and _is_unnamed(f[3]) for f in warnings.filters):
            warnings.filterwarnings("ignore", category=category, module=_UNNAMED)


def _is_unnamed(module: object) -> bool:
    return module is not None and str(getattr(module, "pattern", module)) == _UNNAMED


def plain(source: str) -> str:
    """The text as every checker should see it, line for line the same.

    A byte order mark goes, lone surrogates (which no encoding can write) become question marks, and a coding line is made
    inert: the text is decoded already, and a checker that decodes it again could be shown other code than the reader sees.
    """
    text = source.removeprefix("\ufeff").encode("utf-8", errors="replace").decode("utf-8")
    return _CODING_LINE.sub(lambda match: match[0].replace("coding", "c0ding"), text)


def too_long_name(source: str) -> bool:
    """Whether a text holds a dotted name of thousands of parts: Python takes the square of their number for ``import a.a.a...``."""
    if source.count(".") <= _MAX_PARTS:
        return False
    return any(name[0].count(".") > _MAX_PARTS for name in re.finditer(r"(?:\w++[ \t]*+\.[ \t]*+)++", source))


def parse(source: str) -> Parsed:
    """The tree of a Python text. Never raises: a syntax error, a null byte or endless nesting is an ``error``."""
    if too_long_name(source):
        return Parsed(None, "cannot be parsed: a name has thousands of parts")
    mute_parse_warnings()
    try:
        return Parsed(ast.parse(plain(source)))
    except SyntaxError as error:
        return Parsed(None, f"syntax error: {error.msg}", error.lineno or 0)
    except (ValueError, RecursionError, MemoryError, UnicodeError) as error:
        return Parsed(None, f"cannot be parsed: {str(error) or type(error).__name__}")
