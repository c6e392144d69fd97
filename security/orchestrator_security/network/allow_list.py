"""The hosts that are allowed although they are not this machine, and the addresses that their names turned out to have."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from orchestrator_core.errors import SettingsError
from orchestrator_security.network.addresses import packed_address, plain_name

SETTING = "security.network_allow"
_ASK_AGAIN_S = 30.0
"""An address that nobody knows makes the allowed names be looked up again, at most this often: each look-up may take seconds."""
_ADDRESSES_KEPT = 4_096


class AllowedHost(Struct, frozen=True):
    """One entry: a name, a name's subdomains or a range of addresses, on one port or on all."""

    name: str = ""
    subdomains: bool = False
    network: tuple[int, int, int] | None = None
    """Bytes of an address of that family, the range's first address and its mask, as numbers."""
    port: int | None = None

    @property
    def shown(self) -> str:
        """The entry as one would write it."""
        port = "" if self.port is None else f":{self.port}"
        if self.network is None:
            return f"{'*.' if self.subdomains else ''}{self.name}{port}"
        import ipaddress

        size, first, mask = self.network
        kind = ipaddress.IPv4Network if size == 4 else ipaddress.IPv6Network
        network = kind((first, mask.bit_count()))
        single = str(network.network_address) if network.num_addresses == 1 else str(network)
        return f"[{single}]{port}" if port and size == 16 else f"{single}{port}"

    def fits_port(self, port: int | None) -> bool:
        return self.port is None or port is None or self.port == port

    def fits_name(self, name: str) -> bool:
        return name.endswith(f".{self.name}") if self.subdomains else bool(self.name) and name == self.name

    def fits_address(self, address: bytes) -> bool:
        if self.network is None:
            return False
        size, first, mask = self.network
        return size == len(address) and int.from_bytes(address, "big") & mask == first


def parse_entry(text: str) -> AllowedHost:
    """An entry as it is written: ``host``, ``host:port``, ``*.domain``, an address, ``[v6]:port`` or ``10.1.0.0/16``.

    Raises:
        SettingsError: it is none; what stands before an ``@`` is not repeated.
    """
    shown = ascii(text.rpartition("@")[2][:80])
    example = "Write it as in 'models.lan', 'models.lan:8080', '*.corp.lan', '10.1.0.0/16' or '[2001:db8::1]:443'."
    entry = text.strip()
    if "://" in entry or "@" in entry:
        raise SettingsError(f"{SETTING} names hosts, and {shown} looks like a URL. {example}")
    if entry.count("/") == 1:
        return AllowedHost(network=_network(entry, example))
    host, port = _split(entry, shown, example)
    if (address := packed_address(host)) is not None:
        size = len(address)
        return AllowedHost(network=(size, int.from_bytes(address, "big"), (1 << 8 * size) - 1), port=port)
    subdomains = host.startswith("*.")
    name = plain_name(host.removeprefix("*."))
    if not name or not all(c.isalnum() or c in "-_." for c in name) or not name.isascii() or ".." in name:
        hint = "To allow every host, set offline = false. " if entry == "*" else ""
        raise SettingsError(f"{SETTING}: {shown} is no host. {hint}{example}")
    return AllowedHost(name=name, subdomains=subdomains, port=port)


def _split(entry: str, shown: str, example: str) -> tuple[str, int | None]:
    host, port = entry, ""
    if entry.startswith("["):
        host, bracket, rest = entry[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")) or packed_address(host) is None:
            raise SettingsError(f"{SETTING}: {shown} is no address. {example}")
        port = rest[1:] if rest else ""
    elif entry.count(":") == 1:
        host, _, port = entry.partition(":")
        port = port or "?"
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65_536):
        raise SettingsError(f"{SETTING}: {shown} has no port between 1 and 65535 after its colon. {example}")
    return host, int(port)


def _network(entry: str, example: str) -> tuple[int, int, int]:
    import ipaddress

    try:
        found = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        raise SettingsError(f"{SETTING}: {entry[:80]!a} is no range of addresses. {example}") from None
    return found.max_prefixlen // 8, int(found.network_address), int(found.netmask)


class AllowList:
    """What one Orchestrator's settings allow. Safe for threads: it only ever learns."""

    def __init__(
        self, hosts: Iterable[AllowedHost] = (), *, look_up: Callable[[str], Sequence[Any]] | None = None
    ) -> None:
        self.hosts = frozenset(hosts)
        self._look_up = look_up
        self._answers: dict[bytes, frozenset[int | None]] = {}
        """Addresses of allowed names, with the ports on which their entries allow them; None stands for all."""
        self._asked_at = float("-inf")

    def allows_name(self, name: str, port: int | None = None) -> bool:
        """Whether a host name may be looked up, and, with a port, be connected to."""
        if not self.hosts:
            return False
        plain = plain_name(name)
        return any(host.fits_name(plain) and host.fits_port(port) for host in self.hosts)

    def allows_address(self, address: bytes, port: int | None = None) -> bool:
        """Whether an address may be connected to: it is in an allowed range, or an allowed name has it."""
        if not self.hosts:
            return False
        if any(host.fits_address(address) and host.fits_port(port) for host in self.hosts):
            return True
        return self._known(address, port) or (self._asked() and self._known(address, port))

    def remember(self, name: str, answers: Iterable[Any]) -> None:
        """Note what a look-up of ``name`` answered, as ``getaddrinfo`` returns it. Other names are nothing to it."""
        if not self.hosts:
            return
        plain = plain_name(name)
        ports = frozenset(host.port for host in self.hosts if host.fits_name(plain))
        if ports and len(self._answers) < _ADDRESSES_KEPT:
            for address in _addresses(answers):
                self._answers[address] = self._answers.get(address, frozenset()) | ports

    def _known(self, address: bytes, port: int | None) -> bool:
        ports = self._answers.get(address, frozenset())
        return bool(ports) and (port is None or None in ports or port in ports)

    def _asked(self) -> bool:
        """Look the allowed names up, since an address may have come from a look-up that nobody saw; False when it was done just now."""
        names = {host.name for host in self.hosts if host.name and not host.subdomains}
        now = time.monotonic()
        if not names or self._look_up is None or now < self._asked_at + _ASK_AGAIN_S:
            return False
        self._asked_at = now
        for name in names:
            self.remember(name, self._look_up(name))
        return True


def _addresses(answers: Iterable[Any]) -> Iterator[bytes]:
    for answer in answers:
        place = answer[4]
        if isinstance(place, tuple) and place and isinstance(place[0], str):
            address = packed_address(place[0])
            if address is not None:
                yield address
