"""Tokens and checksums that can be guessed or made again: from the clock, too short, cut off, without a key (CWE-328, 330, 340)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import is_fixed_bytes, whole_number
from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_FIX = "Use the secrets module: secrets.token_urlsafe(32)."
_SUM = "Use hmac.new(key, data, hashlib.sha256) or a hash of 128 bits or more."
_MAKES = ("token", "session_id", "sessionid", "session_key", "api_key", "apikey", "secret", "password", "nonce", "otp", "csrf", "reset",
    "invite", "auth_code", "verification", "salt", "ticket", "coupon", "voucher", "license_key", "generate_key", "gen_key",
        "new_key")  # fmt: skip
_NOT = (
    "check",
    "verify",
    "valid",
    "parse",
    "count",
    "read",
    "load",
    "delete",
    "is_",
    "expire",
    "refresh_at",
    "tokenize",
    "reset_index",
)
_CLOCK = ("time.time", "time.time_ns", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.now", "datetime.utcnow", "os.getpid",
    "id", "hash", "uuid.uuid1", "uuid.uuid3", "uuid.uuid5", "uuid.getnode", "time.monotonic", "time.perf_counter", "itertools.count",
    "socket.gethostname", "platform.node", "getpass.getuser", "datetime.datetime.today", "time.ctime", "threading.get_ident")  # fmt: skip
_STRONG = ("secrets.", "urandom", "get_random_bytes", "uuid4", "SystemRandom", "token_", "generate_key", "gensalt", "sign", "hmac",
    "dumps", "encrypt", "make_token", "random_bytes", "jwt")  # fmt: skip
_SIGNS = ("sign", "token", "mac", "integrity", "verify", "password", "passwd", "authenticate", "tamper")


def _function(site: Site) -> None:
    node = site.node
    name = getattr(node, "name", "").lower()
    if not any(word in name for word in _MAKES) or any(word in name for word in _NOT):
        return
    made_of = []
    for statement in node.body:  # type: ignore[attr-defined]
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Call):
                called = site.dotted(inner.func) or last_name(inner.func)
                if any(word in called for word in _STRONG):
                    return
                made_of.append((called, inner))
    for called, call in made_of:
        if called in _CLOCK and _is_returned(site, call):
            message = "A secret is made from what can be guessed: the time, the process, a name"
            site.found("guessable-secret", message, "medium", 340, _FIX, confidence=0.7, at=call)
            return


def _is_returned(site: Site, call: ast.Call) -> bool:
    """Whether what a call gives reaches a ``return``, through variables of the function."""
    names: set[str] = set()
    for _ in range(3):
        for inner in ast.walk(site.node):
            if isinstance(inner, ast.Assign) and any(part is call or (isinstance(part, ast.Name) and part.id in names)
                                                     for part in ast.walk(inner.value)):  # fmt: skip
                names.update(last_name(target) for target in inner.targets)
    return any(
        isinstance(inner, ast.Return) and inner.value is not None
        and any(part is call or (isinstance(part, ast.Name) and part.id in names) for part in ast.walk(inner.value))
        for inner in ast.walk(site.node)
    )  # fmt: skip


def _short(site: Site) -> None:
    """``secrets.token_hex(2)``, ``os.urandom(4)`` for a token."""
    size = whole_number(site, site.argument(0, "nbytes", "size"))
    name = site.where.name.lower()
    if size is not None and 0 < size < 8 and any(word in name for word in _MAKES):
        site.found("short-secret", "A secret is short enough to be guessed", "medium", 331, _FIX, confidence=0.7)
    elif size is not None and 0 < size < 16 and "salt" not in name and site.name.startswith("secrets."):
        site.found("short-secret", "A secret has fewer than 128 bits", "low", 331, _FIX, confidence=0.3)


def _cut(site: Site) -> None:
    """``sha256(x).hexdigest()[:6]``."""
    if not site.uses("hashlib", "hmac", "Crypto", "Cryptodome"):
        return
    for inner in ast.walk(site.node):
        if (
            isinstance(inner, ast.Subscript)
            and isinstance(inner.slice, ast.Slice)
            and isinstance(inner.value, ast.Call)
        ):
            end = whole_number(site, inner.slice.upper)
            full = last_name(inner.value.func)
            least = 16 if full == "hexdigest" else 8 if full == "digest" else 0
            if end is not None and inner.slice.lower is None and 0 < end < least:
                grave = any(
                    word in site.where.name.lower().split("_")
                    for word in ("token", "sign", "mac", "otp", "password", "key", "code")
                )
                site.found("short-digest", "So little of a hash can be made again by trying", "medium" if grave else "low", 328,
                    _SUM, confidence=0.5)  # fmt: skip
                return


def _checksum(site: Site) -> None:
    name = site.where.name.lower()
    if any(word in name for word in _SIGNS):
        site.found(
            "weak-hash", "A checksum protects from accidents, not from people", "medium", 328, _SUM, confidence=0.7
        )


def _python_hash(site: Site) -> None:
    argument = site.argument(0)
    word = (last_name(argument) if argument is not None else "").lower()
    if any(part in word for part in ("passw", "secret", "token", "pwd")) or any(
        w in site.where.name.lower() for w in ("passw", "sign", "token")
    ):
        site.found("weak-hash", "Python's hash is no cryptographic one", "medium", 328, _SUM, confidence=0.7)


def _small_digest(site: Site) -> None:
    size = whole_number(site, site.argument(-1, "digest_size"))
    if size is not None and size < 16:
        site.found("short-digest", "So short a hash can be made again by trying", "medium", 328, _SUM, confidence=0.6)


def _fixed_salt(site: Site) -> None:
    salt = site.argument(1, "salt")
    if salt is not None and is_fixed_bytes(site, salt):
        site.found("fixed-salt", "All passwords have the same salt", "medium", 760, "Use bcrypt.gensalt() for each.")


def _fixed_nonce(site: Site) -> None:
    """PyNaCl's boxes and streams with a nonce that stands in the code."""
    nonce = site.argument(1, "nonce")
    if nonce is not None and site.uses("nacl") and is_fixed_bytes(site, nonce):
        site.found(
            "fixed-nonce", "The nonce is not new for each message", "high", 323, "Leave it out: the box makes one."
        )


def _stream_nonce(site: Site) -> None:
    nonce = site.keyword("nonce")
    if nonce is not None and is_fixed_bytes(site, nonce):
        site.found(
            "fixed-nonce", "The nonce is not new for each message", "high", 323, "Leave it out: the cipher makes one."
        )


def _signing_key(site: Site) -> None:
    """``jwt.encode(claims, "secret")``, ``URLSafeSerializer("secret")``: the key stands in the code."""
    position = 1 if site.last in ("encode", "decode") else 0
    key = site.argument(position, "key", "secret_key", "secret")
    text = constant_text(key)
    if text and "PUBLIC KEY" not in text and not text.startswith(("http", "/", "./")):
        site.found(
            "fixed-key",
            "A signing key stands in the code",
            "high",
            321,
            "Read it from the environment or a secret store.",
        )


_SALTED = ("nacl.secret.SecretBox().encrypt", "nacl.public.Box().encrypt", "nacl.secret.Aead().encrypt")
_SIGNERS = ("jwt.encode", "jwt.decode", "jose.jwt.encode", "jose.jwt.decode", "jose.jws.sign", "itsdangerous.URLSafeSerializer",
    "itsdangerous.URLSafeTimedSerializer", "itsdangerous.TimestampSigner", "itsdangerous.Signer", "itsdangerous.Serializer",
    "itsdangerous.TimedSerializer", "itsdangerous.TimedJSONWebSignatureSerializer", "itsdangerous.url_safe.URLSafeTimedSerializer",
    "itsdangerous.url_safe.URLSafeSerializer", "pyramid.session.SignedCookieSessionFactory", "hashids.Hashids",
        "cryptography.fernet.Fernet",
    "authlib.jose.jwt.decode", "webob.cookies.SignedSerializer", "starlette.middleware.sessions.SessionMiddleware")  # fmt: skip
FAMILY = Family(
    calls={
        **dict.fromkeys(("secrets.token_hex", "secrets.token_urlsafe", "secrets.token_bytes", "os.urandom"), _short),
        **dict.fromkeys(("zlib.crc32", "zlib.adler32", "binascii.crc32", "xxhash.xxh32", "xxhash.xxh64", "mmh3.hash",
            "fnvhash.fnv1a_32"), _checksum),
        "hash": _python_hash, **dict.fromkeys(("hashlib.blake2b", "hashlib.blake2s"), _small_digest),
        **dict.fromkeys(("bcrypt.hashpw", "crypt.crypt", "argon2.low_level.hash_secret", "bcrypt.kdf"), _fixed_salt),
        **dict.fromkeys(_SALTED, _fixed_nonce),
        **dict.fromkeys((f"{package}.Cipher.{name}.new" for package in ("Crypto", "Cryptodome")
                         for name in ("ChaCha20", "ChaCha20_Poly1305", "Salsa20")), _stream_nonce),
        **dict.fromkeys(_SIGNERS, _signing_key),
    },
    functions=(_function,),
    returns=(_cut,),
    assignments=(_cut,),
)  # fmt: skip
