"""What stands for this machine itself, in every form that a socket takes."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_security.network.addresses import host_text, is_local_name, is_this_machine, packed_address

HERE = [
    "127.0.0.1", "127.255.3.9", "127.1", "127.0.1", "0x7f.0.0.1", "0x7F000001", "0177.0.0.1", "2130706433", "::1", "0:0:0:0:0:0:0:1",
    "::1%lo", "::1%1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::FFFF:127.9.9.9", "localhost", "LOCALHOST", "localhost.", "a.localhost",
    "localhost.localdomain", "ip6-localhost", "ip6-loopback", "", "0", "0.0.0.0", "::", "::ffff:0.0.0.0",
]  # fmt: skip
ELSEWHERE = [
    "128.0.0.1", "126.255.255.255", "10.0.0.1", "192.168.1.1", "169.254.169.254", "255.255.255.255", "224.0.0.1", "1.1", "1", "134744072",
    "0x08080808", "::2", "fe80::1%lo", "fe80::1", "2001:db8::1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "fd00::1", "example.com", "localhost.example.com", "127.0.0.1.example.com", "notlocalhost", "localhost..com", "<broadcast>",
    "127.0.0.1 ", "127.0.0.1 example.com", "127.0.0.256", "127.0.0.1\0", "１２７.0.0.1", "::1]", "[::1]", "127.0.0.1:80",
    "localhost:80", ".", "%lo",
]  # fmt: skip


@pytest.mark.parametrize("host", HERE)
def test_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_machine(host: str) -> None:
    assert not is_this_machine(host)


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_as_the_standard_library_sees_it(address: ipaddress.IPv4Address) -> None:
    expected = address.is_loopback or address.is_unspecified
    number = int(address)
    for form in (str(address), str(number), hex(number), f"::ffff:{address}"):
        assert is_this_machine(form) == expected
        assert packed_address(form) == address.packed


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_as_the_standard_library_sees_it(address: ipaddress.IPv6Address) -> None:
    mapped = address.ipv4_mapped
    if mapped is None:
        assert is_this_machine(str(address)) == (address.is_loopback or address.is_unspecified)
        assert packed_address(address.exploded) == address.packed
    else:
        assert packed_address(str(address)) == mapped.packed


@given(st.text(max_size=40))
def test_any_text_is_judged(text: str) -> None:
    is_this_machine(text)
    if is_local_name(text):
        assert packed_address(text) is None


def test_what_is_no_text() -> None:
    assert host_text(b"127.0.0.1") == "127.0.0.1"
    assert host_text(bytearray(b"localhost")) == "localhost"
    assert host_text(2130706433) is None
    assert host_text(None) is None
