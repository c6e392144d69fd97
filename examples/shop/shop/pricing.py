"""What it costs: discounts and shipping, in whole cents."""

from __future__ import annotations

from shop import cart as carts

BULK_QUANTITY = 10
BULK_PERCENT = 10
FREE_SHIPPING_CENTS = 5000

_NEIGHBOURS = {"AT", "BE", "CH", "CZ", "DK", "FR", "LU", "NL", "PL"}


def line_cents(line: carts.Line) -> int:
    """The price of one line. Ten or more of a product take 10 % off."""
    cents = line.product.price_cents * line.quantity
    if line.quantity > BULK_QUANTITY:
        cents -= cents * BULK_PERCENT // 100
    return cents


def shipping_cents(country: str, weight_g: int, goods_cents: int, express: bool = False) -> int:
    """What it costs to send a parcel."""
    if weight_g < 0:
        raise ValueError("the weight must not be negative")
    if weight_g == 0:
        return 0
    if country == "DE":
        if goods_cents >= FREE_SHIPPING_CENTS and not express:
            return 0
        if weight_g <= 1000:
            cents = 390
        elif weight_g <= 5000:
            cents = 590
        elif weight_g <= 10000:
            cents = 890
        else:
            cents = 1490
        if express:
            if weight_g > 10000:
                cents += 1500
            else:
                cents += 800
    elif country in _NEIGHBOURS:
        if weight_g <= 1000:
            cents = 790
        elif weight_g <= 5000:
            cents = 1290
        else:
            cents = 1990
            if country == "CH":
                cents += 500
        if express:
            if country == "CH" or weight_g > 5000:
                cents += 2500
            else:
                cents += 1500
    else:
        if express:
            raise ValueError(f"no express to {country}")
        if weight_g <= 2000 and country in ("SE", "FI", "IT", "ES", "PT", "IE"):
            cents = 1490
        elif country in ("GB", "NO") or weight_g <= 2000:
            cents = 2490
        else:
            cents = 3990
    return cents


def total_cents(cart: carts.Cart, country: str, *, express: bool = False) -> int:
    """Goods with their discounts, and shipping."""
    goods = sum(line_cents(line) for line in cart.lines())
    return goods + shipping_cents(country, cart.weight_g(), goods, express)
