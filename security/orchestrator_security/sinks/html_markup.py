"""Markup that runs script or loads what does: elements, event handlers and dangerous attributes, read outwards from each ``<``.

The names follow the WHATWG HTML standard and what browsers still honour (OWASP's and PortSwigger's cheat sheets).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from orchestrator_core.records import Severity


class Found(Struct, frozen=True):
    """What was recognised, as a rule's last word, and where in the form that was read."""

    rule: str
    start: int
    end: int
    severity: Severity
    confidence: float
    message: str


_TAG_MAX = 2_000
"""So far behind a ``<`` an attribute may stand; there is nearly always another one nearer."""

_SCRIPT = "script"
_RUN = frozenset(
    (
        "script",
        "iframe",
        "object",
        "embed",
        "applet",
        "frame",
        "frameset",
        "base",
        "meta",
        "link",
        "style",
        "svg",
        "math",
    )
)
_PLAIN = frozenset(
    ("form", "input", "button", "textarea", "template", "comment", "set", "listing", "marquee", "noscript")
)
"""Without attributes these do nothing, and people name them so (``fill in the <form>``)."""
_ELEMENTS = (
    r"script|iframe|i\s?frame|object|embed|applet|frameset|frame|base(?!font)|meta|link|style|svg|math|xml|xss|import|bgsound|ilayer|layer|isindex|"
    r"plaintext|xmp|noembed|noframes|htmlfile|portal|fencedframe|foreignobject|animate(?:motion|transform)?|set|handler|listener|event-source|vmlframe|"
    r"form|input|button|textarea|keygen|comment|template|noscript|marquee|listing"
)


@cache
def _places() -> re.Pattern[str]:
    return re.compile(
        rf"""
          (?P<element><(?:[/\x00]{{0,5}}+|[/\s\x00-\x20]{{1,20}}+(?=script|iframe|svg|object|embed|meta|style))(?:[a-z]{{1,12}}:)?(?:{_ELEMENTS})(?![\w.:@=,-]))
        | (?P<special><!\[cdata\[|<!--\#[a-z]|<!(?:entity|element|attlist)\b|<\?(?:[a-z=]|$)|<!--\[if|<%(?:[=!@]|\s{{1,9}}[a-z])
            |<!doctype\s{{1,9}}[^<>]{{1,60}}?(?:\ssystem\b|\[))
        | (?P<open><[/!?\x00]{{0,4}}[a-z][\w:.-]{{0,60}}+(?![;)(\]}}|]))
        | (?P<handler>(?<![\w$.-])on[a-z]{{3,32}}[\s\x00-\x20\x7f\xa0+]{{0,20}}+=(?!=))
        | (?P<attribute>(?<![\w$.-])(?:v-html|v-on:\w{{1,20}}|@[a-z]{{3,20}}
            |ng-(?:app|init|include|bind-html|on-\w{{1,20}})
            |formaction|srcdoc|xlink:href
            |datasrc|dataformatas|dynsrc|lowsrc|xmlns(?::\w{{1,20}})?|xsi:schemalocation|xml:base|folder|fscommand|seeksegmenttime)[\s\x00-\x20]{{0,20}}+=)
        """,
        re.VERBOSE,
    )


@cache
def _style() -> re.Pattern[str]:
    return re.compile(
        r"(?<!\w)expression\(|:[\s\x00-\x20]{0,9}+expression[\s\x00-\x20]{0,9}+\(|-moz-binding|behaviou?r[\s\x00-\x20]{0,9}+:[\s\x00-\x20]{0,9}+(?:url|expression)|@import\s{0,9}(?:['\"\\]|url|//|data:|\()|url\s{0,9}\(\s{0,9}['\"]?\s{0,9}(?:javascript|vbscript|data:text)"
        r"|@charset\s{0,9}['\"]",
    )


def markup(text: str, plain: str) -> Iterator[Found]:
    """Elements that run something, and attributes that do within an open tag; ``plain`` is the text in lower case."""
    if "<" in text:
        yield from _tags(text, plain)
    if any(word in plain for word in ("expression", "-moz-", "behavio", "@import", "url", "@charset")):
        match = _style().search(plain)
        if match is not None:
            yield Found(
                "style", match.start(), match.end(), "high", 0.8, "a style that runs script or loads other styles"
            )


def _tags(text: str, plain: str) -> Iterator[Found]:
    opened = -1
    for match in _places().finditer(plain):
        kind = match.lastgroup
        start, end = match.span()
        if kind == "element":
            opened = start
            name = match[0].lstrip("</ \t\r\n\f\x00").rpartition(":")[2]
            severity: Severity = "high" if name in _RUN else "medium"
            if _is_tag(text, start, end):
                yield Found(
                    _SCRIPT if name == "script" else "element", start, end, severity, 0.95, f"the element <{name}>"
                )
        elif kind == "special":
            opened = start
            yield Found(
                "declaration", start, end, "medium", 0.8, "a declaration or an instruction for a parser or the server"
            )
        elif kind == "open":
            opened = start
        elif opened >= 0 and start - opened <= _TAG_MAX and _still_open(text[opened:start]):
            if kind == "handler":
                yield Found("event-handler", start, end, "high", 0.95, "an attribute that runs script on an event")
            else:
                yield Found("attribute", start, end, "medium", 0.85, "an attribute that loads or names other markup")


def _still_open(tag: str) -> bool:
    """Whether the tag that begins a piece of text goes on behind it: each ``>`` so far stands in quotes."""
    closed = tag.rfind(">")
    return (
        closed < 0
        or tag.count('"', 0, closed) % 2 == 1
        or tag.count("'", 0, closed) % 2 == 1
        or tag.count("`", 0, closed) % 2 == 1
    )


def _is_tag(text: str, start: int, end: int) -> bool:
    """Generic types (``Map<Object, List>``, ``Set<Form>``) are no elements: they stand right behind a capitalised name."""
    if text[end : end + 1] == ">" and text[start + 1 : end].lower() in _PLAIN:
        return False
    before = text[start - 1 : start]
    if not before.isalnum() or text[start + 1 : start + 2] == "/":
        return True
    name = text[start + 1 : end]
    return not name[0].isupper() or name.isupper()
