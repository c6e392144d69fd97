"""What sold best."""

from __future__ import annotations

from collections.abc import Iterable

PRODUCTS = 1500
SALES = 15000


def best_sellers(sold: Iterable[tuple[str, int]], most: int = 5) -> list[tuple[str, int]]:
    """The products of which most pieces were sold, with the pieces."""
    sales = list(sold)
    seen: list[str] = []
    totals: list[int] = []
    for sku, quantity in sales:
        if sku not in seen:
            seen.append(sku)
            totals.append(0)
        totals[seen.index(sku)] += quantity
    ranked = sorted(zip(seen, totals, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return ranked[:most]


def made_up_year(sales: int = SALES, products: int = PRODUCTS) -> list[tuple[str, int]]:
    """Sales that are the same each time."""
    return [(f"SKU-{(i * 7919) % products:04d}", 1 + i % 3) for i in range(sales)]


def year_report() -> str:
    """The best sellers of a made-up year, one a line."""
    return "\n".join(f"{sku}  {pieces}" for sku, pieces in best_sellers(made_up_year()))


if __name__ == "__main__":
    print(year_report())
