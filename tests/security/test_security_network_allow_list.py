"""Which hosts are allowed besides this machine, and how they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_core.errors import SettingsError
from orchestrator_security.network.addresses import packed_address
from orchestrator_security.network.allow_list import AllowList, parse_entry
from orchestrator_security.network.confinement import allowed_hosts


def allow(*entries: str, answers: dict[str, list[str]] | None = None, asked: list[str] | None = None) -> AllowList:
    def look_up(name: str) -> list[Any]:
        if asked is not None:
            asked.append(name)
        return answered(*(answers or {}).get(name, []))

    return AllowList(map(parse_entry, entries), look_up=look_up)


def answered(*found: str) -> list[Any]:
    return [(0, 0, 0, "", (address, 0)) for address in found]


def address(text: str) -> bytes:
    found = packed_address(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("entry", "yes", "no"),
    [
        (
            "models.lan",
            [("models.lan", 1), ("MODELS.LAN.", None)],
            [("a.models.lan", 1), ("models.lan.evil.example", 1)],
        ),
        ("models.lan:8080", [("models.lan", 8080), ("models.lan", None)], [("models.lan", 80)]),
        ("*.corp.lan", [("a.corp.lan", 1), ("a.b.corp.lan", 1)], [("corp.lan", 1), ("evilcorp.lan", 1)]),
        ("Bücher.example", [("bücher.example", 1), ("xn--bcher-kva.example", 1)], [("bucher.example", 1)]),
    ],
)
def test_names(entry: str, yes: list[tuple[str, int | None]], no: list[tuple[str, int | None]]) -> None:
    allowed = allow(entry)
    assert all(allowed.allows_name(*name) for name in yes)
    assert not any(allowed.allows_name(*name) for name in no)


@pytest.mark.parametrize(
    ("entry", "yes", "no"),
    [
        ("10.1.2.3", [("10.1.2.3", 5)], [("10.1.2.4", 5), ("::10.1.2.3", 5)]),
        ("10.1.2.3:443", [("10.1.2.3", 443), ("::ffff:10.1.2.3", 443)], [("10.1.2.3", 80)]),
        ("10.1.0.0/16", [("10.1.255.255", 5)], [("10.2.0.0", 5), ("a01::", 5)]),
        ("10.1.7.7/16", [("10.1.0.1", 5)], [("10.2.0.0", 5)]),
        ("2001:db8::/32", [("2001:db8:1::", 5)], [("2001:db9::", 5)]),
        ("[2001:db8::1]:443", [("2001:db8::1", 443)], [("2001:db8::1", 80), ("2001:db8::2", 443)]),
        ("2001:db8::1", [("2001:db8:0:0::1", 1)], [("2001:db8::2", 1)]),
    ],
)
def test_addresses(entry: str, yes: list[tuple[str, int]], no: list[tuple[str, int]]) -> None:
    allowed = allow(entry)
    assert all(allowed.allows_address(address(text), port) for text, port in yes)
    assert not any(allowed.allows_address(address(text), port) for text, port in no)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("https://models.lan/v1", "looks like a URL"),
        ("user:hunter2@models.lan", "looks like a URL"),
        ("https://user:hunter2@models.lan/v1", "looks like a URL"),
        ("*", "offline = false"),
        ("", "is no host"),
        ("  ", "is no host"),
        ("a b", "is no host"),
        ("a..b", "is no host"),
        ("*.", "is no host"),
        ("a.*.b", "is no host"),
        ("models.lan:", "no port"),
        ("models.lan:http", "no port"),
        ("models.lan:0", "no port"),
        ("models.lan:65536", "no port"),
        ("models.lan:８０", "no port"),
        ("[models.lan]:80", "no address"),
        ("[::1", "no address"),
        ("10.0.0.0/33", "no range"),
        ("models.lan/16", "no range"),
        ("\x1b[2J", "is no"),
    ],
)
def test_a_wrong_entry_is_named_without_its_credentials(entry: str, words: str) -> None:
    with pytest.raises(SettingsError, match=r"security\.network_allow") as caught:
        parse_entry(entry)
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        "models.lan",
        "models.lan:80",
        "*.corp.lan",
        "10.1.2.3",
        "10.1.2.3:80",
        "10.1.0.0/16",
        "2001:db8::1",
        "[2001:db8::1]:443",
    ],
)
def test_an_entry_is_shown_as_it_was_written(entry: str) -> None:
    assert parse_entry(entry).shown == entry
    assert parse_entry(parse_entry(entry).shown) == parse_entry(entry)


@given(st.text(max_size=30))
def test_any_entry_is_read_or_refused(entry: str) -> None:
    try:
        parse_entry(entry)
    except SettingsError:
        return


def test_an_allowed_names_addresses_are_allowed_once_they_were_seen() -> None:
    allowed = allow("*.corp.lan", "models.lan:80")
    allowed.remember("a.corp.lan", answered("10.0.0.5", "2001:db8::5"))
    allowed.remember("MODELS.lan", answered("10.0.0.6"))
    allowed.remember("other.lan", answered("10.0.0.7"))
    assert allowed.allows_address(address("10.0.0.5"), 1)
    assert allowed.allows_address(address("2001:db8::5"), 1)
    assert allowed.allows_address(address("10.0.0.6"), 80)
    assert not allowed.allows_address(address("10.0.0.6"), 81)
    assert not allowed.allows_address(address("10.0.0.7"), 1)


def test_an_unknown_address_makes_the_names_be_asked_once() -> None:
    asked: list[str] = []
    allowed = allow("models.lan", "*.corp.lan", answers={"models.lan": ["10.0.0.8"]}, asked=asked)
    assert allowed.allows_address(address("10.0.0.8"), 1)
    assert not allowed.allows_address(address("10.0.0.9"), 1)
    assert not allowed.allows_address(address("10.0.0.9"), 1)
    assert asked == ["models.lan"]


def test_hosts_that_the_settings_and_the_environment_name_are_allowed_on_their_port() -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://user:hunter2@collector.lan:4318/v1",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "traces.lan:4317",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://[::1]:4317",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://[broken",
        "OTHER": "http://other.lan",
    }
    urls = (
        "http://chroma.lan:8000",
        "http://127.0.0.1:11434",
        "",
        "http://127.0.0.1.named.example:80",
        "http://bad:port",
    )
    allowed = AllowList(allowed_hosts(["extra.lan"], urls=urls, environ=environ))
    assert {(host.name, host.port) for host in allowed.hosts} == {
        ("collector.lan", 4318), ("traces.lan", 4317), ("chroma.lan", 8000), ("extra.lan", None),
        ("127.0.0.1.named.example", 80),
    }  # fmt: skip
