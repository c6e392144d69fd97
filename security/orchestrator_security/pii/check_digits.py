"""Check digits of cards, accounts and identity numbers, over strings of ASCII digits."""

from __future__ import annotations

from collections.abc import Sequence

_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    values = digits.encode("ascii")[::-1]
    return (sum(values[::2]) + sum(values[1::2].translate(_DOUBLED)) - 48 * len(values)) % 10 == 0


def mod97(letters_and_digits: str) -> int:
    """ISO 7064, MOD 97-10, letters read as 10 to 35: 1 for a whole IBAN whose first four characters were put at its end."""
    return int("".join(str(int(c, 36)) for c in letters_and_digits)) % 97


def mod11_10(digits: str) -> bool:
    """ISO 7064, MOD 11,10: the German tax number."""
    product = 10
    for c in digits[:-1]:
        total = (int(c) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def verhoeff(digits: str) -> bool:
    """Verhoeff's dihedral check: the Indian Aadhaar number."""
    check = 0
    for i, c in enumerate(reversed(digits)):
        check = int(_VERHOEFF_D[check][int(_VERHOEFF_P[i % 8][int(c)])])
    return check == 0


def weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of each digit times its weight; what has no weight is left out."""
    return sum(int(c) * w for c, w in zip(digits, weights, strict=False))


def descending(digits: str, first: int) -> int:
    """The weighted sum for weights that go down by one."""
    return sum(int(c) * (first - i) for i, c in enumerate(digits))
