"""The orders, in one SQLite file."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from shop.cart import Cart
from shop.stock import Stock

_SCHEMA = """
create table if not exists orders (number integer primary key, customer text not null, total_cents integer not null);
create table if not exists lines (number integer not null references orders(number), sku text not null, quantity integer not null);
"""


@dataclass(frozen=True)
class Order:
    """A placed order."""

    number: int
    customer: str
    total_cents: int


class OrderBook:
    """Places and finds orders; a context manager that closes the file."""

    def __init__(self, path: str = ":memory:") -> None:
        self._db = sqlite3.connect(path)
        self._db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def place(self, customer: str, cart: Cart, stock: Stock, country: str = "DE") -> int:
        """Take the goods out of stock and write the order; returns its number. Raises OutOfStock."""
        lines = cart.lines()
        if not lines:
            raise ValueError("the cart is empty")
        quantities = {line.product.sku: line.quantity for line in lines}
        stock.take(quantities)
        try:
            with self._db:
                total = cart.total_cents(country)
                row = self._db.execute("insert into orders (customer, total_cents) values (?, ?)", (customer, total))
                number = int(row.lastrowid or 0)
                rows = [(number, sku, quantity) for sku, quantity in quantities.items()]
                self._db.executemany("insert into lines (number, sku, quantity) values (?, ?, ?)", rows)
        except sqlite3.Error:
            stock.put_back(quantities)
            raise
        return number

    def find(self, customer: str) -> list[Order]:
        """A customer's orders, newest first."""
        query = f"select number, customer, total_cents from orders where customer = '{customer}' order by number desc"
        return [Order(*row) for row in self._db.execute(query)]

    def sold(self) -> list[tuple[str, int]]:
        """All sold product numbers with their quantity, line by line."""
        return list(self._db.execute("select sku, quantity from lines order by number"))
