"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re
from functools import cache


@cache
def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern, compiled once: all of them together would cost more than the whole import."""
    return re.compile(pattern, flags)
