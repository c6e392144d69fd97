"""Stored text made fit to be shown: odd characters visible, length bounded.

Escaping for HTML and JSON is done where text enters markup (autoescape, ``render``); this is about characters that
change how *other* text looks (direction overrides), that no page can hold (NUL, lone surrogates), or that nobody sees.
"""

from __future__ import annotations

import re
import unicodedata

from orchestrator_dashboards.quantities import count

# Zero-width (non-)joiners stay: emoji and several scripts need them, and they reorder nothing.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"\s+")


def visible(text: str) -> str:
    """Text in which control, direction and other invisible characters show as marks such as ``␀`` or ``‹U+202E›``."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return _ODD.sub(_mark, text)


def _mark(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else f"‹U+{code:04X}›"


def clip(text: str, limit: int, *, whole: int = 0) -> tuple[str, str]:
    """At most ``limit`` characters of a text, made visible, and a note that says what was left out (empty: nothing).

    ``whole`` is the length of the text that this one was cut from already.
    """
    whole = max(whole, len(text))
    kept = text[:limit]
    return visible(kept), f"first {count(len(kept))} of {count(whole)} characters" if len(kept) < whole else ""


def one_line(text: str, limit: int) -> str:
    """A single line of at most ``limit`` characters, with an ellipsis where it was cut."""
    # Only the head is looked at: a megabyte of blanks is not worth normalising for one line.
    line = visible(_SPACES.sub(" ", text[: limit * 4]).strip())
    if len(line) <= limit and len(text) <= limit * 4:
        return line
    return line[: limit - 1].rstrip() + "…"


def fit(text: str, width: int) -> str:
    """A single line that takes at most ``width`` columns, where wide characters (CJK, emoji) take two."""
    line, used = one_line(text, width), 0
    for index, character in enumerate(line):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > width:
            return line[: max(0, index - 1)].rstrip("…") + "…"
    return line
