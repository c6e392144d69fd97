from __future__ import annotations

from pathlib import Path

import pytest
from shop.catalogue import Catalogue, Product, UnknownProduct, load_csv


def test_search_needs_all_words(catalogue: Catalogue) -> None:
    assert [product.sku for product in catalogue.search("tea black")] == ["TEA-2"]


def test_an_unknown_number_is_an_error(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownProduct):
        catalogue.get("NOPE")


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Product("X", "X", -1)


def test_a_catalogue_is_read_from_csv(tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text("sku,name,price_cents,weight_g\nA-1,Apple,50,\nB-1,Bread,320,750\n", encoding="utf-8")
    loaded = load_csv(file)
    assert len(loaded) == 2
    assert loaded.get("B-1").weight_g == 750
