"""A quoted argument comes out of a real shell as it went in."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.security import quote_shell
from orchestrator_core.errors import UsageError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell is the judge")

SIGNS = [
    "'",
    '"',
    "\\",
    "$",
    "`",
    "$(",
    ")",
    ";",
    "|",
    "&",
    "\n",
    "\r",
    "\t",
    " ",
    "*",
    "?",
    "[",
    "]",
    "{a,b}",
    "~",
    "!",
    "#",
    "-",
    "=",
    "%",
    "^",
    "<",
    ">",
    "é",
    "日",
    "\udcff",
    "x",
    "id",
    "\x01",
    "\x7f",
    "$'",
    "\\n",
]
ARGUMENTS = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
    st.lists(st.sampled_from(SIGNS), max_size=12).map("".join),
)


def printed(*arguments: str) -> list[bytes]:
    """What a shell hands to a program for these words, each ended by NUL."""
    command = "printf '%s\\0' " + " ".join(map(quote_shell, arguments))
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=True, timeout=30)
    assert done.stderr == b""
    return done.stdout.split(b"\0")[:-1]


@settings(max_examples=25, deadline=None)
@given(st.lists(ARGUMENTS, min_size=10, max_size=30))
def test_a_shell_prints_the_bytes_back(arguments: list[str]) -> None:
    assert printed(*arguments) == [argument.encode("utf-8", "surrogateescape") for argument in arguments]


@given(ARGUMENTS)
def test_the_standard_library_reads_one_word(argument: str) -> None:
    assert shlex.split(quote_shell(argument)) == [argument]


def test_empty_text_is_a_word_of_its_own() -> None:
    assert quote_shell("") == "''"
    assert printed("", "a", "") == [b"", b"a", b""]


def test_plain_words_stay_readable() -> None:
    assert quote_shell("src/main-2.py") == "src/main-2.py"
    assert quote_shell("it's") == "'it'\"'\"'s'"


@pytest.mark.parametrize(
    ("value", "cause"), [("a\0b", "NUL"), ("\ud800", "surrogate"), (b"x", "takes text"), (["a", "b"], "takes text")]
)
def test_what_cannot_be_an_argument_is_refused(value: object, cause: str) -> None:
    with pytest.raises(UsageError, match=cause):
        quote_shell(value)  # type: ignore[arg-type]
