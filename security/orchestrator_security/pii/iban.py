"""International bank account numbers: country, its length, and the check of ISO 13616 (mod 97)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from orchestrator_security.pii.check_digits import mod97
from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import before, says

# SWIFT's IBAN registry.
_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA",
        30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip

# Of the registry and of the pages that explain it.
_EXAMPLES = frozenset((
    "GB29NWBK60161331926819", "GB82WEST12345698765432", "GB33BUKB20201555555555", "DE89370400440532013000", "CH9300762011623852957",
    "FR1420041010050500013M02606", "ES9121000418450200051332", "IT60X0542811101000000123456", "NL91ABNA0417164300",
    "AT611904300234573201", "BE68539007547034", "PL61109010140000071219812874", "SE4550000000058398257466", "NO9386011117947",
    "DK5000400440116243", "FI2112345600000785", "PT50000201231234567890154", "IE29AIBK93115212345678", "CZ6508000000192000145399",
))  # fmt: skip


@cache
def _check_digits() -> re.Pattern[str]:
    # Digits first: a search for them is many times faster than one for letters.
    return re.compile(
        r"[0-9]{2}(?<=[A-Za-z]{2}[0-9]{2})(?:(?<![A-Za-z0-9][A-Za-z]{2}[0-9]{2})|(?<=\\[nrt][A-Z]{2}[0-9]{2}))"
    )


@cache
def _country_apart() -> re.Pattern[str]:
    return re.compile(r"[0-9]{2}(?<=[A-Z]{2}[ \u00a0][0-9]{2})(?<![A-Za-z0-9][A-Z]{2}.[0-9]{2})[ 0-9]")


@cache
def _number(length: int) -> re.Pattern[str]:
    between = "[ \u00a0\u2009\u202f.\t-]?"
    return re.compile(f"[A-Za-z]{{2}}{between}[0-9]{{2}}(?:{between}[A-Za-z0-9]){{{length - 4}}}(?![A-Za-z0-9_])")


@cache
def _together() -> re.Pattern[str]:
    # Of another length than the registry's: mistyped, or made up for a test.
    return re.compile("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}(?![A-Za-z0-9_])")


def find_ibans(text: str) -> Iterator[PiiMatch]:
    """Account numbers in any case, together or in groups; with a wrong check only where the text says that it is one."""
    for match in _check_digits().finditer(text):
        found = _at(text, match.start() - 2)
        if found is not None:
            yield found
    if "IBAN" in text or "iban" in text:
        for match in _country_apart().finditer(text):
            found = _at(text, match.start() - 3)
            if found is not None:
                yield found


def _at(text: str, start: int) -> PiiMatch | None:
    length = _LENGTHS.get(text[start : start + 2].upper())
    if length is None:
        return None
    match = _number(length).match(text, start) or _together().match(text, start)
    if match is None:
        return None
    whole = "".join(c for c in match[0] if c.isalnum()).upper()
    right = mod97(whole[4:] + whole[:4]) == 1
    if not right and not says(before(text, start, 24), "iban|ibans"):
        return None
    # A word and a number may look like one by chance; an account number is mostly digits.
    digits = sum(c.isdigit() for c in whole)
    of_letters = right and len(whole) == length and _is_tidy(match[0])  # as banks of Malta, Latvia and Ukraine give out
    if (digits * 2 < len(whole) and not of_letters) or len(set(whole[4:])) == 1:
        return None
    return PiiMatch("IBAN_CODE", start, match.end(), whole in _EXAMPLES)


def _is_tidy(number: str) -> bool:
    """Written together, or in fours, and in one case."""
    groups = number.split(" ")
    return (number.isupper() or number.islower()) and (len(groups) == 1 or {len(g) for g in groups[:-1]} == {4})
