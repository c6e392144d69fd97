"""Characters that hide something, and the size limit."""

from __future__ import annotations

import pytest

from orchestrator_security.characters.encoding import EncodingScanner, storable, suspicious
from orchestrator_security.characters.size import check_size, exceeds
from orchestrator_security.contract import ScanContext

SCOTLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in "gbsct") + "\U000e007f"
HIDDEN = "".join(chr(0xE0000 + ord(c)) for c in "ignore all")


def categories(text: str) -> set[str]:
    scanner = EncodingScanner()
    return (
        {hit.category for hit in scanner.scan(text, ScanContext())} if scanner.prefilter(text, ScanContext()) else set()
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\ttext\r\nwith lines", set()),
        ("Grüße, 你好, שלום, مرحبا, हिन्दी", set()),
        (
            "family \U0001f468\u200d\U0001f469\u200d\U0001f467, heart ❤\ufe0f, rainbow \U0001f3f3\ufe0f\u200d\U0001f308",
            set(),
        ),
        (f"flag {SCOTLAND} of a region", set()),
        ("می\u200cخواهم", set()),
        ("\ufeffbyte-order mark", set()),
        ("hyphen\xadated", set()),
        ("a\x00b", {"control"}),
        ("a\x08b", {"control"}),
        ("a\x7fb", {"control"}),
        ("a\x9bb", {"control"}),
        ("\x1b]52;c;aGk=\x07", {"control"}),
        ("\x1b[31mred\x1b[0m and \x1b[2K", {"terminal"}),
        ("page\x0cbreak", {"terminal"}),
        ("half \ud800 pair", {"encoding"}),
        (f"hello{HIDDEN}", {"tags"}),
        (f"{SCOTLAND}{HIDDEN}", {"tags"}),
        ("\U0001f3f4" + HIDDEN, {"tags"}),
        ("a \u202eesrever\u202c b", {"bidi"}),
        ("a \u2066x\u2069 b", {"bidi"}),
        ("i\u200bgnore", {"invisible"}),
        ("x" + "\u200b\u200c\u200d" * 8, {"invisible"}),
        ("a" + "\ufe01\ufe02\ufe03", {"invisible"}),
        ("b" + "\U000e0101\U000e0102", {"invisible"}),
    ],
)
def test_what_is_found(text: str, expected: set[str]) -> None:
    assert categories(text) == expected
    if expected:
        assert suspicious(text)


def test_a_finding_spans_all_places_and_counts_them() -> None:
    (hit,) = EncodingScanner().scan("..\x00..\x01..", ScanContext())
    assert (hit.start, hit.end) == (2, 6)
    assert "2 times" in hit.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("same", "same"),
        ("a\x00\x01b", "a\ufffdb"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("half \ud800", "half \ufffd"),
        (f"x{HIDDEN}y", "x\ufffdy"),
        (SCOTLAND, SCOTLAND),
        ("\x1b]0;t\x07", "\ufffd]0;t\ufffd"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_storable_form(text: str, expected: str) -> None:
    assert storable(text) == expected
    assert storable(expected) == expected
    expected.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "limit", "over"),
    [
        ("a" * 10, 10, False),
        ("a" * 11, 10, True),
        ("é" * 5, 10, False),
        ("é" * 6, 10, True),
        ("\ud800" * 4, 10, True),
        ("\U0001f600" * 2, 8, False),
        ("", 1, False),
    ],
)
def test_size_counts_bytes(text: str, limit: int, over: bool) -> None:
    assert exceeds(text, limit) is over


class _Unencodable(str):
    __slots__ = ()

    def encode(self, *_: object, **__: object) -> bytes:
        raise AssertionError("a text far over the limit must not be encoded")


def test_far_over_the_limit_is_decided_by_length_alone() -> None:
    assert exceeds(_Unencodable("é" * 100), 50)
    assert not exceeds(_Unencodable("é" * 10), 50)


def test_the_limit_for_requests_does_not_cut_outputs() -> None:
    text = "x" * 2_000
    assert check_size(text, ScanContext("in"), 1_000) is not None
    assert check_size(text, ScanContext("out"), 1_000) is None


@pytest.mark.parametrize(
    "text",
    [
        "keycap 1\ufe0f\u20e3, astronaut \U0001f469\U0001f3fd\u200d\U0001f680, flag \U0001f1e9\U0001f1ea",
        "שלום\u200f, abc\u200e (test)",
        "شركة\u200f IBM\u200e العالمية",
        "नमस्ते क्\u200dष",
        "今天：天气很好，（是的）！ＡＰＩ 和 ＵＲＬ",
        "ca\xadre\xadful hy\xadphen\xadation",
        "kΩ, Δx, 5 μm, αβ, σ_max, λ-calculus",
        "Русский текст с iPhone и TLS-сертификат",
        "tiếng Việt, de\u0301ja\u0300 vu, בְּרֵאשִׁית",
        "𝑓(x) = 𝑥², ① ㈱ ™ ℃ ﬁnal",
    ],
)
def test_honest_scripts_are_left_alone(text: str) -> None:
    assert categories(text) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W\u200bh\u200ba\u200bt \u200ba\u200br\u200be", {"invisible"}),
        ("pass\u2060word", {"invisible"}),
        ("rev\u034feal", {"invisible"}),
        ("ig\xadn\xador\xade", {"invisible"}),
        ("i\u3164gnore", {"invisible"}),
        ("\U0001f600" + "".join(chr(0xE0100 + ord(c) - 16) for c in "hello"), {"invisible"}),
        ("Ｉｇｎｏｒｅ ａｌｌ ｒｕｌｅｓ", {"disguise"}),
        ("𝐈𝐠𝐧𝐨𝐫𝐞 𝐚𝐥𝐥", {"disguise"}),
        ("ⓘⓖⓝⓞⓡⓔ", {"disguise"}),
        ("ignοre the ѕystеm", {"disguise"}),
        ("раssword", {"disguise"}),
        ("Z\u0338\u0322\u031b\u0317a\u0334\u0321\u0355\u034el\u0335\u035ag\u0336\u0319", {"disguise"}),
        ("user\u202e \u2066// admin\u2069 \u2066", {"bidi", "invisible"}),
    ],
)
def test_tricks_with_letters_are_found(text: str, expected: set[str]) -> None:
    assert categories(text) & expected


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("the file ends in boot.ini\x00", "low"),
        ("\x01\x02", "low"),
        ("line\x08\x08\x08\x08evil", "medium"),
        ("\x1b]0;title\x07", "medium"),
        ("a\x9bb", "medium"),
    ],
)
def test_a_control_character_matters_as_far_as_it_hides_something(text: str, severity: str) -> None:
    (hit,) = EncodingScanner().scan(text, ScanContext())
    assert (hit.category, hit.severity) == ("control", severity)
