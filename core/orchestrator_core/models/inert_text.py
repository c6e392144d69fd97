"""Foreign text for a prompt: what a chat template or a person could not see in it is made visible and harmless."""

from __future__ import annotations

import re
from functools import cache

# What chat templates of common model families use to end one turn and begin another. Matched as text they would be
# tokenised as such, and the foreign text could speak as the system.
_TURN_MARKS = (
    r"<\|[^\n|<>]{0,60}\|>|<｜[^\n｜<>]{0,60}｜>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|gMASK|SEP|CLS)\]"
    r"|<</?SYS>>|</?s>|</?(?:start_of_turn|end_of_turn|bos|eos|pad|unk|sop|eop|think|thinking|tool_call|tool_response|im_start|im_end)>"
)
_INERT = str.maketrans({"<": "‹", ">": "›", "[": "⟦", "]": "⟧", "|": "¦", "｜": "¦"})

# Zero-width, bidi controls, soft hyphen, tag characters, variation selectors beyond the emoji one, and control
# characters other than tab and line breaks: invisible to a person, visible to a model.
_BEFORE_JOINERS = "\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180b-\u180e\u200b"
_JOINERS = "\u200c\u200d"
_AFTER_JOINERS = (
    "\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
)


@cache
def _turn_marks() -> re.Pattern[str]:
    return re.compile(_TURN_MARKS, re.IGNORECASE)


@cache
def _invisible(keep_joiners: bool) -> re.Pattern[str]:
    return re.compile(f"[{_BEFORE_JOINERS}{'' if keep_joiners else _JOINERS}{_AFTER_JOINERS}]")


def inert(text: str, *, keep_joiners: bool = False) -> str:
    """Text whose chat-template tokens and invisible characters are made visible and harmless. Idempotent.

    ``keep_joiners`` leaves the zero-width joiner and non-joiner alone, which Persian, Indic scripts and emoji are written with.
    """
    shown = _invisible(keep_joiners).sub(lambda match: f"(U+{ord(match[0]):04X})", text)
    return _turn_marks().sub(lambda match: match[0].translate(_INERT), shown)
