"""Ciphers, hashes, keys and comparisons that do not protect (CWE-208, 326, 327, 328, 329, 321, 759, 760, 780, 916)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_CIPHER = "Use AES-GCM or ChaCha20-Poly1305 (cryptography.fernet is the easy way)."
_PASSWORD = "Hash passwords with argon2, bcrypt, scrypt or PBKDF2 with 600,000 rounds, each with a salt of its own."  # noqa: S105 - advice
_HASH = "Use SHA-256 or BLAKE2; pass usedforsecurity=False where it is only a checksum."
_CRYPTO = ("Crypto", "Cryptodome")
_WEAK_HASHES = ("md5", "sha1", "md4", "md2", "sha", "ripemd160")
_FAST_HASHES = ("sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s", "md5", "sha1")


def _password_word(node: ast.AST) -> bool:
    return any(
        "passw" in name or "pwd" in name or "passphrase" in name
        for inner in ast.walk(node)
        if (name := (last_name(inner) or (inner.arg if isinstance(inner, ast.arg) else "")).lower())
    )


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
    elif name in _FAST_HASHES and data is not None and _password_word(data):
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
    if iv is not None and (constant_text(iv) or _constant_bytes(iv)):
        site.found(
            "fixed-nonce",
            "The initialisation vector is always the same",
            "medium",
            329,
            "Make a new one for each message with os.urandom.",
        )
    _key(site)


def _constant_bytes(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return isinstance(node.left, ast.Constant) or (
            isinstance(node.right, ast.Constant) and isinstance(node.left, ast.Constant)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("bytes", "bytearray"):
        return bool(node.args) and isinstance(node.args[0], ast.Constant)
    return False


def _key(site: Site) -> None:
    key = site.argument(0, "key")
    text = site.text(key)
    if (text and len(text) >= 8) or (key is not None and _constant_bytes(key)):
        site.found(
            "fixed-key", "A key stands in the code", "high", 321, "Read it from the environment or a secret store."
        )


def _ecb(site: Site) -> None:
    site.found("ecb-mode", "ECB shows which blocks are equal", "high", 327, _CIPHER)


def _iv(site: Site) -> None:
    iv = site.argument(0, "initialization_vector", "nonce")
    if iv is not None and (constant_text(iv) or _constant_bytes(iv)):
        site.found(
            "fixed-nonce",
            "The initialisation vector is always the same",
            "medium",
            329,
            "Make a new one for each message with os.urandom.",
        )


def _key_size(site: Site) -> None:
    curve = "ec" in site.name.rpartition(".")[0].rpartition(".")[2].lower()
    position = 1 if "cryptography" in site.name and not curve else 0
    size = site.argument(position, "key_size", "bits", "modulus_length")
    bits = size.value if isinstance(size, ast.Constant) and type(size.value) is int else 0
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


def _rounds(site: Site) -> None:
    rounds = site.argument(3, "iterations", "rounds", "count", "dkLen")
    if site.keyword("iterations") is not None or site.keyword("count") is not None:
        rounds = site.keyword("iterations") or site.keyword("count")
    if isinstance(rounds, ast.Constant) and type(rounds.value) is int and rounds.value < 100_000:
        site.found("few-rounds", f"{rounds.value} rounds are too few to slow down guessing", "medium", 916, _PASSWORD)
    _salt(site)
    algorithm = site.text(site.argument(0, "hash_name")) or ""
    if algorithm.lower() == "md5":
        site.found("weak-hash", "MD5 no longer protects passwords", "medium", 328, _PASSWORD)


def _salt(site: Site) -> None:
    salt = site.argument(2 if site.last == "pbkdf2_hmac" else 1, "salt")
    if salt is not None and (site.text(salt) or _constant_bytes(salt)):
        site.found(
            "fixed-salt",
            "All passwords share one salt",
            "medium",
            760,
            "Make a salt for each password with os.urandom(16).",
        )


def _old_scheme(site: Site) -> None:
    site.found("fast-password-hash", "This way of hashing passwords makes guessing cheap", "medium", 916, _PASSWORD)


def _cost(site: Site) -> None:
    rounds = site.argument(0, "rounds", "log_rounds")
    if isinstance(rounds, ast.Constant) and type(rounds.value) is int and rounds.value < 10:
        site.found(
            "few-rounds", "The cost of bcrypt is too low to slow down guessing", "medium", 916, "Use 12 or more."
        )


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


_PROOFS = (
    "signature",
    "hmac",
    "digest",
    "mac",
    "token",
    "api_key",
    "apikey",
    "secret",
    "password",
    "passwd",
    "hash",
    "csrf",
    "sig",
    "checksum_hmac",
)


def _compared(site: Site) -> None:
    """``==`` on a secret stops at the first wrong byte, and how long it takes tells where that is."""
    node = site.node
    for inner in ast.walk(node):
        if isinstance(inner, ast.Compare) and len(inner.ops) == 1 and isinstance(inner.ops[0], ast.Eq | ast.NotEq):
            left, right = inner.left, inner.comparators[0]
            if isinstance(left, ast.Constant) or isinstance(right, ast.Constant):
                continue
            leaves = [_leaf(side) for side in (left, right)]
            if any(leaf.isupper() for leaf in leaves):
                continue  # kinds of tokens in a parser, not tokens that somebody sent
            names = [leaf.lower() for leaf in leaves]
            computed = any(n in ("hexdigest", "digest") for n in names)
            proofs = [any(n == p or n.endswith(f"_{p}") or n.startswith(f"{p}_") for p in _PROOFS) for n in names]
            if any(
                n.endswith(
                    ("_count", "_type", "_id", "_len", "_name", "2", "confirm", "confirmation", "_again", "_repeat")
                )
                for n in names
            ):
                continue
            if (
                computed
                and (all(proofs) or any(isinstance(s, ast.Call) for s in (left, right)))
                and (
                    site.uses("hmac")
                    or any(
                        p in ("signature", "sig", "mac", "hmac", "token")
                        or "sig" in p
                        or "password" in p
                        or "hash" in p
                        for p in names
                    )
                )
            ):
                site.found(
                    "timed-comparison",
                    "How long this comparison takes tells how much of a secret was right",
                    "medium",
                    208,
                    "Use hmac.compare_digest.",
                    confidence=0.7,
                    at=inner,
                )
            elif all(proofs) or (
                any(proofs)
                and site.where.name.lower().startswith(
                    ("verify", "check", "auth", "is_valid", "valid", "login", "compare")
                )
            ):
                site.found(
                    "timed-comparison",
                    "How long this comparison takes tells how much of a secret was right",
                    "medium",
                    208,
                    "Use hmac.compare_digest.",
                    confidence=0.5,
                    at=inner,
                )


def _leaf(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return (
            last_name(node.func)
            if last_name(node.func) not in ("get", "strip", "encode", "decode") or not node.args
            else (constant_text(node.args[0]) or "")
        )
    if isinstance(node, ast.Subscript):
        return constant_text(node.slice) or ""
    return last_name(node)


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


_CIPHERS = ("DES", "DES3", "ARC4", "ARC2", "Blowfish", "CAST", "XOR")
_OLD_SCHEMES = (
    "md5_crypt",
    "des_crypt",
    "sha1_crypt",
    "ldap_md5",
    "ldap_sha1",
    "plaintext",
    "hex_md5",
    "hex_sha1",
    "lmhash",
    "nthash",
)
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
                             "paramiko.RSAKey.generate"), _key_size),
        "cryptography.hazmat.primitives.asymmetric.ec.generate_private_key": _curve,
        **dict.fromkeys(("hashlib.pbkdf2_hmac", "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC", "Crypto.Protocol.KDF.PBKDF2",
            "Cryptodome.Protocol.KDF.PBKDF2"), _rounds),
        **dict.fromkeys(("hashlib.scrypt", "cryptography.hazmat.primitives.kdf.scrypt.Scrypt"), _salt),
        **{
            f"passlib.hash.{scheme}.{call}": _old_scheme
            for scheme in _OLD_SCHEMES
            for call in ("hash", "encrypt")
        },
        "bcrypt.gensalt": _cost, "hmac.new": _hmac,
        **dict.fromkeys(("cryptography.hazmat.primitives.asymmetric.padding.PKCS1v15", "Crypto.Cipher.PKCS1_v1_5.new",
            "Cryptodome.Cipher.PKCS1_v1_5.new"), _padding),
    },
    assignments=(_fixed_key_assigned,),
    functions=(_compared,),
)  # fmt: skip
