"""Which address or host name stands for this machine itself. Asks nobody; reads an address as the interpreter's sockets do."""

from __future__ import annotations

import os

_MAPPED = b"\0" * 10 + b"\xff\xff"
"""What stands before an IPv4 address in IPv6 clothes (RFC 4291, section 2.5.5.2)."""
_LOOPBACK_6 = b"\0" * 15 + b"\1"
_LEGACY_NUMBER = frozenset("0123456789abcdefxABCDEFX.")
# RFC 6761, section 6.3, and the names that Debian's and Red Hat's hosts files give to loopback.
_LOCAL_NAMES = frozenset(
    {
        "localhost", "localhost.localdomain", "localhost4", "localhost4.localdomain4", "localhost6",
        "localhost6.localdomain6", "ip6-localhost", "ip6-loopback",
    }
)  # fmt: skip


def host_text(host: object) -> str | None:
    """A host as text, from what a socket function takes for one (text, bytes, bytearray); None for anything else."""
    if isinstance(host, str):
        return host
    return os.fsdecode(bytes(host)) if isinstance(host, bytes | bytearray) else None


def packed_address(host: str) -> bytes | None:
    """The 4 or 16 bytes of a numeric address, mapped IPv4 as 4; None for a name.

    The short and the odd forms that ``inet_aton`` reads are numbers as well: ``127.1``, ``0x7f.1``, ``2130706433``, ``0``.
    """
    import socket

    text = host.partition("%")[0]  # a scope id says which interface, not which machine
    try:
        if ":" in text:
            found = socket.inet_pton(socket.AF_INET6, text)
            return found[12:] if found.startswith(_MAPPED) else found
        # glibc's inet_aton ignores what follows a space, so only the characters of a number come to it.
        if text and text[0].isdigit() and _LEGACY_NUMBER.issuperset(text):
            return socket.inet_aton(text)
    except (OSError, ValueError):
        pass
    return None


def is_wildcard(address: bytes) -> bool:
    """Whether it is the unspecified address: all interfaces to ``bind``, and this machine itself to ``connect``."""
    return not any(address)


def is_loopback(address: bytes) -> bool:
    """Whether a packed address is 127/8 or ``::1``."""
    return address[0] == 127 if len(address) == 4 else address == _LOOPBACK_6


def plain_name(name: str) -> str:
    """A host name as names are compared: small letters, no final dot, other alphabets in their ASCII form."""
    name = name.rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return name  # no resolver takes it either
    return name


def is_local_name(name: str) -> bool:
    """Whether a name always means loopback; no look-up of it asks another machine."""
    plain = plain_name(name)
    return plain in _LOCAL_NAMES or plain.endswith(".localhost")


def is_this_machine(host: str) -> bool:
    """Whether something sent to ``host`` stays on this machine. No host at all and the wildcard mean loopback to ``connect``."""
    if not host:
        return True
    address = packed_address(host)
    if address is None:
        return is_local_name(host)
    return is_loopback(address) or is_wildcard(address)
