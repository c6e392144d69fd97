"""Where secrets stand in a text: known formats, private keys, passwords in addresses, and credentials of an Authorization header.

Found is what has the looks, published examples and placeholders included: what to make of them depends on who asks. All
searches take time linear in the length of any text.
"""

from __future__ import annotations

import math
import re
from binascii import a2b_base64
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.secret_formats import FORMATS, WORD_START, SecretFormat
from orchestrator_core.analysis.service_formats import service_formats

EXAMPLE_PASSWORDS = frozenset((
    "password", "passwd", "pass", "pwd", "secret", "user", "username", "root", "admin", "postgres", "mysql",
    "guest", "test", "changeme", "example", "foobared",
))  # fmt: skip
"""Stand for a password in documentation, in lower case."""

_KEY_MAX = 16_384
_KEY_HEADER = r"-----BEGIN(?: [A-Z0-9]{1,20}){0,4} ?PRIVATE KEY(?: BLOCK)?-----"
# Base64 lines, the header lines of old formats, and line breaks that were escaped on the way.
_KEY_BODY = r"(?:[A-Za-z0-9+/=\s:,-]|\\+[nrt]){40,16384}+"
# The user part may be empty; the password ends at the last @ before the host.
_ADDRESS = r"://(?P<user>[^\s:/@\"'<>`\[]{0,128}+):(?P<secret>[^\s/\"'<>`]{1,256})@(?P<host>[^\s/@\"'<>`])"
_AUTHORIZATION = (
    r"(?:[Bb](?:earer|asic|EARER|ASIC)|[Aa]uthorization[\"']?: *[\"']?[Tt]oken)"
    r"[ \t]{1,4}+(?P<secret>[A-Za-z0-9._~+/-]{12,4096}+={0,3})"
)


class SecretMatch(Struct, frozen=True):
    """One place. ``rule`` is the format's id; ``start`` and ``end`` are offsets of the value."""

    rule: str
    what: str
    start: int
    end: int


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    length = len(value)
    if not length:
        return 0.0
    counts = map(value.count, set(value))
    return max(0.0, math.log2(length) - sum(n * math.log2(n) for n in counts if n > 1) / length)


def find_formats(text: str) -> Iterator[SecretMatch]:
    """Values of the known formats, and private keys from their first to their last line."""
    for each in (*FORMATS, *service_formats()):
        for keyword in each.keywords:
            if keyword in text:
                yield from _search(each, text) if each.search else _at_keyword(each, keyword, text)
                if each.search:
                    break
    if "-----BEGIN" in text:
        yield from _private_keys(text)


def find_address_passwords(text: str) -> Iterator[tuple[SecretMatch, str]]:
    """Passwords between a user and a host, as in ``https://ada:...@host``, each with the user's name."""
    if "://" not in text or "@" not in text:
        return
    for match in compiled(_ADDRESS).finditer(text):
        start, end = match.span("secret")
        yield SecretMatch("address-password", "a password in an address", start, end), match["user"]


def find_authorization(text: str) -> Iterator[SecretMatch]:
    """What follows ``Bearer`` or ``Basic`` and is no word."""
    for word, back in (
        ("earer ", 1),
        ("asic ", 1),
        ("EARER ", 1),
        ("ASIC ", 1),
        ("uthorization: token ", 1),
        ('uthorization": "token ', 1),
    ):
        at = text.find(word)
        while at >= 0:
            match = compiled(_AUTHORIZATION).match(text, at - back) if at else None
            if match is not None:
                value = match["secret"]
                telling = any(c.isdigit() for c in value) or (
                    word in ("asic ", "ASIC ") and _is_user_and_password(value)
                )
                if telling and entropy(value) >= 2.8:
                    start, end = match.span("secret")
                    yield SecretMatch("authorization", "credentials of an Authorization header", start, end)
            at = text.find(word, match.end() if match else at + len(word))


def _is_user_and_password(value: str) -> bool:
    """Whether the value is a name, a colon and a password in Base64 (RFC 7617)."""
    try:
        return b":" in a2b_base64(value[:4096] + "=" * (-len(value) % 4))
    except ValueError:
        return False


def _search(each: SecretFormat, text: str) -> Iterator[SecretMatch]:
    pattern = compiled(each.pattern)
    group = "secret" if "secret" in pattern.groupindex else 0
    for match in pattern.finditer(text):
        if entropy(match[group]) >= each.min_entropy:
            yield SecretMatch(each.id, each.what, match.start(group), match.end(group))


def _at_keyword(each: SecretFormat, keyword: str, text: str) -> Iterator[SecretMatch]:
    pattern = compiled(each.pattern)
    group = "secret" if "secret" in pattern.groupindex else 0
    at, start, end = text.find(keyword), -1, -1
    while at >= 0:
        match = pattern.match(text, at) or _glued(each, text, at, end)
        if match is None:
            at = text.find(keyword, at + len(keyword))
            continue
        if not each.min_entropy or entropy(match[group]) >= each.min_entropy:
            if start >= 0 and match.start(group) <= end:
                end = match.end(group)
            else:
                if start >= 0:
                    yield SecretMatch(each.id, each.what, start, end)
                start, end = match.span(group)
        # The next one may have been glued to this one, whose characters go on into its prefix.
        inner = text.rfind(keyword, at + len(keyword), match.end() + len(keyword) - 1)
        at = inner if inner >= 0 else text.find(keyword, match.end())
    if start >= 0:
        yield SecretMatch(each.id, each.what, start, end)


def _glued(each: SecretFormat, text: str, at: int, end: int) -> re.Match[str] | None:
    """A value of fixed length that follows another one, or is followed by one, without anything between."""
    after_one = at <= end
    if not after_one and compiled(WORD_START).match(text, at) is None:
        return None
    match = compiled(_without_borders(each.pattern)).match(text, at)
    if match is None:
        return None
    following = text[match.end() : match.end() + 1]
    next_one = match.end() + (following in ("-", "_"))
    if text.startswith(_prefixes(), next_one) or (after_one and not following.isalnum()):
        return match
    return None


@cache
def _prefixes() -> tuple[str, ...]:
    """How tokens begin."""
    return tuple(keyword for each in FORMATS if not each.search for keyword in each.keywords)


@cache
def _without_borders(pattern: str) -> str:
    return re.sub(r"\(\?!\[[^\]]*\]\)\Z", "", pattern.removeprefix("(?<!_)").removeprefix(WORD_START))


def _private_keys(text: str) -> Iterator[SecretMatch]:
    header, body = compiled(_KEY_HEADER), compiled(_KEY_BODY)
    at = text.find("-----BEGIN")
    while at >= 0:
        opening = header.match(text, at)
        end = at + 10
        if opening is not None:
            start_of_end = text.find("-----END", opening.end(), opening.end() + _KEY_MAX)
            if start_of_end >= opening.end() + 40:
                closing = text.find("-----", start_of_end + 8, start_of_end + 80)
                end = closing + 5 if closing >= 0 else start_of_end + 8
                yield SecretMatch("private-key", "a private key", at, end)
            elif start_of_end < 0 and (cut := body.match(text, opening.end())) is not None:
                end = cut.end()
                yield SecretMatch("private-key", "a private key that was cut off", at, end)
        at = text.find("-----BEGIN", end)
