"""A safe path is inside its base or refused, links included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.security import safe_path
from orchestrator_core.errors import UsageError

PIECES = [
    "a",
    "b c",
    "é",
    "..",
    ".",
    "",
    "...",
    "%2e%2e",
    "%2f",
    "~",
    "~root",
    "\\",
    "..\\",
    "C:",
    "out",
    "in",
    "loop",
    "etc",
    "nul",
    "NUL.txt",
    "com1",
    "\0",
    "\ud800",
    "x.txt",
    "//",
    " ",
    "..;",
    "．．",
]
CANDIDATES = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("/".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.text(st.characters(), max_size=30),
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    (folder / "a").mkdir(parents=True)
    (tmp_path / "secret").write_text("s")
    (folder / "out").symlink_to(tmp_path)
    (folder / "in").symlink_to(folder / "a")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "future").symlink_to(tmp_path / "not-there-yet")
    return folder


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(CANDIDATES)
def test_it_is_inside_or_refused(base: Path, candidate: str) -> None:
    try:
        found = safe_path(base, candidate)
    except UsageError:
        return
    # Checked without the function's own means: the real path, as the system sees it.
    real = os.path.realpath(found)
    assert os.path.commonpath([real, os.path.realpath(base)]) == os.path.realpath(base)
    assert real == str(found)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "a/b/new.txt",
        "a/../a/x",
        "./x",
        "my file (1).txt",
        "日本.md",
        "%2e%2e/%2e%2e/x",
        "..x",
        "x..",
        "~",
        "a//b",
        "chapter 1: start.md",
        "console",
        "nullable.py",
        "in/x",
        "..;/x",
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="some of these names are none on Windows")
def test_ordinary_names_are_taken_as_they_are(base: Path, name: str) -> None:
    assert safe_path(base, name) == Path(os.path.realpath(base / name))


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("", "empty"), ("..", "outside"), ("../base2", "outside"), ("a/../../secret", "outside"), ("../base/../secret", "outside"),
        ("/etc/passwd", "absolute"), ("//host/share", "absolute"), ("\\\\host\\share", "backslash|absolute"),
        ("..\\secret", "backslash|outside"),
        ("C:/x", "drive"), ("c:x", "drive"), ("a\0.txt", "NUL"), ("out/secret", "outside"), ("out", "outside"), ("future", "outside"),
        ("loop/x", "loop"), ("a/\ud800", "surrogate"), ("nul", "device"), ("a/CON.txt", "device"),
        ("LPT1.tar.gz", "device"), ("com\xb9", "device"), ("a/aux /b", "device"),
        ("NUL:x", "device"), (".. /x", "dots and blanks"), ("a/.../x", "dots and blanks"), ("x" * 5_000, "too long"),
    ],
)  # fmt: skip
@pytest.mark.skipif(os.name != "posix", reason="links need a right on Windows")
def test_what_leaves_the_base_or_reads_differently_elsewhere_is_refused(base: Path, name: str, cause: str) -> None:
    with pytest.raises(UsageError, match=cause):
        safe_path(base, name)


def test_a_refusal_does_not_show_the_path(base: Path) -> None:
    with pytest.raises(UsageError) as refused:
        safe_path(base, "../private-name")
    assert "private-name" not in str(refused.value) and str(base) not in str(refused.value)


def test_the_base_is_an_existing_folder(base: Path) -> None:
    with pytest.raises(UsageError, match="base folder cannot be used"):
        safe_path(base / "missing", "a")
    (base / "file").write_text("x")
    with pytest.raises(UsageError, match="no folder"):
        safe_path(base / "file", "a")


def test_a_neighbour_with_the_same_beginning_is_outside(base: Path) -> None:
    (base.parent / "base-other").mkdir()
    (base / "sly").symlink_to(base.parent / "base-other")
    with pytest.raises(UsageError, match="outside"):
        safe_path(base, "sly/x")


def test_the_base_may_be_reached_through_a_link(base: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(base)
    assert safe_path(tmp_path / "alias", "a/x") == (base / "a" / "x").resolve()


def test_bytes_are_refused(base: Path) -> None:
    class Odd:
        def __fspath__(self) -> bytes:
            return b"a"

    with pytest.raises(UsageError, match="got bytes"):
        safe_path(base, Odd())  # type: ignore[arg-type]
