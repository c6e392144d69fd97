"""Secrets in a project's files: known formats by their looks, others by the name they are assigned to and their randomness.

A finding never holds the secret, only its rule, its place and four hexadecimal digits of its SHA-256: enough to see that two
places hold the same value, too little to find it. The formats are those their issuers document and gitleaks lists.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator
from posixpath import basename

from msgspec import Struct

from orchestrator_core.records import Severity


class SecretPlace(Struct, frozen=True):
    """Where a secret stands. ``mask`` are four hexadecimal digits of its SHA-256."""

    rule: str
    what: str
    line: int
    mask: str
    severity: Severity


class _Format(Struct, frozen=True):
    rule: str
    what: str
    keywords: tuple[str, ...]
    """Lower case; the pattern is only tried on a text that has one of them."""
    pattern: str
    severity: Severity = "high"
    accept: Callable[[re.Match[str]], bool] | None = None


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    counts = [value.count(character) for character in set(value)]
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)


_PLACEHOLDER = re.compile(
    r"example|sample|dummy|fake|placeholder|change[-_]?me|replace|redacted|your[-_]|<|>|\$\{|\{\{|\.\.\.|x{4,}|\*{3,}|todo"
    r"|0123456789|1234567890|abcdefgh|foobar|lorem|not[-_]?a[-_]|not[-_]?real|test[-_]?(?:key|token|secret|pass)"
    r"|secret[-_]?(?:key|token)?$",
    re.IGNORECASE,
)
_COMMON_PASSWORDS = frozenset(
    {
        "password", "passwd", "pass", "secret", "postgres", "mysql", "root", "admin", "user", "guest", "test", "tester", "testing",
        "app", "db", "redis", "rabbitmq", "minio", "minioadmin", "changeit", "hunter2", "letmein", "qwerty", "default", "none", "null",
        "pwd", "pw",
    }
)  # fmt: skip


def is_placeholder(value: str) -> bool:
    """Whether a value is plainly no secret: it says so itself, or it repeats a few characters."""
    return bool(_PLACEHOLDER.search(value)) or len(set(value)) <= max(4, len(value) // 8)


def _is_jwt(match: re.Match[str]) -> bool:
    head = match[0].split(".")[0]
    try:
        return "alg" in json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, TypeError):
        return False


def _is_password(match: re.Match[str]) -> bool:
    user, password = match["user"], match["secret"]
    if (
        password.lower() in _COMMON_PASSWORDS
        or password.lower() == user.lower()
        or password.startswith(("$", "%", "{", "["))
    ):
        return False
    return password.isascii() and match["host"].lower() not in ("host", "hostname", "server", "domain")


_FORMATS: tuple[_Format, ...] = (
    _Format("private-key", "a private key", ("private key",),
            r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?P<secret>(?:\s|\\[nr]|[\"',+]){0,80}"
            r"(?:[A-Z][A-Za-z-]{2,20}: [^\n]{0,80}\s{1,4}){0,4}[A-Za-z0-9+/=]{24,})", "critical"),
    _Format("aws-access-key", "an AWS access key id", ("akia", "asia"), r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    _Format("aws-secret-key", "an AWS secret key", ("aws",),
            r"(?i)aws[\w. -]{0,20}(?:secret|sk)[\w. -]{0,20}[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
            r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", "critical"),
    _Format("github-token", "a GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{36,255}"),
    _Format("github-token", "a GitHub fine-grained token", ("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{60,255}"),
    _Format("gitlab-token", "a GitLab token", ("glpat-",), r"\bglpat-[A-Za-z0-9_.-]{20,100}"),
    _Format("slack-token", "a Slack token", ("xox",), r"\bxox[abeprs]-[A-Za-z0-9-]{15,250}"),
    _Format("slack-webhook", "a Slack webhook", ("hooks.slack.com",),
            r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[A-Za-z0-9+/_-]{30,100})"),
    _Format("stripe-key", "a Stripe live key", ("_live_",), r"\b[rs]k_live_[A-Za-z0-9]{16,250}"),
    _Format("google-api-key", "a Google API key", ("aiza",), r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    _Format("google-oauth-secret", "a Google OAuth secret", ("gocspx-",), r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
    _Format("anthropic-key", "an Anthropic key", ("sk-ant-",), r"\bsk-ant-[A-Za-z0-9_-]{40,200}"),
    _Format("openai-key", "an OpenAI-style key", ("sk-",),
            r"(?<![\w-])sk-(?:proj-|svcacct-|admin-)?(?=[A-Za-z0-9_-]{0,100}[0-9])(?!ant-)[A-Za-z0-9_]{32,250}"),
    _Format("huggingface-token", "a Hugging Face token", ("hf_",), r"\bhf_[A-Za-z0-9]{30,60}\b"),
    _Format("pypi-token", "a PyPI upload token", ("pypi-age",), r"\bpypi-AgE[A-Za-z0-9_-]{50,1000}"),
    _Format("npm-token", "an npm token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    _Format("sendgrid-key", "a SendGrid key", ("sg.",), r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b"),
    _Format("azure-storage-key", "an Azure storage key", ("accountkey=",), r"AccountKey=(?P<secret>[A-Za-z0-9+/]{60,100}={0,2})"),
    _Format("json-web-token", "a JSON web token", ("eyj",),
            r"\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{16,2000}", "medium", _is_jwt),
    _Format("password-in-address", "a password in an address", ("://",),
            r"\b[a-z][a-z0-9+.-]{1,20}://(?P<user>[^\s:/@'\"<>{}$`]{0,64}):(?P<secret>[^\s/@'\"<>{}`]{3,128})@"
            r"(?P<host>[A-Za-z0-9.-]{1,253})",
            "high", _is_password),
)  # fmt: skip

_NAMES = r"(?:pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access|auth|private|encryption)[_-]?key|credential)s?(?-i:(?![a-z]))"
"""Not ``tokenizer`` or ``passwordless``: no small letter may follow."""
_QUOTED = re.compile(
    rf"""(?i)(?<![\w.-])[\w.-]{{0,40}}?(?P<name>{_NAMES})[\w.-]{{0,20}}["']?\]?\s{{0,3}}(?::\s{{0,3}}str\s{{0,3}})?"""
    rf"""(?:=|:|:=|=>)\s{{0,3}}["'](?P<secret>[^"'\s]{{8,200}})["']"""
)
_BARE = re.compile(
    rf"""(?im)^[ \t]*(?:export[ ]|-[ ]|set[ ])?[\w.-]{{0,40}}?(?P<name>{_NAMES})[\w.-]{{0,20}}[ \t]*[=:][ \t]*"""
    r"""(?P<secret>[^\s"'#;,]{8,200})[ \t]*(?:[#;].*)?$"""
)
_BARE_FILES = (".env", ".ini", ".cfg", ".conf", ".yml", ".yaml", ".properties", ".toml", ".sh")
_NAME_HINTS = ("pass", "pwd", "secret", "token", "key", "credential")
_ALLOWED = ("pragma: allowlist secret", "gitleaks:allow", "nosecret")
_GENERATED = ("lock", ".lock", "-lock.json", "-lock.yaml", ".min.js", ".map", ".svg", ".ipynb", ".sum")
_CODE_LIKE = re.compile(r"[A-Za-z_][\w]*(?:[.:/][A-Za-z_][\w]*)*(?:\(.*)?")
_WORDY = re.compile(r"(?:[A-Za-z]+[0-9]{0,2}|[0-9]{1,4})(?:[-_./:](?:[A-Za-z]+[0-9]{0,2}|[0-9]{1,4}))*")
"""Words, versions and years between separators, as names of models, files and settings have them."""


def find_secrets(path: str, text: str) -> Iterator[SecretPlace]:
    """Every secret in one file, each place once; lines marked ``pragma: allowlist secret`` or ``gitleaks:allow`` are left out."""
    seen: list[tuple[int, int]] = []
    lines = text.splitlines()
    lowered = text.lower()
    for rule, what, match, severity in _matches(path, text, lowered):
        start, end = match.span("secret" if "secret" in match.groupdict() else 0)
        line = text.count("\n", 0, match.start()) + 1
        if any(start < e and s < end for s, e in seen):
            continue  # a more exact rule has named it
        if line <= len(lines) and any(mark in lines[line - 1] for mark in _ALLOWED):
            continue
        seen.append((start, end))
        mask = hashlib.sha256(text[start:end].encode("utf-8", errors="replace")).hexdigest()[:4]
        yield SecretPlace(rule, what, line, mask, severity)


def _matches(path: str, text: str, lowered: str) -> Iterator[tuple[str, str, re.Match[str], Severity]]:
    for each in _FORMATS:
        if any(keyword in lowered for keyword in each.keywords):
            for match in re.finditer(each.pattern, text):
                value = match["secret"] if "secret" in match.groupdict() else match[0]
                if not is_placeholder(value) and (each.accept is None or each.accept(match)):
                    yield each.rule, each.what, match, each.severity
    name = basename(path).lower()
    if name.endswith(_GENERATED) or not any(hint in lowered for hint in _NAME_HINTS):
        return
    bare = name.endswith(_BARE_FILES) or name.startswith(".env")
    for pattern in (_QUOTED, _BARE) if bare else (_QUOTED,):
        for match in pattern.finditer(text):
            if _is_random(match["name"].lower(), match["secret"], quoted=pattern is _QUOTED):
                yield "assigned-secret", f"a value assigned to a {match['name'].lower()!r}", match, "medium"


def _is_random(name: str, value: str, *, quoted: bool) -> bool:
    """Whether a value assigned to a telling name looks made by a generator or a careful person rather than by a programmer."""
    if is_placeholder(value) or value.lower() in _COMMON_PASSWORDS or "://" in value or "(" in value or "%(" in value:
        return False
    if value.startswith(("$", "{", "/", "./", "~", "@", "[", "%")) or _WORDY.fullmatch(value):
        return False
    classes = sum(any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit)) + any(
        not c.isalnum() for c in value
    )
    if name.startswith(("pass", "pwd")):
        return classes >= 3 and entropy(value) >= 2.5 and not (not quoted and _CODE_LIKE.fullmatch(value))
    has_digit = any(map(str.isdigit, value))
    return (
        len(value) >= 16
        and has_digit
        and classes >= 2
        and entropy(value) >= 3.2
        and not ("." in value and _CODE_LIKE.fullmatch(value))
    )
