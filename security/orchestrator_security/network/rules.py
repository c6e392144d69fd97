"""What each audit event of a socket asks for, and whether the scope that holds allows it.

The events and their arguments are those of CPython 3.11 to 3.13 (the table of audit events in the documentation of the standard library).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator_security.network import addresses, scope
from orchestrator_security.network.allow_list import AllowList
from orchestrator_security.network.refusal import Target, refusal
from orchestrator_security.network.scope import Scope

Arguments = tuple[Any, ...]
_TYPE_BITS = 0xF
"""Linux keeps flags such as SOCK_NONBLOCK in the type's higher bits."""


def refuse_unless_allowed(lists: Scope, target: Target | None) -> None:
    """Raise where one list does not allow the target, and tell who listens.

    Raises:
        OfflineRefused: see there.
    """
    if target is not None and not all(_allows(allowed, target) for allowed in lists):
        error = refusal(target, scope.asking_line())
        hear = scope.listener()
        if hear is not None:
            hear(error)
        raise error


def _allows(allowed: AllowList, target: Target) -> bool:
    if target.kind in ("raw", "family"):
        return False
    address = addresses.packed_address(target.host)
    if address is None:
        return allowed.allows_name(target.host, target.port)
    return allowed.allows_address(address, target.port)


def destination(sock: Any, address: Any) -> Target | None:
    """Where something sent to ``address`` would go; None when it stays on this machine."""
    family, name = _family(sock)
    if name in _LOCAL_FAMILIES or address is None:
        return None
    if name not in ("AF_INET", "AF_INET6"):
        return Target("family", name or str(family))
    host, port = _host_and_port(address)
    if host is None or addresses.is_this_machine(host):
        return None
    return Target("connect", host, port)


def interface(sock: Any, address: Any) -> Target | None:
    """The interface that ``bind`` would open to others; None when only this machine could reach it.

    A wildcard address is reachable by others, so it is refused, but for two uses that serve nobody: a datagram socket's port 0 (the
    kernel gives every client one), and ``("", 0)``, by which programs find a free port. Spelt out (``0.0.0.0``, ``::``) it means all.
    """
    family, name = _family(sock)
    if name in _LOCAL_FAMILIES:
        return None
    if name not in ("AF_INET", "AF_INET6"):
        return Target("family", name or str(family))
    host, port = _host_and_port(address)
    if host is None:
        return None
    import socket

    number = addresses.packed_address(host) if host else b"\0"
    if number is None:
        return None if addresses.is_local_name(host) else Target("bind", host, port)
    if addresses.is_loopback(number):
        return None
    datagram = int(sock.type) & _TYPE_BITS == socket.SOCK_DGRAM
    if port == 0 and addresses.is_wildcard(number) and (datagram or not host):
        return None
    return Target("bind", host or "0.0.0.0", port)  # noqa: S104 - named in the message, not bound


def looked_up(host: Any) -> Target | None:
    """The name that a look-up would ask other machines for; None for numbers, local names and this machine's own name."""
    text = addresses.host_text(host)
    if not text or addresses.packed_address(text) is not None or addresses.is_local_name(text):
        return None
    import socket

    if addresses.plain_name(text) == addresses.plain_name(socket.gethostname()):
        return None
    return Target("look-up", text)


def reverse_looked_up(host: Any) -> Target | None:
    """The address, or name, whose name would be asked for."""
    text = addresses.host_text(host)
    if not text or addresses.is_this_machine(text):
        return None
    return Target("look-up", text) if addresses.packed_address(text) is not None else looked_up(text)


def _family(sock: Any) -> tuple[int, str]:
    import socket

    family = sock.family
    try:
        found = socket.AddressFamily(family)
    except ValueError:
        return int(family), ""
    return int(family), found.name


_LOCAL_FAMILIES = frozenset({"AF_UNIX", "AF_NETLINK", "AF_ALG", "AF_SYSTEM", "AF_ROUTE"})
"""Families that reach this machine's processes and kernel only. What is not known is refused."""


def _host_and_port(address: Any) -> tuple[str | None, int | None]:
    if not isinstance(address, tuple) or len(address) < 2:
        return None, None  # the socket itself says what is wrong with it
    port = address[1]
    return addresses.host_text(address[0]), port if isinstance(port, int) else None


def _on_new_socket(arguments: Arguments) -> None:
    lists = scope.current()
    if not lists:
        return
    import socket

    _, family, kind, *_ = arguments
    packet = getattr(socket, "AF_PACKET", None)
    if family == packet or (family in (socket.AF_INET, socket.AF_INET6) and kind & _TYPE_BITS == socket.SOCK_RAW):
        refuse_unless_allowed(lists, Target("raw", "AF_PACKET" if family == packet else "SOCK_RAW"))


def _rule(find: Callable[..., Target | None], *, first: int, count: int) -> Callable[[Arguments], None]:
    def rule(arguments: Arguments) -> None:
        lists = scope.current()
        if lists:
            refuse_unless_allowed(lists, find(*arguments[first : first + count]))

    return rule


def _on_name_info(arguments: Arguments) -> None:
    lists = scope.current()
    if lists and isinstance(arguments[0], tuple) and arguments[0]:
        refuse_unless_allowed(lists, reverse_looked_up(arguments[0][0]))


def _on_thread(arguments: Arguments) -> None:
    scope.mark_thread(arguments[0])


_SENDS = _rule(destination, first=0, count=2)
_LOOKS_UP = _rule(looked_up, first=0, count=1)
RULES: Mapping[str, Callable[[Arguments], None]] = {
    "socket.__new__": _on_new_socket,
    "socket.connect": _SENDS,  # and connect_ex
    "socket.sendto": _SENDS,
    "socket.sendmsg": _SENDS,
    "socket.bind": _rule(interface, first=0, count=2),
    "socket.getaddrinfo": _LOOKS_UP,
    "socket.gethostbyname": _LOOKS_UP,  # and gethostbyname_ex
    "socket.gethostbyaddr": _rule(reverse_looked_up, first=0, count=1),
    "socket.getnameinfo": _on_name_info,
    "_thread.start_new_thread": _on_thread,
    "_thread.start_joinable_thread": _on_thread,  # Python 3.13's name for it
}
