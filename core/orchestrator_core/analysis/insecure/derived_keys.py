"""Keys and proofs that are made by hand: a hash of a secret before a message, a password that is padded or cut (CWE-326, 328, 916)."""

from __future__ import annotations

import ast
import re
from functools import cache

from orchestrator_core.analysis.insecure.definitions import defined
from orchestrator_core.analysis.insecure.names import last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.records import Severity

_PROOF = "Use hmac.new(secret, message, hashlib.sha256): a hash of both can be continued without knowing the secret."
_DERIVE = "Derive keys with scrypt, Argon2 or PBKDF2 and a salt; make those that nobody types with os.urandom(32)."
_HASHES = ("sha256", "sha512", "sha224", "sha384", "md5", "sha1")
_PADS = frozenset(("ljust", "rjust", "zfill", "center"))
_DIGESTS = frozenset(("digest", "hexdigest"))
_WRAPS = frozenset(("encode", "b64encode", "urlsafe_b64encode", "bytes", "bytearray", "decode", "standard_b64encode"))
_MAX_STEPS = 8


@cache
def _secret_words() -> re.Pattern[str]:
    return re.compile(r"(?:^|_)(?:secret|key|token)(?:_|$)|secret|apikey")


@cache
def _typed_words() -> re.Pattern[str]:
    return re.compile(r"passw|passphrase|pwd|(?:^|_)(?:pin|pw|pass|phrase|secret)(?:_|$)")


def _word(node: ast.AST) -> str:
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and last_name(node.func) in _WRAPS:
        node = node.func.value
    return last_name(node).lower()


def _proved(site: Site) -> None:
    """``sha256(secret + message)``: whoever knows one such hash can make that of a longer message."""
    data = defined(site, site.argument(0, "data", "string"))
    while isinstance(data, ast.Call) and last_name(data.func) == "encode" and isinstance(data.func, ast.Attribute):
        data = defined(site, data.func.value)
    first: ast.AST | None = None
    if isinstance(data, ast.BinOp) and isinstance(data.op, ast.Add):
        first = data
        while isinstance(first, ast.BinOp):
            first = first.left
    elif isinstance(data, ast.JoinedStr) and len(data.values) > 1 and isinstance(data.values[0], ast.FormattedValue):
        first = data.values[0].value
    if first is None:
        return
    word = _word(first)
    if _secret_words().search(word) and not word.endswith(("_id", "_name", "cache_key", "keys")) and "salt" not in word:
        severity: Severity = "low"
        if word == "key" or any(w in word for w in ("secret", "api", "sign")) or "sign" in site.where.name:
            severity = "medium"
        message = "A hash of a secret and a message is no proof of who sent it"
        site.found("hash-as-proof", message, severity, 328, _PROOF, confidence=0.6)


def _keyed(site: Site) -> None:
    """The key of a cipher that is a password, padded or cut to its length."""
    key = site.argument(0, "key")
    node = defined(site, key) if key is not None else None
    bent = hashed = False
    for _ in range(_MAX_STEPS):
        if isinstance(node, ast.Call) and last_name(node.func) in _PADS and isinstance(node.func, ast.Attribute):
            bent, node = True, defined(site, node.func.value)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            bent, node = True, defined(site, node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Add):
            bent, node = True, defined(site, node.left)
        elif isinstance(node, ast.Call) and last_name(node.func) in _DIGESTS and isinstance(node.func, ast.Attribute):
            node = node.func.value
        elif isinstance(node, ast.Call) and last_name(node.func) in _HASHES and node.args:
            hashed, node = True, defined(site, node.args[0])
        elif isinstance(node, ast.Call) and last_name(node.func) in _WRAPS:
            node = defined(site, node.args[0] if node.args else getattr(node.func, "value", None))
        else:
            break
    word = last_name(node).lower() if isinstance(node, ast.Name | ast.Attribute) else ""
    typed = bool(_typed_words().search(word))
    if word and (
        typed
        or (bent and not hashed and _secret_words().search(word) and isinstance(node, ast.Name) and _padded(site, key))
    ):
        message = "A cipher's key is a password as it was typed, padded, cut or hashed once"
        site.found("typed-key", message, "medium", 916, _DERIVE, confidence=0.6)


def _padded(site: Site, key: ast.AST | None) -> bool:
    return any(
        isinstance(n, ast.Call) and last_name(n.func) in _PADS for n in ast.walk(defined(site, key) or ast.Pass())
    )


_CIPHERS = (
    "cryptography.fernet.Fernet", "cryptography.hazmat.primitives.ciphers.aead.AESGCM",
    "cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305", "cryptography.hazmat.primitives.ciphers.aead.AESCCM",
    "cryptography.hazmat.primitives.ciphers.aead.AESSIV", "cryptography.hazmat.primitives.ciphers.algorithms.AES",
    "cryptography.hazmat.primitives.ciphers.algorithms.ChaCha20", "Crypto.Cipher.AES.new", "Cryptodome.Cipher.AES.new",
    "Crypto.Cipher.ChaCha20_Poly1305.new", "Cryptodome.Cipher.ChaCha20_Poly1305.new", "Crypto.Cipher.ChaCha20.new",
    "nacl.secret.SecretBox",
)  # fmt: skip
FAMILY = Family(
    calls={
        **dict.fromkeys((f"hashlib.{name}" for name in _HASHES), _proved),
        **dict.fromkeys(_CIPHERS, _keyed),
    }
)
