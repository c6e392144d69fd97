"""Numbers of payment cards: issuer's range and length, grouping, and the Luhn check (ISO/IEC 7812-1).

One number in ten passes the check by chance, so a bare run of digits counts only where it has the range and length of the large
brands, and everything rarer needs a word about cards in front of it or the usual groups of four.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from orchestrator_security.pii.check_digits import luhn
from orchestrator_security.pii.digit_runs import DigitRun, only_digits, stands_alone
from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import after, before, says

_CARD_WORDS = (
    r"cards?|credit|debit|cvv2?|cvc2?|cvn|exp|expir(?:y|es|ed|ation)|mir|rupay|elo|bancontact|limit|balance|declined|active|activated?|"
    r"block(?:ed)?|checkout|purchase|cc|ccn|ccnum|pan|visa|master ?card|amex|american express|discover|diners|maestro|jcb|unionpay|"
    r"payments?|charge[ds]?|refund(?:ed)?|pay|paid|statement|stolen|billing|kreditkarten?|kreditkartennummer|karte|karten|kartennummer|"
    r"carte|tarjeta|carta|cart[aã]o|creditcard|cardnumber|cardno"
)
_ID_WORDS = (
    r"[a-z]{0,12}_?ids?|uuid|guid|order|tracking|timestamp|ts|epoch|nanos|micros|millis|trace|span|seq|sequence|offset|addr|tweet|"
    r"status|chat|channel|guild|message|address|hash|checksum|size|bytes|isbn|ean|upc|gtin|imei|serial|snowflake|inode|seed|nonce|ptr|pid"
)
# Published by payment companies for trials (Stripe, Adyen, Braintree, PayPal, Square, Worldpay).
_TEST_NUMBERS = frozenset((
    "4242424242424242", "4111111111111111", "4012888888881881", "4222222222222", "4000056655665556", "5555555555554444",
    "2223003122003222", "5200828282828210", "5105105105105100", "378282246310005", "371449635398431", "378734493671000",
    "6011111111111117", "6011000990139424", "6011981111111113", "3056930009020004", "36227206271667", "30569309025904",
    "38520000023237", "6555900000604105", "3566002020360505", "3530111333300000", "6200000000000005", "6200000000000047",
    "6205500000000000004", "5019717010103742", "5610591081018250", "6331101999990016", "4000000000000002", "4000000000000077",
    "4000000000009995", "4000000000000069", "4000000000000127", "4000000000000119", "4000000000000341", "4000002500003155",
    "4000002760003184", "4000003800000446", "4000000000003220", "4000000000009987", "4000000000009979", "4217651111111119",
    "4500600000000061", "4009348888881881", "4012000033330026", "4012000077777777", "2223000048400011",
    "4032035728288793", "5425233430109903", "2222420000001113", "4263982640269299", "4917484589897107", "4001919257537193",
    "4007702835532454", "6362970000457013", "6062826786276634", "5011054488597827", "370000000000002",
    "4988438843884305", "4166676667666746", "4646464646464644", "5136333333333335", "5577000055770004", "4444333322221111",
))  # fmt: skip


_FOUR_GROUPS = 19


@cache
def _card() -> re.Pattern[str]:
    return re.compile(
        "[0-9]{4}([ \u00a0\u2009.-])[0-9]{4}\\1[0-9]{4}\\1[0-9]{1,4}(?:\\1[0-9]{1,3})?(?![0-9])"
        "|[0-9]{4}([ \u00a0\u2009.-])[0-9]{6}\\2[0-9]{4,5}(?![0-9])"
        "|[0-9]{12,19}(?![0-9])"
    )


def find_payment_cards(text: str, runs: Iterable[DigitRun]) -> Iterator[PiiMatch]:
    """Card numbers among the digits of a text; the published test numbers are left out."""
    for run in runs:
        if run.digits < 12:
            continue
        at = run.start
        while (match := _card().search(text, at, run.end)) is not None:
            start, end = match.span()
            at = end
            if text[start - 1 : start].isdigit() and start:  # the tail of a number that is too long
                continue
            if not _is_card(text, start, end):
                end = start + _FOUR_GROUPS  # what follows may be an amount, not the last group of nineteen digits
                if not (end < match.end() and not text[end].isdigit() and _is_card(text, start, end)):
                    continue
                at = end
            yield PiiMatch("CREDIT_CARD", start, end)


def _is_card(text: str, start: int, end: int) -> bool:
    digits = only_digits(text[start:end])
    brand = _brand(digits)
    if not brand or len(set(digits)) <= 2 or digits in _TEST_NUMBERS or not luhn(digits):
        return False
    if not stands_alone(text, start, end) and text[end : end + 1] not in "/-:,. ":
        return False
    if text[start - 1 : start] == "." and start > 1 and text[start - 2].isdigit():
        return False
    words = before(text, start)
    if says(words, _CARD_WORDS) or says(after(text, end), _CARD_WORDS):
        return True
    if not stands_alone(text, start, end) or text[max(0, start - 2) : start].lower() == "0x":
        return False
    if len(digits) == 14 and end - start == 16:
        return True  # four, six and four: nothing but a Diners card is written so
    return brand == "large" and (end - start > len(digits) or not says(words[-24:], _ID_WORDS))


def _brand(digits: str) -> str:
    """``large`` for ranges that need no context, ``small`` for the others, empty where no issuer has the number.

    ISO/IEC 7812 issuer ranges as the card schemes publish them.
    """
    length, one, two, three, four = len(digits), digits[0], int(digits[:2]), int(digits[:3]), int(digits[:4])
    if one == "4" and length in (13, 16, 19):
        return "small" if length == 13 else "large"
    if length == 16 and (51 <= two <= 55 or 2221 <= four <= 2720 or 3528 <= four <= 3589 or 2200 <= four <= 2204):
        return "large"
    if length == 15 and (two in (34, 37) or four in (1800, 2131)):
        return "large"
    if 16 <= length <= 19 and (four == 6011 or 644 <= three <= 659 or two == 62):
        return "large" if length == 16 else "small"
    if length == 16 and four in (
        5018,
        5020,
        5038,
        5893,
        6304,
        6759,
        6761,
        6762,
        6763,
        6521,
        6522,
        5067,
        5090,
        6363,
        6062,
    ):
        return "large"
    if length == 14 and (300 <= three <= 305 or three == 309 or two in (36, 38, 39)):
        return "large"
    if length == 14 and two == 30:
        return "small"
    if length == 16 and (two == 35 or four in (3088, 3096, 3112, 3158, 3337)):  # beside the range that JCB has now
        return "small"
    if 14 <= length <= 19 and (300 <= three <= 305 or three == 309 or two in (36, 38, 39)):
        return "small"
    if length == 15 and (four in (1800, 2131) or one == "1"):
        return "small"
    if 12 <= length <= 19 and (two == 50 or 56 <= two <= 69 or four == 604):  # Maestro, UnionPay, RuPay, Elo, Hipercard
        return "small"
    if 16 <= length <= 19 and (2200 <= four <= 2204 or 3528 <= four <= 3589 or two in (81, 82) or four == 9792):
        return "small"
    return ""
