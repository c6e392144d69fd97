"""Which values behind a telling name are secret: what looks like code, a placeholder, a path or a plain word is left alone.

The value is judged as a reader of a developer's text would; what is missed stays in the store, what is taken by mistake is only
replaced there.
"""

from __future__ import annotations

from orchestrator_core.analysis.assigned_values import AssignedValue
from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.random_words import looks_random
from orchestrator_core.analysis.secret_matches import entropy

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
_SUBSCRIPT = r"[A-Za-z_][\w.]*+\[[\w.,:' -]*+(?:\][\w.]*+(?:\[[\w.,: -]*+\]?)?(?:=\w*+)?)?"
_FIELD = r"\{[A-Za-z_][\w.]{0,40}+\}"
_DOTTED = r"[A-Za-z_]\w*+(?:(?:\.|::|->)[A-Za-z_]\w*+)++"


_NEUTRAL_SUFFIX = (
    r"(?i:(?:_key)?[_.-]?(?:base|prod|production|dev|development|staging|stage|live|local|main|primary|secondary|old|new|default|"
    r"[0-9]{1,3}|v[0-9]))"
)


def _whole(source: str, value: str) -> bool:
    return compiled(source).fullmatch(value) is not None


def _contains(source: str, value: str) -> bool:
    return "{" in value and compiled(source).search(value) is not None


def is_secret(found: AssignedValue) -> bool:
    """Whether the value is one, rather than code, a placeholder or a word."""
    if found.suffix and not _whole(_NEUTRAL_SUFFIX, found.suffix):
        return False  # password_hash, token_count and key_id name something about a secret
    if not found.quote and "[" in found.value and _whole(_SUBSCRIPT, found.value):
        return False
    if found.separator.startswith((",", "|")) and not _is_plain_proof(found.value):
        return False  # lists of names and columns of tables hold identifiers more often than values
    if found.password:
        return _is_password(found.value, found.quote, found.separator.rstrip(":") in ("is", "was"))
    return _is_token(found.value, found.quote)


def _is_harmless(value: str) -> bool:
    """A placeholder, code, a template, a path or an address rather than a value."""
    first = value[0]
    return (
        first in "$<{%*[(@"
        or "(" in value
        or "${" in value
        or "{{" in value
        or "..." in value
        or _contains(_FIELD, value)
        or "://" in value
        or value.startswith(("./", "../", "~/", "--", "os.", "env.", "process.", "self.", "this.", "arn:"))
        or len(set(value)) <= 2
        or "xxxx" in value.lower()
        or "****" in value
        or value.lower() in _NAMES_OF_THINGS
        or _whole(_PLACEHOLDER, value)
    )


def _is_plain_proof(value: str) -> bool:
    """Long or mixed enough that nobody would name something so."""
    digit, special = any(c.isdigit() for c in value), any(c in "!@#$%^&*+=?~" for c in value)
    mixed = value not in (value.lower(), value.upper())
    return (
        digit
        and " " not in value
        and (
            (len(value) >= 16 and entropy(value) >= 3.0)
            or (len(value) >= 8 and mixed and (special or (len(value) >= 10 and looks_random(value))))
        )
    )


def _is_path(value: str) -> bool:
    # Base64 may begin with a slash too, but no folder is named like a long random mixture.
    return value[0] == "/" and not (len(value) >= 32 and any(c.isdigit() for c in value) and value != value.lower())


def _has_digit(value: str) -> bool:
    return compiled(r"[0-9]").search(value) is not None if value.isascii() else any(c.isdigit() for c in value)


def _has_letter(value: str) -> bool:
    return compiled(r"[A-Za-z]").search(value) is not None if value.isascii() else any(c.isalpha() for c in value)


def _is_password(value: str, quote: str, spoken: bool) -> bool:
    if len(value) < (4 if quote else 6) or _is_harmless(value) or _is_path(value):
        return False
    digit, letter = _has_digit(value), _has_letter(value)
    special = compiled(r"[!@#$%^&*+=?~|]").search(value[:-1]) is not None
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
    if mixed and len(value) >= 8 and " " not in value and looks_random(value):
        return True
    return special and letter and (mixed or bool(quote)) and len(value) >= 8 and " " not in value


def _is_token(value: str, quote: str) -> bool:
    if len(value) < (8 if quote else 10) or " " in value or _is_harmless(value) or _is_path(value):
        return False
    if "." in value and _whole(_DOTTED, value):
        return False
    mixed = value[1:] != value[1:].lower() and value != value.upper()
    if mixed and value.isalpha() and looks_random(value):
        return True
    if _whole(_WORDS, value):
        return False
    digit, letter = _has_digit(value), _has_letter(value)
    if digit and letter:
        return entropy(value) >= (2.8 if len(value) < 16 else 3.0)
    return (
        letter and mixed and len(value) >= 20 and len(set(value)) >= 14 and entropy(value) >= 3.8
    )  # 14: two to the power of 3.8
