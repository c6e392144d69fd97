from __future__ import annotations

import time
from collections.abc import Mapping


class OutOfStock(Exception):
    pass


class Stock:
    def __init__(self, pieces: Mapping[str, int] | None = None, hold_s: float = 900.0) -> None:
        self._pieces = dict(pieces or {})
        self._held: list[tuple[float, str, int]] = []
        self._hold_s = hold_s

    def available(self, sku: str) -> int:
        now = time.monotonic()
        self._held = [hold for hold in self._held if hold[0] > now]
        return self._pieces.get(sku, 0) - sum(n for _, held, n in self._held if held == sku)

    def hold(self, sku: str, quantity: int) -> None:
        if self.available(sku) < quantity:
            raise OutOfStock(sku)
        self._held.append((time.monotonic() + self._hold_s, sku, quantity))

    def take(self, quantities: Mapping[str, int]) -> None:
        missing = sorted(sku for sku, quantity in quantities.items() if self.available(sku) < quantity)
        if missing:
            raise OutOfStock(", ".join(missing))
        for sku, quantity in quantities.items():
            self._pieces[sku] -= quantity

    def put_back(self, quantities: Mapping[str, int]) -> None:
        for sku, quantity in quantities.items():
            self._pieces[sku] = self._pieces.get(sku, 0) + quantity
