"""Values that a template engine would take for a template.

The value is data of a template. What makes it more: an expression or statement in the delimiters of a common engine (Jinja2,
Twig, Django, Liquid, Nunjucks, Handlebars, Go, Freemarker, Velocity, Thymeleaf, Mako, ERB, EJS, JSP, Smarty, Latte, Razor, Pug),
and the object chains that lead from a value to code, whatever the delimiters (CWE-1336, CWE-94, CWE-917). Braces alone are no
finding: JSON, style sheets, program text, sets and ``{name}`` greetings are full of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.encoded import folded, forms, lowered
from orchestrator_security.sinks.template_patterns import (
    BRACES,
    CHAINS,
    EMBEDDED,
    EXPRESSIONS,
    RAZOR,
    STATEMENTS,
    TAGS,
    Table,
)

_ANCHOR = r"[{$#@*<\[%=~(|&]|__|\.\w|&#|\\[xu]"

# What an expression has and a set, an initialiser or a list in doubled braces has not.
_EXPRESSION = r"[a-z_$@][\w$]{0,60}\s{0,3}[.(\[|~?:]|\||__|'\s{0,3}[*+~]|\d\s{0,3}[*+%\-/]\s{0,3}['\d]"
_BEGINS = r"\s{0,3}[=!&>#/^~+\-.]"
_DOUBLED = r"\{\{\{?\s{0,9}+[=!&>#/^~+\-*@]?\s{0,9}+(?:[\w.'\"$\[(@_:]|\{\s{0,3}['\"])"
_INNER_MAX = 1_000
"""So far behind its opening braces an expression is looked for."""

_EVALUATED = "an expression that a template engine would evaluate"
_RULES: tuple[tuple[str, Table, Severity, str], ...] = (
    ("template.statement", STATEMENTS, "high", "a template's statement"),
    ("template.expression", EXPRESSIONS, "high", _EVALUATED),
    ("template.embedded", EMBEDDED, "high", "embedded code in a template's tags"),
    ("template.tag", TAGS, "high", "a tag of a template engine"),
    ("template.single", BRACES, "high", "an expression in braces"),
    ("template.razor", RAZOR, "medium", "an expression that begins with an at sign"),
    ("template.chain", CHAINS, "high", "an object chain that leads to code"),
)


_pattern = partial(compiled, flags=re.MULTILINE)


class TemplateScanner:
    """Template injection in a value that is to be data of a template."""

    name = "template"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.sink == "template" and _pattern(_ANCHOR).search(text) is not None

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        for form in forms(text):
            hits: dict[str, Hit] = {}
            plain = lowered(folded(form))
            same = form is text and len(plain) == len(text)
            for rule, start, end, severity, message in _found(plain):
                if rule not in hits:
                    hits[rule] = _hit(rule, start if same else 0, end if same else len(text), severity, message)
            if hits:
                return list(hits.values())  # what further decoding would show changes no decision
        return ()


def _found(text: str) -> Iterator[tuple[str, int, int, Severity, str]]:
    """At most one place for each rule and pair of doubled braces, in a text in lower case."""
    for rule, table, severity, message in _RULES:
        for literal, source in table:
            if literal in text and (match := _pattern(source).search(text)):
                yield rule, *match.span(), severity, message
                break
    if span := _doubled(text):
        yield "template.expression", *span, "high", _EVALUATED


def _doubled(text: str) -> tuple[int, int] | None:
    """The first pair of doubled braces that holds an expression or a name."""
    if "{{" not in text:
        return None
    closing, brace, comma = _Next(r"\}\}", text), _Next(r"\}", text), _Next(",", text)
    sign, expression = _Next(r"['\"(|.]", text), _Next(_EXPRESSION, text)
    for match in _pattern(_DOUBLED).finditer(text):
        start = match.start() + 2
        end = min(closing.start(start), start + _INNER_MAX)
        listed = end == closing.start(start) < len(text) and comma.start(start) < end <= sign.start(start)
        if (brace.start(start) >= end and not listed) or _pattern(_BEGINS).match(text, start):
            return match.start(), min(len(text), end + 2)
        if expression.end(start) <= end:
            return match.start(), min(len(text), end + 2)
    return None


class _Next:
    """The next place of a pattern from growing positions on: the text is searched once, whatever the number of questions."""

    def __init__(self, source: str, text: str) -> None:
        self._search = _pattern(source).search
        self._text = text
        self._span = (-1, -1)

    def start(self, at: int) -> int:
        """Where it begins; the length of the text where there is none."""
        if self._span[0] < at:
            match = self._search(self._text, at)
            self._span = match.span() if match else (len(self._text), len(self._text) + 1)
        return self._span[0]

    def end(self, at: int) -> int:
        """Where it ends; beyond the text where there is none."""
        self.start(at)
        return self._span[1]


def _hit(rule: str, start: int, end: int, severity: Severity, message: str) -> Hit:
    return Hit(
        rule,
        "template_injection",
        start,
        end,
        severity=severity,
        message=message,
        cwe="CWE-1336",
        owasp_llm="LLM05",
    )
