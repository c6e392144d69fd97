from __future__ import annotations

from shop.reports import best_sellers


def test_best_sellers_are_ranked_by_pieces() -> None:
    assert best_sellers([("A", 1), ("B", 5), ("A", 2)], most=2) == [("B", 5), ("A", 3)]
