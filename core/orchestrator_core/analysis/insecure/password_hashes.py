"""Passwords that are stored so that guessing them is cheap (CWE-256, 759, 760, 916)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import defined, is_fixed_bytes, whole_number
from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.secret_names import names_secret
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN
from orchestrator_core.records import Severity

_PASSWORD = "Hash passwords with argon2, bcrypt, scrypt or PBKDF2 with 600,000 rounds, each with a salt of its own."  # noqa: S105 - advice


def _rounds(site: Site) -> None:
    node = site.keyword("iterations") or site.keyword("count") or site.argument(3, "rounds", "dkLen")
    rounds = whole_number(site, node)
    if rounds is not None and rounds < 100_000:
        site.found("few-rounds", f"{rounds} rounds are too few to slow down guessing", "medium", 916, _PASSWORD)
    _salt(site)
    algorithm = site.text(site.argument(0, "hash_name")) or ""
    if algorithm.lower() == "md5":
        site.found("weak-hash", "MD5 no longer protects passwords", "medium", 328, _PASSWORD)


def _salt(site: Site) -> None:
    salt = site.argument(2 if site.last == "pbkdf2_hmac" else 1, "salt")
    if salt is not None and (site.text(salt) or is_fixed_bytes(site, salt)):
        site.found(
            "fixed-salt",
            "All passwords share one salt",
            "medium",
            760,
            "Make a salt for each password with os.urandom(16).",
        )


def _scrypt(site: Site) -> None:
    _salt(site)
    cost = whole_number(site, site.keyword("n"))
    if cost is not None and cost < 2**13:
        site.found(
            "few-rounds", "The cost of scrypt is too low to slow down guessing", "medium", 916, "Use n=2**14 or more."
        )


def _using(site: Site) -> None:
    """``pbkdf2_sha256.using(rounds=1000)`` of passlib."""
    rounds = whole_number(site, site.keyword("rounds"))
    least = (
        100_000
        if "pbkdf2" in site.name
        else 10
        if "bcrypt" in site.name or "scrypt" in site.name
        else 100_000
        if "crypt" in site.name
        else 0
    )
    if rounds is not None and rounds < least:
        site.found("few-rounds", f"{rounds} rounds are too few to slow down guessing", "medium", 916, _PASSWORD)


def _argon(site: Site) -> None:
    memory = whole_number(site, site.keyword("memory_cost"))
    if memory is not None and memory < 7_000:  # OWASP's smallest set asks for 7 MiB
        site.found(
            "few-rounds", "The cost of argon2 is too low to slow down guessing", "medium", 916, "Leave its defaults."
        )


def _old_scheme(site: Site) -> None:
    site.found("fast-password-hash", "This way of hashing passwords makes guessing cheap", "medium", 916, _PASSWORD)


def _cost(site: Site) -> None:
    rounds = whole_number(site, site.argument(0, "rounds", "log_rounds"))
    if rounds is not None and rounds < 10:
        site.found(
            "few-rounds", "The cost of bcrypt is too low to slow down guessing", "medium", 916, "Use 12 or more."
        )


def _schemes(site: Site) -> None:
    """passlib takes the first scheme for new passwords."""
    schemes = defined(site, site.argument(0, "schemes"))
    if isinstance(schemes, ast.List | ast.Tuple) and schemes.elts:
        schemes = schemes.elts[0]
    default = constant_text(site.keyword("default")) or constant_text(schemes)
    if default in (*_OLD_SCHEMES, "sha256", "sha512", "md5", "crypt16", "bsd_nthash", "mysql323", "oracle10"):
        _old_scheme(site)


def _werkzeug(site: Site) -> None:
    method = site.text(site.argument(1, "method")) or ""
    name, _, rest = method.partition(":")
    rounds = rest.rpartition(":")[2]
    if name in ("plain", "md5", "sha1", "sha256", "sha512") or (
        rounds.isdigit() and name == "pbkdf2" and int(rounds) < 100_000
    ):
        _old_scheme(site)


def _crypt(site: Site) -> None:
    kind = site.dotted(site.argument(1, "salt")).rpartition(".")[2]
    if kind in ("METHOD_CRYPT", "METHOD_MD5") or (site.text(site.argument(1, "salt")) or ""):
        _old_scheme(site)


def _assigned(site: Site) -> None:
    node = site.node
    value = getattr(node, "value", None)
    for target in getattr(node, "targets", ()):
        name = last_name(target)
        if name == "PASSWORD_HASHERS" and isinstance(value, ast.List | ast.Tuple) and value.elts:
            first = constant_text(value.elts[0]) or ""
            if any(word in first for word in ("MD5", "SHA1", "Unsalted", "Crypt", "Plain")):
                _old_scheme(site)
        elif isinstance(target, ast.Subscript) and isinstance(value, ast.Dict):
            for key, inner in zip(value.keys, value.values, strict=True):
                if constant_text(key) in ("password", "passwd", "pwd") and _is_plain(site, inner, sent=False):
                    _stored(site, sure=False)
        elif isinstance(target, ast.Attribute) and name in ("password", "passwd") and _is_plain(site, value, sent=True):
            _stored(site, sure=True)


def _record(site: Site) -> None:
    """``User(password=form["password"])`` in a file of an object mapper."""
    kind = last_name(site.call.func)
    if not kind[:1].isupper() or not (site.uses(*_MAPPERS) or kind in _PEOPLE):
        return
    for keyword in site.call.keywords:
        if keyword.arg in ("password", "passwd", "pwd") and _is_plain(site, keyword.value, sent=False):
            _stored(site, sure=site.level(keyword.value, 0) >= FROM_OUTSIDE)


def _is_plain(site: Site, node: ast.AST | None, *, sent: bool) -> bool:
    """Whether a value is a password as it was typed: no call has touched it."""
    if isinstance(node, ast.Subscript):
        word = constant_text(node.slice) or ""
    elif isinstance(node, ast.Call) and last_name(node.func) == "get" and node.args:
        word = constant_text(node.args[0]) or ""
    elif isinstance(node, ast.Name | ast.Attribute):
        word = last_name(node)
    else:
        return False
    return (
        names_secret(word)
        and "hash" not in word.lower()
        and "encrypted" not in word.lower()
        and site.level(node, 0) >= (FROM_OUTSIDE if sent else HANDED_IN)
    )


def _stored(site: Site, *, sure: bool) -> None:
    severity: Severity = "medium" if sure else "low"
    site.found("plain-password", "A password is stored as it was typed", severity, 256, _PASSWORD, confidence=0.6)


_PEOPLE = ("User", "Account", "Member", "Customer", "Person", "UserModel", "Users", "Admin", "Employee", "Profile")
_MAPPERS = (
    "flask_sqlalchemy",
    "sqlalchemy",
    "sqlmodel",
    "peewee",
    "mongoengine",
    "tortoise",
    "pony",
    "django.db",
    "models",
)
_OLD_SCHEMES = (
    "md5_crypt", "des_crypt", "sha1_crypt", "ldap_md5", "ldap_sha1", "plaintext", "hex_md5", "hex_sha1", "lmhash", "nthash",
    "ldap_plaintext", "hex_sha256", "hex_sha512", "msdcc", "django_salted_md5", "django_salted_sha1", "unix_disabled",
)  # fmt: skip


def _hasher(site: Site) -> None:
    """``iterations = 100`` in a hasher of one's own."""
    node = site.node
    if not isinstance(node, ast.ClassDef) or not any("Hasher" in last_name(base) for base in node.bases):
        return
    least = {"iterations": 100_000, "rounds": 10, "work_factor": 2**13, "memory_cost": 7_000}
    for statement in node.body:
        name = last_name(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
        number = whole_number(site, getattr(statement, "value", None)) if name in least else None
        if number is not None and number < least[name]:
            site.found(
                "few-rounds",
                f"{number} rounds are too few to slow down guessing",
                "medium",
                916,
                _PASSWORD,
                at=statement,
            )


FAMILY = Family(
    classes=(_hasher,),
    methods={"using": _using},
    calls={
        **dict.fromkeys(("hashlib.pbkdf2_hmac", "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC", "Crypto.Protocol.KDF.PBKDF2",
            "Cryptodome.Protocol.KDF.PBKDF2"), _rounds),
        **dict.fromkeys(("hashlib.scrypt", "cryptography.hazmat.primitives.kdf.scrypt.Scrypt", "Crypto.Protocol.KDF.scrypt",
            "Cryptodome.Protocol.KDF.scrypt"), _scrypt),
        **{f"passlib.hash.{scheme}.{call}": _old_scheme for scheme in _OLD_SCHEMES for call in ("hash", "encrypt")},
        "bcrypt.gensalt": _cost, "argon2.PasswordHasher": _argon, "crypt.crypt": _crypt,
        "passlib.context.CryptContext": _schemes, "werkzeug.security.generate_password_hash": _werkzeug,
    },
    every_call=(_record,),
    assignments=(_assigned,),
)  # fmt: skip
