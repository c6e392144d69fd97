"""What a customer is about to buy."""

from __future__ import annotations

from dataclasses import dataclass

from shop import pricing
from shop.catalogue import Catalogue, Product


@dataclass(frozen=True)
class Line:
    """A product and how many of it."""

    product: Product
    quantity: int

    @property
    def weight_g(self) -> int:
        """What the line weighs."""
        return self.product.weight_g * self.quantity


class Cart:
    """Lines in the order they were added, one for each product."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._quantities: dict[str, int] = {}

    def add(self, sku: str, quantity: int = 1) -> None:
        """Put some of a product into the cart; raises UnknownProduct or ValueError."""
        if quantity < 1:
            raise ValueError("the quantity must be at least 1")
        self._catalogue.get(sku)
        self._quantities[sku] = self._quantities.get(sku, 0) + quantity

    def add_all(self, skus: list[str], added: list[str] = []) -> list[str]:
        """Put one of each product into the cart; returns the numbers that were added."""
        for sku in skus:
            self.add(sku)
            added.append(sku)
        return added

    def remove(self, sku: str) -> None:
        """Take a product out of the cart, whatever its quantity."""
        self._quantities.pop(sku, None)

    def lines(self) -> list[Line]:
        """What is in the cart."""
        return [Line(self._catalogue.get(sku), quantity) for sku, quantity in self._quantities.items()]

    def weight_g(self) -> int:
        """What the whole cart weighs."""
        return sum(line.weight_g for line in self.lines())

    def total_cents(self, country: str = "DE", *, express: bool = False) -> int:
        """What the customer pays, with discount and shipping."""
        return pricing.total_cents(self, country, express=express)
