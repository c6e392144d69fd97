from __future__ import annotations

import pytest
from shop.cart import Cart, Line
from shop.catalogue import Product
from shop.pricing import line_cents, shipping_cents

TEA = Product("TEA", "Tea", 100)


@pytest.mark.parametrize(("quantity", "cents"), [(1, 100), (9, 900), (10, 900), (11, 990), (20, 1800)])
def test_ten_or_more_take_a_tenth_off(quantity: int, cents: int) -> None:
    assert line_cents(Line(TEA, quantity)) == cents


@pytest.mark.parametrize(
    ("country", "weight_g", "express", "cents"),
    [
        ("DE", 800, False, 390),
        ("DE", 800, True, 1190),
        ("FR", 800, False, 790),
        ("CH", 6000, False, 2490),
        ("IT", 1500, False, 1490),
    ],
)
def test_shipping(country: str, weight_g: int, express: bool, cents: int) -> None:
    assert shipping_cents(country, weight_g, 1000, express) == cents


def test_large_orders_ship_free_within_the_country() -> None:
    assert shipping_cents("DE", 2000, 5000) == 0


def test_no_express_overseas() -> None:
    with pytest.raises(ValueError, match="no express"):
        shipping_cents("US", 500, 1000, express=True)


def test_a_gift_card_needs_no_parcel(cart: Cart) -> None:
    cart.add("GIFT")
    assert cart.total_cents() == 2500
