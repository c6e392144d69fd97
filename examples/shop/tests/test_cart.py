from __future__ import annotations

import pytest
from shop.cart import Cart


def test_the_same_product_makes_one_line(cart: Cart) -> None:
    cart.add("TEA-1")
    cart.add("TEA-1", 2)
    assert [(line.product.sku, line.quantity) for line in cart.lines()] == [("TEA-1", 3)]


def test_removing_takes_the_whole_line(cart: Cart) -> None:
    cart.add("TEA-1", 3)
    cart.remove("TEA-1")
    assert cart.lines() == []


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_below_one_is_refused(cart: Cart, quantity: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        cart.add("TEA-1", quantity)


def test_the_total_includes_shipping(cart: Cart) -> None:
    cart.add("TEA-1", 2)
    assert cart.total_cents() == 900 + 390
