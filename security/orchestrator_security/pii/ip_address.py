"""IP addresses of the public internet, and hardware addresses.

Addresses that belong to nobody are left out: loopback, private, link-local, documentation (RFC 5737, RFC 3849), shared, multicast
and reserved ranges, public name servers, and numbers that read as versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import before, says

_ADDRESS_WORDS = (
    r"ips?|ipv[46]|ip[-_ ]?addr(?:ess)?|addr|address|addresses|host|hosts|client|remote|server|peer|from|forwarded|gateway|dns|ping|ssh|"
    r"connect|connected|connecting|listen|bind|endpoint|upstream|origin|source|src|dst|destination|proxy|visitor|login|nslookup|whois|traceroute"
)
_VERSION = (
    r"(?<![a-z])(?:version|versions|ver|vers|release|released|build|rev|revision|firmware|fw|sdk|kernel|driver|upgrade[ds]?|update[ds]? to|"
    r"chrome|chromium|edge|opera|bios|patch|tag|requires|python|node|java|package|assembly|assemblyversion|fileversion|oid)"
    r"[\s:=\"'(>]{0,4}(?:is |to |v)?$|(?:upgrad|updat|downgrad|migrat|bump)[^\n]{0,30}? (?:from|to) v?$|[vV^~_-]$|[=<>~!]=\s?$|\bv\. ?$"
)
_KNOWN = frozenset((
    "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220",
    "1.2.3.4", "4.3.2.1", "5.6.7.8", "2.2.2.2", "3.3.3.3", "4.4.4.4", "1.1.1.2", "1.2.3.5", "2001:4860:4860::8888",
    "2001:4860:4860::8844", "2606:4700:4700::1111", "2606:4700:4700::1001", "2620:fe::fe", "2620:fe::9",
))  # fmt: skip
_SMALL = 20
_OBJECT_IDS = ("1.2.840.", "1.3.6.", "2.5.4.", "2.5.29.", "2.16.840.")
"""Arcs of ITU-T X.660 that certificates and directories write out."""
_V6_MAX = 45


@cache
def _v4() -> re.Pattern[str]:
    # The dot in front of the second number is the anchor: a search for a literal is many times faster.
    return re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9])")


@cache
def _colons() -> re.Pattern[str]:
    return re.compile(r":[0-9A-Fa-f]{0,4}:")


@cache
def _hex_run() -> re.Pattern[str]:
    return re.compile(r"[0-9A-Fa-f:]++(?:[0-9]{0,3}(?:\.[0-9]{1,3}){3}(?![0-9]))?(?:%[A-Za-z0-9._-]{1,16}+)?")


@cache
def _hex_run_reversed() -> re.Pattern[str]:
    return re.compile(r"[0-9A-Fa-f:]*+")


@cache
def _dashed_mac() -> re.Pattern[str]:
    return re.compile(
        r"-[0-9A-Fa-f]{2}(?<![0-9A-Za-z-][0-9A-Fa-f]{2}-[0-9A-Fa-f]{2})(?:-[0-9A-Fa-f]{2}){4}(?![0-9A-Za-z-])"
    )


@cache
def _version() -> re.Pattern[str]:
    return re.compile(_VERSION)


def find_ip_addresses(text: str) -> Iterator[PiiMatch]:
    """IPv4 and IPv6, with zones and mapped ones, and MAC addresses."""
    for match in _v4().finditer(text):
        start, end = _first_octet(text, match.start()), match.end()
        if start >= 0 and _is_public_v4(text, start, end):
            yield PiiMatch("IP_ADDRESS", start, end)
    if ":" in text:
        yield from _with_colons(text)
    for match in _dashed_mac().finditer(text):
        start, end = match.start() - 2, match.end()
        if start >= 0 and _is_hardware(text[start:end]):
            yield PiiMatch("MAC_ADDRESS", start, end)


def _first_octet(text: str, dot: int) -> int:
    start = dot
    while start and dot - start < 4 and "0" <= text[start - 1] <= "9":
        start -= 1
    return start if 1 <= dot - start <= 3 else -1


def _is_public_v4(text: str, start: int, end: int) -> bool:
    left, right = text[start - 1 : start] if start else "", text[end : end + 2]
    if (left.isalnum() and not text[max(0, start - 2) : start].startswith("\\")) or (left and left in "_.%"):
        return False
    value = text[start:end]
    octets = value.split(".")
    numbers = [int(o) for o in octets]
    if (
        max(numbers) > 255
        or any(len(o) > 1 and o[0] == "0" for o in octets)
        or not _is_global_v4(numbers)
        or value in _KNOWN
    ):
        return False
    if right[:1].isalpha() or right[:1] == "_" or (right[:1] in (".", "-", "+") and right[1:].isalnum()):
        return right[:1] == "-" and _is_public_range_part(text, start)
    if right[:1] == "/" and octets[3] == "0" and right[1:].isdigit():
        return False  # a network
    words = before(text, start)
    if _version().search(words) is not None or (octets[2] == octets[3] == "0"):
        return False
    if left == "@" and sum(n >= _SMALL for n in numbers) < 3 and not says(words, "ssh|scp|sftp|rsync|root|admin|user"):
        return False  # the version of a package: name@1.2.3.4
    if max(numbers) < _SMALL or octets[1] == octets[2] == "0" or value.startswith(_OBJECT_IDS):
        return says(words, _ADDRESS_WORDS)
    return True


def _is_public_range_part(text: str, start: int) -> bool:
    """An address with a dash behind it: a host's name or a version unless the text speaks of addresses."""
    return says(before(text, start, 24), "ips?|addr|address|client|host")


def _is_global_v4(octets: Sequence[int]) -> bool:
    """By the IANA registry of special addresses (RFC 6890); multicast and reserved ones are left out too."""
    a, b, c, _ = octets
    return not (
        a in (0, 10, 127)
        or a >= 224
        or (a == 100 and 64 <= b <= 127)
        or (a == 169 and b == 254)
        or (a == 172 and 16 <= b <= 31)
        or (a == 192 and (b == 168 or (b == 0 and c in (0, 2)) or (b == 88 and c == 99)))
        or (a == 198 and (b in (18, 19) or (b == 51 and c == 100)))
        or (a == 203 and b == 0 and c == 113)
    )


def _is_global_v6(value: str) -> bool:
    from ipaddress import IPv6Address

    try:
        address = IPv6Address(value.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped or address.sixtofour
    if mapped is not None:
        return _is_global_v4(tuple(mapped.packed))
    return address.is_global and not address.is_multicast


def _with_colons(text: str) -> Iterator[PiiMatch]:
    pattern, at, found = _colons(), 0, 0
    while (match := pattern.search(text, at)) is not None:
        begin = match.start()
        back = _hex_run_reversed().match(text[max(at, begin - _V6_MAX) : begin][::-1])
        start = begin - (back.end() if back is not None else 0)
        run = _hex_run().match(text, start)
        end = run.end() if run is not None else match.end()
        at = max(end, match.end())
        while end > start and text[end - 1] == ":" and not text.startswith("::", end - 2):
            end -= 1
        # Behind one that is replaced stands a sign, so what follows it is found now and not only in the next round.
        if end - start > _V6_MAX + 18 or (start > found and text[start - 1].isalnum()):
            continue
        following = text[end : end + 1]
        if following.isalnum() or following == "_":
            continue
        value = text[start:end]
        if value.count(":") == 5 and len(value) == 17:
            if _is_hardware(value):
                found = end
                yield PiiMatch("MAC_ADDRESS", start, end)
        elif _is_public_v6(text, start, end):
            found = end
            yield PiiMatch("IP_ADDRESS", start, end)


def _is_public_v6(text: str, start: int, end: int) -> bool:
    value = text[start:end]
    groups = [g for g in value.partition("%")[0].split(":") if g]
    long = any(len(g) == 4 and not g.isdigit() and not g.isalpha() for g in groups)
    if value.lower() in _KNOWN or (len(groups) < 3 and not ("::" in value and (long or "." in value))):
        return False  # slices and scopes of programming languages: x[1::2], a::b
    if value.count(":") == 2 and "::" not in value:
        return False  # a time of day
    return _is_global_v6(value)


def _is_hardware(value: str) -> bool:
    """A burned-in address: neither a group's nor a locally made one (IEEE 802), which virtual machines have."""
    digits = value.replace(":", "").replace("-", "").lower()
    if len(digits) != 12 or len(set(digits)) < 4 or not (":" in value) ^ ("-" in value):
        return False
    return int(digits[:2], 16) & 3 == 0 and digits not in ("001122334455", "112233445566", "0123456789ab")
