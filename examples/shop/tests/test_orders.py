from __future__ import annotations

import time

import pytest
from shop.cart import Cart
from shop.orders import OrderBook
from shop.stock import OutOfStock, Stock


def test_an_order_takes_goods_out_of_stock(cart: Cart) -> None:
    stock = Stock({"TEA-1": 5})
    cart.add("TEA-1", 2)
    with OrderBook() as orders:
        number = orders.place("ada@shop.example", cart, stock)
        assert [order.number for order in orders.find("ada@shop.example")] == [number]
        assert orders.sold() == [("TEA-1", 2)]
    assert stock.available("TEA-1") == 3


def test_nothing_is_written_when_stock_is_short(cart: Cart) -> None:
    stock = Stock({"TEA-1": 1})
    cart.add("TEA-1", 2)
    with OrderBook() as orders:
        with pytest.raises(OutOfStock):
            orders.place("ada@shop.example", cart, stock)
        assert orders.find("ada@shop.example") == []
    assert stock.available("TEA-1") == 1


def test_an_empty_cart_is_no_order(cart: Cart) -> None:
    with OrderBook() as orders, pytest.raises(ValueError, match="empty"):
        orders.place("ada@shop.example", cart, Stock())


def test_a_hold_ends_by_itself() -> None:
    stock = Stock({"TEA-1": 1}, hold_s=0.25)
    stock.hold("TEA-1", 1)
    assert stock.available("TEA-1") == 0
    time.sleep(0.3)
    assert stock.available("TEA-1") == 1
