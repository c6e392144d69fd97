"""Names that say that they hold a secret."""

from __future__ import annotations

_WORDS = (
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "credential",
    "passphrase",
    "access_key",
)
_ABOUT_ONE = (
    "_count", "_field", "_name", "_url", "_type", "_id", "_length", "_len", "_file", "_path", "_hash", "_hashed", "tokens", "_re",
        "_pattern",
    "_label", "_header", "_prefix", "tokenizer", "_expiry", "_ttl", "_policy", "_hint", "_form", "_error", "_required", "_expires",
        "_timeout",
    "_size", "_min", "_max", "_validators", "_changed", "_reset", "_input", "_set",
)  # fmt: skip


def names_secret(name: str) -> bool:
    """Whether a name says that it holds a secret; ``token_count`` and ``password_field`` only speak of one."""
    lowered = name.lower()
    return any(word in lowered for word in _WORDS) and not lowered.endswith(_ABOUT_ONE)
