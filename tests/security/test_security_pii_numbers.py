"""Cards, accounts, identity numbers and addresses: found whole where they are right, left alone where they only look alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_security.pii.check_digits import luhn, mod97, verhoeff
from orchestrator_security.pii.pii_scanner import find_pii


def found(text: str) -> list[tuple[str, str]]:
    return [(m.entity, text[m.start : m.end]) for m in find_pii(text) if not m.example and m.entity != "DOMAIN_NAME"]


def card(prefix: str, length: int) -> str:
    body = (prefix + "7381946205731946")[: length - 1]
    return next(body + c for c in "0123456789" if luhn(body + c))


def iban(country: str, account: str) -> str:
    return f"{country}{98 - mod97(f'{account}{country}00'):02d}{account}"


@pytest.mark.parametrize(
    ("prefix", "length"),
    [("4", 16), ("51", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("65", 16), ("3528", 16)],
)
def test_cards_of_the_large_brands_need_no_words(prefix: str, length: int) -> None:
    number = card(prefix, length)
    assert found(f'{{"value": "{number}"}}') == [("CREDIT_CARD", number)]


@pytest.mark.parametrize(
    ("prefix", "length"), [("4", 13), ("36", 14), ("300", 14), ("1800", 15), ("5018", 12), ("6304", 19), ("622126", 19)]
)
def test_cards_of_rarer_kinds_need_a_word(prefix: str, length: int) -> None:
    number = card(prefix, length)
    assert found(f"I lost my card {number}.") == [("CREDIT_CARD", number)]
    assert ("CREDIT_CARD", number) not in found(f"offset {number}")


def test_a_card_beside_the_ranges_in_use_needs_a_word() -> None:
    number = card("3596", 16)
    assert found(f"charge {number} with 20 euro") == [("CREDIT_CARD", number)]
    assert ("CREDIT_CARD", number) not in found(f"value {number}")


def test_an_account_number_may_be_mostly_letters_when_its_check_is_right() -> None:
    number = iban("UA", "305299" + "ABCDEFGHIJKLMNOPQRS")
    assert found(f"wire it to {number} now") == [("IBAN_CODE", number)]
    assert found(f"wire it to {number[:-1]}X now") == []


def test_an_account_number_of_the_registry_is_an_example() -> None:
    assert [m.example for m in find_pii("the IBAN GB29 NWBK 6016 1331 9268 19 of the docs")] == [True]
    assert [m.example for m in find_pii(f"the IBAN {iban('DE', '370400440532013007')} of mine")] == [False]


def test_an_international_number_is_no_identity_number() -> None:
    assert found("my phone number has changed to +358513944007") == [("PHONE_NUMBER", "+358513944007")]


def test_a_diners_card_is_known_by_its_groups() -> None:
    number = card("36", 14)
    grouped = f"{number[:4]} {number[4:10]} {number[10:]}"
    assert found(f"the number was {grouped} then") == [("CREDIT_CARD", grouped)]


@pytest.mark.parametrize("between", [" ", "-", "\u00a0"])
def test_cards_in_groups_are_found_whole(between: str) -> None:
    number = card("4", 16)
    grouped = between.join(number[i : i + 4] for i in range(0, 16, 4))
    assert found(f"charge {grouped} failed") == [("CREDIT_CARD", grouped)]
    amex = card("37", 15)
    grouped = between.join((amex[:4], amex[4:10], amex[10:]))
    assert found(f"amex {grouped}") == [("CREDIT_CARD", grouped)]


@given(st.integers(0, 9), st.integers(0, 15))
def test_a_card_with_one_wrong_digit_is_none(digit: int, place: int) -> None:
    number = card("4", 16)
    wrong = number[:place] + str(digit) + number[place + 1 :]
    if wrong != number:
        assert not any(entity == "CREDIT_CARD" for entity, _ in found(f"card {wrong}"))


@pytest.mark.parametrize(
    ("country", "account"),
    [
        ("DE", "500105175407324931"), ("GB", "QKWB31926819473020"), ("FR", "20041010050500014M02606"), ("NO", "86011117948"),
        ("MT", "MALT011000012345MTLCAST001S"), ("NL", "ABNA0417164301"),
    ],
)  # fmt: skip
def test_ibans_are_found_together_in_groups_and_in_lower_case(country: str, account: str) -> None:
    value = iban(country, account)
    grouped = " ".join(value[i : i + 4] for i in range(0, len(value), 4))
    for form in (value, grouped, value.lower()):
        assert found(f"transfer to {form} failed") == [("IBAN_CODE", form)]


def test_an_iban_with_a_wrong_check_is_found_only_where_the_text_says_so() -> None:
    value = iban("DE", "500105175407324931")
    wrong = "DE" + f"{(int(value[2:4]) + 1) % 100:02d}" + value[4:]
    assert found(f"IBAN: {wrong}") == [("IBAN_CODE", wrong)]
    assert ("IBAN_CODE", wrong) not in found(f"key {wrong}")


@pytest.mark.parametrize("text", ["536-90-4399 is in the log", "ssn: 536904399", "social security number 536 90 4399"])
def test_social_security_numbers(text: str) -> None:
    assert [entity for entity, _ in found(text)] == ["US_SSN"]


@pytest.mark.parametrize(
    "text",
    ["000-12-3456", "666-12-3456", "536-00-4399", "536-90-0000", "123-45-6789", "536904399", "order 536-90-4399"],
)
def test_numbers_that_were_never_given_out_are_no_social_security_numbers(text: str) -> None:
    assert not any(entity == "US_SSN" for entity, _ in found(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("from 185.220.101.4 port 22", "185.220.101.4"),
        ("http://93.184.216.34:8080/x", "93.184.216.34"),
        ("at 2a02:908:1a3:4b20::5 now", "2a02:908:1a3:4b20::5"),
        ("[2a02:908:1a3:4b20:1:2:3:4]:443", "2a02:908:1a3:4b20:1:2:3:4"),
        ("peer ::ffff:93.184.216.34", "::ffff:93.184.216.34"),
        ("via 2a02:908::7%eth0 only", "2a02:908::7%eth0"),
        ("our server 128.195.40.136 was attacked", "128.195.40.136"),
        ("nameserver 195.135.190.132", "195.135.190.132"),
        ("ssh deploy@187.135.45.147", "187.135.45.147"),
    ],
)
def test_public_addresses(text: str, value: str) -> None:
    assert found(text) == [("IP_ADDRESS", value)]


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:8000", "0.0.0.0", "10.1.2.3", "172.16.0.9", "192.168.1.1", "169.254.169.254", "192.0.2.1", "198.51.100.7",
        "203.0.113.9", "100.64.1.1", "224.0.0.251", "255.255.255.0", "8.8.8.8", "::1", "fe80::1%eth0", "2001:db8::1", "version 81.2.3.4",
        "pip install foo==81.2.3.4", "v81.2.3.4", "foo-81.2.3.4.jar", "1.3.6.1.4.1.311", "81.2.300.4", "x[1::2]", "std::abc::def",
        "12:34:56", "a.81.2.3.4", "81.2.3.0/24", "81.2.3.4.5", "foo@1.22.3.4", "driver 31.0.15.4601", "Chrome/114.0.0.0", "81.02.3.4",
    ],
)  # fmt: skip
def test_addresses_of_nobody_and_versions_are_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("send to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "CRYPTO"),
        ("btc 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "CRYPTO"),
        ("eth 0x742d35Cc6634C0532925a3b844Bc454e4438f44e", "CRYPTO"),
        ("codice RSSMRA85T10A562S", "TAX_ID"),
        ("cpf 529.982.247-25", "TAX_ID"),
        ("DNI 12345678Z", "NATIONAL_ID"),
        ("nie X1234567L", "NATIONAL_ID"),
        ("ni number AB 12 34 56 C", "NATIONAL_ID"),
        ("2 55 08 14 168 025 38", "NATIONAL_ID"),
        ("756.9217.0769.85", "NATIONAL_ID"),
        ("pesel 44051401359", "NATIONAL_ID"),
        ("hetu 131052-308T", "NATIONAL_ID"),
        ("nric S1234567D", "NATIONAL_ID"),
        ("Steuer-ID 86 095 742 719", "TAX_ID"),
        ("NHS number 943 476 5919", "HEALTH_ID"),
        ("itin 912-74-1234", "US_ITIN"),
        ("routing number 021000021", "ABA_ROUTING_NUMBER"),
        ("account number 12345678901", "BANK_ACCOUNT"),
        ("passport no. 512345678", "PASSPORT"),
        ("driver's license D1234567", "DRIVER_LICENSE"),
        ("DOB: 1985-03-12", "DATE_OF_BIRTH"),
        ("she was born on 12 March 1985", "DATE_OF_BIRTH"),
        ("mac 3c:5a:b4:12:9f:e1", "MAC_ADDRESS"),
    ],
)
def test_other_kinds(text: str, entity: str) -> None:
    assert [each for each, _ in found(text)] == [entity]


@pytest.mark.parametrize(
    "text",
    [
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdw", "RSSMRA85T10A562T", "529.982.247-26",
        "DNI 12345678A", "44051401359", "86095742719", "routing number 021000022", "02:42:ac:11:00:02", "ff:ff:ff:ff:ff:ff",
        "AWS account 123456789012", "released 1985-03-12", "the passport library 2.0.1",
    ],
)  # fmt: skip
def test_a_wrong_check_or_no_word_means_nothing_is_found(text: str) -> None:
    assert found(text) == []


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 10), st.integers(1, 9))
def test_verhoeff_notices_every_single_wrong_digit(body: str, place: int, step: int) -> None:
    right = next(body + c for c in "0123456789" if verhoeff(body + c))
    wrong = right[:place] + str((int(right[place]) + step) % 10) + right[place + 1 :]
    assert not verhoeff(wrong)
