"""Characters that hide something or that no honest text holds.

Linear by construction: one character class decides whether there is anything to look at, and every further pattern is a
run of one class that excludes its own start.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.records import Severity
from orchestrator_security.characters.disguise import disguised
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit

_CONTROL = r"\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f"
_ESCAPE = r"\x1b"
_LAYOUT = r"\x0c\x85"
_SURROGATE = r"\ud800-\udfff"
_TAG = r"\U000e0000-\U000e007f"
_BIDI = r"\u202a-\u202e\u2066-\u2069"
_ZERO_WIDTH = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f"
    r"\u2800\u3164\ufeff\uffa0\ufff9-\ufffb"
)
_SELECTOR = r"\ufe00-\ufe0f\U000e0100-\U000e01ef"
_WITHIN_WORD = r"\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f\u2800\u3164\ufeff\uffa0"
# Two or more in a row; one inside a Latin word; one between other signs where nothing is joined: an operator of mathematics, a word
# joiner or a selector after a letter.
_HIDDEN_RUN = (
    rf"[{_ZERO_WIDTH}{_SELECTOR}]{{2,}}+|(?<=[A-Za-z0-9])[{_WITHIN_WORD}](?=[A-Za-z0-9])|(?<=[A-Za-z])[{_SELECTOR}]"
    rf"|\xad[A-Za-z]\xad|(?:[A-Za-z0-9 .,:;!?'-][\u200b-\u200d\u2060-\u2064\ufeff]){{3,}}+"
)
_OVERWRITES = r"[^\x08\s]\x08|\x7f|\x1b[^\[]|\x1b\Z|[\x80-\x9f]"
# A flag of a region: black flag, three to six tag letters or digits, cancel tag (Unicode TS 51, ED-14a).
_FLAG = r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
# ECMA-48 control sequence; the class after the bracket cannot match another escape, so a failed match stays short.
_TERMINAL = r"\x1b\[[0-?]*+[ -/]*+[@-~]"

_OWASP_INJECTION = "LLM01"


_ASCII_SUSPECT = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_SUSPECT = f"[{_CONTROL}{_ESCAPE}{_LAYOUT}{_SURROGATE}{_TAG}{_BIDI}{_ZERO_WIDTH}{_SELECTOR}]"
_UNSTORABLE = f"({_FLAG})|{_TERMINAL}|[{_CONTROL}{_ESCAPE}{_SURROGATE}{_TAG}]+"


def suspicious(text: str) -> bool:
    """Whether the text holds any character this file cares about."""
    if text.isascii():
        return not text.isprintable() and compiled(_ASCII_SUSPECT).search(text) is not None
    return compiled(_SUSPECT).search(text) is not None


def storable(text: str) -> str:
    """The text without what must not be stored or shown: terminal sequences go, other such runs become U+FFFD.

    The result is valid UTF-8 for SQLite and moves no cursor. Idempotent.
    """
    if not suspicious(text):
        return text
    return compiled(_UNSTORABLE).sub(_stored_form, text)


def _stored_form(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    return "" if match[0].startswith("\x1b[") else "\ufffd"


class EncodingScanner:
    """Broken encoding, control and tag characters, terminal sequences, bidirectional controls, invisible characters, disguised words."""

    name = "encoding"
    steady = True

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return not text.isascii() or suspicious(text)

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        hits: list[Hit] = []
        rest = text
        if "\x1b" in rest:
            rest = self._collect(
                hits,
                rest,
                _TERMINAL,
                "terminal-sequence",
                "terminal",
                "info",
                "terminal colour or cursor sequences",
                "CWE-150",
            )
        if "\U0001f3f4" in rest:
            rest = compiled(_FLAG).sub(_blank, rest)
        for source, rule, category, severity, what, cwe in _CLASSES:
            self._collect(hits, rest, source, rule, category, severity, what, cwe)
        _control(hits, rest)
        if not text.isascii():
            _invisible(hits, rest)
            hits += disguised(rest)
        return hits

    def _collect(
        self,
        hits: list[Hit],
        text: str,
        source: str,
        rule: str,
        category: str,
        severity: Severity,
        what: str,
        cwe: str,
    ) -> str:
        """One hit for all matches of a pattern, from the first to the last; returns the text with them blanked."""
        count, first, last = 0, 0, 0
        for match in compiled(source).finditer(text):
            if not count:
                first = match.start()
            count, last = count + 1, match.end()
        if not count:
            return text
        message = f"{what} ({count} times)" if count > 1 else what
        hits.append(
            Hit(
                f"encoding.{rule}",
                category,
                first,
                last,
                severity=severity,
                message=message,
                cwe=cwe,
                owasp_llm=_OWASP_INJECTION,
            )
        )
        return compiled(source).sub(_blank, text)


def _control(hits: list[Hit], text: str) -> None:
    """Control characters: of low severity where they only stand there, since a model executes none; a payload that is quoted holds them.

    Those that overwrite what stands before them, or begin a terminal's command, show a person something else than what is read
    (CWE-150): medium.
    """
    first, last, count = 0, 0, 0
    for run in compiled(rf"[{_CONTROL}{_ESCAPE}]+").finditer(text):
        if not count:
            first = run.start()
        count, last = count + 1, run.end()
    if not count:
        return
    hides = compiled(_OVERWRITES).search(text) is not None
    message = "control characters that overwrite others" if hides else "control characters"
    hits.append(
        Hit(
            "encoding.overwriting" if hides else "encoding.control-characters",
            "control",
            first,
            last,
            severity="medium" if hides else "low",
            message=f"{message} ({count} times)" if count > 1 else message,
            cwe="CWE-150",
            owasp_llm=_OWASP_INJECTION,
        )
    )


def _invisible(hits: list[Hit], text: str) -> None:
    # Alone they are honest (joined emoji, Persian, soft hyphens, a byte-order mark); in runs, inside a Latin word, or after every
    # letter they carry data or break a word for a filter.
    if compiled(f"[{_ZERO_WIDTH}{_SELECTOR}]").search(text) is None:
        return
    found = [m for m in compiled(_HIDDEN_RUN).finditer(text) if not _honest(m[0])]
    if found:
        hits.append(
            Hit(
                "encoding.invisible",
                "invisible",
                found[0].start(),
                found[-1].end(),
                severity="medium",
                message=f"invisible characters in {len(found)} places",
                cwe="CWE-1007",
                owasp_llm=_OWASP_INJECTION,
            )
        )


_CLASSES: tuple[tuple[str, str, str, Severity, str, str], ...] = (
    (
        f"[{_SURROGATE}]+",
        "lone-surrogate",
        "encoding",
        "high",
        "half of a surrogate pair: the text was decoded wrongly",
        "CWE-176",
    ),
    (
        f"[{_TAG}]+",
        "tag-characters",
        "tags",
        "critical",
        "invisible tag characters, which can hide a message",
        "CWE-1007",
    ),
    (
        f"[{_LAYOUT}]+",
        "page-break",
        "terminal",
        "info",
        "a form feed or next-line character",
        "",
    ),
    (
        f"[{_BIDI}]+",
        "bidirectional",
        "bidi",
        "medium",
        "bidirectional controls can show text in another order",
        "CWE-1007",
    ),
)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _honest(run: str) -> bool:
    # An emoji's variation selector followed by a joiner is how joined emoji are written; a soft hyphen may stand in any word, and
    # right-to-left text is set with marks beside joiners.
    return run in ("\ufe0f\u200d", "\xad", "\ufe0e\u200d", "\u200f\u200c", "\u200c\u200f")
