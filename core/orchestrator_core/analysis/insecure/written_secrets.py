"""Whether a name and a text together are a secret that stands in the code."""

from __future__ import annotations

import ast
from itertools import pairwise

from orchestrator_core.analysis.insecure.names import constant_text
from orchestrator_core.analysis.insecure.secret_names import names_secret

_SHORT = frozenset(
    (
        "passwd",
        "pwd",
        "pass",
        "passphrase",
        "passcode",
        "secret",
        "token",
        "auth_token",
        "apikey",
        "api_key",
        "secret_key",
        "auth",
        "access_key",
        "private_key",
        "pw",
        "passcode",
        "password_hash_key",
    )
)
PLACEHOLDERS = (
    "changeme",
    "your",
    "example",
    "placeholder",
    "xxxx",
    "<",
    "${",
    "{{",
    "%(",
    "todo",
    "replace",
    "...",
    "***",
    "none",
    "null",
    "dummy",
    "fake",
)
_ROUTES = ("http://", "https://", "/", "./", "urn:", "env:", "vault:", "arn:")


def is_secret_name(name: str) -> bool:
    """Whether what has this name is a secret: ``db_pass``, ``signing_key``."""
    lowered = name.lower().strip("_")
    return (
        lowered in _SHORT
        or names_secret(name)
        or lowered.endswith(
            (
                "_pwd",
                "_pass",
                "_passwd",
                "_auth_key",
                "encryption_key",
                "signing_key",
                "aws_key",
                "_apikey",
                "secretkey",
                "auth_key",
            )
        )
    )


def is_value(name: str, text: str) -> bool:
    """Whether a text under such a name is a secret, and no placeholder, word of a table or place of one."""
    lowered = text.lower()
    if not 4 <= len(text) <= 4096 or any(word in lowered for word in PLACEHOLDERS) or lowered.startswith(_ROUTES):
        return False
    if lowered.replace("-", "_").strip("_") == name.lower().strip("_") or (
        " " in text.strip() and "pass" not in name.lower()
    ):
        return False
    if "token" in name.lower() and (text.isalpha() or len(text) < 8):
        return False  # the tokens of a parser are words and signs
    # password = "password" in a table of words, an identifier, a column: a secret is rarely a plain lower-case name of a field.
    return lowered not in (
        "password",
        "passwd",
        "secret",
        "token",
        "api_key",
        "bearer",
        "basic",
        "access_token",
        "refresh_token",
        "csrf_token",
        "jwt",
        "str",
        "string",
        "text",
        "hidden",
        "true",
        "false",
    )


def summed(node: ast.AST | None) -> str | None:
    """The text of a sum of two literals: ``"sk_live_" + "..."``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = constant_text(node.left), constant_text(node.right)
        return None if left is None or right is None else left + right
    return None


def is_mixed(text: str) -> bool:
    """Whether letters and digits take turns as they do in nothing that a person names: ``7f3a9c1e5b2d``."""
    turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(text))
    return turns >= 4
