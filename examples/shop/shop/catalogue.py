"""What the shop sells."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


class UnknownProduct(KeyError):
    """No product has this number."""


@dataclass(frozen=True)
class Product:
    """One thing to buy. The price is in cents, without shipping."""

    sku: str
    name: str
    price_cents: int
    weight_g: int = 0

    def __post_init__(self) -> None:
        if self.price_cents < 0 or self.weight_g < 0:
            raise ValueError(f"{self.sku}: price and weight must not be negative")


class Catalogue:
    """All products by number."""

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self._products = {product.sku: product for product in products}

    def __iter__(self) -> Iterator[Product]:
        return iter(self._products.values())

    def __len__(self) -> int:
        return len(self._products)

    def get(self, sku: str) -> Product:
        """The product with this number; raises UnknownProduct."""
        try:
            return self._products[sku]
        except KeyError:
            raise UnknownProduct(sku) from None

    def search(self, words: str) -> list[Product]:
        """Products whose name holds all the words."""
        wanted = words.lower().split()
        return [product for product in self if all(word in product.name.lower() for word in wanted)]


def load_csv(path: Path) -> Catalogue:
    """Read a catalogue with the columns sku, name, price_cents, weight_g."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return Catalogue(Product(r["sku"], r["name"], int(r["price_cents"]), int(r["weight_g"] or 0)) for r in rows)


def load_yaml(path: Path) -> Catalogue:
    """Read a catalogue from a YAML list of products."""
    import yaml

    return Catalogue(Product(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8")))


def convert_old_number(number: str) -> str:
    """The product number for one of the old, purely numeric kind."""
    group, _, item = number.partition("/")
    return f"{chr(ord('A') + int(group) % 26)}-{int(item):04d}"
