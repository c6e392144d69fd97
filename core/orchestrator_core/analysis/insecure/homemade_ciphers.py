"""Encryption and tokens that protect nothing: XOR, shifted letters, base64 under a great name (CWE-327, 347)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_CIPHER = "Use AES-GCM or ChaCha20-Poly1305 (cryptography.fernet is the easy way)."
_NAMES = ("crypt", "decrypt", "encipher", "decipher", "cipher", "scramble", "protect", "obfuscate", "hide_")
_HIDES = ("encrypt", "decrypt", "encipher", "decipher", "hash_passw", "hash_pw", "hashpw", "protect_passw", "secure_")
_REAL = ("encrypt", "decrypt", "fernet", "seal", "finalize", "encrypt_and_digest", "hexdigest", "digest", "encryptor", "decryptor",
    "hash", "hashpw", "derive", "secretbox", "new", "aesgcm", "chacha20poly1305", "cipher", "sign", "box")  # fmt: skip


def _function(site: Site) -> None:
    node = site.node
    name = getattr(node, "name", "").lower()
    if (
        not name.startswith(("xor_", "enc_"))
        and name not in ("enc", "dec")
        and not any(word in name for word in (*_NAMES, *_HIDES))
    ):
        return
    inner = [i for statement in node.body for i in ast.walk(statement)]  # type: ignore[attr-defined]
    calls = [last_name(i.func).lower().lstrip("_") for i in inner if isinstance(i, ast.Call)]
    if any(call in _REAL for call in calls):
        return
    if any(isinstance(i, ast.BinOp | ast.AugAssign) and isinstance(i.op, ast.BitXor) for i in inner):
        site.found("homemade-cipher", "XOR with a key that repeats is no encryption", "medium", 327, _CIPHER)
    elif "chr" in calls and "ord" in calls:
        site.found("homemade-cipher", "Shifted letters are no encryption", "medium", 327, _CIPHER)
    elif any(call in ("b64encode", "b64decode", "urlsafe_b64encode", "urlsafe_b64decode", "b32encode", "b85encode", "hexlify", "maketrans")
             for call in calls) and any(word in name for word in _HIDES):  # fmt: skip
        site.found("homemade-cipher", "An encoding is no encryption: anybody can undo it", "medium", 327, _CIPHER)
    elif any(isinstance(i, ast.Constant) and i.value in ("rot13", "rot_13") for i in inner):
        site.found("homemade-cipher", "ROT13 is no encryption", "medium", 327, _CIPHER)


def _read(site: Site) -> None:
    """``json.loads(b64decode(token.split(".")[1]))`` where nothing looks at the third part."""
    function = site.where.node
    if function is None or not any(
        isinstance(i, ast.Call) and last_name(i.func) in ("urlsafe_b64decode", "b64decode", "base64url_decode", "b64d")
        for argument in site.call.args
        for i in ast.walk(argument)
    ):
        return
    splits = verified = False
    for inner in ast.walk(function):
        if isinstance(inner, ast.Call):
            name = last_name(inner.func)
            splits = splits or (
                name in ("split", "rsplit")
                and bool(inner.args)
                and isinstance(inner.args[0], ast.Constant)
                and inner.args[0].value == "."
            )
            verified = (
                verified
                or name in ("compare_digest", "new", "digest")
                or any(word in name.lower() for word in ("verify", "check", "signature", "valid"))
            )
    if splits and not verified:
        site.found(
            "unverified-token", "A token is read without verifying its signature", "medium", 347,
            'Use a library: jwt.decode(token, key, algorithms=["HS256"]).', confidence=0.7,
        )  # fmt: skip


FAMILY = Family(calls={"json.loads": _read}, functions=(_function,))
