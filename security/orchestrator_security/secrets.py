"""Secrets in text: known formats, private keys, passwords in addresses, and values that are assigned to a telling name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from orchestrator_core.records import Severity
from orchestrator_security.assigned_secret import find_assigned
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit
from orchestrator_security.secret_rules import RULES, SecretRule, compiled

_KEY_MAX = 16_384
_KEY_HEADER = r"-----BEGIN(?: [A-Z0-9]{1,20}){0,4} ?PRIVATE KEY(?: BLOCK)?-----"
# Base64 lines, the header lines of old formats, and line breaks that were escaped on the way.
_KEY_BODY = r"(?:[A-Za-z0-9+/=\s:,-]|\\+[nrt]){40,16384}+"
# The user part may be empty; the password ends at the last @ before the host.
_ADDRESS = r"://[^\s:/@\"'<>`]{0,128}+:(?P<secret>[^\s/\"'<>`]{1,256})@[^\s/@\"'<>`]"
_AUTHORIZATION = r"[Bb](?:earer|asic|EARER|ASIC)[ \t]{1,4}+(?P<secret>[A-Za-z0-9._~+/-]{12,4096}+={0,3})"
_WEAK_PASSWORDS = frozenset((
    "password", "passwd", "pass", "pwd", "secret", "user", "username", "root", "admin", "postgres", "mysql",
    "guest", "test", "changeme", "example",
))  # fmt: skip


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    length = len(value)
    if not length:
        return 0.0
    return -sum((n / length) * math.log2(n / length) for n in (value.count(c) for c in set(value)))


class SecretScanner:
    """All secret rules over one text."""

    name = "secrets"

    def prefilter(self, text: str) -> bool:
        return len(text) >= 6

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        hits: list[Hit] = []
        for rule in RULES:
            for keyword in rule.keywords:
                if keyword in text:
                    hits.extend(_search(rule, text) if rule.search else _at_keyword(rule, keyword, text))
                    if rule.search:
                        break
        if "-----BEGIN" in text:
            hits.extend(_private_keys(text))
        if "://" in text and "@" in text:
            hits.extend(_addresses(text))
        hits.extend(_authorization(text))
        hits.extend(
            _hit("assigned", what, start, end, text[start:end], 0.8)
            for start, end, what in find_assigned(text, entropy)
        )
        return hits


def _hit(rule: str, what: str, start: int, end: int, value: str, confidence: float = 0.95) -> Hit:
    # Issuers mark the keys of their documentation this way, and writers blank out theirs.
    example = "EXAMPLE" in value or "XXXXX" in value or "xxxxx" in value
    severity: Severity = "info" if example else "high"
    return Hit(
        f"secret.{rule}",
        "secret",
        start,
        end,
        severity=severity,
        confidence=0.1 if example else confidence,
        kind="SECRET",
        message=what,
        cwe="CWE-798",
        owasp_llm="LLM02",
    )


def _search(rule: SecretRule, text: str) -> Iterator[Hit]:
    for match in compiled(rule.pattern).finditer(text):
        if entropy(match[0]) >= rule.min_entropy:
            yield _hit(rule.id, rule.what, match.start(), match.end(), match[0])


def _at_keyword(rule: SecretRule, keyword: str, text: str) -> Iterator[Hit]:
    pattern = compiled(rule.pattern)
    group = "secret" if "secret" in pattern.groupindex else 0
    at = text.find(keyword)
    while at >= 0:
        match = pattern.match(text, at)
        if match is None:
            at = text.find(keyword, at + len(keyword))
            continue
        value = match[group]
        if not rule.min_entropy or entropy(value) >= rule.min_entropy:
            yield _hit(rule.id, rule.what, match.start(group), match.end(group), value)
        at = text.find(keyword, match.end())


def _private_keys(text: str) -> Iterator[Hit]:
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
                yield _hit("private-key", "a private key", at, end, text[at:end])
            elif start_of_end < 0 and (cut := body.match(text, opening.end())) is not None:
                end = cut.end()
                yield _hit(
                    "private-key",
                    "a private key that was cut off",
                    at,
                    end,
                    text[at:end],
                )
        at = text.find("-----BEGIN", end)


def _addresses(text: str) -> Iterator[Hit]:
    for match in compiled(_ADDRESS).finditer(text):
        value = match["secret"]
        if value.lower() in _WEAK_PASSWORDS or value[0] in "${%<*[" or set(value) <= set("*x.X"):
            continue
        yield _hit(
            "address-password",
            "a password in an address",
            match.start("secret"),
            match.end("secret"),
            value,
            0.9,
        )


def _authorization(text: str) -> Iterator[Hit]:
    for word in ("earer ", "asic ", "EARER ", "ASIC "):
        at = text.find(word)
        while at >= 0:
            match = compiled(_AUTHORIZATION).match(text, at - 1) if at else None
            if match is not None:
                value = match["secret"]
                if any(c.isdigit() for c in value) and entropy(value) >= 2.8:
                    yield _hit(
                        "authorization",
                        "credentials of an Authorization header",
                        match.start("secret"),
                        match.end("secret"),
                        value,
                        0.9,
                    )
            at = text.find(word, match.end() if match else at + len(word))
