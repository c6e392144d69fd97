"""What an expression says: operands and operators in turn, read from a place where SQL would go on.

A value attacks where it goes on as a grammatical expression behind the quote it closed or the number it begins with. Prose does not:
``O'Brien and sons`` has a name right behind the string, ``3 for 20`` no operator between its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from orchestrator_security.sinks.sql_tokens import Token
from orchestrator_security.sinks.sql_words import (
    CLAUSES,
    COMPARISONS,
    CONSTANTS,
    EVERYDAY,
    FUNCTIONS,
    LOGIC,
    OPERATORS,
    PREFIXES,
)


class Reading(Struct):
    """What was read.

    ``ending`` is ``end``, ``comment``, ``open`` (a string that the statement's own quote will close), ``stack`` (a semicolon),
    ``clause`` or ``junk`` (no SQL from here on).
    """

    ending: str = "end"
    start: int = 0
    end: int = 0
    operators: int = 0
    logic: int = 0
    comparisons: int = 0
    compared: int = 0
    """Comparisons that came behind a logical operator."""
    tautologies: int = 0
    """Comparisons of two constants, or of a name with itself."""
    functions: int = 0
    special: int = 0
    """Those of the functions that only databases have."""
    variables: int = 0
    prefixes: int = 0
    """Signs and negations in front of operands."""
    operands: int = 0
    constants: int = 0
    lists: int = 0
    closed: int = 0
    """Parentheses closed that were not opened."""
    first: str = ""
    last: str = ""
    """Kind of the first and of the last operand."""
    first_text: str = ""
    last_text: str = ""
    begins: str = ""
    """The first operator."""
    clause: str = ""
    complete: bool = True
    """False where an operator has no right side."""
    rest: str = ""
    """A comment's text."""


def read(stream: Iterable[Token], *, operand_first: bool) -> Reading:
    """Reads until something is no expression any more.

    ``operand_first``: whether the value itself is the first operand (else it stood before, inside the quotes).
    """
    reader = _Reader(want=operand_first)
    for token in stream:
        if not reader.take(token):
            break
    else:
        reader.close("end")
    return reader.reading


class _Reader:
    def __init__(self, *, want: bool) -> None:
        self.reading = Reading()
        self._want = want
        self._depth = 0
        self._left: Token | None = None
        self._last: Token | None = None
        self._right_of = ""
        self._word: Token | None = None
        self._seen = False

    def close(self, ending: str) -> bool:
        reading = self.reading
        reading.ending = ending
        reading.complete = not self._want
        return False

    def take(self, token: Token) -> bool:
        """Takes one token in; False where the expression ends before or with it."""
        reading = self.reading
        if not self._seen:
            self._seen = True
            reading.start = token.start
        if token.kind == "comment":
            reading.rest = token.text.lstrip("-#/*").strip(" \t\r\n+-;)")
            reading.end = token.end if not reading.rest else token.start + 2
            return self.close("comment")
        more = self._operand(token) if self._want else self._operator(token)
        if more:
            reading.end = token.end
        return more

    def _operand(self, token: Token) -> bool:
        reading = self.reading
        text, kind = token.text, token.kind
        if kind == "open":
            reading.end = token.start + 1
            self._finish(token)
            return self.close("open")
        if text == "(":
            self._depth += 1
            return True
        if text == ")":  # a call without arguments
            self._depth -= 1
            self._want = False
            return True
        if text == "{":  # ODBC's escape, which MySQL reads too: {x 1}
            return True
        if kind == "operator" and text == "*":
            self._finish(token)
            return True
        if text in COMPARISONS and text.isalpha() and self._right_of in ("not", "is", "sounds"):
            reading.comparisons += text != "like" or self._right_of != "sounds"
            self._right_of = text
            return True
        if text in PREFIXES and text not in CONSTANTS:
            reading.prefixes += text in ("~", "!", "not")
            return True
        if text == "select":
            reading.clause = text
            reading.ending = "clause"
            return False
        if kind in ("number", "string", "name", "variable", "word") and (kind != "word" or self._name(text)):
            self._finish(token)
            return True
        return self.close("junk")

    def _name(self, text: str) -> bool:
        return text not in OPERATORS and (text not in CLAUSES or text in ("user", "if"))

    def _finish(self, token: Token) -> None:
        """An operand is complete: what it is, and what it was compared with."""
        reading = self.reading
        constant = token.kind in ("number", "string", "open") or token.text in CONSTANTS
        kind = "constant" if constant else token.kind
        reading.operands += 1
        reading.constants += constant
        reading.variables += token.kind == "variable" and token.text.startswith("@")
        if not reading.first:
            reading.first, reading.first_text = kind, token.text
        reading.last, reading.last_text = kind, token.text
        left = self._left
        if self._right_of in COMPARISONS and left is not None:
            both = constant and (left.kind in ("number", "string") or left.text in CONSTANTS)
            same = left.kind in ("word", "name") and left.text == token.text
            reading.tautologies += both or (same and reading.logic > 0)
        self._left = self._last = token
        self._right_of = ""
        self._word = token if token.kind == "word" else None
        self._want = False

    def _operator(self, token: Token) -> bool:
        reading = self.reading
        text, kind = token.text, token.kind
        word, self._word = self._word, None
        if kind in ("string", "open") and (self._last is None or self._last.kind == "string"):
            return self._beside(token)
        if text == "(":
            if word is None:
                return self.close("junk")
            return self._call(word, token)
        if text == ")":
            self._depth -= 1
            if self._depth < 0:
                self._depth = 0
                reading.closed += 1
            return True
        if text in ("}", "."):
            return True
        if text == ",":
            reading.lists += 1
            self._left = None
            self._want = True
            return True
        if text == ";":
            return self.close("stack")
        if text in OPERATORS or text == "not":
            self._count(text)
            return True
        if kind == "word" and (text in CLAUSES or text in ("sounds", "union")):
            reading.clause = text
            return self.close("clause")
        return self.close("junk")

    def _beside(self, token: Token) -> bool:
        """A string right behind another one: most databases join them."""
        self._last = token
        if token.kind == "string":
            return True
        self.reading.end = token.start + 1
        return self.close("open")

    def _count(self, text: str) -> None:
        reading = self.reading
        if not reading.begins:
            reading.begins = text
        reading.operators += 1
        if text in LOGIC:
            reading.logic += 1
            self._left = None
        elif text in COMPARISONS:
            reading.comparisons += 1
            reading.compared += reading.logic > 0
        self._right_of = text
        self._want = text not in ("isnull", "notnull")

    def _call(self, word: Token, token: Token) -> bool:
        # ``time.sleep(`` is a program's; packages of a database are among the phrases.
        name = word.text
        if token.start > word.end and (name not in FUNCTIONS or self.reading.operators == 0):
            return self.close("junk")
        self.reading.functions += name in FUNCTIONS
        self.reading.special += name in FUNCTIONS and name not in EVERYDAY
        if self.reading.operands == 1:
            self.reading.first = "function"
        self.reading.last = "function"
        self._depth += 1
        self._left = None
        self._want = True
        return True
