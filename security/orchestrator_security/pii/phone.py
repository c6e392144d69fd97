"""Phone numbers: international ones by country code and length, national ones by their shape and the words around them.

A national number without context counts only in shapes that little else has (``(415) 555-2671``, ``020 7946 1234``). What is
written some other way needs a word such as *phone*, *call* or *fax* nearby.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

from orchestrator_security.pii.country_codes import country_plan
from orchestrator_security.pii.digit_runs import DigitRun, only_digits
from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import after, before, says

_PHONE_WORDS = (
    r"phones?|telephones?|tele?|tel(?:\.|no|nr)?|mobiles?|cells?|cellphones?|cellular|fax(?:es)?|"
    r"faxnumber|sms|whats[ _]?app|telegram|viber|msisdn|"
    r"landline|hotline|helpline|callback|pager|phonenumber|phoneno|mobileno|fon|telefon|telefone|tel[eé]fono|telefono|telefoon|telefonnummer|"
    r"handy|handynummer|mobil|mobilnummer|rufnummer|durchwahl|t[eé]l[eé]phone|t[eé]l|portable|m[oó]vil|celular|cellulare|telem[oó]vel|"
    r"gsm|puhelin|puh|matkapuhelin|tlf|mobiltelefon|telefonszám"
)
_CALL_WORDS = (
    r"call(?:s|ed|ing)?|dial(?:s|ed|ing)?|ring|rang|text(?:s|ed|ing)?|reach(?:ed|able)?|contact|answer(?:s|ed|ing)?|messages?|voicemail|"
    r"office|desk|direct|extension|emergency|(?:my|your|his|her|their|our) (?:new |old |work |home |office )?numbers?|"
    r"numbers? (?:is|are)|phone me|anrufen|ruf|rufen|appelez|appeler|llama|llame|llamar|chiama|chiamare|bel|ligue"
)
_NOT_PHONE = (
    r"orders?|order ?no|isbn|issn|sku|parts?|serial|ref|reference|ticket|invoices?|case|model|build|tracking|ids?|version|timestamp|"
    r"ts|port|pid|uuid|zip|postcode|line|lines|column|page|pages|size|bytes|offset|commit|rfc|pr|issue|index|count|total|amount|price|"
    r"account|acct|card|iban|ssn|routing|passport|licen[cs]e|dob|birth|born|date|sleep|range|rows?"
)
# What stands right in front of a number that somebody is to call, or right behind one that somebody gives.
_DIRECTLY = (
    r"(?<![a-z])(?:(?:call(?:ed)?|dial|phone)(?: me| us| you| him| her| them)?(?: back)?(?: at| on)?|"
    r"(?:ring|text|reach|contact)(?: (?:me|us|you|him|her|them)(?: at| on)?| (?:at|on))|messages? (?:on|to)|"
    r"(?:my|your|his|her|their|our)(?: [a-z]{2,12})? numbers?(?: is)?|mine is|numbers? (?:is|was|has changed to|changed to)|my registered|"
    r"(?:desk|office|direct|home|work|tel|phone|mobile|fax)[.:])[:\s]{1,3}$"
)
_GIVEN = (
    r"\)? (?:is|still) (?:my|the|his|her|our|your)(?: new| old| work| home| cell| direct)? (?:number|phone|mobile|cell)"
)
_LABEL = r"(?:^|[\s|,;(/])(?:T|M|F|P|C|D|H|O|Ph|Tel|Mob|Cell|Fax)[:.] ?$"
_AFTER_WORDS = r"as call back|office|fax|mobile|cell|phone|tel|desk|direct|home|work|handy|landline"


@cache
def _date() -> re.Pattern[str]:
    return re.compile(
        r"(?:19|20)[0-9]{2}([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])"
        r"|(?:0?[1-9]|[12][0-9]|3[01])([-./])(?:0?[1-9]|1[0-2])\2(?:19|20)?[0-9]{2}(?![0-9]|[-.][0-9]{2})"
        r"|(?:0?[1-9]|1[0-2])([-./])(?:0?[1-9]|[12][0-9]|3[01])\3(?:19|20)[0-9]{2}(?![0-9])"
    )


@cache
def _years_or_postcode() -> re.Pattern[str]:
    return re.compile(r"(?:19|20)[0-9]{2} ?[-/\u2013] ?(?:19|20)[0-9]{2}|[0-9]{5}-[0-9]{4}")


@cache
def _north_american() -> re.Pattern[str]:
    return re.compile(
        r"(?:(?:00)?1[-. ]{1,2})?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-.]|[2-9][0-9]{2}\) ?)[2-9][0-9]{2}[-. ][0-9]{4}(?![0-9])"
    )


@cache
def _trunk() -> re.Pattern[str]:
    # A leading zero, nine to eleven digits in two to five groups.
    return re.compile("0[1-9][0-9]{0,3}\\)?[ \u00a0/.-]{1,2}[0-9]{2,8}(?:[ \u00a0.-][0-9]{2,6}){0,4}+(?![0-9])")


@cache
def _bracketed() -> re.Pattern[str]:
    # An area code in brackets, or three groups of a North American number whatever its digits, with an extension.
    return re.compile(
        r"8 ?\([0-9]{3}\) ?[0-9]{3}[- ][0-9]{2}[- ]?[0-9]{2}(?![0-9])"
        r"|\(0[0-9]{1,4}\)[ /-]{0,2}[0-9]{2,4}[ -]?[0-9]{2,5}(?:[ -][0-9]{2,4})?(?![0-9])"
        r"|\([0-9]{3}\) ?[0-9]{3}[-. ][0-9]{4}(?![0-9])"
        r"|[0-9]{3}[-. ][0-9]{3}[-. ][0-9]{4}(?= ?(?:x|ext\.? ?)[0-9]{2,6}(?![0-9A-Za-z]))"
    )


@cache
def _directly() -> re.Pattern[str]:
    return re.compile(_DIRECTLY)


@cache
def _given() -> re.Pattern[str]:
    return re.compile(_GIVEN)


@cache
def _label() -> re.Pattern[str]:
    return re.compile(_LABEL)


@cache
def _address_before() -> re.Pattern[str]:
    # Whoever gives an e-mail address gives a phone number next.
    return re.compile(r"@[a-z0-9.-]{1,40}\.[a-z]{2,8}>?(?:,? |,|\s?[|/;]\s?|\n)$")


@cache
def _address_after() -> re.Pattern[str]:
    return re.compile(r"(?:, ?| ?\| ?|; ?|\n)(?:[\w.+-]{1,40}@[\w-]|www\.)")


@cache
def _extension() -> re.Pattern[str]:
    return re.compile(
        r"[ ,]{0,2}(?:x|ext\.?|extension|Ext\.?|EXT|#|Durchwahl|poste)[ .:]{0,2}[0-9]{1,6}(?![0-9A-Za-z])"
    )


def find_phone_numbers(text: str, runs: Iterable[DigitRun]) -> Iterator[PiiMatch]:
    """Phone numbers with their extension and the sign or bracket in front."""
    for run in runs:
        span = _international(text, run) or _national(text, run)
        if span is not None:
            start, end = span
            extension = _extension().match(text, end)
            end = extension.end() if extension is not None else end
            yield PiiMatch("PHONE_NUMBER", start, end, _is_fictional(only_digits(text[start:end])))


def _is_fictional(digits: str) -> bool:
    """Set aside for films and books: 555-0100 to 555-0199, the area 555, and Ofcom's numbers for drama."""
    number = digits[-10:]
    if len(digits) in (10, 11, 13) and (number[3:8] == "55501" or number.startswith("555")):
        return digits[:-10] in ("", "1", "001")
    return digits.lstrip("0").removeprefix("44").lstrip("0").startswith(("2079460", "1632960", "7700900"))


def _international(text: str, run: DigitRun) -> tuple[int, int] | None:
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
    outer = text[start - 1 : start] if start else ""
    if outer == "(":
        start -= 1
        outer = text[start - 1 : start] if start else ""
    if (outer.isalnum() and not text[max(0, start - 2) : start].startswith("\\")) or (outer and outer in "+_.)]"):
        return None
    plan = country_plan(only_digits(text[at : min(run.end, at + 8)]))
    if plan is None:
        return None
    code, low, high = plan
    if left and left in "+\uff0b" and any(sign in text[at : run.end] for sign in " ("):
        low = max(7, low - 2 if "(0)" in text[at : at + 8] else low - 1)  # written out by hand, with a digit too few
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


def _national(text: str, run: DigitRun) -> tuple[int, int] | None:
    start, end = run.start, run.end
    if run.digits < 7:
        return None
    if text[start - 1 : start] == "(" and start:
        start -= 1
    outer = text[start - 1 : start] if start else ""
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
    told = says(words, _PHONE_WORDS)
    called = told or says(words, _CALL_WORDS) or says(after(text, end), _AFTER_WORDS)
    bracketed = _bracketed().match(text, start) if run.digits >= 9 else None
    if bracketed is not None and bracketed.end() == end and run.digits <= 12:
        return start, end
    match = _north_american().match(text, start)
    if match is not None and match.end() <= end and (told or not says(words[-20:], _NOT_PHONE)):
        return start, match.end()
    if _date().search(text, start, min(end, start + 24)) is not None:
        return None
    if not told and _years_or_postcode().fullmatch(text, run.start, end) is not None:
        return None
    trunk = _trunk().match(text, start + (text[start] == "("))
    trunked = trunk is not None and trunk.end() == end and 9 <= run.digits <= 11 and right != "-"
    if trunked and (called or (_is_irregular(text[run.start : end]) and not says(words[-20:], _NOT_PHONE))):
        return start, end
    if _is_stated(text[run.start : end], run.digits) and _is_given(text, start, run, words):
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
        (words[-1:] in " :\n\t" and _directly().search(words[-32:]) is not None)
        or (text[start - 2 : start - 1] in ".:" and _label().search(text[max(0, start - 6) : start]) is not None)
        or _given().match(text, run.end) is not None
    ):
        return True
    number = text[run.start : run.end]
    if number.isdecimal() and not (number[0] == "0" and 9 <= run.digits <= 11):
        return False  # an identifier in a row of values
    return ("@" in words and _address_before().search(words) is not None) or (
        text[run.end : run.end + 1] in ", |;\n" and _address_after().match(text, run.end) is not None
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
    if says(words[-16:], _NOT_PHONE):
        return None
    usual = (len(number) == 10 and number[0] in "23456789") or (number[0] == "0" and 9 <= len(number) <= 11)
    if bare and not (told or usual):
        return None
    if bare and len(number) < 9 and not says(words[-20:], _PHONE_WORDS):
        return None
    if "/" in number and number.count("/") > 1:
        return None
    if number.count(".") == 1 and len(number) - 1 == sum(c.isdigit() for c in number):
        return None  # a decimal
    if "[" in number or "]" in number:
        return None
    return start, end
