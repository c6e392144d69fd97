"""Ciphers, hashes and keys that do not protect (CWE-321, 323, 326, 327, 328, 329, 780, 916, 1204)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import defined, is_fixed_bytes, whole_number
from orchestrator_core.analysis.insecure.names import is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import HANDED_IN, SHELL

_CIPHER = "Use AES-GCM or ChaCha20-Poly1305 (cryptography.fernet is the easy way)."
_PASSWORD = "Hash passwords with argon2, bcrypt, scrypt or PBKDF2 with 600,000 rounds, each with a salt of its own."  # noqa: S105 - advice
_HASH = "Use SHA-256 or BLAKE2; pass usedforsecurity=False where it is only a checksum."
_CRYPTO = ("Crypto", "Cryptodome")
_WEAK_HASHES = ("md5", "sha1", "md4", "md2", "sha", "ripemd160")
_FAST_HASHES = ("sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s", "md5", "sha1")


def _password_word(node: ast.AST) -> bool:
    return any(
        "passw" in name
        or "pwd" in name
        or "passphrase" in name
        or name in ("pw", "pass_", "pass")
        or name.endswith("_pw")
        for inner in ast.walk(node)
        if (name := (last_name(inner) or (inner.arg if isinstance(inner, ast.arg) else "")).lower())
    )


def _stores_password(site: Site, data: ast.AST) -> bool:
    """``def hash_password(p): sha512(p.encode())``: the function says what is hashed."""
    name = site.where.name.lower()
    return any(word in name for word in ("hash_pass", "hash_pw", "set_pass", "store_pass", "save_pass", "make_pass", "encode_pass",
        "password_hash",
        "check_pass", "hashpw", "pw_hash")) and any(isinstance(i, ast.Name) and site.level(i,
            SHELL) >= HANDED_IN for i in ast.walk(data))  # fmt: skip


def _hashed(site: Site) -> None:
    name = site.last.lower()
    unimportant = is_constant(site.keyword("usedforsecurity"), False)
    if name == "new":
        name = (site.text(site.argument(0, "name")) or "").lower().replace("-", "")
        data = site.argument(1, "data", "string")
    else:
        data = site.argument(0, "data", "string")
    if unimportant:
        site.judged(("B324", "B303"), harmless=True)
        return
    if name in _WEAK_HASHES:
        site.found("weak-hash", f"{name.upper()} no longer resists collisions", "high", 328, _HASH)
    elif name in _FAST_HASHES and data is not None and (_password_word(data) or _stores_password(site, data)):
        site.found(
            "fast-password-hash",
            "A password is hashed with a fast hash, which makes guessing cheap",
            "medium",
            916,
            _PASSWORD,
        )


def _crypto_hash(site: Site) -> None:
    site.found("weak-hash", f"{site.name.split('.')[-2]} no longer resists collisions", "high", 328, _HASH)


def _weak_cipher(site: Site) -> None:
    site.found(
        "weak-cipher",
        f"{site.name.replace('.new', '').rpartition('.')[2]} is broken or has keys that are too short",
        "high",
        327,
        _CIPHER,
    )


def _mode(site: Site) -> None:
    mode = site.argument(1, "mode")
    if (
        site.dotted(mode).endswith("MODE_ECB")
        or (mode is None and len(site.call.args) == 1 and site.uses("Crypto"))
        or is_constant(mode, 1)
    ):
        site.found("ecb-mode", "ECB shows which blocks are equal", "high", 327, _CIPHER)
    iv = site.argument(2, "iv", "IV", "nonce")
    if iv is not None and (is_predictable(site, iv) or _is_of_key(site, iv)):
        site.found(
            "fixed-nonce",
            "The initialisation vector is always the same",
            "medium",
            329,
            "Make a new one for each message with os.urandom.",
        )
    _key(site)


def _key(site: Site) -> None:
    key = site.argument(0, "key")
    text = site.text(key)
    if (text and len(text) >= 8) or (key is not None and is_fixed_bytes(site, key)):
        site.found(
            "fixed-key", "A key stands in the code", "high", 321, "Read it from the environment or a secret store."
        )


def _ecb(site: Site) -> None:
    site.found("ecb-mode", "ECB shows which blocks are equal", "high", 327, _CIPHER)


def is_predictable(site: Site, node: ast.AST) -> bool:
    """Whether a nonce is always the same, or made from a counter, the clock, the key or the text itself."""
    if is_fixed_bytes(site, node):
        return True
    made = defined(site, node)
    for _ in range(4):
        if isinstance(made, ast.Subscript):
            made = defined(site, made.value)
        elif isinstance(made, ast.Call) and last_name(made.func) in ("ljust", "rjust", "zfill", "encode", "bytes"):
            made = made.func.value if isinstance(made.func, ast.Attribute) else (made.args or [made])[0]
        else:
            break
    if isinstance(made, ast.Call):
        name = site.dotted(made.func)
        return (
            last_name(made.func) in ("to_bytes", "digest", "hexdigest")
            or name in ("struct.pack", "str", "time.time", "time.time_ns")
            or name.startswith("random.")
        ) and not any(
            word in ast.unparse(made) for word in ("secrets.", "urandom", "get_random", "token_bytes", "uuid4")
        )
    return isinstance(made, ast.Name) and made.id.lower() in ("key", "aes_key", "secret_key", "encryption_key")


def _is_of_key(site: Site, node: ast.AST) -> bool:
    """``AES.new(k, MODE_CBC, iv=k[:16])``."""
    key, part = site.argument(0, "key"), node.value if isinstance(node, ast.Subscript) else node
    return isinstance(key, ast.Name) and isinstance(part, ast.Name) and part.id == key.id


def _opened(site: Site) -> None:
    """``AES.new(key, MODE_GCM, nonce).decrypt(data)``: without ``verify`` the seal is not looked at."""
    if site.dotted(site.call.func) not in _PLAIN_DECRYPTS:
        return
    modes = ("MODE_GCM", "MODE_EAX", "MODE_CCM", "MODE_OCB", "MODE_SIV")
    sealed = site.mentions(*modes) or "ChaCha20_Poly1305" in site.dotted(site.call.func)
    if sealed and not site.mentions("verify", "decrypt_and_verify", "hexverify"):
        message = "A sealed text is opened without looking at its seal"
        site.found("unverified-seal", message, "medium", 353, "Use decrypt_and_verify(data, tag).")


_PLAIN_DECRYPTS = tuple(
    f"{package}.Cipher.{name}.new().decrypt" for package in _CRYPTO for name in ("AES", "ChaCha20_Poly1305")
)


def _sealed(site: Site) -> None:
    """``AESGCM(key).encrypt(nonce, data, None)``."""
    nonce = site.argument(0, "nonce")
    made = site.dotted(site.call.func)
    if (
        nonce is not None
        and len(site.call.args) >= 2
        and (any(box in made for box in _BOXES) or (len(site.call.args) == 3 and site.uses("cryptography")))
        and is_predictable(site, nonce)
    ):
        site.found(
            "fixed-nonce",
            "The nonce is not new for each message, which undoes this cipher",
            "high",
            323,
            "Make a new one for each message with os.urandom(12).",
        )


def _iv(site: Site) -> None:
    iv = site.argument(0, "initialization_vector", "nonce")
    if iv is not None and is_predictable(site, iv):
        site.found(
            "fixed-nonce",
            "The initialisation vector is always the same",
            "medium",
            329,
            "Make a new one for each message with os.urandom.",
        )


def _key_size(site: Site) -> None:
    curve = "ec" in site.name.rpartition(".")[0].rpartition(".")[2].lower()
    position = 1 if ("cryptography" in site.name and not curve) or site.last == "generate_key" else 0
    size = site.argument(position, "key_size", "bits", "modulus_length")
    bits = whole_number(site, size) or 0
    if bits and not curve and 0 < bits < 2048:
        site.found(
            "short-key",
            f"A key of {bits} bits is too short",
            "high" if bits < 1024 else "medium",
            326,
            "Use 2048 bits or more; 3072 for new keys.",
        )
    exponent = site.argument(0, "public_exponent", "e")
    if isinstance(exponent, ast.Constant) and exponent.value == 3:
        site.found("short-key", "The exponent 3 allows attacks on RSA", "medium", 326, "Use 65537.")


def _curve(site: Site) -> None:
    curve = site.dotted(site.argument(0, "curve")).rpartition(".")[2].removesuffix("()").upper()
    if curve in ("SECP192R1", "SECT163K1", "SECT163R2", "SECP160R1", "SECT113R1", "BRAINPOOLP160R1", "SECT233K1X"):
        site.found("short-key", "The curve is too small", "medium", 326, "Use SECP256R1, SECP384R1 or Ed25519.")


def _hmac(site: Site) -> None:
    algorithm = site.argument(2, "digestmod")
    name = site.text(algorithm) or site.dotted(algorithm).rpartition(".")[2]
    if name.lower() in ("md5", "md4"):
        site.found("weak-hash", "HMAC with MD5 is outdated", "medium", 328, "Use SHA-256.")
    key = site.text(site.argument(0, "key"))
    if key and len(key) >= 4:
        site.found(
            "fixed-key", "A key stands in the code", "high", 321, "Read it from the environment or a secret store."
        )


def _padding(site: Site) -> None:
    message = "RSA with PKCS#1 v1.5 lets an attacker decrypt by asking"
    site.found("old-padding", message, "medium", 780, "Use OAEP.", confidence=0.6)


def _fixed_key_assigned(site: Site) -> None:
    node = site.node
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id.lower()
        if (
            name
            in (
                "key",
                "aes_key",
                "encryption_key",
                "secret_key",
                "signing_key",
                "hmac_key",
                "private_key",
                "fernet_key",
                "cipher_key",
                "crypto_key",
            )
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, bytes)
            and len(node.value.value) >= 8
        ):
            site.found(
                "fixed-key", "A key stands in the code", "high", 321, "Read it from the environment or a secret store."
            )


_BOXES = ("AESGCM()", "AESCCM()", "ChaCha20Poly1305()", "AESOCB3()", "AESGCMSIV()", "AESSIV()")
_CIPHERS = ("DES", "DES3", "ARC4", "ARC2", "Blowfish", "CAST", "XOR")
FAMILY = Family(
    calls={
        **{f"hashlib.{name}": _hashed for name in (*_WEAK_HASHES, *_FAST_HASHES, "new")},
        **{f"{package}.Hash.{name}.new": _crypto_hash for package in _CRYPTO for name in ("MD2", "MD4", "MD5", "SHA", "SHA1",
            "RIPEMD", "RIPEMD160")},
        **{f"{package}.Cipher.{name}.new": _weak_cipher for package in _CRYPTO for name in _CIPHERS},
        **{f"{package}.Cipher.{name}.new": _mode for package in _CRYPTO for name in ("AES", "DES", "DES3")},
        **{f"cryptography.hazmat.primitives.ciphers.{where}algorithms.{name}": _weak_cipher for where in ("",
            "decrepit.") for name in ("ARC4", "Blowfish", "TripleDES", "IDEA", "SEED", "CAST5", "DES")},
        **{f"cryptography.hazmat.decrepit.ciphers.algorithms.{name}": _weak_cipher for name in ("ARC4", "Blowfish", "TripleDES",
            "IDEA", "SEED", "CAST5")},
        "cryptography.hazmat.primitives.ciphers.modes.ECB": _ecb, "cryptography.hazmat.primitives.ciphers.algorithms.AES": _key,
        "cryptography.hazmat.primitives.hashes.MD5": _crypto_hash, "cryptography.hazmat.primitives.hashes.SHA1": _crypto_hash,
        **{f"cryptography.hazmat.primitives.ciphers.modes.{mode}": _iv for mode in ("CBC", "CTR", "GCM", "OFB", "CFB")},
        "pyDes.des": _weak_cipher, "pyDes.triple_des": _weak_cipher,
        "cryptography.fernet.Fernet": _key,
        **dict.fromkeys(("cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key",
            "cryptography.hazmat.primitives.asymmetric.dsa.generate_private_key",
                         "Crypto.PublicKey.RSA.generate", "Cryptodome.PublicKey.RSA.generate", "Crypto.PublicKey.DSA.generate",
                             "rsa.newkeys",
                         "cryptography.hazmat.primitives.asymmetric.dh.generate_parameters", "Cryptodome.PublicKey.DSA.generate",
                             "paramiko.RSAKey.generate", "OpenSSL.crypto.PKey().generate_key", "asyncssh.generate_private_key"), _key_size),
        "cryptography.hazmat.primitives.asymmetric.ec.generate_private_key": _curve,
        "hmac.new": _hmac,
        **dict.fromkeys(("cryptography.hazmat.primitives.asymmetric.padding.PKCS1v15", "Crypto.Cipher.PKCS1_v1_5.new",
            "Cryptodome.Cipher.PKCS1_v1_5.new"), _padding),
    },
    methods={"encrypt": _sealed, "decrypt": _opened},
    assignments=(_fixed_key_assigned,),
)  # fmt: skip
