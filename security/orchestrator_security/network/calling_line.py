"""Which line of the user's code asked: the innermost frame that belongs to no library."""

from __future__ import annotations

import os
import sys
from functools import cache
from types import FrameType

_LIBRARIES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_OWN_PACKAGES = frozenset(
    {
        "orchestrator", "orchestrator_core", "orchestrator_memory", "orchestrator_security", "orchestrator_evaluation",
        "orchestrator_dashboards",
    }
)  # fmt: skip


def calling_line(*, otherwise: str = "") -> str:
    """``file:line`` of the innermost frame that is neither the standard library's nor an installed package's nor Magnus's own.

    Where there is none: ``otherwise``, else an installed package's line, else one of Magnus's; empty when there is none of these either.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.currentframe is the same with an import of 10 ms
    package = own = ""
    while frame is not None:
        file = frame.f_code.co_filename
        kind = _kind(file, frame.f_globals.get("__name__", "").partition(".")[0])
        if kind == "user":
            return f"{file}:{frame.f_lineno}"
        if kind == "package":
            package = package or f"{file}:{frame.f_lineno}"
        elif kind == "own":
            own = own or f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return otherwise or package or own


@cache
def _kind(file: str, package: str) -> str:
    if package in _OWN_PACKAGES:
        inside = f"{os.sep}orchestrator_security{os.sep}network{os.sep}" in file
        return "guard" if inside else "own"
    if any(part in file for part in _LIBRARIES):
        return "package"
    if file.startswith(("<frozen", _STANDARD_LIBRARY)):
        return "standard"
    return "user"


_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep
