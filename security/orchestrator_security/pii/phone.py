"""Phone numbers: international ones by country code and length, national ones by their shape and the words around them.

A national number without context counts only in shapes that little else has (``(415) 555-2671``, ``020 7946 1234``). What is
written some other way needs a word such as *phone*, *call* or *fax* nearby.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

from orchestrator_security.pii import phone_shapes as shapes
from orchestrator_security.pii.country_codes import country_plan
from orchestrator_security.pii.digit_runs import DigitRun, only_digits, run_of
from orchestrator_security.pii.phone_words import AFTER_WORDS, CALL_WORDS, NOT_PHONE, PHONE_WORDS
from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import after, before, says

_IN_A_ROW = 32
_BORDERS = 4


def find_phone_numbers(text: str, runs: Iterable[DigitRun]) -> Iterator[PiiMatch]:
    """Phone numbers with their extension and the sign or bracket in front."""
    done = 0  # where the last number ends: it is replaced, so what follows without a gap begins there
    for run in runs:
        found, part = 0, run
        while True:
            span = _first(text, part, done)
            if span is None:
                break
            start, end = span
            extension = shapes.extension().match(text, end)
            end = extension.end() if extension is not None else end
            found += 1
            if found == _IN_A_ROW and run.end > end:  # a list of numbers; what is left of it is one too
                done = run.end
                yield PiiMatch("PHONE_NUMBER", start, done)
                break
            done = end
            yield PiiMatch("PHONE_NUMBER", start, end, _is_fictional(only_digits(text[start:end])))
            rest = _rest(text, end, run.end)
            if rest is None:
                break
            part = rest


def _first(text: str, run: DigitRun, done: int) -> tuple[int, int] | None:
    """The number at the beginning of a run of digits, or behind a column, a date or a house number that the run begins with."""
    span = _international(text, run, done) or _national(text, run, done)
    if span is not None or run.digits < 9:
        return span
    for border in islice(shapes.border().finditer(text, run.start, run.end), _BORDERS):
        rest = _rest(text, border.end(), run.end)
        if rest is not None and (span := _international(text, rest, done) or _national(text, rest, done)) is not None:
            return span
    return None


def _rest(text: str, at: int, end: int) -> DigitRun | None:
    """What is left of a run of digits."""
    while at < end and not "0" <= text[at] <= "9":
        at += 1
    if end - at < 7:
        return None
    rest = run_of(text, at, end)
    return rest if rest.digits >= 7 else None


def _is_fictional(digits: str) -> bool:
    """Set aside for films and books: 555-0100 to 555-0199, the area 555, and Ofcom's numbers for drama."""
    number = digits[-10:]
    if (len(digits) == 7 and digits.startswith("55501")) or len(set(digits)) == 1:
        return True
    if len(digits) in (10, 11, 13) and (number[3:8] == "55501" or number.startswith("555")):
        return digits[:-10] in ("", "1", "001")
    return digits.lstrip("0").removeprefix("44").lstrip("0").startswith(("2079460", "1632960", "7700900"))


def _international(text: str, run: DigitRun, done: int) -> tuple[int, int] | None:
    start, at = run.start, run.start
    left = text[start - 1 : start] if start else ""
    if left in ("+", "\uff0b") and left:
        start -= 1
    elif text.startswith("00", at) and text[at + 2 : at + 3] not in ("0", "") and not left.isalnum():
        if run.digits > 16:
            return None
        at += 2
        if text[at] in " -.(":
            at += 1
    elif text.startswith("011", at) and text[at + 3 : at + 4] in " -.":
        at += 4
    else:
        return None
    outer = text[start - 1 : start] if start > done else ""
    if outer == "(":
        start -= 1
        outer = text[start - 1 : start] if start > done else ""
    if (outer.isalnum() and not text[max(0, start - 2) : start].startswith("\\")) or (outer and outer in "+_.)]"):
        return None
    plan = country_plan(only_digits(text[at : min(run.end, at + 8)]))
    if plan is None:
        return None
    code, low, high = plan
    if shapes.date().match(text, run.start) is not None:
        return None  # a year with a sign
    if left and left in "+\uff0b" and any(sign in text[at : min(run.end, at + 24)] for sign in " (-"):
        low = min(
            low, max(7, low - 2 if "(0)" in text[at : at + 8] else low - 1)
        )  # written out by hand, with a digit too few
    end = _end_of_number(text, at, run.end, len(code), low, high) or _end_of_number(
        text, at, run.end, len(code), low, high, trunk=False
    )
    return None if end is None else (start, end)


def _end_of_number(text: str, at: int, limit: int, code: int, low: int, high: int, *, trunk: bool = True) -> int | None:
    """The farthest end of a group that the country's plan allows."""
    count, best = 0, None
    i = at
    while i < limit and count - code <= high:
        c = text[i]
        if c in "(\t" and low <= count - code <= high:
            return i if c == "\t" else best  # the next column, the next number
        if "0" <= c <= "9":
            if (
                trunk
                and c == "0"
                and count == code
                and (text[i - 1] == "(" or text[i + 1 : i + 2] != "0")
                and code
                and text[at] != "0"
            ):
                i += 1  # the national prefix, left in by habit: +44 (0)20
                continue
            count += 1
        elif text[i - 1] >= "0" and text[i - 1] <= "9" and low <= count - code <= high:
            best = i
        i += 1
    if i == limit and low <= count - code <= high:
        best = limit
    if best is not None and best < limit and best < len(text) and "0" <= text[best] <= "9":
        return None
    return best


def _national(text: str, run: DigitRun, done: int) -> tuple[int, int] | None:
    start, end = run.start, run.end
    bare = end - start == run.digits
    if (
        run.digits < 7
        or (bare and run.digits > 13)
        or (run.digits == 8 and shapes.date().fullmatch(text, start, end) is not None)
    ):
        return None
    if text[start - 1 : start] == "(" and start:
        start -= 1
    outer = text[start - 1 : start] if start > done else ""
    escaped = outer in ("n", "r", "t") and text[max(0, start - 2) : start - 1] == "\\"
    if (outer.isalnum() and not escaped) or (outer and outer in "_.+$#@%€£&"):
        return None
    right = text[end : end + 1]
    if (
        (right.isalpha() and right not in "xX")
        or right in ("_", "%")
        or (right in ".:" and right and text[end + 1 : end + 2].isdigit())
    ):
        return None
    words = before(text, start)
    told = says(words, PHONE_WORDS)
    called = told or says(words, CALL_WORDS) or says(after(text, end), AFTER_WORDS)
    bracketed = shapes.bracketed().match(text, start) if run.digits >= 9 and not bare else None
    if bracketed is not None and bracketed.end() == end and run.digits <= 12:
        return start, end
    match = shapes.north_american().match(text, start) if not bare else None
    if match is not None and match.end() <= end and (told or not says(words[-20:], NOT_PHONE)):
        return start, match.end()
    if not bare and shapes.date().search(text, start, min(end, start + 24)) is not None:
        return None
    if shapes.postcode_of_a_town().match(text, run.start) is not None:
        return None
    if not told and (
        shapes.years_or_postcode().fullmatch(text, run.start, end) is not None
        or shapes.of_a_social_number().fullmatch(text, run.start, end) is not None
    ):
        return None
    trunk = shapes.trunk().match(text, start + (text[start] == "(")) if not bare else None
    trunked = trunk is not None and trunk.end() == end and 9 <= run.digits <= 12 and right != "-"
    if trunked and (called or (_is_irregular(text[run.start : end]) and not says(words[-20:], NOT_PHONE))):
        return start, end
    if run.digits <= 12 and _is_stated(text[run.start : end], run.digits) and _is_given(text, start, run, words):
        return start, end
    if called:
        return _with_context(text, start, run, told, words)
    return None


def _is_irregular(number: str) -> bool:
    """Not a row of counted-up or equal numbers, and not a dump of bytes."""
    groups = [g for g in re.split(r"[^0-9]+", number) if g]
    return len(set(groups)) > 1 and not (len(groups) > 4 and all(int(b) - int(a) == 1 for a, b in pairwise(groups)))


def _is_given(text: str, start: int, run: DigitRun, words: str) -> bool:
    """Whether what stands right around a number gives it out: a request to call, a label, an address beside it."""
    if (
        (words[-1:] in " :\n\t" and shapes.directly().search(words[-32:]) is not None)
        or (text[start - 2 : start - 1] in ".:" and shapes.label().search(text[max(0, start - 6) : start]) is not None)
        or shapes.given().match(text, run.end) is not None
    ):
        return True
    number = text[run.start : run.end]
    if number.isdecimal() and not (number[0] == "0" and 9 <= run.digits <= 11):
        return False  # an identifier in a row of values
    return ("@" in words and shapes.address_before().search(words) is not None) or (
        text[run.end : run.end + 1] in ", |;\n" and shapes.address_after().match(text, run.end) is not None
    )


def _is_stated(number: str, digits: int) -> bool:
    """Whether a number that is said to be one can be dialled: not a moment in seconds, not a decimal, not a date."""
    if not 7 <= digits <= 12 or "[" in number or number.count("/") > 2:
        return False
    if number.isdecimal():
        return digits in (8, 9, 11) or (digits == 10 and number[0] != "1")
    return number.count(".") != 1 or digits == 8


def _with_context(text: str, start: int, run: DigitRun, told: bool, words: str) -> tuple[int, int] | None:
    end = _end_of_number(text, run.start, run.end, 0, 7, 13)
    if end is None:
        return None
    number = text[run.start : end]
    bare = number.isdecimal()
    if says(words[-16:], NOT_PHONE):
        return None
    usual = (len(number) == 10 and number[0] in "23456789") or (number[0] == "0" and 9 <= len(number) <= 11)
    if bare and not (told or usual):
        return None
    if bare and len(number) < 9 and not says(words[-20:], PHONE_WORDS):
        return None
    if "/" in number and number.count("/") > 1:
        return None
    if number.count(".") == 1 and len(number) - 1 == sum(c.isdigit() for c in number):
        return None  # a decimal
    if "[" in number or "]" in number:
        return None
    return start, end
