"""Formats by their plans: rarer cards, accounts and phone numbers, several in a row, and the look-alikes beside them."""

from __future__ import annotations

import random

import pytest

from orchestrator_security.pii.check_digits import luhn, mod97
from orchestrator_security.pii.pii_scanner import find_pii


def found(text: str, entity: str) -> list[str]:
    return [text[m.start : m.end] for m in find_pii(text) if m.entity == entity and not m.example]


def card(prefix: str, length: int, seed: int = 3) -> str:
    rng = random.Random(seed)
    body = prefix + "".join(rng.choice("0123456789") for _ in range(length - 1 - len(prefix)))
    return next(body + last for last in "0123456789" if luhn(body + last))


def iban(country: str, body: str) -> str:
    return next(f"{country}{n:02}{body}" for n in range(2, 99) if mod97(f"{body}{country}{n:02}") == 1)


@pytest.mark.parametrize(
    ("prefix", "length"),
    [
        ("4", 16), ("4", 19), ("52", 16), ("2221", 16), ("37", 15), ("6011", 16), ("62", 16), ("3530", 16), ("2131", 15), ("1800", 15),
        ("36", 14), ("300", 14), ("5018", 16), ("6759", 16), ("2202", 16),
    ],
)  # fmt: skip
def test_ranges_that_little_else_has_need_no_word(prefix: str, length: int) -> None:
    number = card(prefix, length)
    assert found(f"she typed {number} and got a 500", "CREDIT_CARD") == [number]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert found(f"she typed {wrong} and got a 500", "CREDIT_CARD") == []


def test_an_amount_behind_a_card_is_no_part_of_it() -> None:
    number = card("53", 16)
    grouped = " ".join(number[i : i + 4] for i in range(0, 16, 4))
    assert found(f"refund {grouped} 12.00 EUR", "CREDIT_CARD") == [grouped]


@pytest.mark.parametrize(("prefix", "length"), [("4", 13), ("5018", 12), ("58", 12), ("3088", 16), ("0604", 12)])
def test_other_ranges_need_one(prefix: str, length: int) -> None:
    number = card(prefix, length)
    assert found(f"she typed {number} and got a 500", "CREDIT_CARD") == []
    for frame in ("card {}", "the limit on {}?", '{{"number": "{}", "exp": "01/29"}}', "{} cvc 123"):
        assert found(frame.format(number), "CREDIT_CARD") == [number]


def test_an_account_may_be_of_letters_or_of_a_wrong_length_if_its_check_is_right() -> None:
    of_letters = iban("LV", "VUUKJO2ASRRMVRPYC")
    long = iban("GB", "PGLT018620991735")
    for number in (of_letters, of_letters.lower(), " ".join(of_letters[i : i + 4] for i in range(0, 21, 4)), long):
        assert found(f"payee {number};", "IBAN_CODE") == [number]
    for number in ("LV00VUUKJO2ASRRMVRPYC", "DE00000000000000000000", "SHA2VUUKJO2ASRRMVRPYC"):
        assert found(f"payee {number};", "IBAN_CODE") == []


@pytest.mark.parametrize(
    "numbers",
    [
        ("(415) 736-2671", "(415) 736-2672"), ("+49 89 2345678", "+33 6 12 34 56 78", "030 / 2345671"),
        ("020 7946 1834", "0161 496 1234"), ("(22) 957 92 74", "(11) 98765-4321"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("between", [" ", "\t", "\n", ", ", " | "])
def test_numbers_side_by_side_are_all_found(numbers: tuple[str, ...], between: str) -> None:
    text = "phones " + between.join(numbers)
    assert found(text, "PHONE_NUMBER") == list(numbers)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2024-05-01 030 23456712", "030 23456712"),
        ("17\t(415) 736-2671\tactive", "(415) 736-2671"),
        ("Suite 12 (415) 736-2671", "(415) 736-2671"),
        ("they never pick up at 21 487 1073", "21 487 1073"),
        ("my cell is 9705.4168", "9705.4168"),
        ("client.send(twilio, to='0249250711')", "0249250711"),
        ("+352 729 824", "+352 729 824"),
        ("+91-991760785", "+91-991760785"),
        ("tel=07.53.75.07.76", "07.53.75.07.76"),
        ("0157 79269382", "0157 79269382"),
        ("call (06) 1 265 5533", "(06) 1 265 5533"),
        ("fax +44 20 7183 8750, ann6@firma.de", "+44 20 7183 8750"),
    ],
)
def test_what_stands_around_a_number_is_no_part_of_it(text: str, number: str) -> None:
    assert found(text, "PHONE_NUMBER") == [number]


@pytest.mark.parametrize(
    "text",
    [
        "phone = '000-000-0000'", "999-999-9999 is the mask", "phone: 555-0100", "078-05-1120 is printed on wallets", "+1980-02-29 01:02",
        "Tel. none, Av. Central 90\n4643-038 Lordelo", "81.2.300.9 and 10.15.7.2", "1 2 3 4 5 6 7 8 9", "13:45:07.123456789",
        "12345678-ABCD",
    ],
)  # fmt: skip
def test_masks_dates_and_postcodes_are_no_phone_numbers(text: str) -> None:
    assert found(text, "PHONE_NUMBER") == []


@pytest.mark.parametrize(
    "text",
    [
        "systemctl start getty@tty1.service", "noreply@example.net", "placeholder='name@company.com'", "root@host.invalid",
        "2.5.29.17 subjectAltName", "1.3.6.1.4.1.311", "upgrade from 3.29.48.47 to 3.29.49.20",
    ],
)  # fmt: skip
def test_units_stand_ins_and_object_identifiers_are_left_alone(text: str) -> None:
    assert [m for m in find_pii(text) if m.entity in ("EMAIL_ADDRESS", "IP_ADDRESS") and not m.example] == []


def test_who_writes_from_such_an_address_is_still_a_person() -> None:
    assert found("mail ann@company.com or service@tty.de", "EMAIL_ADDRESS") == ["ann@company.com", "service@tty.de"]
    assert found("login from 2.5.31.17 failed", "IP_ADDRESS") == ["2.5.31.17"]


def test_digits_of_one_kind_are_not_of_another() -> None:
    number = card("4", 16)
    text = f"ann{number}@firma.de paid with {number}, born 1980-02-29"
    assert [m.entity for m in find_pii(text)] == ["EMAIL_ADDRESS", "CREDIT_CARD", "DATE_OF_BIRTH"]


def test_addresses_without_a_gap_are_found_at_once() -> None:
    text = "::110.0.0.1" * 30
    spans = [(match.start, match.end) for match in find_pii(text) if match.entity == "IP_ADDRESS"]
    assert {at for start, end in spans for at in range(start, end)} == set(range(len(text)))


@pytest.mark.parametrize("number", ["+4930123456", "+49 30 123456", "+1 212 736 5000", "(212) 736-5000"])
def test_phone_numbers_without_a_gap_are_found_at_once(number: str) -> None:
    for text in (number * 9, number * 100):
        spans = [(match.start, match.end) for match in find_pii(text) if match.entity == "PHONE_NUMBER"]
        assert {at for start, end in spans for at in range(start, end)} == set(range(len(text)))
