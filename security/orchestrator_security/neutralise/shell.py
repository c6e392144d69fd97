"""One argument for a POSIX shell."""

from __future__ import annotations

import re
from functools import cache

from orchestrator_core.errors import UsageError


@cache
def _plain() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


def quote_shell(argument: str) -> str:
    """The argument written so that a POSIX shell takes it as exactly one word, with nothing in it expanded.

    Empty text becomes ``''``. Where a program is started from Python, pass a list to ``subprocess`` instead and quote nothing:
    no shell is involved then. That is also the answer on Windows, where no quoting holds for every program. An argument that
    begins with a hyphen is still read as an option by the program: write ``--`` before it.

    Raises:
        UsageError: the value is no text, or holds a NUL or half a surrogate pair, which no argument can hold.

    Source: POSIX.1-2024, Shell Command Language 2.2.2: within single quotes every character but the single quote is itself.
    """
    if not isinstance(argument, str):
        raise UsageError(f"quote_shell takes text, got {type(argument).__name__}; quote each argument on its own")
    if "\0" in argument:
        raise UsageError("a shell argument cannot hold a NUL character; take it out or pass the data in a file")
    try:
        # A name that came from the file system may carry its undecodable bytes this way.
        argument.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise UsageError("a shell argument cannot hold half a surrogate pair; decode the text anew") from error
    if _plain().fullmatch(argument):
        return argument
    return "'" + argument.replace("'", "'\"'\"'") + "'"
