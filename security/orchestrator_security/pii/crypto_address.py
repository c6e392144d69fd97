"""Addresses of crypto currencies, by their own checks: base58check, bech32, and the length where there is none.

Sources: the Bitcoin wiki (Base58Check), BIP 173 and 350 (bech32, bech32m), EIP-55, and the address formats of each project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import before, says

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_PREFIXES = (
    "bc1", "tb1", "ltc1", "addr1", "cosmos1", "osmo1", "bnb1", "terra1", "inj1", "celestia1", "zil1", "one1", "stake1", "kava1", "juno1",
)  # fmt: skip
# Bitcoin 1 and 3, Litecoin L and M, Dogecoin D and 9, Dash X, Tron T, Zcash t1 and t3.
_VERSIONS = frozenset((0x00, 0x05, 0x30, 0x32, 0x1E, 0x16, 0x4C, 0x10, 0x41))
_WORDS = r"solana|sol|wallet|phantom|monero|xmr|polkadot|dot|stellar|xlm|algorand|algo|near|crypto|address|usdc|usdt|spl|donate|tip"


@cache
def _long_words() -> re.Pattern[str]:
    # Letters and digits, one of them a digit near the beginning: words of prose and of code seldom are that long.
    return re.compile(r"[A-Za-z0-9]{25,110}+")


def find_crypto_addresses(text: str) -> Iterator[PiiMatch]:
    """Addresses of Bitcoin, Ethereum and their like."""
    for match in _long_words().finditer(text):
        start, end = match.span()
        if (start and text[start - 1] in "_%") or text[end : end + 1] in ("_", "=", "+"):
            continue  # part of a name or of base64
        if (start and text[start - 1].isalnum()) or text[end : end + 1].isalnum():
            continue
        if _is_address(text, start, match[0]):
            yield PiiMatch("CRYPTO", start, end)


def _is_address(text: str, start: int, word: str) -> bool:
    first, length = word[0], len(word)
    if word[:2] in ("0x", "0X"):
        return length == 42 and len(set(word[2:].lower())) > 4 and _is_hexadecimal(word[2:])
    lowered = word.lower()
    if lowered.startswith(_PREFIXES) and word in (lowered, word.upper()):
        return _is_bech32(lowered)
    if not any(c.isdigit() for c in word):
        return False
    if 25 <= length <= 36 and first in "13LMDA9XTt":
        return _is_base58check(word, _BASE58, _VERSIONS, 21) or (
            first == "t" and _is_base58check(word, _BASE58, frozenset((0x1C,)), 22)
        )
    if 25 <= length <= 35 and first == "r":
        return _is_base58check(word, _RIPPLE, frozenset((0,)), 21)
    if length in (95, 106) and first in "48":
        return all(c in _BASE58 for c in word) and word != lowered
    if length == 56 and first in "GM" and word.upper() == word:
        return _is_stellar(word)
    if 43 <= length <= 44 and word not in (lowered, word.upper()) and all(c in _BASE58 for c in word):
        return says(before(text, start, 32), _WORDS)
    return False


def _is_hexadecimal(word: str) -> bool:
    return all(c in "0123456789abcdefABCDEF" for c in word)


def _is_base58check(word: str, alphabet: str, versions: frozenset[int], size: int) -> bool:
    import hashlib  # OpenSSL takes a while to load; texts without such words never need it

    number = 0
    for c in word:
        digit = alphabet.find(c)
        if digit < 0:
            return False
        number = number * 58 + digit
    if number.bit_length() > (size + 4) * 8:
        return False
    data = number.to_bytes(size + 4, "big")
    check = hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4]
    return data[0] in versions and check == data[-4:]


def _is_bech32(word: str) -> bool:
    prefix, _, rest = word.rpartition("1")
    values = [_BECH32.find(c) for c in rest]
    if not prefix or len(rest) < 6 or -1 in values:
        return False
    check = 1
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    for value in expanded + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> i & 1 else 0
    return check in (1, 0x2BC830A3)


def _is_stellar(word: str) -> bool:
    import base64
    import binascii

    try:
        data = base64.b32decode(word)
    except (binascii.Error, ValueError):
        return False
    return binascii.crc_hqx(data[:-2], 0).to_bytes(2, "little") == data[-2:]
