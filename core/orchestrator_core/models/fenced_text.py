"""Foreign text between two lines that carry a random marker: no text can end the fence.

Every line begins with a bar, the marker is taken out, and what a chat template or a person could not see is made visible and
harmless.
"""

from __future__ import annotations

from orchestrator_core.models.inert_text import inert

MARKER_MIN = 8
"""Characters of the shortest marker: 8 hexadecimal digits are 32 random bits, far more than one text can guess at."""


def is_marker(marker: str) -> bool:
    """Whether the marker is long enough and holds only ASCII letters and digits."""
    return len(marker) >= MARKER_MIN and marker.isascii() and marker.isalnum()


def barred(text: str, marker: str, *, keep_joiners: bool = True) -> str:
    """The cleaned text, each of its lines behind a bar; an empty text is one empty line."""
    return "\n".join(f"| {line}" for line in cleaned(text, marker, keep_joiners=keep_joiners).splitlines() or [""])


def cleaned(text: str, marker: str, *, keep_joiners: bool = True) -> str:
    """The text made inert (see ``inert_text.inert``), without the marker in any mixture of cases."""
    text = inert(text, keep_joiners=keep_joiners)
    lowered = text.lower()
    if len(lowered) == len(text) and marker.lower() not in lowered:
        return text
    # The replacement is no letter or digit, so taking one marker out cannot put another together.
    parts, done = [], 0
    folded = marker.lower()
    while done < len(text):
        if text[done : done + len(marker)].lower() == folded:
            parts.append("·")
            done += len(marker)
        else:
            parts.append(text[done])
            done += 1
    return "".join(parts)
