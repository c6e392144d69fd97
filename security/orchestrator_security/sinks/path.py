"""Values that would leave the folder they are meant to stay in.

The value is one path below a base. What leaves it: a parent segment in any spelling, an absolute path into the system, a
stream wrapper or a share, a NUL byte that cuts a suffix off, and the files that attackers ask for by name. The spellings are
those of the traversal and file-inclusion lists (CWE-22 to CWE-40, CWE-158, CWE-173; OWASP Path Traversal): percent encoding
up to four layers deep, overlong UTF-8, full-width and %u characters, hexadecimal escapes, doubled dots and mixed slashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.encoded import folded, forms, lowered
from orchestrator_security.sinks.path_patterns import (
    ADDRESSES,
    CONFIGURATION,
    DEVICE,
    DOTS,
    HOME,
    OVERLONG,
    OVERLONG_BYTES,
    PARENTS,
    SCHEME,
    SERVER_FILE,
    SHARE,
    SYSTEM,
    WANTED,
    Table,
)

_ANCHOR = r"[/\\.%:~$|`&\x00-\x08\x0b-\x1f\x80-\U0010ffff]|0[xX]|2[fF]|5[cC]|^(?:[a-zA-Z]{3}\d?) {0,9}$"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"
_ENCODED_CONTROL = r"[\x00-\x1f]"
_OCTAL = r"\\0{0,2}(?:56|57|134)"
"""The dot and both slashes in the escapes of C and of ``printf``."""
_HIDDEN = "an encoding that hides what it spells"

# Each rule with the patterns that count anywhere in a path, and the one at its beginning.
_RULES: tuple[tuple[str, Table, str, Severity, str], ...] = (
    ("path.parent", PARENTS, DOTS, "high", "a parent folder in a path"),
    ("path.system", (), SYSTEM, "high", "an absolute path into the system"),
    ("path.wanted", WANTED, "", "high", "a file that attackers ask for by name"),
    ("path.server", (), SERVER_FILE, "medium", "the configuration or log of a server by its absolute path"),
    ("path.server", (), CONFIGURATION, "medium", "a configuration or log by its absolute path"),
    ("path.scheme", ADDRESSES, SCHEME, "high", "an address or stream wrapper where a path is expected"),
    ("path.home", (), HOME, "medium", "a hidden file of a home folder"),
)

_Span = tuple[int, int]


class PathScanner:
    """Path traversal and file inclusion in a value that is to be one path below a base."""

    name = "path"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.sink == "path" and compiled(_ANCHOR).search(text) is not None

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        hits: dict[str, Hit] = {}
        for rule, span, severity, message in _in_the_text(text):
            _add(hits, rule, span, severity, message)
        seen: set[str] = set()
        for form in _all_forms(text):
            flat = lowered(form).replace("\\", "/")
            if flat in seen:
                continue
            seen.add(flat)
            for rule, span, severity, message in _in_a_form(form, flat, decoded=form != text):
                # Both slashes are one character, so a form of the same length has the text's own positions.
                _add(hits, rule, span if len(flat) == len(text) else (0, len(text)), severity, message)
            if hits:
                return list(hits.values())  # what further decoding would show changes no decision
        if "\\." in text and (found := _anywhere(PARENTS, text.replace("\\", ""))):
            _add(hits, "path.parent", (0, len(text)) if found else found, "high", "a parent folder in a path")
        return list(hits.values())


def _in_the_text(text: str) -> Iterator[tuple[str, _Span, Severity, str]]:
    if found := _anywhere(OVERLONG, lowered(text)):
        yield "path.overlong", found, "high", _HIDDEN
    if match := compiled(_CONTROL).search(text):
        yield "path.control", match.span(), "high", "a NUL or control character in a path"


def _in_a_form(form: str, flat: str, *, decoded: bool) -> Iterator[tuple[str, _Span, Severity, str]]:
    if decoded and (match := compiled(_ENCODED_CONTROL).search(form)):
        yield "path.control", match.span(), "high", "an encoded control character in a path"
    if match := compiled(SHARE).match(form):
        yield "path.share", match.span(), "high", "a network share or device path"
    for rule, table, beginning, severity, message in _RULES:
        found = _anywhere(table, flat)
        if found is None and beginning and (match := compiled(beginning).match(flat)):
            found = match.span()
        if found:
            yield rule, found, severity, message
    if not form.isascii() and (match := compiled(OVERLONG_BYTES).search(form)):
        yield "path.overlong", match.span(), "high", _HIDDEN
    bare = flat.strip()
    if bare[:1] == "|" or bare[-1:] == "|" or (bare[:1] == bare[-1:] == "`"):
        yield (
            "path.command",
            (0, len(flat)),
            "medium",
            "a sign by which some languages open a command instead of a file",
        )
    name = flat.rpartition("/")[2]
    if match := compiled(DEVICE).match(name):
        yield "path.device", (len(flat) - len(name), len(flat)), "medium", "the name of a Windows device"
    if decoded and "%" in form and (found := _anywhere(OVERLONG, flat)):
        yield "path.overlong", found, "high", _HIDDEN


def _anywhere(table: Table, text: str) -> _Span | None:
    for literal, source in table:
        if literal in text and (match := compiled(source).search(text)):
            return match.span()
    return None


def _add(hits: dict[str, Hit], rule: str, span: _Span, severity: Severity, message: str) -> None:
    if rule not in hits:
        hits[rule] = Hit(
            rule,
            "path_traversal",
            *span,
            severity=severity,
            message=message,
            cwe="CWE-22",
            owasp_llm="LLM05",
        )


def _all_forms(text: str) -> Iterator[str]:
    for form in forms(text):
        yield folded(form)
    if "\\" in text:
        # A separator and no escape: the letters behind it are a name's.
        for form in islice(forms(text.replace("\\", "/")), 1, None):
            yield folded(form)
        spelt = compiled(_OCTAL).sub(lambda match: "." if match[0].endswith("6") else "/", text)
        if spelt != text:
            yield from map(folded, forms(spelt))
    if "%%" in text:
        # Written to survive one careless decoder: doubled signs, digits encoded one by one.
        for form in islice(forms(text.replace("%%", "%")), 1, None):
            yield folded(form)
