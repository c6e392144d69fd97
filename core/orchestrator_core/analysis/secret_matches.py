"""Where secrets stand in a text: known formats, private keys, passwords in addresses, and credentials of an Authorization header.

Found is what has the looks, published examples and placeholders included: what to make of them depends on who asks. All
searches take time linear in the length of any text.
"""

from __future__ import annotations

import math
from binascii import a2b_base64
from collections.abc import Iterator

from msgspec import Struct

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.secret_formats import FORMATS, SecretFormat
from orchestrator_core.analysis.service_formats import service_formats

EXAMPLE_PASSWORDS = frozenset((
    "password", "passwd", "pass", "pwd", "secret", "user", "username", "root", "admin", "postgres", "mysql",
    "guest", "test", "changeme", "example",
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

_VALUE = r"(?P<secret>[^\s\"'<>]{4,128}+)"
_COMMANDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("sshpass",), rf"sshpass[ \t]{{1,3}}+-p[ \t]{{0,3}}+[\"']?{_VALUE}"),
    (("mysql", "mariadb"), rf"(?:mysql|mariadb)(?:dump|admin)?[^\r\n|;\"]{{0,80}}?[ \t]-p[\"']?{_VALUE}"),
    (
        ("curl", "wget", "http "),
        r"[ \t](?:-u|--user|--proxy-user|-U)[ \t=]{1,3}+[\"']?[^\s:\"'<>$]{1,128}+:(?P<secret>[^\s\"'<>]{6,256}+)",
    ),
    (("login ",), rf"login[ \t\r\n]{{1,4}}+[^\s]{{1,64}}+[ \t\r\n]{{1,4}}+password[ \t]{{1,3}}+{_VALUE}"),
    (("IDENTIFIED BY", "identified by"), r"(?i:identified by)[ \t]{1,3}+[\"'](?P<secret>[^\"'\r\n]{4,128}+)"),
    (("&sig=", "?sig="), r"[?&]sig=(?P<secret>[A-Za-z0-9+/%_-]{32,120}+={0,2})"),
    (("Private-Lines:",), r"Private-Lines: [0-9]{1,3}[\r\n]{1,2}(?P<secret>[A-Za-z0-9+/=\r\n]{40,8000}+)"),
    (
        ("_auth", '"auth"'),
        r"(?:(?<![A-Za-z0-9])_auth|\"auth\")[ \t]{0,3}+[=:][ \t]{0,3}+[\"']?(?P<secret>[A-Za-z0-9+/]{16,512}+={0,2})(?![\w-])",
    ),
    (("django-insecure-",), r"(?P<secret>django-insecure-[^\s\"'<>]{30,80}+)"),
    (
        ("sessionid=", "SESSIONID=", "session=", "connect.sid="),
        r"(?:sessionid|SESSIONID|session|connect\.sid)=(?P<secret>[A-Za-z0-9%._-]{24,512}+)",
    ),
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
    return -sum((n / length) * math.log2(n / length) for n in (value.count(c) for c in set(value)))


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


def find_command_passwords(text: str) -> Iterator[SecretMatch]:
    """Passwords of commands: ``sshpass -p``, ``mysql -p``, ``curl -u user:``, and of ``IDENTIFIED BY`` in SQL."""
    for keywords, pattern in _COMMANDS:
        if any(keyword in text for keyword in keywords):
            for match in compiled(pattern).finditer(text):
                value = match["secret"]
                if len(set(value)) > 2 and value.lower() not in EXAMPLE_PASSWORDS and value[0] not in "$<{%*[(":
                    yield SecretMatch("command-password", "a password on a command line", *match.span("secret"))


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
    at = text.find(keyword)
    while at >= 0:
        match = pattern.match(text, at)
        if match is None:
            at = text.find(keyword, at + len(keyword))
            continue
        if not each.min_entropy or entropy(match[group]) >= each.min_entropy:
            yield SecretMatch(each.id, each.what, match.start(group), match.end(group))
        at = text.find(keyword, match.end())


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
