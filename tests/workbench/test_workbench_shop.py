"""The example shop: its planted defects are found by the four agents, and only those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.workbench import code_reviewer, performance_optimizer, security_auditor, test_automator

SHOP = Path(__file__).parents[2] / "examples" / "shop"


def _found(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(issue["rule"], issue["path"]) for issue in report["issues"]}


@pytest.mark.parametrize(
    ("agent", "context", "expected"),
    [
        (security_auditor, {}, {("B608", "shop/orders.py")}),
        (code_reviewer, {}, {("complex-function", "shop/pricing.py"), ("B006", "shop/cart.py")}),
        (test_automator, {"execute": True}, {("test-fails", "tests/test_pricing.py")}),
        (
            performance_optimizer,
            {"execute": True, "entry": "shop.reports:year_report"},
            {("hot-function", "shop/reports.py"), ("list-search-in-loop", "shop/reports.py")},
        ),
    ],
    ids=["security-auditor", "code-reviewer", "test-automator", "performance-optimizer"],
)
def test_exactly_the_planted_defects_are_found(
    agent: Any, context: dict[str, Any], expected: set[tuple[str, str]], digest: Any
) -> None:
    before = digest(SHOP)
    report = agent.run("look at the shop", {"path": SHOP, **context})
    assert _found(report) == expected
    assert digest(SHOP) == before
    if agent is test_automator:
        assert (report["summary"]["failed"], report["summary"]["passed"]) == (1, 26)
        assert report["data"]["slowest"][0]["test"] == "tests/test_orders.py::test_a_hold_ends_by_itself"


def test_each_defect_of_the_list_names_a_file_that_exists() -> None:
    rows = [row for row in (SHOP / "DEFECTS.md").read_text().splitlines() if row.startswith("| ") and "`" in row]
    assert len(rows) == 13
    for row in rows:
        places = row.rstrip(" |").rpartition("|")[2]
        named = [part.strip() for part in places.split("`")[1::2] if "/" in part or "." in part]
        assert named
        assert all((SHOP / name).is_file() for name in named)
