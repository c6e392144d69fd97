"""Text for an HTML page."""

from __future__ import annotations

import re
from functools import cache

from orchestrator_core.errors import UsageError

_WRITTEN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "\r": "&#13;"}
# What the HTML standard calls a parse error in any input: controls other than tab and line breaks, surrogates, noncharacters.
_FORBIDDEN = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
)  # fmt: skip


@cache
def _special() -> re.Pattern[str]:
    return re.compile(f"[&<>\"'\r{_FORBIDDEN}]")


def escape_html(text: str) -> str:
    """Text that is only text in an element and in a quoted attribute, whatever it holds.

    The five signs of HTML become character references, and so does a carriage return, which a parser would turn into a line
    feed. Characters that HTML forbids (NUL and other controls, half surrogates, noncharacters) become U+FFFD; any other text
    comes back from a parser as it was. Not meant for unquoted attributes, for ``href`` and ``src`` (a ``javascript:`` address
    stays one), nor for the inside of ``script`` and ``style``.

    Raises:
        UsageError: the value is no text.

    Source: https://html.spec.whatwg.org/multipage/parsing.html#preprocessing-the-input-stream
    """
    if not isinstance(text, str):
        raise UsageError(f"escape_html takes text, got {type(text).__name__}; decode or format it first")
    return _special().sub(lambda match: _WRITTEN.get(match[0], "\ufffd"), text)
