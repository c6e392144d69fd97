"""Characters that hide something or that no honest text holds.

Linear by construction: one character class decides whether there is anything to look at, and every further pattern is a
run of one class that excludes its own start.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit

_CONTROL = r"\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f"
_ESCAPE = r"\x1b"
_LAYOUT = r"\x0c\x85"
_SURROGATE = r"\ud800-\udfff"
_TAG = r"\U000e0000-\U000e007f"
_BIDI = r"\u202a-\u202e\u2066-\u2069"
_ZERO_WIDTH = r"\xad\u200b-\u200d\u2060-\u2065\ufeff"
_SELECTOR = r"\ufe00-\ufe0f\U000e0100-\U000e01ef"
# A flag of a region: black flag, three to six tag letters or digits, cancel tag (Unicode TS 51, ED-14a).
_FLAG = r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
# ECMA-48 control sequence; the class after the bracket cannot match another escape, so a failed match stays short.
_TERMINAL = r"\x1b\[[0-?]*+[ -/]*+[@-~]"

_OWASP_INJECTION = "LLM01"


@cache
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source)


_ASCII_SUSPECT = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_SUSPECT = f"[{_CONTROL}{_ESCAPE}{_LAYOUT}{_SURROGATE}{_TAG}{_BIDI}{_ZERO_WIDTH}{_SELECTOR}]"
_UNSTORABLE = f"({_FLAG})|{_TERMINAL}|[{_CONTROL}{_ESCAPE}{_SURROGATE}{_TAG}]+"


def suspicious(text: str) -> bool:
    """Whether the text holds any character this file cares about."""
    if text.isascii():
        return not text.isprintable() and _pattern(_ASCII_SUSPECT).search(text) is not None
    return _pattern(_SUSPECT).search(text) is not None


def storable(text: str) -> str:
    """The text without what must not be stored or shown: terminal sequences go, other such runs become U+FFFD.

    The result is valid UTF-8 for SQLite and moves no cursor. Idempotent.
    """
    if not suspicious(text):
        return text
    return _pattern(_UNSTORABLE).sub(_stored_form, text)


def _stored_form(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    return "" if match[0].startswith("\x1b[") else "\ufffd"


class EncodingScanner:
    """Broken encoding, control and tag characters, terminal sequences, bidirectional controls, zero-width characters."""

    name = "encoding"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return suspicious(text)

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
            rest = _pattern(_FLAG).sub(_blank, rest)
        for source, rule, category, severity, what, cwe in _CLASSES:
            self._collect(hits, rest, source, rule, category, severity, what, cwe)
        self._zero_width(hits, rest)
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
        for match in _pattern(source).finditer(text):
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
        return _pattern(source).sub(_blank, text)

    def _zero_width(self, hits: list[Hit], text: str) -> None:
        # Alone they are honest (joined emoji, Persian, soft hyphens, a byte-order mark); in runs or inside a Latin word
        # they carry data or break a word for a filter.
        run = rf"[{_ZERO_WIDTH}{_SELECTOR}]{{2,}}+|(?<=[A-Za-z0-9])[{_ZERO_WIDTH}](?=[A-Za-z0-9])"
        found = [m for m in _pattern(run).finditer(text) if not _joins_emoji(m[0]) and m[0] != "\xad"]
        if found:
            hits.append(
                Hit(
                    "encoding.zero-width",
                    "zero_width",
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
        rf"[{_CONTROL}{_ESCAPE}]+",
        "control-characters",
        "control",
        "high",
        "control characters",
        "CWE-150",
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


def _joins_emoji(run: str) -> bool:
    # An emoji's variation selector followed by a joiner is how joined emoji are written.
    return run == "\ufe0f\u200d"
