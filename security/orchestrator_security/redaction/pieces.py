"""Redaction and restoring of text that arrives in pieces: a value that is cut in two must not pass, nor a placeholder stay.

What is still open at the end of the pieces so far is held back: the last word and what may belong to it. A word longer than
``HELD_MAX`` characters is no value that the scanners know, except a private key, which is held until it ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from orchestrator_security.redaction.vault import Vault

HELD_MAX = 4_096
"""So many characters are held back at most, outside private keys."""
_KEPT = 256
"""So many are held back at least: phone numbers, cards and assigned secrets hold blanks."""
_KEY_MAX = 65_536
_KEY_BEGIN, _KEY_END = "-----BEGIN", "-----END"
_PLACEHOLDER_MAX = 28
_SEEN_MAX = 4_096
"""So much of what gave a value away is kept, since what stood behind ``password:`` is a value without it as well."""
_SEEN_LINES = 64
_BETWEEN = "\n.\n"


@cache
def _open_placeholder() -> re.Pattern[str]:
    return re.compile(r"<[A-Z]{0,16}(?:_[0-9a-f]{0,14})?\Z")


class PieceRedactor:
    """Feed it pieces; it gives back what may be shown, and the rest at ``finish``. One for each text; not safe for threads."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact_whole = redact
        self._held = ""
        self._seen: list[str] = []

    def feed(self, piece: str) -> str:
        """The redacted text that is certain by now; may be empty."""
        self._held += piece
        cut = self._certain()
        if cut <= 0:
            return ""
        # Both parts together, then apart: where the cut itself goes through a value it is moved in front of it.
        whole = self._redact(self._held)
        while cut > 0:
            before, after = self._redact(self._held[:cut]), self._redact(self._held[cut:])
            if before + after == whole:
                self._remember(self._held[:cut])
                self._held = self._held[cut:]
                return before
            cut = max(self._held.rfind("\n", 0, cut), self._held.rfind(" ", 0, cut))
        return ""

    def finish(self) -> str:
        """What is left, redacted."""
        rest, self._held = self._held, ""
        return self._redact(rest) if rest else ""

    def _redact(self, text: str) -> str:
        """What is redacted of the text, behind what was found in the text before it."""
        if not self._seen:
            return self._redact_whole(text)
        together = _BETWEEN.join((*self._seen, text))
        hidden = self._redact_whole(together)
        if hidden.count(_BETWEEN) != together.count(_BETWEEN):  # one of them became part of a value
            return self._redact_whole(text)
        return _BETWEEN.join(hidden.split(_BETWEEN)[len(self._seen) :])

    def _remember(self, raw: str) -> None:
        """Keep the lines in which something was found, each with the one before it, which may have given it away."""
        lines, hidden = raw.splitlines(), self._redact_whole(raw).splitlines()
        if lines == hidden or len(lines) != len(hidden):
            return
        found = [at for at, (line, shown) in enumerate(zip(lines, hidden, strict=True)) if line != shown]
        for at in found[-_SEEN_LINES:]:
            told = "\n".join(line for line in lines[max(0, at - 1) : at + 1] if line != ".")
            if len(told) <= _SEEN_MAX // 2 and told not in self._seen:
                self._seen.append(told)
        while len(self._seen) > 1 and sum(map(len, self._seen)) > _SEEN_MAX:
            del self._seen[0]

    def _certain(self) -> int:
        """How much of the held text cannot be changed by what follows."""
        held = self._held
        if len(held) <= 2 * _KEPT:  # not for every word of a stream: each time all that is held is scanned anew
            return 0
        begin = held.rfind(_KEY_BEGIN)
        if begin >= 0 and held.find(_KEY_END, begin) < 0 and len(held) - begin <= _KEY_MAX:
            return begin
        cut = max(held.rfind(" ", 0, len(held) - _KEPT), held.rfind("\n", 0, len(held) - _KEPT)) + 1
        return cut if cut > 0 or len(held) <= HELD_MAX else len(held) - HELD_MAX


class PieceRestorer:
    """Puts a vault's values back into a text that arrives in pieces, also where a placeholder is cut in two."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._held = ""

    def feed(self, piece: str) -> str:
        """The restored text that is certain by now; may be empty."""
        text = self._held + piece
        at = text.rfind("<", max(0, len(text) - _PLACEHOLDER_MAX))
        cut = at if at >= 0 and _open_placeholder().match(text, at) else len(text)
        self._held = text[cut:]
        return self._vault.restore(text[:cut])

    def finish(self) -> str:
        """What is left, restored."""
        rest, self._held = self._held, ""
        return self._vault.restore(rest)
