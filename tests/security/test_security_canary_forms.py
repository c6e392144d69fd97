"""Planted marks that came out, in whatever form."""

from __future__ import annotations

import base64
import codecs
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_core.errors import UsageError
from orchestrator_security.contract import ScanContext
from orchestrator_security.injection.canary import CanaryScanner, CanaryWatch, find_canary, new_canary

CANARY = "kx7f2mwq-9tz4hbd3"
REPLY = ScanContext("out")
FORMS = {
    "plain": lambda c: c,
    "upper case": str.upper,
    "reversed": lambda c: c[::-1],
    "rot13": lambda c: codecs.encode(c, "rot13"),
    "hexadecimal": lambda c: c.encode().hex(),
    "hexadecimal in capitals": lambda c: c.encode().hex().upper(),
    "hexadecimal with colons": lambda c: c.encode().hex(":"),
    "hexadecimal with blanks": lambda c: c.encode().hex(" "),
    "escapes": lambda c: "".join(f"\\x{byte:02x}" for byte in c.encode()),
    "a list of bytes": lambda c: ", ".join(f"0x{byte:02X}" for byte in c.encode()),
    "percent": lambda c: "".join(f"%{byte:02x}" for byte in c.encode()),
    "percent twice": lambda c: "".join(f"%25{byte:02X}" for byte in c.encode()),
    "blanks between letters": " ".join,
    "stops between letters": ".".join,
    "lines": "\n".join,
    "table": " | ".join,
    "without the hyphen": lambda c: c.replace("-", ""),
    "zero width": "\u200b".join,
    "full width": lambda c: "".join(chr(ord(sign) + 0xFEE0) for sign in c),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_is_found(form) -> None:  # type: ignore[no-untyped-def]
    hidden = form(CANARY)
    assert find_canary(f"The note says: {hidden}. That is all.", [new_canary(), CANARY]).number == 1  # type: ignore[union-attr]
    assert find_canary(f"The note says: {hidden[: len(hidden) // 2]}", [CANARY]) is None


@given(st.binary(max_size=7), st.binary(max_size=7), st.booleans())
def test_base64_at_any_offset(before: bytes, after: bytes, url: bool) -> None:
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    hidden = encode(before + CANARY.encode() + after).decode()
    assert find_canary(hidden, [CANARY]) is not None
    assert find_canary("\n".join(hidden), [CANARY]) is not None


@given(st.text(string.printable, max_size=300))
def test_a_text_without_it_holds_none(text: str) -> None:
    assert find_canary(text, [CANARY]) is None


def test_marks_differ_and_are_found() -> None:
    marks = [new_canary() for _ in range(200)]
    assert len(set(marks)) == 200
    for number in (0, 99, 199):
        leak = find_canary(f"see {marks[number]}", marks)
        assert leak is not None
        assert (leak.number, leak.form) == (number, "plain")


@pytest.mark.parametrize(
    "canary", ["", "short", "a-b-c-d-e-f-g", "--------------------", "你好你好你好你好你好你好你好"]
)
def test_a_mark_that_would_be_found_by_chance_is_refused(canary: str) -> None:
    with pytest.raises(UsageError, match="12 at least"):
        find_canary("text", [canary])
    with pytest.raises(UsageError):
        CanaryWatch([canary])
    with pytest.raises(UsageError):
        CanaryScanner([canary])


@given(st.data())
def test_a_stream_may_cut_it_anywhere(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(list(FORMS.values())))
    text = f"It begins like this. {form(CANARY)} And it ends."
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    watch = CanaryWatch([CANARY])
    assert any(watch.feed(chunk) is not None for chunk in chunks)


def test_a_stream_letter_by_letter_is_found_at_its_last_letter() -> None:
    watch = CanaryWatch([CANARY])
    answers = [watch.feed(letter) for letter in f"x {CANARY}"]
    assert answers[-1] is not None
    assert not any(answers[:-1])


def test_a_watch_keeps_little() -> None:
    watch = CanaryWatch([CANARY])
    for _ in range(50):
        watch.feed("x" * 10_000)
    assert sum(len(value) for value in vars(watch).values() if isinstance(value, str)) <= 2_048


def test_the_scanner_reports_it_without_saying_it() -> None:
    scanner = CanaryScanner([CANARY])
    text = f"ok: {CANARY[::-1]}"
    assert scanner.prefilter(text, REPLY)
    (hit,) = scanner.scan(text, REPLY)
    assert (hit.category, hit.severity, hit.cwe, hit.owasp_llm) == ("canary", "critical", "CWE-200", "LLM07")
    assert "reversed" in hit.message
    assert CANARY not in repr(hit)
    assert scanner.scan("nothing here", REPLY) == ()
    assert not CanaryScanner([]).prefilter(text, REPLY)


@pytest.mark.parametrize("text", ["", "\0", "\ud800" * 100, "%" * 10_000, "%25" * 10_000, "=" * 10_000, "Ａ" * 10_000])
def test_odd_texts_have_an_answer(text: str) -> None:
    assert find_canary(text, [CANARY]) is None
    assert find_canary(text + CANARY, [CANARY]) is not None
