"""Whether a value leaves the place it was put in: behind a quote it closes, or behind the number it begins with."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from orchestrator_core.records import Severity
from orchestrator_security.sinks.sql_clauses import clause_at, hides_rest, stacks_statement
from orchestrator_security.sinks.sql_reading import Reading, read
from orchestrator_security.sinks.sql_tokens import Token, tokens
from orchestrator_security.sinks.sql_words import ARITHMETIC, CLAUSES, CONSTANTS, LOGIC

_QUOTES_MAX = 3
"""Quotes of one kind that are tried: the first one is where the value breaks out; escaped ones in front of it may hide it."""

_REST_MAX = 2
"""A comment of so few characters right behind a closed quote is there to hide what follows, and says nothing."""


class Breakout(Struct, frozen=True):
    """What was recognised, as a rule's last word, where, and how sure that is."""

    rule: str
    start: int
    end: int
    severity: Severity
    confidence: float
    message: str


def breakouts(text: str) -> Iterator[Breakout]:
    """At most one for each way the statement may hold the value: unquoted, in single quotes, in double quotes, in backticks."""
    for quote in ("'", '"', "`"):
        for at in _closing(text, quote):
            found = _quoted(text, at, quote)
            if found is not None:
                yield found
                break
    found = _plain(text)
    if found is not None:
        yield found


def _closing(text: str, quote: str) -> Iterator[int]:
    at = text.find(quote)
    for _ in range(_QUOTES_MAX):
        if at < 0:
            return
        yield at
        doubled = text.startswith(quote, at + 1)
        at = text.find(quote, at + 1 + doubled) if doubled or text[at - 1 : at] == "\\" else -1


def _quoted(text: str, at: int, quote: str) -> Breakout | None:
    before = text[:at].rstrip("\\")
    tail = list(tokens(text, at + 1))
    while tail and tail[0].text in (")", "}"):
        del tail[0]
    if not tail:
        return None
    reading = read(tail, operand_first=False)
    if reading.ending == "open" and text[reading.end - 1] != quote:
        reading.ending = "junk"  # the statement will not close a string of another quote
    end = max(reading.end, at + 1)

    def breakout(rule: str, confidence: float, message: str, severity: Severity = "high") -> Breakout:
        return Breakout(rule, at, end, severity, confidence, message)

    found = _clause(text, tail, reading, quoted=True)
    if found is not None:
        return breakout(found, 0.9, f"behind a closed quote the statement goes on with {found.replace('-', ' ')}")
    if not reading.operators:
        if reading.ending == "comment" and len(reading.rest) <= _REST_MAX and reading.operands == 0:
            return breakout("comment", 0.8, "a quote is closed, and a comment hides the rest of the statement")
        return None
    inch = before[-1:].isdigit() and quote != "`"
    if reading.tautologies and (reading.logic or reading.ending in ("comment", "open")):
        return breakout("tautology", 0.95, "behind a closed quote stands a condition that is always true or false")
    if reading.compared or (reading.functions and reading.logic):
        return breakout("condition", 0.85, "behind a closed quote the condition goes on")
    if reading.complete and reading.ending == "comment" and not reading.rest and not (inch and not reading.logic):
        return breakout(
            "condition", 0.9, "behind a closed quote the condition goes on, and a comment ends the statement"
        )
    if reading.logic and reading.ending in ("comment", "stack") and reading.constants:
        return breakout(
            "condition", 0.8, "behind a closed quote the condition goes on, and a comment ends the statement"
        )
    if (reading.functions or reading.variables) and reading.complete and reading.ending != "junk":
        return breakout("expression", 0.8, "behind a closed quote the expression goes on with a call")
    if reading.ending == "open" and _reopened(text, reading, before):
        return breakout(
            "expression", 0.75, "a quote is closed, and another opened for the rest of the statement", "medium"
        )
    if (
        reading.logic
        and reading.ending == "end"
        and reading.constants
        and reading.operators == 1
        and not inch
        and not before.strip("'\" ")
    ):
        return breakout("condition", 0.6, "behind a closed quote the condition goes on", "medium")
    return None


def _reopened(text: str, reading: Reading, before: str) -> bool:
    """Whether the string opened last is one that the statement closes, not the next quotation in a sentence."""
    inside = text[reading.end : reading.end + 1]
    if before[-1:].isdigit() and reading.begins in ARITHMETIC and not inside.isdigit():
        return False  # inches: 24" - "as is"
    if reading.operators > 1 and reading.operands > 1:
        joins = reading.begins == "+" and before[-1:].isalnum() and inside.isalnum()
        return (
            joins
            or reading.logic > 0
            or (reading.first == "constant" and (not before or before[-1].isalnum() or before[-1] in "%)"))
        )
    if not before and text[reading.end :].strip() in ("", "%"):
        return reading.begins != "in"
    closes = not before or before[-1].isalnum() or before[-1] in "%)"
    opens = not inside or not (inside.isspace() or inside in ",;:)]}.?")
    if before and not inside:
        return (closes and reading.begins != "-") or before[-1:].isalnum()
    return closes and opens and (bool(before) or bool(reading.logic))


def _plain(text: str) -> Breakout | None:
    """A value that stands in the statement as it is, where a number was meant; also the mere continuation of one."""
    lead = list(tokens(text))
    while lead and lead[0].text in (")", "(", ",", ";"):
        del lead[0]
    if not lead:
        return None
    first = lead[0]
    follows = first.text in _FOLLOWS or (first.text in CLAUSES and first.text not in ("select", "if"))
    reading = read(lead, operand_first=not follows)
    found = _clause(text, lead, reading, quoted=False)
    rule = found or _plain_rule(first, reading, follows=follows)
    if rule is None:
        return None
    message = "the value goes on as a statement" if found else "the value is a condition or an expression of its own"
    return Breakout(
        rule, first.start, max(reading.end, first.end), "high" if found or reading.logic else "medium", 0.75, message
    )


_FOLLOWS = frozenset(("or", "and", "xor", "||", "&&", "like", "rlike", "regexp", "=", "between"))
_NUMERIC = frozenset(("constant", "variable"))


def _plain_rule(first: Token, reading: Reading, *, follows: bool) -> str | None:
    ended = reading.ending in ("comment", "stack") and reading.complete
    comment = reading.ending == "comment" and reading.complete and not reading.rest
    assigned = reading.first == "word" or (reading.first == "function" and not reading.special)
    assigned = assigned and not reading.logic and not comment
    if reading.special and reading.first == "function" and reading.ending == "end" and reading.complete:
        return "expression"
    if reading.functions and (reading.operators or comment) and reading.ending != "junk" and not assigned:
        return "expression"
    if (
        reading.variables
        and (reading.comparisons or comment)
        and reading.operators
        and reading.ending != "junk"
        and reading.complete
    ):
        return "expression"
    direct = follows or reading.begins in LOGIC
    if reading.tautologies and reading.logic and (direct or (reading.ending != "junk" and not reading.lists)):
        return "tautology"
    if reading.tautologies and ended and not reading.rest:
        return "tautology"
    if reading.compared and (reading.first in _NUMERIC or reading.first == "function") and not follows:
        return "condition"
    if (
        reading.logic
        and (comment or (ended and direct))
        and not reading.rest
        and (reading.constants or (follows and comment))
    ):
        return "condition"
    if reading.begins in ("rlike", "regexp", "sounds") and reading.complete and reading.ending != "junk":
        return "condition"
    if reading.logic and reading.ending == "end" and reading.complete:
        return _bare_condition(reading, first, follows=follows)
    constants = reading.operands == reading.constants == 2 and reading.operators == 1 and reading.ending == "end"
    if (
        constants
        and reading.tautologies
        and (first.text == "not" or reading.begins in ("like", "not") or reading.prefixes)
    ):
        return "condition"  # 1 not in (0), 1 is not null: more words than anybody needs to write a number
    return None


def _bare_condition(reading: Reading, first: Token, *, follows: bool) -> str | None:
    """``1 or true``, ``or 1=1``: as short as prose, so all of it must be constants."""
    if follows:
        short = (
            (reading.compared and reading.operands == 2) or first.text in ("||", "&&") or reading.last_text in CONSTANTS
        )
        return "condition" if short and reading.constants else None
    if reading.operands == reading.constants and reading.operands > 1 and first.kind != "string":
        texts = (reading.first_text, reading.last_text)
        logical = reading.begins in ("||", "&&") or reading.logic > 1 or reading.prefixes > 0
        return "condition" if logical or any(text in CONSTANTS or text in ("0", "1") for text in texts[1:]) else None
    return None


def _clause(text: str, lead: list[Token], reading: Reading, *, quoted: bool) -> str | None:
    """The clause that an expression ended with, or that the value begins with, where it is one in full."""
    if reading.ending == "stack":
        at = text.find(";", reading.end)
        if at < 0:
            return None
        hidden = (quoted or reading.first == "constant") and hides_rest(text, at)
        return "stacked" if hidden or stacks_statement(text, at) else None
    if reading.ending != "clause":
        return None
    if (
        not quoted
        and reading.operands
        and reading.operators == 0
        and reading.first not in ("constant", "function", "variable")
    ):
        return None
    start = _clause_start(text, lead, reading.clause)
    return clause_at(text, start)


def _clause_start(text: str, lead: list[Token], clause: str) -> int:
    return next((token.start for token in lead if token.text == clause), len(text))
