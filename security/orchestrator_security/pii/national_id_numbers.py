"""National numbers of digits alone: identity, tax and health numbers with their check digits.

Each rule is what the country's issuer publishes (as collected in the python-stdnum documentation). Numbers whose grouping is
their own count by themselves; plain digits count only with a word that says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from msgspec import Struct

from orchestrator_security.pii.check_digits import descending, luhn, mod11_10, verhoeff, weighted
from orchestrator_security.pii.digit_runs import DigitRun, only_digits, stands_alone
from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import before, beginnings, says


class NumberRule(Struct, frozen=True):
    """One national number."""

    entity: str
    pattern: str
    """Matched inside a run of digits."""
    valid: Callable[[str], bool]
    """Of the digits alone."""
    words: str
    """What stands in front where ``own`` does not fit."""
    own: str = ""
    """A grouping that needs no word in front."""


def _day(digits: str, day: int, month: int, shift: int = 0) -> bool:
    """Whether two digits each are a day and a month; ``shift`` is added to days by some countries."""
    d, m = int(digits[day : day + 2]), int(digits[month : month + 2])
    return 1 <= (d - shift if d > shift else d) <= 31 and 1 <= m <= 12


def _brazil(d: str) -> bool:
    return len(set(d)) > 1 and all(descending(d[:n], n + 1) * 10 % 11 % 10 == int(d[n]) for n in (9, 10))


def _france(d: str) -> bool:
    return (
        d[0] in "1234" and (1 <= int(d[3:5]) <= 12 or 20 <= int(d[3:5]) <= 99) and 97 - int(d[:13]) % 97 == int(d[13:])
    )


def _belgium(d: str) -> bool:
    return any(97 - int(century + d[:9]) % 97 == int(d[9:]) for century in ("", "2")) and int(d[2:4]) % 20 <= 12


def _swiss(d: str) -> bool:
    return d.startswith("756") and (10 - weighted(d[:12], (1, 3) * 6) % 10) % 10 == int(d[12])


def _czech(d: str) -> bool:
    return int(d) % 11 == 0 and int(d[2:4]) % 50 % 20 in range(1, 13) and 1 <= int(d[4:6]) <= 31


def _korea(d: str) -> bool:
    return _day(d, 4, 2) and (11 - weighted(d[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10 == int(d[12])


def _nhs(d: str) -> bool:
    return 11 - descending(d[:9], 10) % 11 in (int(d[9]), int(d[9]) + 11) and len(set(d)) > 1


def _poland(d: str) -> bool:
    return (
        1 <= int(d[2:4]) % 20 <= 12
        and 1 <= int(d[4:6]) <= 31
        and (10 - weighted(d[:10], (1, 3, 7, 9) * 3) % 10) % 10 == int(d[10])
    )


def _dutch(d: str) -> bool:
    return (descending(d[:8], 9) - int(d[8])) % 11 == 0 and len(set(d)) > 1


def _norway(d: str) -> bool:
    return (
        weighted(d, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11 == 0
        and weighted(d, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    )


def _turkey(d: str) -> bool:
    odd, even = sum(map(int, d[0:9:2])), sum(map(int, d[1:8:2]))
    return d[0] != "0" and (odd * 7 - even) % 10 == int(d[9]) and sum(map(int, d[:10])) % 10 == int(d[10])


def _romania(d: str) -> bool:
    check = weighted(d[:12], (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return d[0] != "0" and _day(d, 5, 3) and (1 if check == 10 else check) == int(d[12])


def _australia_tax(d: str) -> bool:
    return weighted(d, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def _medicare(d: str) -> bool:
    return d[0] in "23456" and weighted(d[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(d[8])


def _germany_tax(d: str) -> bool:
    return d[0] != "0" and mod11_10(d) and max(d[:10].count(c) for c in d) in (2, 3)


def _aadhaar(d: str) -> bool:
    return d[0] in "23456789" and verhoeff(d)


def _sweden(d: str) -> bool:
    short = d[-10:]
    return _day(short, 4, 2, 60) and luhn(short)


def _portugal(d: str) -> bool:
    return d[0] in "12356789" and (11 - descending(d[:8], 9) % 11) % 11 % 10 == int(d[8])


def _israel(d: str) -> bool:
    return luhn(d) and len(set(d)) > 2


_RULES = (
    NumberRule(
        "TAX_ID", r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}", _brazil, "cpf", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"
    ),
    NumberRule(
        "NATIONAL_ID",
        r"[12][ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{2}",
        _france,
        r"nir|insee|s[ée]cu(?:rit[ée] sociale)?|social security|num[ée]ro de s[ée]cu",
        r"[12] [0-9]{2} [0-9]{2} [0-9]{2} [0-9]{3} [0-9]{3} [0-9]{2}",
    ),
    NumberRule(
        "NATIONAL_ID",
        r"[0-9]{2}\.?[0-9]{2}\.?[0-9]{2}-?[0-9]{3}\.?[0-9]{2}",
        _belgium,
        r"rijksregister(?:nummer)?|registre national|nrn|national number|insz|niss",
        r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}",
    ),
    NumberRule(
        "NATIONAL_ID",
        r"756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}",
        _swiss,
        "ahv|avs|oasi|ssn",
        r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}",
    ),
    NumberRule("NATIONAL_ID", r"[0-9]{6}/?[0-9]{4}", _czech, r"rodn[ée]|r[čc]|birth number", r"[0-9]{6}/[0-9]{4}"),
    NumberRule(
        "NATIONAL_ID", r"[0-9]{6}-?[1-8][0-9]{6}", _korea, "rrn|resident registration|주민", r"[0-9]{6}-[1-8][0-9]{6}"
    ),
    NumberRule(
        "NATIONAL_ID",
        r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}",
        _aadhaar,
        r"a+dha+r|uidai|uid",
        r"[2-9][0-9]{3} [0-9]{4} [0-9]{4}",
    ),
    NumberRule("HEALTH_ID", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", _nhs, "nhs|national health"),
    NumberRule(
        "TAX_ID",
        r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
        _germany_tax,
        r"steuer-?(?:id|identifikations-?nummer|nummer|liche identifikationsnummer)|idnr\.?|tax ?id|tin|tax number",
    ),
    NumberRule("NATIONAL_ID", r"[0-9]{11}", _poland, "pesel"),
    NumberRule("NATIONAL_ID", r"[0-9]{4}[ .]?[0-9]{2}[ .]?[0-9]{3}", _dutch, "bsn|burgerservicenummer|sofi(?:nummer)?"),
    NumberRule(
        "NATIONAL_ID", r"[0-9]{6} ?[0-9]{5}", _norway, r"f[øo]dselsnummer|fnr|personnummer|national id(?:entity)?"
    ),
    NumberRule("NATIONAL_ID", r"[0-9]{11}", _turkey, r"t\.?c\.?|kimlik(?: no)?|tckn|national id(?:entity)?"),
    NumberRule("NATIONAL_ID", r"[1-9][0-9]{12}", _romania, "cnp|cod numeric"),
    NumberRule(
        "NATIONAL_ID",
        r"(?:19|20)?[0-9]{6}[-+]?[0-9]{4}",
        _sweden,
        r"personnummer|personal identity|samordningsnummer|pnr|ssn|national id(?:entity)?",
    ),
    NumberRule("NATIONAL_ID", r"[0-9]{6}-?[0-9]{4}", lambda d: _day(d, 0, 2), "cpr|cpr-?nummer|cpr-?nr"),
    NumberRule(
        "NATIONAL_ID", r"[0-9]{4} ?[0-9]{6}", lambda d: _day(d, 4, 6), "svnr|sozialversicherungsnummer|sv-?nummer"
    ),
    NumberRule("NATIONAL_ID", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}", luhn, r"sin|social insurance|nas"),
    NumberRule("TAX_ID", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}", _australia_tax, "tfn|tax file"),
    NumberRule("HEALTH_ID", r"[0-9]{4}[ -]?[0-9]{5}[ -]?[0-9]", _medicare, "medicare"),
    NumberRule("TAX_ID", r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}", _portugal, r"nif|contribuinte"),
    NumberRule("NATIONAL_ID", r"[0-9]{13}", luhn, r"south african? id|sa id|rsa id|id number|identity number"),
    NumberRule("NATIONAL_ID", r"[0-9]{9}", _israel, r"teudat zehut|israeli? id|zehut|ת\.ז"),
    NumberRule(
        "NATIONAL_ID",
        r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}",
        lambda d: len(set(d)) > 2,
        "my ?number|マイナンバー|個人番号",
    ),
    NumberRule(
        "NATIONAL_ID",
        r"[0-9]{11}",
        lambda d: d[0] in "123456789",
        r"oib|jmbg|emšo|cnic|national id(?:entity)? (?:no|number|card)",
    ),
    NumberRule("DEVICE_ID", r"[0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{6}[ -]?[0-9]", luhn, "imei"),
    NumberRule(
        "HEALTH_ID",
        r"[0-9]{6,12}",
        lambda d: len(set(d)) > 2,
        r"mrn|medical record(?: number| no)?|patient (?:id|number|no)",
    ),
)
_FEWEST, _MOST = 6, 15


@cache
def _compiled() -> tuple[tuple[NumberRule, re.Pattern[str], re.Pattern[str] | None], ...]:
    return tuple((r, re.compile(rf"{r.pattern}(?![0-9])"), re.compile(r.own) if r.own else None) for r in _RULES)


@cache
def _every_word() -> str:
    return "|".join(rule.words for rule in _RULES)


# How the words begin.
_BEGINNINGS = frozenset((
    "cpf", "nir", "ins", "séc", "sec", "soc",
    "num", "rij", "reg", "nrn", "nat", "nis", "ahv", "avs", "oas", "ssn", "rod", "rc", "rč", "bir",
    "rrn", "res", "주민", "aad", "adh", "aah", "aaa", "uid", "nhs", "ste", "idn", "tax", "tin", "pes", "bsn", "bur", "sof", "fød", "fod",
    "fnr",
    "per", "t", "tc", "kim", "tck", "cnp", "cod", "pnr", "sam", "cpr", "svn", "soz", "sv", "sin", "nas", "tfn", "med", "nif", "con", "sou",
    "sa", "rsa", "id", "ide", "isr", "teu", "zeh", "ת", "my", "myn", "マイナ", "個人番", "oib", "jmb", "emš", "cni", "ime", "mrn", "pat",
))  # fmt: skip


def find_national_numbers(text: str, runs: Iterable[DigitRun]) -> Iterator[PiiMatch]:
    """At most one number for each run of digits, at its beginning."""
    for run in runs:
        if not _FEWEST <= run.digits <= _MOST + 4 or not stands_alone(text, run.start, run.end):
            continue
        if text[run.start - 1 : run.start] == "+" and run.start:
            continue  # an international phone number
        words = before(text, run.start, 40)
        told = not _BEGINNINGS.isdisjoint(beginnings(words)) and says(words, _every_word())
        if not told and run.end - run.start == run.digits:
            continue
        for rule, pattern, own in _compiled():
            if own is None and not told:
                continue
            match = pattern.match(text, run.start, run.end)
            if match is None:
                continue
            by_itself = own is not None and match.end() == run.end and own.fullmatch(match[0]) is not None
            if (by_itself or says(words, rule.words)) and rule.valid(only_digits(match[0])):
                yield PiiMatch(rule.entity, match.start(), match.end())
                break
