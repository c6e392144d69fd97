"""Values that are secret because of the name in front of them: ``password: ...``, ``API_KEY=...``, ``--token ...``.

A name alone proves nothing in a developer's text (``token = get_token()``), so the value is judged as well: what looks like
code, a placeholder, a path or a plain word is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

_ASCII_LOWER = {ord("A") + i: ord("a") + i for i in range(26)}

_PASSWORDS = ("passw", "pwd", "passphrase", "credential")
_TOKENS = ("secret", "token")
# A bare "key" is any dictionary key; one of these must stand before it.
_KEY_KINDS = (
    "api", "access", "secret", "private", "auth", "encryption", "encrypt", "signing", "account", "storage", "master", "client",
    "service", "admin", "license", "subscription", "app", "deploy", "hmac", "session", "application",
)  # fmt: skip

_SEPARATOR = (
    r"(?:ord|d)?+s?+(?P<close>[\"'\])\\]{0,4}+)"
    r"(?:[ \t]{0,3}+:[ \t]{0,3}+(?:str|bytes|String|string|const|Final)[ \t]{0,3}+(?==))?"
    r"(?P<sep>[ \t]{0,4}+(?:={1,3}+>?|:=?|=>|>)\s{0,4}+|[ \t]{1,2}+(?:is|was)(?:[ \t]*+:)?[ \t]++|[ \t]++)"
    r"(?:\\{0,2}(?P<quote>[\"'`]))?"
)
_BEARER = ("bearer ", "basic ", "token ")
_JUDGED_MAX = 200
"""A value is judged by its beginning; a longer one is then taken whole."""
_QUOTED = {quote: rf"[^{quote}\r\n]" for quote in "\"'`"}
_UNQUOTED = r"[^\s\"'`,;<]"

_PLACEHOLDER = (
    r"(?i:(?:your|my|the|some|a|an|insert|enter|put|add|use)?[-_ ]?(?:own|new|old|super|very)?[-_ ]?"
    r"(?:api|access|auth|client|app|db|user|root|admin|test|dummy|fake|sample|example|bot)?[-_ ]?"
    r"(?:password|passwd|passphrase|pass|pwd|secret|token|key|credentials?|value|string|here|none|null|true|false|undefined|"
    r"changeme|change[-_ ]me|placeholder|redacted|hidden|masked|removed|todo|tbd|test|dummy|fake|sample|example|foo|bar|baz)"
    r"[-_ ]?(?:here|key|token|value|goes[-_ ]here|example)?[0-9]{0,3})"
)  # fmt: skip
_NAMES_OF_THINGS = frozenset((
    "base64", "base32", "sha1", "sha224", "sha256", "sha384", "sha512", "md5", "utf8", "utf-8", "utf16", "argon2", "argon2id",
    "argon2i", "bcrypt", "pbkdf2", "scrypt", "oauth2", "oauth1", "hs256", "hs384", "hs512", "rs256", "es256", "aes128", "aes256",
    "x509", "int64", "int32", "uint8", "win32", "python3", "uuid4", "ed25519", "http2", "s3", "ec2", "k8s", "latin1", "cp1252",
))  # fmt: skip
_WORDS = r"(?:[A-Za-z]{2,}|v?[0-9]{1,2})(?:[-_./ :]{1,2}(?:[A-Za-z]{2,}|[a-zA-Z]|v?[0-9]{1,2}))*+[-_./ :!?]*+"
_DOTTED = r"[A-Za-z_]\w*+(?:(?:\.|::|->)[A-Za-z_]\w*+)++"


@cache
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source)


def _whole(source: str, value: str) -> bool:
    return _pattern(source).fullmatch(value) is not None


def find_assigned(text: str, entropy: Callable[[str], float]) -> Iterator[tuple[int, int, str]]:
    """Start, end and a word for what it is, for each secret value behind a telling name."""
    lowered = text.lower()
    if len(lowered) != len(text):  # some letters grow in lower case and would shift every offset
        lowered = text.translate(_ASCII_LOWER)
    for keyword in (*_PASSWORDS, *_TOKENS, "key"):
        at = lowered.find(keyword)
        while at >= 0:
            after = at + len(keyword)
            if keyword != "key" or lowered[max(0, at - 14) : at].rstrip("_- .").endswith(_KEY_KINDS):
                found = _value(text, lowered, at, after, keyword in _PASSWORDS, entropy)
                if found is not None:
                    yield (
                        *found,
                        "a password" if keyword in _PASSWORDS else "an assigned secret",
                    )
                    after = found[1]
            at = lowered.find(keyword, after)


def _value(
    text: str,
    lowered: str,
    at: int,
    after: int,
    password: bool,
    entropy: Callable[[str], float],
) -> tuple[int, int] | None:
    middle = _pattern(_SEPARATOR).match(lowered, after)
    if middle is None:
        return None
    separator, quote = middle["sep"], middle["quote"]
    start = middle.end()
    spoken = separator.strip() in ("is", "was", "is:", "was:")
    if not separator.strip():
        if not quote and "--" not in text[max(0, at - 24) : at].rpartition(" ")[2]:
            return None  # only a command line puts a value after a mere space
        if quote and "--" not in text[max(0, at - 24) : at].rpartition(" ")[2] and not password:
            return None
    for scheme in _BEARER:
        if lowered.startswith(scheme, start):
            start += len(scheme)
    character = _QUOTED[quote] if quote else _UNQUOTED
    head = _pattern(f"{character}{{1,{_JUDGED_MAX}}}+").match(text, start)
    if head is None:
        return None
    end = head.end()
    if quote:
        while end > start and text[end - 1] == "\\":
            end -= 1
    else:
        if (
            text[max(0, at - 40) : at]
            .rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-")
            .endswith(("?", "&"))
        ):
            query = text.find("&", start, end)  # a web address: the next parameter is not part of the value
            end = query if query > start else end
        while end > start and text[end - 1] in ".,:)]}>\\":
            end -= 1
    value = text[start:end]
    if not value or not (_is_password(value, quote, spoken) if password else _is_token(value, quote, entropy)):
        return None
    if end - start == _JUDGED_MAX:
        rest = _pattern(f"{character}++").match(text, end)
        end = rest.end() if rest is not None else end
    return start, end


def _is_harmless(value: str) -> bool:
    """A placeholder, code, a template, a path or an address rather than a value."""
    first = value[0]
    return (
        first in "$<{%*[(@"
        or "(" in value
        or "${" in value
        or "{{" in value
        or "..." in value
        or "://" in value
        or value.startswith(("./", "../", "~/", "--", "os.", "env.", "process.", "self.", "this."))
        or len(set(value)) <= 2
        or "xxxx" in value.lower()
        or "****" in value
        or value.lower() in _NAMES_OF_THINGS
        or _whole(_PLACEHOLDER, value)
    )


def _is_path(value: str) -> bool:
    # Base64 may begin with a slash too, but no folder is named like a long random mixture.
    return value[0] == "/" and not (len(value) >= 32 and any(c.isdigit() for c in value) and value != value.lower())


def _is_password(value: str, quote: str | None, spoken: bool) -> bool:
    if len(value) < (4 if quote else 6) or _is_harmless(value) or _is_path(value):
        return False
    digit = any(c.isdigit() for c in value)
    letter = any(c.isalpha() for c in value)
    special = any(c in "!@#$%^&*+=?~|" for c in value[:-1])
    mixed = letter and value != value.lower() and value[1:] != value[1:].lower() and value != value.upper()
    if digit and not letter and not special:
        return len(value) >= (4 if quote else 6) and value.isdigit()
    if _whole(_DOTTED, value) or (quote and " " in value and _whole(_WORDS, value)):
        return False
    if digit and letter:
        if spoken and not quote and len(value) < 8:
            return False
        identifier = (
            "_" in value
            and value.replace("_", "").isalnum()
            and value == value.lower()
            and not any(c.isdigit() for c in value[:-1])
        )
        return not identifier
    return special and letter and (mixed or bool(quote)) and len(value) >= 8 and " " not in value


def _is_token(value: str, quote: str | None, entropy: Callable[[str], float]) -> bool:
    if len(value) < (8 if quote else 10) or " " in value or _is_harmless(value) or _is_path(value):
        return False
    if _whole(_WORDS, value) or _whole(_DOTTED, value):
        return False
    digit = any(c.isdigit() for c in value)
    letter = any(c.isalpha() for c in value)
    if digit and letter:
        return entropy(value) >= (2.8 if len(value) < 16 else 3.0)
    mixed = value != value.lower() and value != value.upper()
    return letter and mixed and len(value) >= 20 and entropy(value) >= 3.8
