"""SQL injection in a value that a program is about to put into a statement.

A bound parameter makes any value harmless (``sql_parameters``); this scanner is for values that are not bound, and for the log.
The value is read as the three kinds of statement would hold it (unquoted, in single, in double quotes): it attacks where it leaves its
place and goes on as SQL. Phrases that only a statement has count wherever they stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.sql_breakout import breakouts
from orchestrator_security.sinks.sql_decoding import BASE64_MIN, Form, forms
from orchestrator_security.sinks.sql_phrases import phrases

_HITS_MAX = 20


class SqlScanner:
    """SQL injection (CWE-89) in values bound for a statement; the sink must be ``sql``."""

    name = "sql"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.sink == "sql" and (not text.isalnum() or len(text) >= BASE64_MIN) and bool(text)

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        """What in the value is SQL. The first form of it that shows an attack decides: decoding it further would say it twice."""
        if context.sink != "sql":
            return ()
        for form in forms(text):
            hits = list(_hits(form))[:_HITS_MAX]
            if hits:
                return hits
        return ()


def _hits(form: Form) -> Iterator[Hit]:
    for found in breakouts(form.text):
        start, end = form.span(found.start, found.end)
        yield _hit(found.rule, start, end, found.severity, found.confidence, found.message)
    for phrase in phrases(form.text):
        start, end = form.span(phrase.start, phrase.end)
        yield _hit(phrase.rule, start, end, phrase.severity, 0.9, phrase.message)


def _hit(rule: str, start: int, end: int, severity: Severity, confidence: float, message: str) -> Hit:
    return Hit(
        f"sql.{rule}",
        "sql_injection",
        start,
        end,
        severity=severity,
        confidence=confidence,
        message=f"SQL injection: {message}",
        cwe="CWE-89",
        owasp_llm="LLM05",
    )
