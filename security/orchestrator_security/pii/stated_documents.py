"""What only the words in front make personal: passports, driver's licences, bank accounts, dates of birth.

The words are searched first and the value is read behind them, so texts without them cost one search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from orchestrator_security.pii.check_digits import weighted
from orchestrator_security.pii.pii_match import PiiMatch

_GAP = (
    r"(?:[\"'’]?[ _-]{0,2}(?:number|num|no|nr|id|is|was|code|card|on|the|date)\.?(?![a-z])){0,4}"
    r"[\"']?[ \t]{0,3}[:=#(]{0,2}[ \t]{0,3}(?:\\n)?[\"']?"
)
_MONTHS = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|januar|februar|m[äa]rz|mai|juni|juli|okt|dez|enero|febrero|marzo|abril|mayo|"
    r"junio|julio|agosto|octubre|dic|janv|f[ée]v|avr|juin|juil|ao[uû]t|d[ée]c)[a-zé]{0,8}\.?"
)
_DATE = (
    r"(?:[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}|[0-9]{1,2}(?:st|nd|rd|th|\.)?(?: of| de)? "
    rf"{_MONTHS},?(?: de)? [0-9]{{4}}|{_MONTHS} [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}}|[0-9]{{8}})"
)


class _Stated(Struct, frozen=True):
    entity: str
    keywords: tuple[str, ...]
    pattern: str


_STATED = (
    _Stated("PASSPORT", ("passport", "reisepass", "passeport", "pasaporte"), rf"s?{_GAP}(?P<value>[a-z]{{0,3}} ?[0-9]{{6,9}}[a-z]?)"),
    _Stated(
        "PASSPORT",
        ("passport", "passeport", "pasaporte"),
        rf"{_GAP}(?P<value>(?=[a-z]{{0,8}}[0-9])(?=[0-9]{{0,8}}[a-z])[0-9a-z]{{8,9}})",
    ),
    _Stated("PASSPORT", ("reisepass",), rf"(?:nummer)?{_GAP}(?P<value>[cfghjk][0-9cfghjklmnprtvwxyz]{{8}})"),
    _Stated(
        "DRIVER_LICENSE",
        ("driver", "driving", "führerschein", "permis de conduire", "licencia de conducir"),
        rf"(?:['’]?s?)?[ _-]?(?:licen[cs]e|permit|nummer)?{_GAP}(?P<value>(?=[a-z -]{{0,6}}[0-9])[a-z0-9](?:[ -]?[a-z0-9]){{5,18}})",
    ),
    _Stated(
        "BANK_ACCOUNT",
        ("account", "acct", "kontonummer", "konto"),
        r"(?:[ _-]?(?:number|num|no|nr|#)\.?){1}(?: is)?[\"']?[ \t]{0,3}[:=#]?[ \t]{0,3}[\"']?(?P<value>[0-9](?:[ -]?[0-9]){5,16})",
    ),
    _Stated(
        "ABA_ROUTING_NUMBER",
        ("routing", "aba", "rtn", "transit"),
        rf"{_GAP}(?P<value>[0-9]{{9}})",
    ),
    _Stated(
        "DATE_OF_BIRTH",
        (
            "birth", "dob", "d.o.b", "born", "bday", "geburtsdatum", "geboren", "fecha de nacimiento", "date de naissance", "né le",
            "née le", "data di nascita", "nacido",
        ),
        rf"(?:[ _-]?(?:day|date))?(?:\.|s)?(?: am| el| il)?{_GAP}(?P<value>{_DATE})",
    ),
)  # fmt: skip


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{pattern}(?![0-9a-z])")


def find_stated_documents(text: str) -> Iterator[PiiMatch]:
    """Values behind a word that names the document."""
    lowered = text.lower()
    if len(lowered) != len(text):  # some letters grow in lower case and would shift every offset
        lowered = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    for stated in _STATED:
        for keyword in stated.keywords:
            at = lowered.find(keyword)
            while at >= 0:
                after = at + len(keyword)
                match = (
                    None if lowered[at - 1 : at].isalpha() and at else _compiled(stated.pattern).match(lowered, after)
                )
                if match is not None and _is_value(stated.entity, match["value"], lowered[max(0, at - 12) : at]):
                    yield PiiMatch(stated.entity, *match.span("value"))
                at = lowered.find(keyword, after)


def _is_value(entity: str, value: str, words: str) -> bool:
    if entity == "ABA_ROUTING_NUMBER":  # American Bankers Association: weights 3, 7, 1
        return weighted(value, (3, 7, 1) * 3) % 10 == 0 and len(set(value)) > 2
    if entity == "BANK_ACCOUNT":
        return "aws" not in words and "service" not in words and len(set(value)) > 2
    if entity in ("DRIVER_LICENSE", "PASSPORT"):
        return sum(c.isdigit() for c in value) >= 4
    if entity == "DATE_OF_BIRTH" and value.isdigit():
        return value[:2] in ("19", "20") or value[4:6] in ("19", "20")
    return True
