"""Adding an exception to a policy file keeps what stands there, to the byte, and is whole or not at all."""

from __future__ import annotations

import os
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from orchestrator_core.errors import SettingsError, UsageError
from orchestrator_security.policy import adding
from orchestrator_security.policy.adding import add_exception, block_of
from orchestrator_security.policy.allow_list import AllowEntry, day_of
from orchestrator_security.policy.reading import read_policy

NOW = 1_800_000_000.0
UNTIL = day_of(NOW) + timedelta(days=30)
ENTRY = AllowEntry("pii.*", "0123456789abcdef", "test data", UNTIL)
OWN = """# our policy
name = "payments"   # shown in the log

[[allow]]           # the first
rule = "secret.*"
value_hash = "90cf030cc5f0422e"
reason = "revoked"
expires = 2999-01-31

[[rule]]            # after an exception, and without an end of line"""


def read(path: Path) -> tuple[AllowEntry, ...]:
    return read_policy("dev", str(path)).allow.entries


@pytest.mark.parametrize(
    "old",
    [
        b"", b"\n\n", b"# only a comment", OWN.encode() + b'\ncategory = "pii"\naction = "flag"', b'name = "x"\r\n# two\r\n',
        b"\xef\xbb\xbfname = 'x'\n", b"restore_in_reply = false\n\n\n\n",
    ],
)  # fmt: skip
def test_what_stands_there_is_kept_to_the_byte(tmp_path: Path, old: bytes) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(old)
    path.chmod(0o640)
    before = read(path)
    assert add_exception(path, ENTRY, "dev", now=NOW) == path
    new = path.read_bytes()
    assert new.startswith(old)
    assert (b"\r\n" in old) == (b"\r\n" in new[len(old) :])
    assert read(path) == (*before, ENTRY)
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["policy.toml"]


def test_a_file_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    add_exception(path, ENTRY, "dev", now=NOW)
    assert path.read_text() == block_of(ENTRY)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "policy.toml", tmp_path / "policy.toml"
    real.write_text("# ours\n")
    link.symlink_to(real)
    assert add_exception(link, ENTRY, "dev", now=NOW) == real
    assert link.is_symlink() and read(real) == (ENTRY,)


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60),
    st.sampled_from(["*", 'a"b\\', "ü 😀\x7f"]),
)
def test_any_reason_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, reason: str, agent: str) -> None:
    path = tmp_path_factory.mktemp("policy") / "policy.toml"
    entry = structs.replace(ENTRY, reason=reason, agent=agent)
    add_exception(path, entry, "dev", now=NOW)
    add_exception(path, structs.replace(entry, rule="secret.*"), "dev", now=NOW)
    assert read(path) == (entry, structs.replace(entry, rule="secret.*"))


def test_many_that_add_at_once_all_succeed(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(OWN.rpartition("\n")[0])
    problems: list[BaseException] = []

    def add(number: int) -> None:
        try:
            add_exception(path, structs.replace(ENTRY, rule=f"pii.{number}"), "dev", now=NOW)
        except BaseException as error:  # noqa: BLE001 - shown below
            problems.append(error)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(entry.rule for entry in read(path)) == sorted(["secret.*", *(f"pii.{n}" for n in range(12))])


def test_the_same_twice_is_refused_and_a_later_day_or_one_after_its_end_is_not(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    add_exception(path, ENTRY, "dev", now=NOW)
    with pytest.raises(UsageError, match="already"):
        add_exception(path, ENTRY, "dev", now=NOW)
    later = structs.replace(ENTRY, expires=UNTIL + timedelta(days=1))
    add_exception(path, later, "dev", now=NOW)
    after = structs.replace(ENTRY, expires=UNTIL + timedelta(days=90))
    add_exception(path, after, "dev", now=NOW + 60 * 86_400)
    assert read(path) == (ENTRY, later, after)


@pytest.mark.parametrize(
    ("old", "said"),
    [
        (b"allow = []\n", "must become"),
        (b"[[rule]]\n", "category must be"),
        (b'[[rule]]\ncategory = "sqli"\naction = "block"\n', "no category"),
        (b"nonsense", "no TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x = 1\n", "no key of this table"),
        (b"#" * 1_048_576, "bytes"),
    ],
)
def test_a_file_that_is_no_policy_stays_as_it_is(tmp_path: Path, old: bytes, said: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(old)
    with pytest.raises(SettingsError, match=said) as raised:
        add_exception(path, ENTRY, "dev", now=NOW)
    assert str(path) in str(raised.value) and ".part" not in str(raised.value)
    assert path.read_bytes() == old and os.listdir(tmp_path) == ["policy.toml"]


def test_a_day_that_is_over_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is over"):
        add_exception(tmp_path / "policy.toml", structs.replace(ENTRY, expires=date(2020, 1, 1)), "dev", now=NOW)
    assert os.listdir(tmp_path) == []


def test_a_process_that_dies_before_the_end_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(OWN.rpartition("\n")[0])
    before = path.read_bytes()

    def dies(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(adding.os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        add_exception(path, ENTRY, "dev", now=NOW)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["policy.toml"]


@pytest.mark.parametrize("name", ["missing/policy.toml", "", "\0"])
def test_a_place_where_nothing_can_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises((SettingsError, UsageError)):
        add_exception(tmp_path / name, ENTRY, "dev", now=NOW)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
def test_what_is_no_file_is_neither_waited_for_nor_replaced(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link.toml"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(SettingsError, match="no file"):
            add_exception(path, ENTRY, "dev", now=NOW)
    assert pipe.is_fifo()


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(SettingsError, match="more than"):
        add_exception(path, ENTRY, "dev", now=NOW)
    assert path.stat().st_size == 2**40


@pytest.mark.parametrize("field", ["rule", "agent", "reason"])
def test_characters_that_no_file_can_hold_are_refused(tmp_path: Path, field: str) -> None:
    with pytest.raises(UsageError, match="no file can hold"):
        add_exception(tmp_path / "policy.toml", structs.replace(ENTRY, **{field: "a\udc80"}), "dev", now=NOW)
    assert not (tmp_path / "policy.toml").exists()


def test_the_lock_that_windows_needs_keeps_two_apart_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "_mine", adding._mine_on_windows)
    monkeypatch.setattr(adding.tempfile, "gettempdir", lambda: str(tmp_path))
    path = tmp_path / "policy.toml"
    entries = [structs.replace(ENTRY, rule=f"pii.{number}") for number in range(6)]
    threads = [
        threading.Thread(target=add_exception, args=(path, entry, "dev"), kwargs={"now": NOW}) for entry in entries
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.rule for entry in read(path)) == [entry.rule for entry in entries]
