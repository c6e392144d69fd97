"""Phone numbers of many countries, and the numbers of developers' texts that are none."""

from __future__ import annotations

import pytest

from orchestrator_security.pii.country_codes import country_plan
from orchestrator_security.pii.pii_scanner import find_pii


def phones(text: str) -> list[str]:
    return [text[m.start : m.end] for m in find_pii(text, ["PHONE_NUMBER"]) if not m.example]


@pytest.mark.parametrize(
    "number",
    [
        "+1 212-736-5000", "+1-306-742-9015x204", "+49 30 12345678", "+4915112345678", "+44 20 7946 1234", "+44 (0)20 7946 1234",
        "+33 6 12 34 56 78", "+41 (0)44 215 30 68", "+46 (0)521 733 04", "+91 98765 43210", "+55 11 91234-5678", "+86 138 0013 8000",
        "(415) 736-2671", "415-736-2671", "415.736.2671", "001-617-284-5093", "020 7946 1234", "06 12 34 56 78", "04.72.81.35.90",
        "0676 412 37 90",
    ],
)  # fmt: skip
@pytest.mark.parametrize("frame", ["{}", "it was {} before", '{{"value": "{}"}}', "<{}>", "\\n{}\\n"])
def test_numbers_whose_shape_is_their_own_need_no_words(number: str, frame: str) -> None:
    assert phones(frame.format(number)) == [number]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("phone: 4157362671", "4157362671"),
        ("customerPhone=2127362671", "2127362671"),
        ("my number is 453 21 123", "453 21 123"),
        ("call 492 1234 for details", "492 1234"),
        ("Mobile: 501 2345", "501 2345"),
        ("612 803 947 office", "612 803 947"),
        ("31-46-92-75-Office", "31-46-92-75"),
        ("Tel. 089 / 12 34 56 78", "089 / 12 34 56 78"),
        ("Telefon (046) 745-313", "(046) 745-313"),
        ("fax 0342 7719025", "0342 7719025"),
        ("stop sending messages to 71 238 60 45", "71 238 60 45"),
        ("phone:\n415-736-2671\n", "415-736-2671"),
    ],
)
def test_other_shapes_need_a_word(text: str, number: str) -> None:
    assert phones(text) == [number]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("call 98529940 asap", "98529940"),
        ("You can reach me at 0470714636 or by mail", "0470714636"),
        ("stop the messages on 0630161886", "0630161886"),
        ("M: 29918011 | F: 31 46 78 93", "29918011"),
        ("T: 0345984691", "0345984691"),
        ("607 638 396 is my new number", "607 638 396"),
        ("Mine is 62059976", "62059976"),
        ("ring me at 13 3378-9800", "13 3378-9800"),
        ("write to jo@firma-nord.dk, 4302 8828", "4302 8828"),
        ("Marie (02)90627421", "(02)90627421"),
        ("South Port (763) 120-9657", "(763) 120-9657"),
        ("119-160-9602 x359", "119-160-9602 x359"),
        ("WhatsApp 43264482", "43264482"),
        ("my number has changed to 91960051", "91960051"),
        ("8 (489) 644-89-81", "8 (489) 644-89-81"),
        ("Is 412 92 646 still your number?", "412 92 646"),
        ("Kim Lund, 3388 5655, kim@lund-nord.dk", "3388 5655"),
        ("ring +54 9 3896 4240 today", "+54 9 3896 4240"),
        ("Fax: +31(0)07 2876633", "+31(0)07 2876633"),
    ],
)
def test_a_number_that_is_given_out_counts_in_any_shape(text: str, number: str) -> None:
    assert number in phones(text)


@pytest.mark.parametrize(
    "text",
    [
        "call 1714557600",
        "t: 1714557600",
        "call 12.3456789",
        "reach 10000000 users",
        "M 29918011 10",
        "m: 20240501",
        "mailto:a@b.de,12",
        "jo@firma-nord.dk,12345678",
        "12345678,jo@firma-nord.dk",
    ],
)
def test_a_moment_or_an_amount_is_not_given_out(text: str) -> None:
    assert phones(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "1714557600123", "2024-05-01 12:00:00", "01.05.2024 10:30", "order 2024-0501-1234", "ISBN 978-3-16-148410-0", "1234567890.123",
        "range(1000000000, 9999999999)", "10.0.19041.1", "@@ -1234567,89 +1234567,89 @@", "01 02 03 04 05 06", "id=4157362671",
        "call foo(12345678)", "the call took 12345678 ns", "10 000 000 rows", "sleep 1000000000",
        "CopyrightText: (c) 1993-2023 X", "Boston, MA 02110-1301 USA", "pid 12345678", "3.14159265358979",
        "part number 123-456-7890", "message 20240501-1234567", "a+12345678901", "v1.234.567.8901", "phone.py line 12, size 1234567",
        "Date: Wed, 01 May 2024 12:00:00 +0000", "52.5200066 13.4049540", "0000020 1234 5678 9abc", "123e4567-e89b-12d3-a456-426614174000",
    ],
)  # fmt: skip
def test_numbers_of_developers_are_left_alone(text: str) -> None:
    assert phones(text) == []


def test_numbers_set_aside_for_fiction_are_marked() -> None:
    assert [m.example for m in find_pii("call (415) 555-0132")] == [True]
    assert [m.example for m in find_pii("call (415) 555-1132")] == [False]


def test_the_plan_of_a_country_is_known_by_the_first_digits() -> None:
    assert country_plan("49301234567") == ("49", 6, 12)
    assert country_plan("12127365000") == ("1", 10, 10)
    assert country_plan("999123") is None
    assert country_plan("") is None
