"""Comparisons of secrets whose duration tells how much of them was right (CWE-208)."""

from __future__ import annotations

import ast
import re

from orchestrator_core.analysis.insecure.definitions import defined
from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import SECRET
from orchestrator_core.records import Severity

_PROOFS = (
    "signature", "hmac", "digest", "mac", "token", "api_key", "apikey", "secret", "password", "passwd", "hash", "csrf", "sig",
    "checksum_hmac",
)  # fmt: skip
_STRONG = ("signature", "hmac", "api_key", "apikey", "api_token", "auth_token", "access_token", "admin_token", "secret", "secret_key",
    "secret_token", "webhook_secret", "shared_secret", "csrf_token", "reset_token", "session_token", "password", "otp")  # fmt: skip
"""Secrets by their whole name, or its end behind ``_``: one side of a comparison says enough."""
_OTHER_SIDE = frozenset((
    "expected", "given", "provided", "computed", "calculated", "actual", "received", "supplied", "sent", "stored", "correct", "candidate",
    "submitted", "presented", "supplied", "want", "got", "header", "digest", "mac", "hexdigest", "key", "value", "code",
))  # fmt: skip
_NO_SECRET = ("_count", "_type", "_id", "_len", "_name", "2", "confirm", "confirmation", "_again", "_repeat", "_algorithm", "_version",
    "_size", "_kind", "_status")  # fmt: skip
_KEYED = re.compile(r"key|salt|secret|pass|pw|pin\\b|token|sign|hmac|mac\\b|nonce|user")
_CHECKERS = ("verify", "check", "auth", "is_valid", "valid", "login", "compare")


def _compared(site: Site) -> None:
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return
    left, right = node.left, node.comparators[0]
    if isinstance(left, ast.Constant) or isinstance(right, ast.Constant):
        return
    leaves = [_leaf(side) for side in (left, right)]
    if any(leaf.isupper() and not _ends_with(leaf.lower(), _STRONG) for leaf in leaves):
        return  # kinds of tokens in a parser, not tokens that somebody sent
    names = [leaf.lower() for leaf in leaves]
    if any(name.endswith(_NO_SECRET) for name in names):
        return
    if any(site.level(side, SECRET) == 2 for side in (left, right)) or (
        any(name in _SENT for name in names) and site.where.name.lower().startswith((*_CHECKERS, "is_", "require"))
    ):
        _report(site, "medium", 0.7)
        return
    proofs = [any(n == p or n.endswith(f"_{p}") or n.startswith(f"{p}_") for p in _PROOFS) for n in names]
    if not any(proofs):
        return
    computed = any(n in ("hexdigest", "digest") for n in names) and (
        (all(proofs) or any(isinstance(s, ast.Call) for s in (left, right)))
        and (site.uses("hmac") or any(w in n for n in names for w in ("sig", "mac", "token", "password", "hash")))
    )
    severity: Severity
    hashed = computed or any(_is_plain_hash(site, side) for side in (left, right))
    if any("csrf" in n or "xsrf" in n for n in names) or (hashed and _is_checksum(site, (left, right), names)):
        severity = "low"  # worth nothing to guess, or no secret at all
    elif all(n.strip("_") in ("hash", "token", "digest") or n.endswith("_token") for n in names) and not (
        site.where.answers
        or site.where.name.lower().startswith(_CHECKERS)
        or site.uses("hmac", "hashlib", "secrets", "flask", "jwt")
    ):
        severity = "low"  # words of a parser, hashes of a table
    elif computed or all(proofs) or site.where.name.lower().startswith(_CHECKERS):
        severity = "medium"
    elif any(_ends_with(n, _STRONG) for n in names):
        other = names[0] if proofs[1] else names[1]
        known = bool(set(other.split("_")) & _OTHER_SIDE) or site.uses("hmac") or bool(site.where.answers)
        severity = "medium" if known or any(_from_digest(site, s) for s in (left, right)) else "low"
    elif any(_from_digest(site, side) for side in (left, right)) and site.uses("hmac"):
        severity = "medium"
    else:
        return
    _report(site, severity, 0.7 if computed else 0.5)


def _report(site: Site, severity: Severity, confidence: float) -> None:
    message = "How long this comparison takes tells how much of a secret was right"
    site.found("timed-comparison", message, severity, 208, "Use hmac.compare_digest.", confidence=confidence)


_SENT = (
    "authorization",
    "x_api_key",
    "x_auth_token",
    "x_hub_signature",
    "x_hub_signature_256",
    "x_signature",
    "x_token",
    "x_gitlab_token",
)


def _ends_with(name: str, words: tuple[str, ...]) -> bool:
    return any(name == word or name.endswith(f"_{word}") for word in words)


def _is_checksum(site: Site, sides: tuple[ast.AST, ast.AST], names: list[str]) -> bool:
    """``hashlib.sha256(data).hexdigest() == expected_hash``: a check that a file arrived whole."""
    if any(w in n for n in names for w in ("sig", "mac", "token", "password", "passwd", "secret")):
        return False
    text = " ".join(ast.unparse(defined(site, side) or side) for side in sides).lower()
    return (
        "hmac" not in text
        and "passw" not in text
        and "pwd" not in text
        and not site.uses("hmac")
        and "passw" not in site.where.name
    )


def _is_plain_hash(site: Site, node: ast.AST) -> bool:
    """``digest = hashlib.sha256(data).hexdigest()``: of something that no key, salt or password has a part in."""
    made = defined(site, node)
    if not isinstance(made, ast.Call) or last_name(made.func) not in ("hexdigest", "digest"):
        return False
    return not _KEYED.search(ast.unparse(made).lower())


def _from_digest(site: Site, node: ast.AST) -> bool:
    made = defined(site, node)
    return isinstance(made, ast.Call) and last_name(made.func).lstrip("_") in (
        "hexdigest",
        "digest",
        "sign",
        "compute_signature",
    )


def _leaf(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return (
            last_name(node.func)
            if last_name(node.func) not in ("get", "strip", "encode", "decode", "lower") or not node.args
            else (constant_text(node.args[0]) or "").replace("-", "_")
        )
    if isinstance(node, ast.Subscript):
        return (constant_text(node.slice) or "").replace("-", "_")
    return last_name(node)


FAMILY = Family(comparisons=(_compared,))
