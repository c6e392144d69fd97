"""Ciphers, hashes and password stores of libraries that are outdated, by name or by option."""

from __future__ import annotations

from orchestrator_core.analysis.insecure.libraries.rows import Danger, Switch, Weakness

_HASH = Weakness("weak-hash", 328, "This hash no longer resists collisions", "Use SHA-256 or BLAKE2.")
_PASSWORD = Weakness(
    "weak-password-hash",
    916,
    "This hash of passwords is quick to guess",
    "Use argon2, bcrypt or scrypt with the library's defaults.",
)
_CIPHER = Weakness(
    "weak-cipher", 327, "This cipher is broken or its blocks are too short", "Use AES-GCM or ChaCha20-Poly1305."
)
_UNSEALED = Weakness(
    "unsealed-mode", 353, "This mode hides a text and does not notice that it was changed", "Use GCM, or add an HMAC.",
)  # fmt: skip
_CURVE = Weakness("short-key", 326, "The curve or key is too small", "Use SECP256R1, Ed25519 or RSA with 3072 bits.")

_OLD_PASSLIB = """des_crypt md5_crypt sha1_crypt plaintext ldap_md5 ldap_salted_md5 ldap_sha1 ldap_salted_sha1 ldap_plaintext hex_md5
    hex_sha1
    hex_md4 hex_sha256 nthash lmhash mysql323 mysql41 postgres_md5 apr_md5_crypt bsdi_crypt bigcrypt crypt16 sun_md5_crypt
    oracle10 mssql2000 cisco_type7 cisco_pix msdcc msdcc2 django_des_crypt django_salted_md5 django_salted_sha1 phpass"""
_DJANGO = """django.contrib.auth.hashers.MD5PasswordHasher django.contrib.auth.hashers.SHA1PasswordHasher
    django.contrib.auth.hashers.UnsaltedMD5PasswordHasher django.contrib.auth.hashers.UnsaltedSHA1PasswordHasher
    django.contrib.auth.hashers.CryptPasswordHasher"""

DANGERS = (
    Danger(_PASSWORD, "medium", " ".join(
        f"passlib.hash.{name}.{verb}" for name in _OLD_PASSLIB.split() for verb in ("hash", "encrypt", "using", "verify")
    )),
    Danger(_PASSWORD, "high", _DJANGO),
    Danger(_HASH, "medium", """
        Crypto.Hash.MD2.new md5.new md5.md5 sha.new sha.sha _md5.md5 _sha1.sha1 Cryptodome.Hash.MD2.new

        """),
    Danger(_CIPHER, "high", """
        arc4.ARC4 Crypto.Cipher.ARC2.new Cryptodome.Cipher.ARC2.new pyDes.des pyDes.triple_des des.DesKey blowfish.Cipher
        cryptography.hazmat.primitives.ciphers.algorithms.RC2
        cryptography.hazmat.decrepit.ciphers.algorithms.RC2
        cryptography.hazmat.decrepit.ciphers.algorithms.ARC4 Crypto.Cipher.XOR.new
        """),
    Danger(_UNSEALED, "low", """
        cryptography.hazmat.primitives.ciphers.modes.CFB cryptography.hazmat.primitives.ciphers.modes.OFB
        cryptography.hazmat.primitives.ciphers.modes.CFB8 cryptography.hazmat.primitives.ciphers.modes.CTR
        cryptography.hazmat.primitives.ciphers.modes.CBC cryptography.hazmat.decrepit.ciphers.modes.CFB
        """, unless="HMAC compare_digest verify"),
)  # fmt: skip

SWITCHES = (
    Switch(_PASSWORD, "high", "hasher", ("md5", "sha1", "unsalted_md5", "unsalted_sha1", "crypt"), calls="make_password"),
    Switch(_PASSWORD, "high", "method", ("md5", "sha1", "plain", "sha256", "sha512", "pbkdf2:md5", "pbkdf2:sha1"),
           calls="generate_password_hash"),
    Switch(_PASSWORD, "medium", "schemes", (*_OLD_PASSLIB.split(),), calls="CryptContext"),
    Switch(_PASSWORD, "high", "PASSWORD_HASHERS", (*_DJANGO.split(),)),
    Switch(_PASSWORD, "medium", "SECURITY_PASSWORD_HASH", ("plaintext", "md5", "sha1", "des_crypt", "hex_md5")),
    Switch(_HASH, "medium", "digestmod digest_method hash_name digest hmac_hash_module", ("md5", "MD5", "sha1", "SHA1", "md4"),
           ends=("hashlib.md5", "hashlib.sha1", "hashes.MD5()", "hashes.SHA1()", "Hash.MD5", "Hash.SHA1", "Hash.SHA")),
    Switch(_HASH, "medium", "algorithm", ends=("hashes.MD5()", "hashes.SHA1()"),
        calls="PBKDF2HMAC HKDF ConcatKDFHash X963KDF sign verify Prehashed"),
    Switch(_HASH, "medium", "signature_algorithm", ("md5", "sha1", "rsa-sha1", "sha1WithRSAEncryption")),
    Switch(_HASH, "medium", "signatureAlgorithm digestAlgorithm",
           ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#sha1")),
    Switch(_CURVE, "medium", "curve", ("P-192", "p192", "NIST192p", "secp112r1", "secp128r1", "secp160r1", "secp160k1", "secp192k1",
        "prime192v1"),
           ends=("NIST192p", "SECP192R1", "SECP192R1()", "SECT163K1()", "SECT163R2()", "SECP112r1", "SECP128r1", "SECP160r1",
               "BRAINPOOLP160r1")),
)  # fmt: skip
