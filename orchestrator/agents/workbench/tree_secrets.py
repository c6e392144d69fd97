"""Secrets in a project's files: known formats by their looks, others by the name they are assigned to and their randomness.

What a secret looks like is known to the ground. Decided here is what of it a source tree may hold: values that say themselves
that they are made up, templates, and the passwords of every tutorial. A finding never holds the secret, only its rule, its place
and four hexadecimal digits of its SHA-256: enough to see that two places hold the same value, too little to find it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from itertools import accumulate
from posixpath import basename

from msgspec import Struct

from orchestrator_core.analysis.assigned_values import AssignedValue, find_assigned
from orchestrator_core.analysis.secret_matches import (
    EXAMPLE_PASSWORDS,
    SecretMatch,
    entropy,
    find_address_passwords,
    find_authorization,
    find_formats,
)
from orchestrator_core.records import Severity


class SecretPlace(Struct, frozen=True):
    """Where a secret stands. ``mask`` are four hexadecimal digits of its SHA-256."""

    rule: str
    what: str
    line: int
    mask: str
    severity: Severity


_NAMES = {"jwt": "json-web-token", "google-oauth": "google-oauth-secret", "address-password": "password-in-address"}
"""Rules that reports call otherwise than the table of formats does."""
_SEVERITIES: dict[str, Severity] = {
    "private-key": "critical", "aws-secret-key": "critical", "jwt": "medium", "authorization": "medium", "assigned-secret": "medium",
}  # fmt: skip
_PLACEHOLDER = re.compile(
    r"example|sample|dummy|fake|placeholder|change[-_]?me|replace|redacted|your[-_]|<|>|\$\{|\{\{|\.\.\.|x{4,}|\*{3,}|todo"
    r"|0123456789|1234567890|abcdefgh|foobar|lorem|not[-_]?a[-_]|not[-_]?real|test[-_]?(?:key|token|secret|pass)"
    r"|secret[-_]?(?:key|token)?$|\A[rs]k_test_",
    re.IGNORECASE,
)
_COMMON_PASSWORDS = EXAMPLE_PASSWORDS | {
    "tester", "testing", "app", "db", "redis", "rabbitmq", "minio", "minioadmin", "changeit", "hunter2", "letmein", "qwerty",
    "default", "none", "null", "pw",
}  # fmt: skip
_NO_HOSTS = ("host", "hostname", "server", "domain")
_ADDRESS_END = re.compile(r"@([A-Za-z0-9.-]{1,253})")
_SCHEME_END = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}\Z")
_STANDS_ALONE = re.compile(r"(?<!\w)|(?<=\\[nrt])")
_INSIDE_WORDS = frozenset({"azure-client-secret", "terraform-token"})
"""Formats that are known by a mark in their middle, so their match begins there."""
_KEY_BODY = re.compile(
    r"(?:\s|\\[nr]|[\"',+]){0,80}(?:[A-Z][A-Za-z-]{2,20}: [^\n]{0,80}\s{1,4}){0,4}(?P<first>[A-Za-z0-9+/=]{24,200}+)"
)

_NAME_STEMS = ("pass", "pwd")
_SIGNS = frozenset({"=", ":", ":=", "=>"})
_BARE_FILES = (".env", ".ini", ".cfg", ".conf", ".yml", ".yaml", ".properties", ".toml", ".sh")
_BARE_START = re.compile(r"[ \t]*(?:export |- |set )?[\w.-]{0,40}")
_BARE_END = re.compile(r"[ \t]*(?:[#;].*)?$", re.MULTILINE)
_ALLOWED = ("pragma: allowlist secret", "gitleaks:allow", "nosecret")
_GENERATED = ("lock", ".lock", "-lock.json", "-lock.yaml", ".min.js", ".map", ".svg", ".ipynb", ".sum")
_CODE_LIKE = re.compile(r"[A-Za-z_][\w]*(?:[.:/][A-Za-z_][\w]*)*(?:\(.*)?")
_WORDY = re.compile(r"(?:[A-Za-z]+[0-9]{0,2}|[0-9]{1,4})(?:[-_./:](?:[A-Za-z]+[0-9]{0,2}|[0-9]{1,4}))*")
"""Words, versions and years between separators, as names of models, files and settings have them."""
_JUDGED_MAX = 200
_ASSIGNED_MIN = 8


def find_secrets(path: str, text: str) -> Iterator[SecretPlace]:
    """Every secret in one file, each place once; lines marked ``pragma: allowlist secret`` or ``gitleaks:allow`` are left out."""
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    allowed = {number for number, line in enumerate(lines, 1) if any(mark in line for mark in _ALLOWED)}
    seen: list[int] = []  # begin, end, begin, end: the places so far, in their order
    for found in _matches(path, text):
        at = bisect_right(seen, found.start)
        if at % 2 or (at < len(seen) and seen[at] < found.end):
            continue  # a more exact rule has named it
        line = bisect_right(starts, found.start)
        if line in allowed:
            continue
        seen[at:at] = found.start, found.end
        # White space is left out, so that a key is the same whatever its indentation.
        value = "".join(text[found.start : found.end].split())
        mask = hashlib.sha256(value.encode("utf-8", errors="replace")).hexdigest()[:4]
        yield SecretPlace(
            _NAMES.get(found.rule, found.rule), found.what, line, mask, _SEVERITIES.get(found.rule, "high")
        )


def is_placeholder(value: str) -> bool:
    """Whether a value is plainly no secret: it says so itself, or it repeats a few characters."""
    return bool(_PLACEHOLDER.search(value, 0, _JUDGED_MAX)) or len(set(value)) <= min(max(4, len(value) // 8), 8)


def _matches(path: str, text: str) -> Iterator[SecretMatch]:
    for match in find_formats(text):
        if _is_format(match, text):
            yield match
    for match, user in find_address_passwords(text):
        if _is_address_password(match, user, text):
            yield match
    name = basename(path).lower()
    if name.endswith(_GENERATED):
        return
    for match in find_authorization(text):
        if _is_random(text[match.start : match.end], password=False):
            yield match
    bare = name.endswith(_BARE_FILES) or name.startswith(".env")
    for found in find_assigned(text, partial(_is_assigned, text=text, bare=bare)):
        yield SecretMatch("assigned-secret", f"a value assigned to a {found.name!r}", found.start, found.end)


def _is_format(match: SecretMatch, text: str) -> bool:
    value = text[match.start : match.end]
    if match.rule == "private-key":
        body = _KEY_BODY.match(value, value.index("-----", 5) + 5)
        return body is not None and not is_placeholder(body["first"])
    if is_placeholder(value) or not (match.rule in _INSIDE_WORDS or _STANDS_ALONE.match(text, match.start)):
        return False
    if match.rule == "openai-key":
        return any(map(str.isdigit, value))  # sk- is the beginning of many class names of style sheets
    return match.rule != "jwt" or _is_jwt(value)


def _is_jwt(value: str) -> bool:
    head = value.partition(".")[0]
    try:
        return "alg" in json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, TypeError):
        return False


def _is_address_password(match: SecretMatch, user: str, text: str) -> bool:
    password = text[match.start : match.end]
    host = _ADDRESS_END.match(text, match.end)
    begin = match.start - len("://:") - len(user)
    return (
        host is not None
        and host[1].lower() not in _NO_HOSTS
        and 3 <= len(password) <= 128
        and password.isascii()
        and not is_placeholder(password)
        and not set("{}") & set(password)
        and not password.startswith(("$", "%", "["))
        and not set("{}$") & set(user)
        and password.lower() not in (*_COMMON_PASSWORDS, user.lower())
        and _SCHEME_END.search(text, max(0, begin - 22), begin) is not None
    )


def _is_assigned(found: AssignedValue, *, text: str, bare: bool) -> bool:
    """Whether the name goes on as a name, the place is one where values stand, and the value looks like a secret."""
    if found.suffix[:1].islower() or found.separator not in _SIGNS or len(found.value) < _ASSIGNED_MIN:
        return False  # tokenizer and passwordless; comparisons and prose
    if any(map(str.isspace, found.value)) or not (found.quote or (bare and _stands_bare(found, text))):
        return False
    password = found.name.startswith(_NAME_STEMS)
    if password and not found.quote and _CODE_LIKE.fullmatch(found.value):
        return False
    return _is_random(found.value, password=password)


def _stands_bare(found: AssignedValue, text: str) -> bool:
    """Whether name and value are all that stands on the line, a comment aside."""
    begin = text.rfind("\n", max(0, found.at - 80), found.at) + 1
    return (
        (begin > 0 or found.at < 80)
        and "\n" not in text[found.at : found.start]
        and _BARE_START.fullmatch(text, begin, found.at) is not None
        and _BARE_END.match(text, found.end) is not None
    )


def _is_random(value: str, *, password: bool) -> bool:
    """Whether a value looks made by a generator or a careful person rather than by a programmer."""
    if is_placeholder(value) or value.lower() in _COMMON_PASSWORDS or "://" in value or "(" in value or "%(" in value:
        return False
    if value.startswith(("$", "{", "/", "./", "~", "@", "[", "%")) or _WORDY.fullmatch(value):
        return False
    classes = sum(any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit)) + any(
        not c.isalnum() for c in value
    )
    if password:
        return classes >= 3 and entropy(value) >= 2.5
    return (
        len(value) >= 16
        and any(map(str.isdigit, value))
        and classes >= 2
        and entropy(value) >= 3.2
        and not ("." in value and _CODE_LIKE.fullmatch(value))
    )
