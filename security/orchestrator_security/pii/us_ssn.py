"""US social security and individual taxpayer numbers, by the ranges that are given out.

Source: Social Security Administration, "Social Security Number Randomization" (no 000, 666 or 900-999 in front, no 00, no 0000),
and IRS publication 1915 for taxpayer numbers (9xx with a middle of 50-65, 70-88, 90-92, 94-99).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from orchestrator_security.pii.digit_runs import DigitRun, only_digits, stands_alone
from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import after, before, says

_WORDS = r"ssns?|ssn\d|ss ?#|soc(?:ial)?[ ._-]{0,2}sec(?:urity)?|social|itins?|taxpayer|tax ?id|tin"
_NOT = r"order|orders|ref|reference|invoice|ticket|part|sku|model|serial|isbn|case|build|tracking|phone|tel|fax|rfc|section|version"
# Printed in advertisements and papers, never a person's any more.
_PUBLISHED = frozenset(("078051120", "219099999", "123456789", "987654321", "111111111", "111223333", "123121234"))


@cache
def _number() -> re.Pattern[str]:
    return re.compile("[0-9]{3}([-\u2010-\u2013 .])[0-9]{2}\\1[0-9]{4}(?![0-9])|[0-9]{9}(?![0-9])")


def find_us_ssns(text: str, runs: Iterable[DigitRun]) -> Iterator[PiiMatch]:
    """Numbers with dashes; with spaces, dots or nothing between only where the text says what they are."""
    for run in runs:
        if run.digits < 9:
            continue
        at = run.start
        while (match := _number().search(text, at, run.end)) is not None:
            at = match.end()
            entity = _entity(text, match.start(), match.end(), match[1] or "")
            if entity:
                yield PiiMatch(entity, match.start(), match.end())


def _entity(text: str, start: int, end: int, between: str) -> str:
    digits = only_digits(text[start:end])
    area, group = int(digits[:3]), int(digits[3:5])
    if area in (0, 666) or group == 0 or digits[5:] == "0000" or digits in _PUBLISHED:
        return ""
    if not stands_alone(text, start, end):
        return ""
    words = before(text, start)
    told = says(words, _WORDS) or says(after(text, end), _WORDS)
    if area >= 900:
        given = 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or group >= 94
        return "US_ITIN" if told and given else ("US_SSN" if told else "")
    if not told and (between in ("", " ", ".") or says(words[-24:], _NOT)):
        return ""
    return "US_SSN"
