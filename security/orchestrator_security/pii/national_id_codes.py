"""National numbers with letters in them: their shape, and the check character where there is one.

Sources: HMRC NIM39110 (NINO), BOE/Interior (DNI, NIE), Agenzia delle Entrate DM 23/12/1976 (codice fiscale), Income Tax Department
(PAN), ICA (NRIC), RENAPO (CURP), DVV (hetu), GB 11643-1999 (Chinese resident number), as python-stdnum's documentation collects them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from orchestrator_security.pii.check_digits import descending, weighted
from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import before, says

_NIF = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
_CURP = "0123456789ABCDEFGHIJKLMN\u00d1OPQRSTUVWXYZ"


@cache
def _token() -> re.Pattern[str]:
    # Anchored at two digits; letters in front of them are read backwards.
    return re.compile(r"[0-9]{2}(?<![0-9][0-9]{2})(?=[0-9A-Za-z+.-]{3})[0-9]{0,15}+[0-9A-Za-z+.-]{0,14}+")


@cache
def _nino() -> re.Pattern[str]:
    return re.compile(
        r"(?i:(?<![A-Za-z0-9])(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])"
        r"([ -]?)[0-9]{2}\1[0-9]{2}\1[0-9]{2}\1[A-Da-d](?![A-Za-z0-9])"
    )


@cache
def _shapes() -> re.Pattern[str]:
    return re.compile(
        r"(?P<fiscal>[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z])"
        r"|(?P<pan>[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z])"
        r"|(?P<nie>[XYZ]-?[0-9]{7}-?[A-Z])"
        r"|(?P<nif>[0-9]{8}-?[A-Z])"
        r"|(?P<nric>[STFGM][0-9]{7}[A-Z])"
        r"|(?P<curp>[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9])"
        r"|(?P<hetu>[0-9]{6}[-+ABCDEFYXWVU][0-9]{3}[0-9A-Y])"
        r"|(?P<china>[1-9][0-9]{16}[0-9Xx])"
        r"|(?P<chile>[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk])"
        r"|(?P<pps>[0-9]{7}[A-W][ABHW]?)"
    )


def find_national_codes(text: str) -> Iterator[PiiMatch]:
    """Identity and tax numbers that mix letters and digits."""
    for match in _token().finditer(text):
        end = match.end()
        while end > match.start() and text[end - 1] in "-+.":
            end -= 1
        start = match.start()
        while start and match.start() - start < 7 and (text[start - 1].isascii() and text[start - 1].isalpha()):
            start -= 1
        if text[start - 1 : start] in ("-", ".") and start > 1 and text[start - 2] in "XYZ" and text[start - 1] == "-":
            start -= 2
        if end - start < 8 or end - start > 18 or (start and (text[start - 1].isalnum() or text[start - 1] in "_./-")):
            continue
        if text[end : end + 1].isalnum() or text[end : end + 1] == "_":
            continue
        value = text[start:end]
        if not _may_be_one(value):
            continue
        entity = _entity(text, start, value)
        if entity:
            yield PiiMatch(entity, start, end)
    for match in _nino().finditer(text) if any(c.isdigit() for c in text[:1]) or _mentions_nino(text) else ():
        if match[1] or says(before(text, match.start()), r"ni|nino|nin|national insurance|ni ?number|insurance"):
            yield PiiMatch("NATIONAL_ID", match.start(), match.end())


def _may_be_one(value: str) -> bool:
    """Not a number, a date or a phone number, of which texts are full: those without letters are few."""
    if value.lower() != value.upper():
        return True
    return len(value) == 18 or (len(value) == 11 and value[6] in "+-") or value.count(".") == 2


def _mentions_nino(text: str) -> bool:
    return re.search(r"[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-Da-d](?![A-Za-z0-9])", text) is not None


def _entity(text: str, start: int, value: str) -> str:
    match = _shapes().fullmatch(value)
    if match is None or match.lastgroup is None:
        return ""
    shape, code = match.lastgroup, value.replace("-", "").replace(".", "")
    words = before(text, start, 40)
    if shape == "fiscal":
        return "TAX_ID" if _fiscal(code) else ""
    if shape == "pan":
        return "TAX_ID" if value[3] in "PCHF" or says(words, "pan") else ""
    if shape == "nie":
        number = str("XYZ".index(code[0])) + code[1:8]
        return "NATIONAL_ID" if _NIF[int(number) % 23] == code[8] else ""
    if shape == "nif":
        right = _NIF[int(code[:8]) % 23] == code[8]
        told = says(words, r"dni|nif|documento|identidad|d\.n\.i\.?|spanish id|national id(?:entity)?")
        return "NATIONAL_ID" if right and (told or "-" in value) else ""
    if shape == "nric":
        return "NATIONAL_ID" if _nric(code) else ""
    if shape == "curp":
        total = sum(_CURP.index(c) * (18 - i) for i, c in enumerate(code[:17]))
        return "NATIONAL_ID" if (10 - total % 10) % 10 == int(code[17]) else ""
    if shape == "hetu":
        right = (
            _HETU[int(value[:6] + value[7:10]) % 31] == value[10]
            and 1 <= int(value[:2]) <= 31
            and 1 <= int(value[2:4]) <= 12
        )
        return "NATIONAL_ID" if right else ""
    if shape == "china":
        check = weighted(code[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11
        born = code[6:8] in ("19", "20") and 1 <= int(code[10:12]) <= 12 and 1 <= int(code[12:14]) <= 31
        return "NATIONAL_ID" if born and "10X98765432"[check] == code[17].upper() else ""
    if shape == "chile":
        total = sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(code[:-1])))
        return "NATIONAL_ID" if "0K987654321"[total % 11] == code[-1].upper() else ""
    return "TAX_ID" if _pps(code) and says(words, "ppsn?|pps ?(?:no|number)|personal public service") else ""


def _fiscal(code: str) -> bool:
    even = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    total = sum(_ODD[c] if i % 2 == 0 else even.index(c) - (10 if c.isalpha() else 0) for i, c in enumerate(code[:15]))
    return chr(65 + total % 26) == code[15]


def _nric(code: str) -> bool:
    total = weighted(code[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"S": 0, "F": 0, "T": 4, "G": 4, "M": 3}[code[0]]
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "KLJNPQRTUWX"}[
        code[0]
    ]
    return letters[10 - total % 11 if code[0] == "M" else total % 11] == code[8]


def _pps(code: str) -> bool:
    extra = (ord(code[8]) - 64) * 9 if len(code) == 9 else 0
    return "WABCDEFGHIJKLMNOPQRSTUV"[(descending(code[:7], 8) + extra) % 23] == code[7]
