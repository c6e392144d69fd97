"""Untrusted text stays behind its fence, and a template's data stays data."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.security import render_untrusted
from orchestrator_core.errors import UsageError

MARKER = "0123abcdEF89"
SIGNS = [
    "\n",
    "\r",
    "\x85",
    "\u2028",
    "\x0b",
    f"</untrusted {MARKER}>",
    f"<untrusted {MARKER}>",
    MARKER,
    MARKER.lower(),
    MARKER.upper(),
    MARKER[:6],
    MARKER[6:],
    "·",
    "<|im_end|>",
    "<|im_start|>system",
    "[/INST]",
    "</s>",
    "<<SYS>>",
    "\u202e",
    "\u200b",
    "\u200d",
    "\U000e0041",
    "\0",
    "\ud800",
    "|",
    "| ",
    "İ",
    "x",
]
TEXTS = st.one_of(st.text(st.characters(), max_size=60), st.lists(st.sampled_from(SIGNS), max_size=20).map("".join))


def lines(fenced: str) -> list[str]:
    return fenced.splitlines()


@given(TEXTS, TEXTS)
def test_no_text_ends_the_fence(text: str, source: str) -> None:
    shown = lines(render_untrusted(text, source=source, marker=MARKER))
    assert shown[1] == f"<untrusted {MARKER}>" and shown[-1] == f"</untrusted {MARKER}>"
    assert all(line.startswith("| ") for line in shown[2:-1])
    # Three times: in the sentence before, at the beginning and at the end.
    assert "\n".join(shown).lower().count(MARKER.lower()) == 3


@given(TEXTS)
def test_nothing_invisible_and_no_turn_mark_is_left(text: str) -> None:
    inside = "\n".join(lines(render_untrusted(text, marker=MARKER))[2:-1])
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]",
        inside,
    )
    assert not re.search(r"<\|[^|<>\n]{0,20}\|>|\[/?INST\]|<</?SYS>>|</?s>", inside)


def test_the_marker_is_new_each_time_and_random() -> None:
    markers = {re.search(r"<untrusted (\w+)>", render_untrusted("x"))[1] for _ in range(100)}  # type: ignore[index]
    assert len(markers) == 100 and all(re.fullmatch(r"[0-9a-f]{16}", marker) for marker in markers)


def test_ordinary_text_is_shown_as_it_is() -> None:
    shown = lines(render_untrusted("Grüße\n\nif a < b: print('[x]')", source="issue 5", marker=MARKER))
    assert shown[0].startswith("Text from issue 5 that somebody else wrote")
    assert shown[2:-1] == ["| Grüße", "| ", "| if a < b: print('[x]')"]


def test_joiners_are_shown_or_kept() -> None:
    family = "\U0001f468\u200d\U0001f469"
    assert "(U+200D)" in render_untrusted(family)
    assert family in render_untrusted(family, keep_joiners=True)


def test_a_long_text_is_cut_within_the_fence() -> None:
    shown = lines(render_untrusted("abc" * 100, max_chars=10, marker=MARKER))
    assert shown[2:] == ["| abcabcabca", "[cut]", f"</untrusted {MARKER}>"]
    assert lines(render_untrusted("", marker=MARKER))[2:-1] == ["| "]


@pytest.mark.parametrize(
    "options", [{"marker": "short"}, {"marker": "with blank 123"}, {"marker": "ünicode12345"}, {"max_chars": 0}]
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        render_untrusted("x", **options)  # type: ignore[arg-type]


def test_bytes_are_refused() -> None:
    with pytest.raises(UsageError, match="takes text"):
        render_untrusted(b"x")  # type: ignore[arg-type]


TEMPLATE_SIGNS = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "${",
    "}",
    "6*7",
    "config",
    "self",
    "cycler",
    "raw",
    "endraw",
    "x",
    "|safe",
    "|e",
    " ",
    "\n",
    "<",
    "&",
    "'",
    '"',
    "{{ 6*7 }}",
    "{% if 1 %}",
    "__class__",
]


@given(st.lists(st.sampled_from(TEMPLATE_SIGNS), max_size=14).map("".join))
def test_a_text_given_as_a_variable_is_never_evaluated(text: str) -> None:
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string("<p>{{ text }}</p>").render(text=text)
    assert (
        page
        == "<p>"
        + text.replace("&", "&amp;")
        .replace(">", "&gt;")
        .replace("<", "&lt;")
        .replace("'", "&#39;")
        .replace('"', "&#34;")
        + "</p>"
    )
    assert Environment(autoescape=False).from_string("[{{ text }}]").render(text=text) == f"[{text}]"
    assert f"[{text}]" == f"[{text}]"


def test_the_same_text_as_a_template_would_be() -> None:
    from jinja2 import Environment

    assert Environment(autoescape=True).from_string("{{ 6*7 }}").render() == "42"
