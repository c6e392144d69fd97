"""Script outside of markup: addresses with a scheme that runs, values that leave an attribute or a string of a script, known calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice

from msgspec import Struct

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.records import Severity
from orchestrator_security.sinks.html_markup import Found
from orchestrator_security.sinks.html_objects import FUNCTION, OBJECTS

_GAP = r"[\s\x00-\x20\x7f\xa0\xad\u200b-\u200f\u2028\u2029\ufeff]{0,20}+"


def _apart(word: str) -> str:
    """A word whose letters may be set apart by what browsers skip in a scheme."""
    return _GAP.join(word)


@cache
def _scheme() -> re.Pattern[str]:
    schemes = "|".join(_apart(word) for word in ("javascript", "vbscript", "livescript", "jscript", "mocha"))
    return re.compile(rf"(?<![\w-])(?:{schemes}){_GAP}:")


@cache
def _skipped() -> re.Pattern[str]:
    return re.compile(r"[\s\x00-\x20\x7f\xa0\xad\u200b-\u200f\u2028\u2029\ufeff]++")


@cache
def _runs() -> re.Pattern[str]:
    # What tells an address from the title "JavaScript: the good parts".
    return re.compile(
        # One plain word behind a blank is a sentence's.
        r"(?![ ][a-z]{1,20}[.!]?$)[\s\x00-\x20\ufffd]{0,9}+(?:[\w$.]{1,60}+\s{0,3}[(`=\[\\&%]|[\w$.]{1,60}+$|/[/*]"
        r"|[('\"`\[\\%&!+~{<;-]|void\b|(?:var|let|const|throw|document|window)\b|javascript:|vbscript:|\w{1,20}/\*)",
    )


@cache
def _data() -> re.Pattern[str]:
    gap = _GAP
    return re.compile(
        rf"(?<![\w-]){_apart('data')}{gap}:{gap}(?:text{gap}/{gap}(?:html|xml|javascript|ecmascript|css|xsl|vbscript)|image/svg|application/(?:x-|xhtml|xml|javascript|ecmascript|pdf)"
        rf"|[^,\s]{{0,60}}(?:script|html|svg)|;base64|[,;%]|,?{gap}<)|(?:view-source|mhtml|jar|ms-its|wyciwyg):(?://)?(?:https?:|file:|javascript:|data:)",
    )


_SCHEMES_MAX = 64
_SIGN_MAX = 40
_HANDLER_WITHIN = 120
_BREAKOUT = "the value closes the attribute it stands in"
_DANGLING_MAX = 1_000
_CALLS = r"(?:alert|confirm|prompt|eval|execscript|settimeout|setinterval|setimmediate|msgbox|importscripts)"


@cache
def _call() -> re.Pattern[str]:
    return re.compile(
        rf"(?:^|[;'\"`+\-|&,(){{}}\[\]=:/*!~^%?<>\\]|[\])]\.|\bin\s|void\s|new\s|throw\s|return\s){_GAP}(?:(?:window|self|top|parent|this|globalthis|frames|document|location)\s{{0,3}}(?:\.|\?\.|\[)\s{{0,3}}['\"`/]?)?{_CALLS}"
        r"(?:['\"`/]?\])?(?:\?\.)?(?:\s{0,3}(?:/\*[^*]{0,40}\*/)?)?(?:\(\s{0,9}(?:[\d'\"`/\\!+\-\[)&]|document|window|location|self|this|top|xss|origin|string|name|event|cookie|atob|unescape|1)|`[\w$\\{}()/'\"+!.-]{1,60}`|\.(?:call|apply|bind)\b|;\s{0,3}throw|(?<!\s)\(\w{1,20}\)(?:/|;|<|$|['\"`\s]{0,3}[)}>;-]))|\((?:alert|confirm|prompt|eval)\)\s{0,3}\(|\)\.(?:alert|confirm|prompt|eval)\(|=\s{0,3}(?:alert|confirm|prompt|eval)\s{0,3}[,;})]"
        r"|\.\s{0,3}\w{1,20}\s{0,3}\([^()]{0,40}?(?<!\w)(?:alert|confirm|prompt|eval)\s{0,3}\)",
    )


@cache
def _symbols() -> re.Pattern[str]:
    # JSFuck, JJEncode and their like: programs of brackets and signs.
    return re.compile(
        r"(?:\(?!{1,2}\[\]\)?[+\[(]|\+\[\]|\+!\+\[\]|\[!?\[\]\]){4}|\$=~\[\];|=~\[\];|\(!\[\]\+\[\]\)|\(\+\{\}\+\[\]\)|\ud835|\uff9f\u03c9\uff9f"
    )


@cache
def _handler() -> re.Pattern[str]:
    return re.compile(
        r"(?:^|[\"'`\s/;%+])on(?:[a-z]{3,32})[\s\x00-\x20\x7f+]{0,9}+=[\s\x00-\x20+]{0,9}+[\"'`]?[\s\x00-\x20]{0,9}+(?:javascript:|[\w$.\[\]'\"]{1,40}+\s{0,3}[(`=]|[\[({!~+\\&]|alert|eval|prompt|confirm|top|self|parent|this\.|location)|\bon(?:error|load|mouseover|focus|click)\s{1,9}cdata\b",
    )


@cache
def _leaving() -> re.Pattern[str]:
    return re.compile(
        r"^[\w ]{0,20}+\\?[\"'`]\s{0,3}[;+\-)}\]|]{1,6}\s{0,3}[\w.$]{1,40}\([^()]{0,40}\)\s{0,3}[;+\-)}\]|]{0,6}\s{0,3}(?://|[\"'`])"
        r"|^[^<>]{0,200}?[\"'`]\s{0,9}(?:/\s{0,3})?>\s{0,9}<[a-z/!?]",
    )


@cache
def _quoted() -> re.Pattern[str]:
    return re.compile(
        r"[\"'`][\s/]{1,9}+(?:style|src|href|autofocus|accesskey|tabindex|contenteditable|background|datasrc|type|formaction|srcdoc|is|id)"
    )


@cache
def _on() -> re.Pattern[str]:
    return re.compile(r"\bon[a-z]{3,32}+\s{0,9}+=")


@cache
def _sign() -> re.Pattern[str]:
    return re.compile(r"\s{0,9}(?:&\#x0{0,9}3c;?|&\#0{0,9}60;?|\\x3c|\\u003c|%3c)\s{0,9}$", re.IGNORECASE)


@cache
def _dangling() -> re.Pattern[str]:
    return re.compile(
        r"<(?:img|a|base|link|video|audio|image|source|track|area|body|table|td|input|button|form)[\s/][^<>]{0,80}?=\s{0,3}(?:'[^'<>]*+|\"[^\"<>]*+)$",
        re.IGNORECASE,
    )


_CALLED = (
    "alert",
    "confirm",
    "prompt",
    "eval",
    "execscript",
    "settimeout",
    "setinterval",
    "setimmediate",
    "msgbox",
    "importscripts",
)
_DATA = ("data:", "view-source:", "mhtml:", "jar:", "ms-its:", "wyciwyg:")


class _Check(Struct, frozen=True):
    """A pattern, and what must stand in the value for it to be tried: letters in lower case, with the blanks left out where ``joined``."""

    rule: str
    pattern: Callable[[], re.Pattern[str]]
    hints: tuple[str, ...]
    severity: Severity
    confidence: float
    message: str
    joined: bool = False


_CHECKS = (
    _Check("data-address", _data, _DATA, "high", 0.85, "an address that carries a document of its own", joined=True),
    _Check("event-handler", _handler, ("on",), "high", 0.85, "an attribute that runs script on an event"),
    _Check("call", _call, _CALLED, "high", 0.8, "a call that proves or prepares script"),
    _Check("encoded-script", _symbols, ("[", "\ud835", "\uff9f"), "high", 0.8, "script written in signs only"),
    _Check("breakout", _leaving, ('"', "'", "`"), "medium", 0.7, _BREAKOUT),
)


def script(text: str, plain: str) -> Iterator[Found]:
    """At most one place for each kind of script; ``plain`` is the text in lower case."""
    joined = _skipped().sub("", plain) if ":" in text else ""
    if "script:" in joined or "mocha:" in joined:
        for match in islice(_scheme().finditer(plain), _SCHEMES_MAX):
            if _in_tag(text, match.start()) or _runs().match(plain, match.end()):
                yield Found("script-address", match.start(), match.end(), "high", 0.95, "an address that runs script")
                break
    for check in _CHECKS:
        if any(hint in (joined if check.joined else plain) for hint in check.hints):
            found = check.pattern().search(plain)
            if found is not None:
                yield Found(check.rule, found.start(), found.end(), check.severity, check.confidence, check.message)
    if leaves := _left_for_handler(plain):
        yield Found("breakout", *leaves, "medium", 0.7, _BREAKOUT)
    found = _object(text, plain)
    if found is not None:
        yield Found(
            "script-object", found.start(), found.end(), "medium", 0.75, "an expression of script over the page"
        )
    yield from _edges(text)


def _left_for_handler(plain: str) -> tuple[int, int] | None:
    """Where a quote is closed, an attribute follows, and soon after it one that runs script."""
    handler = _on().search(plain)
    for match in _quoted().finditer(plain) if handler else ():
        if handler and handler.start() < match.end():
            handler = _on().search(plain, match.end())
        if handler is None:
            return None
        if handler.start() - match.end() <= _HANDLER_WITHIN:
            return match.start(), handler.end()
    return None


def _object(text: str, plain: str) -> re.Match[str] | None:
    for literal, source in OBJECTS:
        if literal in plain and (found := compiled(source).search(plain)):
            return found
    return compiled(FUNCTION).search(text) if "Function" in text else None


def _edges(text: str) -> Iterator[Found]:
    """What the whole value is, and how it ends."""
    if len(text) < _SIGN_MAX and _sign().match(text):
        yield Found("encoded-bracket", 0, len(text), "medium", 0.6, "an opening bracket in a disguise")
    if "<" in text:
        found = _dangling().search(text, max(0, len(text) - _DANGLING_MAX))
        if found is not None:
            yield Found(
                "dangling-markup",
                found.start(),
                found.end(),
                "medium",
                0.7,
                "an attribute left open takes in what follows",
            )


def _in_tag(text: str, at: int) -> bool:
    opened = text.rfind("<", max(0, at - 2_000), at)
    return opened >= 0 and text[opened + 1 : opened + 2].strip() != "" and ">" not in text[opened:at]
