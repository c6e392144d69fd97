from __future__ import annotations

import pytest
from shop.cart import Cart
from shop.catalogue import Catalogue, Product


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(
        [
            Product("TEA-1", "Green tea", 450, weight_g=100),
            Product("TEA-2", "Black tea", 400, weight_g=100),
            Product("POT-1", "Tea pot", 3900, weight_g=1200),
            Product("GIFT", "Gift card", 2500),
        ]
    )


@pytest.fixture
def cart(catalogue: Catalogue) -> Cart:
    return Cart(catalogue)
