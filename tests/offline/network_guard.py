"""Refuses every connection to anything but this machine, and remembers the attempt.

An audit hook, because no library can go round it from Python: it sees ``connect``, ``sendto`` and name look-ups of every
socket in the process. C code of its own and child processes that drop ``PYTHONPATH`` are outside it.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import sys
from typing import Any

LOG_VARIABLE = "MAGNUS_TEST_NETWORK_LOG"
"""Names the file that attempts are appended to. A test of Magnus's own guard takes it out of its child process's environment."""

_ADDRESS_AT = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
}


class NetworkRefused(OSError):
    """A test tried to reach another machine."""


def is_local(address: Any) -> bool:
    """True for loopback addresses, Unix sockets, and what names no host at all."""
    if isinstance(address, tuple):
        address = address[0] if address else None
    elif isinstance(address, str | bytes) and os.sep in os.fsdecode(address):
        return True  # a Unix socket's path
    if address in (None, "", b""):
        return True
    if not isinstance(address, str | bytes):
        return True  # a family without hosts, such as netlink
    host = os.fsdecode(address).rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(number, "ipv4_mapped", None)
    return (mapped or number).is_loopback


_installed = False


def install() -> None:
    """Guard this process from now on; an audit hook cannot be taken away again."""
    global _installed
    if _installed:
        return
    _installed = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        place = _ADDRESS_AT.get(event)
        if place is None or is_local(arguments[place]):
            return
        attempt = f"{event} {arguments[place]!r}"
        _remember(attempt)
        raise NetworkRefused(errno.ENETUNREACH, f"the tests reach no other machine: {attempt}")

    sys.addaudithook(hook)


def _remember(attempt: str) -> None:
    path = os.environ.get(LOG_VARIABLE)
    if path:
        with open(path, "a", encoding="utf-8") as log:
            log.write(f"{attempt} in {' '.join(sys.orig_argv[:4])[:200]!r}\n")
