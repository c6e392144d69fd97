"""Cross-site scripting in a value that a program is about to put into a page.

Escaping makes any value harmless (``escape_html``); this scanner is for values that are not escaped, and for the log. Plain markup
(``<b>``, ``<p>``, a link) is no attack; what runs script, loads a document or leaves its attribute is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.encoded import lowered
from orchestrator_security.sinks.html_decoding import forms
from orchestrator_security.sinks.html_markup import Found, markup
from orchestrator_security.sinks.html_script import script

_HITS_MAX = 20


class HtmlScanner:
    """Cross-site scripting (CWE-79) in values bound for a page; the sink must be ``html``."""

    name = "html"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.sink == "html" and not text.isalnum() and bool(text)

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        """What in the value is script. The first form of it that shows an attack decides.

        A hit in a decoded form spans the whole value, since its characters stand elsewhere in the given text.
        """
        if context.sink != "html":
            return ()
        for form in forms(text):
            found = list(islice(_found(form), _HITS_MAX))
            if found:
                whole = form != text
                return [_hit(one, 0 if whole else one.start, len(text) if whole else one.end) for one in found]
        return ()


def _found(text: str) -> Iterator[Found]:
    known: set[str] = set()
    plain = lowered(text)
    for found in markup(text, plain):
        known.add(found.rule)
        yield found
    for found in script(text, plain):
        if found.rule not in known:
            yield found


def _hit(found: Found, start: int, end: int) -> Hit:
    return Hit(
        f"html.{found.rule}",
        "xss",
        start,
        end,
        severity=found.severity,
        confidence=found.confidence,
        message=f"cross-site scripting: {found.message}",
        cwe="CWE-79",
        owasp_llm="LLM05",
    )
